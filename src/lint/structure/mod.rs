//! How a document is built, held against the objects of its version of OpenAPI.
//!
//! [`problems`] walks the document along the [`table`] of objects and their members. Every version
//! is in the one table, so that a member of another version is known as such.

mod laws;
mod model;
mod table;

use std::collections::HashSet;

use oasgate_document::{Address, Document, FileId, Pointer};
use serde_json::{Map, Value};

pub(super) use self::model::Version;
use self::model::{Kind, Object};
use crate::did_you_mean;

/// What is wrong with how a document is built.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) kind: ProblemKind,
    pub(super) at: Address,
    pub(super) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProblemKind {
    /// A member that no version has.
    Unknown,
    /// A member that another version has.
    OtherVersion,
    /// A member that is not there, is of the wrong type, or does not go with another.
    Broken,
}

/// Deeper than any document: what is left when references between files lead in a circle.
const MAX_DEPTH: usize = 200;

/// How many are told of one document.
const MOST: usize = 1_000;

/// Everything that is wrong with how the document is built, in the order of the walk.
pub(super) fn problems(document: &Document) -> Vec<Problem> {
    let mut walk = Walk {
        document,
        version: Version::of(document.version()),
        seen: HashSet::new(),
        problems: Vec::new(),
    };
    let root = Address::in_root(Pointer::root());
    walk.value(&root, document.root(), Kind::Nested(&table::ROOT), 0);
    walk.problems
}

struct Walk<'d> {
    document: &'d Document,
    version: Version,
    /// Objects of other files, which several references may lead to.
    seen: HashSet<Address>,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn tell(&mut self, kind: ProblemKind, at: Address, message: String) {
        if self.problems.len() < MOST {
            self.problems.push(Problem { kind, at, message });
        }
    }

    /// Walks a value of a kind that it has been found to be.
    fn value(&mut self, at: &Address, value: &Value, kind: Kind, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match (kind, value) {
            (Kind::OrReference(object), Value::Object(members)) => {
                match members.get("$ref").and_then(Value::as_str) {
                    Some(reference) if !object.has("$ref") => {
                        self.referenced(at, reference, object, depth);
                    }
                    _ => self.object(at, members, object, depth),
                }
            }
            (Kind::Nested(object), Value::Object(members)) => {
                self.object(at, members, object, depth);
            }
            (Kind::ListOf(kind), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.typed(&at.index(index), None, item, *kind, depth + 1);
                }
            }
            (Kind::MapOf(kind), Value::Object(members)) => {
                for (name, member) in members {
                    self.typed(&at.join(name), Some(name), member, *kind, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Walks a value after a look at its type.
    fn typed(&mut self, at: &Address, name: Option<&str>, value: &Value, kind: Kind, depth: usize) {
        match kind.missed_by(value) {
            None => self.value(at, value, kind, depth),
            Some(wanted) => {
                let what = name.map_or_else(|| "this".to_owned(), |name| format!("`{name}`"));
                let came = match value {
                    Value::Null => "nothing",
                    Value::Bool(_) => "a boolean",
                    Value::Number(_) => "a number",
                    Value::String(_) if matches!(kind, Kind::Word(_)) => "another word",
                    Value::String(_) => "a string",
                    Value::Array(_) => "a list",
                    Value::Object(_) => "an object",
                };
                let message = format!("{what} is {wanted}; {came} stands there");
                self.tell(ProblemKind::Broken, at.clone(), message);
            }
        }
    }

    /// Objects of the root file are walked where they stand, those of other files from a reference.
    fn referenced(&mut self, at: &Address, reference: &str, object: &'static Object, depth: usize) {
        // What cannot be resolved is told by `unresolved-reference`.
        let Ok(target) = self.document.resolve_at(at, reference) else {
            return;
        };
        if target.file != FileId::ROOT
            && self.seen.insert(target.clone())
            && let Some(value) = self.document.get(&target)
        {
            self.value(&target, value, Kind::OrReference(object), depth + 1);
        }
    }

    fn object(
        &mut self,
        at: &Address,
        members: &Map<String, Value>,
        object: &'static Object,
        depth: usize,
    ) {
        for member in object.members() {
            if member.is_required_in(self.version) && !members.contains_key(member.name) {
                let message = format!("`{}` is missing in {}", member.name, object.name);
                self.tell(ProblemKind::Broken, at.clone(), message);
            }
        }
        for (name, value) in members.iter().filter(|(name, _)| !name.starts_with("x-")) {
            self.member(&at.join(name), name, value, object, depth);
        }
        if let Some(reference) = members.get("$ref").and_then(Value::as_str)
            && object.has("$ref")
        {
            self.referenced(at, reference, object, depth);
        }
        let version = self.version;
        for law in object.laws {
            law(members, version, &mut |name, message| {
                let at = name.map_or_else(|| at.clone(), |name| at.join(name));
                self.tell(ProblemKind::Broken, at, message);
            });
        }
    }

    fn member(
        &mut self,
        at: &Address,
        name: &str,
        value: &Value,
        object: &'static Object,
        depth: usize,
    ) {
        let mut of_the_name = object.members().filter(|member| member.name == name);
        if let Some(member) = of_the_name
            .clone()
            .find(|member| member.is_in(self.version))
        {
            self.typed(at, Some(name), value, member.kind, depth + 1);
        } else if let Some(member) = of_the_name.next() {
            let message = if member.first > self.version {
                format!("`{name}` came with {}", member.first.name())
            } else {
                format!("`{name}` is a member of {}", member.last.name())
            };
            let message = match member.instead {
                "" => message,
                instead => format!("{message}; here {instead}"),
            };
            self.tell(ProblemKind::OtherVersion, at.clone(), message);
        } else if let Some(kind) = object.names {
            self.typed(at, Some(name), value, kind, depth + 1);
        } else {
            let known = object.members().filter(|member| member.is_in(self.version));
            let hint = did_you_mean::hint(name, known.map(|member| member.name));
            let message = format!("`{name}` is not a member of {}{hint}", object.name);
            self.tell(ProblemKind::Unknown, at.clone(), message);
        }
    }
}
