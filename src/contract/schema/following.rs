//! Which references are being followed on this thread, and what came of those that were.
//!
//! A reference that comes back to the same node without having gone deeper adds nothing, and would never
//! end. Schemas that refer to each other twice lead to the same nodes on ever more ways: what was found of
//! a node deep down is remembered until the outermost reference is followed to its end.

use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use jsonschema::json::Node as _;
use serde_json::Value;

use super::tape::TapeNode;

/// How many references may be open before what is found is remembered: most values need no more.
const REMEMBERED_FROM: usize = 8;

/// How many references may be open at once. What lies behind more of them counts as accepted.
const MAX_OPEN: usize = 400;

/// How many results are remembered.
const MAX_KNOWN: usize = 100_000;

/// A node of a value. Scalars are known by what they are: those that a validator makes for names live no
/// longer than it looks at them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Container(usize),
    Scalar(u64),
}

impl Node {
    fn scalar(value: &Value) -> Self {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Self::Scalar(hasher.finish())
    }
}

/// A value that references are followed for, however it is kept in memory.
pub(super) trait Followed {
    /// Where it is in memory.
    fn address(&self) -> usize;

    /// What tells it from other values.
    fn node(&self) -> Node;
}

impl Followed for &Value {
    fn address(&self) -> usize {
        std::ptr::from_ref::<Value>(self).addr()
    }

    fn node(&self) -> Node {
        if self.is_object() || self.is_array() {
            return Node::Container(Followed::address(self));
        }
        Node::scalar(self)
    }
}

impl Followed for TapeNode<'_> {
    fn address(&self) -> usize {
        TapeNode::address(*self)
    }

    fn node(&self) -> Node {
        if self.is_container() {
            return Node::Container(Followed::address(self));
        }
        Node::scalar(&self.to_value())
    }
}

/// The address of what a reference leads to, which lives as long as it is followed.
type Target = *const ();

type Step = (Target, Node);

/// A reference that is being followed.
struct Open {
    at: (Target, usize),
    /// The outermost open reference that the result takes for granted, by its place; `usize::MAX` for none.
    assumes: usize,
    /// What is remembered only as long as this reference is open.
    dependents: Vec<Step>,
}

#[derive(Default)]
struct Following {
    open: Vec<Open>,
    known: HashMap<Step, (bool, usize)>,
}

thread_local! {
    static FOLLOWING: RefCell<Following> = RefCell::default();
}

impl Following {
    /// What is known already of a target at a node.
    fn recall(&mut self, target: Target, value: &impl Followed) -> Option<bool> {
        let at = (target, value.address());
        if let Some(place) = self.open.iter().position(|open| open.at == at) {
            self.assume(place);
            return Some(true);
        }
        if self.open.len() >= MAX_OPEN {
            return Some(true);
        }
        if self.open.len() < REMEMBERED_FROM {
            return None;
        }
        let (accepted, assumes) = *self.known.get(&(target, value.node()))?;
        self.assume(assumes);
        Some(accepted)
    }

    fn assume(&mut self, place: usize) {
        if let Some(last) = self.open.last_mut() {
            last.assumes = last.assumes.min(place);
        }
    }

    fn begin(&mut self, target: Target, value: &impl Followed) {
        self.open.push(Open {
            at: (target, value.address()),
            assumes: usize::MAX,
            dependents: Vec::new(),
        });
    }

    fn end(&mut self, value: &impl Followed, accepted: bool) {
        let Some(ended) = self.open.pop() else {
            return;
        };
        for step in ended.dependents {
            self.known.remove(&step);
        }
        let place = self.open.len();
        if place == 0 {
            self.known.clear();
            return;
        }
        // What comes back to itself is decided here.
        let assumes = if ended.assumes < place {
            ended.assumes
        } else {
            usize::MAX
        };
        self.assume(assumes);
        if place < REMEMBERED_FROM || self.known.len() >= MAX_KNOWN {
            return;
        }
        let step = (ended.at.0, value.node());
        self.known.insert(step, (accepted, assumes));
        if let Some(open) = self.open.get_mut(assumes) {
            open.dependents.push(step);
        }
    }
}

