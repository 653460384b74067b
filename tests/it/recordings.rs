//! Recordings of other tools as they are written, and what is read of them: the tables in
//! `tests/cases/recording/`.

use std::{io::Cursor, path::Path};

use oasgate::{
    exchange::{Body, Exchange},
    recording,
};

use crate::lint::table;

fn shown(exchange: &Exchange) -> String {
    let content_type = exchange
        .response
        .header("content-type")
        .map_or_else(String::new, |text| format!(" ({text})"));
    let body = match &exchange.response.body {
        Body::Complete(bytes) if bytes.is_empty() => "-".to_owned(),
        Body::Complete(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Body::NotRecorded => "?".to_owned(),
        Body::Cut { .. } => "cut".to_owned(),
    };
    let request = &exchange.request;
    let status = exchange.response.status.as_u16();
    format!(
        "{} {} {status}{content_type}: {body}",
        request.method, request.url
    )
}

#[test]
fn the_tables_are_read() {
    let mut wrong = Vec::new();
    for case in &table(Path::new("tests/cases/recording/formats.yaml")) {
        let text = case["text"].as_str().expect("a text").to_owned();
        let read: Vec<String> = recording::read("case", Cursor::new(text.into_bytes()))
            .expect("the format is known")
            .map(|entry| match entry.and_then(|entry| entry.exchange()) {
                Ok(exchange) => shown(&exchange),
                Err(error) => error.to_string(),
            })
            .collect();
        let wanted: Vec<_> = case["reads"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_str())
            .collect();
        if read != wanted {
            wrong.push(format!("{}: {read:#?}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_read_says_what_it_looks_like() {
    let mut wrong = Vec::new();
    for case in &table(Path::new("tests/cases/recording/unreadable.yaml")) {
        let text = case["text"].as_str().expect("a text").to_owned();
        let said = match recording::read("case", Cursor::new(text.into_bytes())) {
            Ok(reader) => format!("read as {}", reader.format()),
            Err(error) => error.to_string(),
        };
        if Some(said.as_str()) != case["says"].as_str() {
            wrong.push(format!("{}: {said}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
