//! What the shop remembers: orders with their notes, and exports, each with its owner.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::rules::{Input, integer};

/// A user, by place in [`USERS`].
pub(crate) type User = usize;

/// The users: the name, and the bearer token.
pub(crate) const USERS: [(&str, &str); 2] = [("alice", "alice-token"), ("bob", "bob-token")];

/// How many requests an export takes to be done.
const POLLS: u32 = 1;

/// How many orders stand on a page, unless the request says.
const PAGE: usize = 20;

/// One order.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) owner: User,
    pub(crate) version: u32,
    pub(crate) shown: Value,
    pub(crate) notes: BTreeMap<u64, Value>,
}

/// One export.
pub(crate) struct Export {
    pub(crate) owner: User,
    pub(crate) asked: u32,
    pub(crate) shown: Value,
}

/// Everything that is remembered.
pub(crate) struct Shop {
    made: u32,
    pub(crate) orders: BTreeMap<String, Order>,
    pub(crate) exports: BTreeMap<String, Export>,
}

impl Shop {
    /// A shop where each user ordered something already, and noted something on it.
    pub(crate) fn new() -> Self {
        let mut shop = Self {
            made: 0,
            orders: BTreeMap::new(),
            exports: BTreeMap::new(),
        };
        for user in [0, 0, 1, 1] {
            let mut order = shop.order(
                user,
                &json!({
                    "customer": USERS[user].0,
                    "lines": [{ "sku": "ABC-1234", "quantity": 2, "price_cents": 250 }],
                    "ship_to": { "kind": "pickup", "store": 7 },
                }),
            );
            let id = order.id();
            let (number, note) = shop.note(&id, user, &json!({ "text": "Please hurry" }));
            order.notes.insert(number, note);
            shop.orders.insert(id, order);
        }
        shop
    }

    /// A name that was not given out before, and that nobody guesses.
    pub(crate) fn name(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_{:08x}", self.made.wrapping_mul(0x9e37_79b1))
    }

    /// Makes an order of what a request says.
    pub(crate) fn order(&mut self, owner: User, new: &Value) -> Order {
        let id = self.name("ord");
        Order {
            owner,
            version: 1,
            shown: json!({
                "id": id,
                "customer": new["customer"],
                "state": "open",
                "lines": new["lines"],
                "ship_to": new["ship_to"],
                "total_cents": total(&new["lines"]),
                "message": new["message"],
                "created_at": "2025-03-27T20:46:31Z",
            }),
            notes: BTreeMap::new(),
        }
    }

    /// Makes a note of what a request says.
    pub(crate) fn note(&mut self, order: &str, author: User, new: &Value) -> (u64, Value) {
        self.made += 1;
        let id = u64::from(self.made);
        let mut note = json!({
            "id": id,
            "order_id": order,
            "text": new["text"],
            "author": USERS[author].0,
        });
        if let Some(stars) = new.get("stars") {
            note["stars"] = stars.clone();
        }
        (id, note)
    }

    /// Makes an export of what a request says.
    pub(crate) fn export(&mut self, owner: User, new: &Value) -> Export {
        Export {
            owner,
            asked: 0,
            shown: json!({ "export_id": self.name("exp"), "format": new["format"], "url": null }),
        }
    }

    /// One page of a user's orders, and how many there are.
    pub(crate) fn page(&self, owner: User, input: &Input) -> (Value, usize) {
        let states: Vec<&str> = input.values("state").collect();
        let customer = input.values("customer").next();
        let mut found: Vec<&Value> = self
            .orders
            .values()
            .filter(|order| order.owner == owner)
            .map(|order| &order.shown)
            .filter(|shown| {
                states.is_empty() || states.iter().any(|state| shown["state"] == *state)
            })
            .filter(|shown| customer.is_none_or(|customer| shown["customer"] == customer))
            .collect();
        if input.values("sort").next() == Some("customer") {
            found.sort_by_key(|shown| shown["customer"].to_string());
        }
        let limit = number(input, "limit").unwrap_or(PAGE).max(1);
        let first = number(input, "cursor").unwrap_or(0);
        let items: Vec<&Value> = found.iter().skip(first).take(limit).copied().collect();
        let next = first + items.len();
        let cursor = (next < found.len()).then(|| format!("c{next}"));
        (
            json!({ "items": items, "next_cursor": cursor }),
            found.len(),
        )
    }
}

impl Order {
    /// Its id.
    pub(crate) fn id(&self) -> String {
        self.shown["id"].as_str().unwrap_or_default().to_owned()
    }
}

impl Export {
    /// Its id.
    pub(crate) fn id(&self) -> String {
        self.shown["export_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Whether it is done, as whoever asks once more sees it.
    pub(crate) fn is_done(&mut self) -> bool {
        self.asked += 1;
        let is_done = self.asked > POLLS;
        if is_done {
            self.shown["url"] = json!(format!("/files/{}", self.asked));
        }
        is_done
    }
}

/// The number that a query parameter holds, after the `c` of a cursor.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the rules keep it small and positive; without them any number will do"
)]
fn number(input: &Input, name: &str) -> Option<usize> {
    let text = input.values(name).next()?;
    integer(text.trim_start_matches('c')).map(|number| number as usize)
}

/// What an order costs. Where the rules let numbers through that are none, it costs nothing.
fn total(lines: &Value) -> i64 {
    lines
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| whole(&line["quantity"])?.checked_mul(whole(&line["price_cents"])?))
        .fold(0, i64::saturating_add)
}

#[expect(clippy::cast_possible_truncation, reason = "the rules keep it small")]
fn whole(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|number| number as i64))
}