/// Whether what is referred to accepts a value: as it is known, or as `validate` says. `target` tells what is
/// referred to apart.
pub(super) fn follow(
    target: Target,
    value: &impl Followed,
    validate: impl FnOnce() -> bool,
) -> bool {
    let known = FOLLOWING.with_borrow_mut(|following| {
        let known = following.recall(target, value);
        if known.is_none() {
            following.begin(target, value);
        }
        known
    });
    known.unwrap_or_else(|| {
        let accepted = validate();
        FOLLOWING.with_borrow_mut(|following| following.end(value, accepted));
        accepted
    })
}

#[cfg(test)]
mod tests {
    use oasgate_document::{Address, Document, Pointer};
    use serde_json::{Map, Value, json};

    use crate::contract::{Contract, Direction, Schema};

    /// The first of a chain of schemas, each made from a reference to the next; the last one is given.
    fn chain(length: usize, each: impl Fn(Value) -> Value, last: Value) -> Schema {
        let mut schemas = Map::new();
        for number in 0..length {
            let next = json!({ "$ref": format!("#/components/schemas/A{}", number + 1) });
            schemas.insert(format!("A{number}"), each(next));
        }
        schemas.insert(format!("A{length}"), last);
        let document = json!({ "openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}, "components": { "schemas": schemas } });
        let document = Document::parse("t", document.to_string()).expect("it is one");
        let at = Pointer::parse("/components/schemas/A0").expect("a pointer");
        Contract::from_document(document).schema_at(Address::in_root(at), Direction::Response)
    }

    #[test]
    fn schemas_that_refer_to_each_other_twice_are_decided_soon() {
        let twice = |next: Value| json!({ "allOf": [next.clone(), next] });
        let either = |next: Value| json!({ "anyOf": [{ "type": "null" }, next.clone(), next] });
        let integer = json!({ "type": "integer" });
        let closed = json!({ "required": ["a"] });
        let back = json!({ "$ref": "#/components/schemas/A0" });
        for (schema, valid, invalid) in [
            (chain(40, twice, integer.clone()), json!(1), json!("x")),
            (chain(40, either, integer), json!(1), json!("x")),
            (chain(40, twice, closed), json!({ "a": 1 }), json!({})),
        ] {
            assert!(schema.is_valid(&valid), "{valid}");
            assert!(!schema.is_valid(&invalid), "{invalid}");
        }
        let circle = json!({ "allOf": [back, { "type": "object" }] });
        let circle = chain(40, twice, circle);
        assert!(circle.is_valid(&json!({})));
        assert!(!circle.is_valid(&json!(1)));
    }

    #[test]
    fn nodes_that_are_reached_on_many_ways_are_decided_once() {
        let twice = |next: Value| {
            let property = json!({ "properties": { "x": next } });
            json!({ "allOf": [property.clone(), property] })
        };
        let nested = |depth, last| (0..depth).fold(last, |inner, _| json!({ "x": inner }));
        let schema = chain(60, twice, json!({ "type": "integer" }));
        assert!(schema.is_valid(&nested(60, json!(1))));
        assert!(!schema.is_valid(&nested(60, json!("x"))));
        assert!(schema.is_valid(&nested(59, json!({ "y": "x" }))));
    }

    #[test]
    fn names_are_each_looked_at() {
        // Deep enough for results to be remembered; the names are made where the last one stood.
        let names = |next: Value| match next["$ref"].as_str() {
            Some("#/components/schemas/A10") => json!({ "propertyNames": next }),
            Some("#/components/schemas/A12") => json!({ "maxLength": 2 }),
            _ => json!({ "allOf": [next] }),
        };
        let schema = chain(12, names, json!(true));
        assert!(schema.is_valid(&json!({ "a": 1, "bc": 1 })));
        assert!(!schema.is_valid(&json!({ "a": 1, "bcd": 1 })));
        assert!(!schema.is_valid(&json!({ "abc": 1, "b": 1 })));
    }
}
