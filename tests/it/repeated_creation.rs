//! A creation is sent a second time, word for word: what a service says of a name that is taken is a part of its contract.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::json;

use crate::{
    collection::Collection,
    habits::{Answer, Came, service},
    in_process::{check, settings},
};

/// Users of whom no two may have one name, of whom some are refused.
fn users_where(refusals: &'static [&'static str]) -> String {
    let users = Collection {
        thing: "User",
        operations: &["get", "drop"],
        properties: json!({ "login": { "type": "string", "pattern": "^[a-z]{1,12}$" } }),
        required: &["login"],
        made: "201",
        refusals,
    };
    users.document()
}

type Users = BTreeMap<i64, String>;

fn users(all: &mut Users, came: &Came) -> Answer {
    let shown = |id: i64, login: &str| Some(json!({ "id": id, "login": login }));
    let id = came.number(1);
    match came.route().as_str() {
        "POST /users" => {
            let is_login = |login: &&str| {
                (1..=12).contains(&login.len()) && login.bytes().all(|one| one.is_ascii_lowercase())
            };
            match came.text("login").filter(is_login) {
                Some(login) if all.values().any(|known| known == login) => (409, None),
                Some(login) => {
                    let id = all.keys().next_back().map_or(1, |last| last + 1);
                    all.insert(id, login.to_owned());
                    (201, shown(id, login))
                }
                None => (400, None),
            }
        }
        "DELETE /users/*" => match all.remove(&id) {
            Some(_) => (204, None),
            None => (404, None),
        },
        _ => match all.get(&id) {
            Some(login) => (200, shown(id, login)),
            None => (404, None),
        },
    }
}

#[tokio::test]
async fn what_is_said_of_a_name_that_is_taken_is_held_against_the_contract() {
    let routes = &["POST /users", "GET /users/*", "DELETE /users/*"];
    let refusals: [(&[&str], bool); 2] = [(&["400"], true), (&["400", "409"], false)];
    for (refusals, is_undeclared) in refusals {
        for seed in 0..3 {
            let all = Arc::new(Mutex::new(Users::new()));
            let own = Arc::clone(&all);
            let router = service(routes, move |came| {
                users(&mut own.lock().expect("no handler panics"), came)
            });
            let outcome = check(&users_where(refusals), router, &settings(seed)).await;
            let said: Vec<&str> = outcome
                .findings
                .iter()
                .filter(|one| one.rule.as_str() == "undeclared-status")
                .map(|one| one.message.as_str())
                .collect();
            let is_told = said.iter().any(|message| message.contains("409"));
            assert_eq!(is_told, is_undeclared, "{seed}: {said:?}");
            assert!(all.lock().expect("no handler panics").is_empty(), "{seed}");
        }
    }
}
