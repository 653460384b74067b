//! Failures of requests that change something: made small on things made for it, kept, and sent again
//! in the next run on things made anew.

use std::{collections::BTreeMap, path::Path, sync::Mutex};

use http::Method;
use oasgate::{
    contract::Contract,
    document::Document,
    exchange::{Body, Request, Response},
    gate::{CleanUp, LiveSettings, Phase},
    snapshot::{RegressionWriting, Regressions},
};
use serde_json::{Value, json};

use crate::{
    collection::Collection,
    live::{Script, response, rules, run_on, settings},
};

fn contract() -> Contract {
    let pens = Collection {
        thing: "Pen",
        operations: &["set", "drop"],
        properties: json!({
            "ink": { "type": "integer", "minimum": 0, "maximum": 1000 },
            "note": { "type": "string", "maxLength": 20 },
        }),
        required: &["ink"],
        made: "201",
        refusals: &["400"],
    };
    Contract::from_document(Document::parse("t", pens.document()).expect("it is one"))
}

/// What is found of a shelf that is not mended.
const BROKEN: &str = "server-error setPen 500";

/// A shelf of pens; changes to `ink` from 100 on break it while it is not mended.
#[derive(Default)]
struct Shelf {
    is_mended: bool,
    /// The number of the first pen, so that no run knows those of another.
    first: u64,
    pens: Mutex<BTreeMap<u64, i64>>,
    made: Mutex<u64>,
    broken_by: Mutex<Vec<(u64, Value)>>,
}

fn sent_body(request: &Request) -> Option<Value> {
    let Body::Complete(bytes) = &request.body else {
        return None;
    };
    serde_json::from_slice(bytes).ok()
}

impl Shelf {
    fn answer(&self, request: &Request) -> Response {
        let body = sent_body(request);
        let contract = contract();
        let schema = contract.schema("New", oasgate::contract::Direction::Request);
        let is_fine = |body: &Value| schema.as_ref().is_some_and(|schema| schema.is_valid(body));
        let mut pens = self.pens.lock().expect("nobody panicked");
        let path = request.url.path();
        if path == "/pens" {
            let Some(body) = body.filter(is_fine) else {
                return response(400, &Value::Null);
            };
            let mut made = self.made.lock().expect("nobody panicked");
            *made += 1;
            let pen = self.first + *made;
            pens.insert(pen, body["ink"].as_i64().unwrap_or_default());
            return response(201, &json!({ "id": pen }));
        }
        let id = path.rsplit('/').next().and_then(|text| text.parse().ok());
        let Some(id) = id.filter(|id| pens.contains_key(id)) else {
            return response(404, &Value::Null);
        };
        if request.method == Method::DELETE {
            pens.remove(&id);
            return response(204, &Value::Null);
        }
        let Some(body) = body.filter(is_fine) else {
            return response(400, &Value::Null);
        };
        if !self.is_mended && body["ink"].as_i64().is_some_and(|ink| ink >= 100) {
            let mut broken_by = self.broken_by.lock().expect("nobody panicked");
            broken_by.push((id, body));
            return response(500, &Value::Null);
        }
        response(200, &json!({ "id": id }))
    }
}

fn wanted(folder: &Path) -> LiveSettings {
    LiveSettings {
        regressions: Some(Regressions::below(folder, RegressionWriting::Tidy)),
        phases: vec![Phase::Regressions, Phase::Sequences],
        sequences: 8,
        ..settings()
    }
}

fn the_file(folder: &Path) -> Option<Value> {
    let mut entries = std::fs::read_dir(folder.join("regressions")).ok()?;
    let path = entries.next()?.expect("an entry").path();
    let text = std::fs::read(path).expect("it can be read");
    Some(serde_json::from_slice(&text).expect("it is JSON"))
}

#[tokio::test]
async fn a_change_that_fails_is_made_small_on_things_made_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Shelf::default();
    let service = Script::new(|request: &Request| Ok(shelf.answer(request)));
    let outcome = run_on(&contract(), &service, &wanted(folder.path())).await;
    let found = rules(&outcome);
    assert!(found.contains(&BROKEN.to_owned()), "{found:?}");
    let saved = the_file(folder.path()).expect("it is kept");
    let body = saved["body"]["value"].as_object().expect("an object");
    // Half of the requests go into making a pen: the bound is met nearly.
    let ink = body["ink"].as_i64().expect("a number");
    assert!(body.len() == 1 && (100..150).contains(&ink), "{saved:#}");
    assert_eq!(saved["parameters"][0]["made"], json!(true), "{saved:#}");
    // Each step met a pen of its own, and none is left.
    let broken_by = shelf.broken_by.lock().expect("nobody panicked");
    let steps = broken_by.iter().rev().take(3).map(|(pen, _)| *pen);
    let distinct: std::collections::BTreeSet<u64> = steps.collect();
    assert_eq!(distinct.len(), 3, "{broken_by:?}");
    assert!(shelf.pens.lock().expect("nobody panicked").is_empty());
}

#[tokio::test]
async fn a_kept_change_meets_a_thing_made_anew_and_is_not_called_fixed_before_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Shelf::default();
    let service = Script::new(|request: &Request| Ok(shelf.answer(request)));
    run_on(&contract(), &service, &wanted(folder.path())).await;

    let only = LiveSettings {
        phases: vec![Phase::Regressions],
        ..wanted(folder.path())
    };
    let later = Shelf {
        first: 500,
        ..Shelf::default()
    };
    let service = Script::new(|request: &Request| Ok(later.answer(request)));
    let outcome = run_on(&contract(), &service, &only).await;
    assert!(outcome.notices.is_empty(), "{:?}", outcome.notices);
    let found = rules(&outcome);
    assert!(found.contains(&BROKEN.to_owned()), "{found:?}");
    assert!(later.pens.lock().expect("nobody panicked").is_empty());

    let mended = Shelf {
        first: 900,
        is_mended: true,
        ..Shelf::default()
    };
    let service = Script::new(|request: &Request| Ok(mended.answer(request)));
    let outcome = run_on(&contract(), &service, &only).await;
    let told = outcome.notices.join("\n");
    assert!(told.starts_with("fixed: server-error of setPen"), "{told}");
    assert!(the_file(folder.path()).is_none());
}

#[tokio::test]
async fn where_nothing_can_be_made_a_kept_change_is_neither_sent_nor_called_fixed() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Shelf::default();
    let service = Script::new(|request: &Request| Ok(shelf.answer(request)));
    run_on(&contract(), &service, &wanted(folder.path())).await;

    let service = Script::new(|_: &Request| Ok(response(400, &Value::Null)));
    let only = LiveSettings {
        phases: vec![Phase::Regressions],
        ..wanted(folder.path())
    };
    let outcome = run_on(&contract(), &service, &only).await;
    let told = outcome.notices.join("\n");
    assert!(told.contains("cannot recreate the resource"), "{told}");
    assert!(service.sent().iter().all(|line| !line.starts_with("PUT")));
    assert!(the_file(folder.path()).is_some());
}

#[tokio::test]
async fn nothing_is_sent_again_where_what_is_made_is_to_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Shelf::default();
    let service = Script::new(|request: &Request| Ok(shelf.answer(request)));
    let settings = LiveSettings {
        clean_up: CleanUp::Leave,
        ..wanted(folder.path())
    };
    let outcome = run_on(&contract(), &service, &settings).await;
    assert_eq!(service.sent().len() as u64, outcome.held);
}
