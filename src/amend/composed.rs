//! Which schemas take others in, and which names of properties they know.
//!
//! A property that is added to a base holds for whatever takes the base in by `allOf`: the subtypes of a discriminator,
//! and every schema that extends it. Where one of them has a property of that name, what came for the base
//! says nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use oasgate_document::{Address, Document, FileId, Pointer};
use serde_json::Value;

/// How many schemas are followed from one to the next.
const MAX_STEPS: usize = 10_000;

/// For each schema that others take in, those that do.
#[derive(Debug, Default)]
pub(super) struct Composed {
    /// Who takes a schema in.
    takers: BTreeMap<Pointer, BTreeSet<Pointer>>,
    /// The names of the properties that a schema has itself, or that an inline part of it has.
    names: BTreeMap<Pointer, BTreeSet<String>>,
}

impl Composed {
    pub(super) fn of(document: &Document) -> Self {
        let mut composed = Self::default();
        let mut open = vec![(Pointer::root(), document.root())];
        while let Some((at, node)) = open.pop() {
            match node {
                Value::Object(members) => {
                    if let Some(Value::Array(parts)) = members.get("allOf") {
                        composed.note(document, &at, parts, node);
                    }
                    open.extend(members.iter().map(|(name, node)| (at.join(name), node)));
                }
                Value::Array(items) => {
                    let items = items.iter().enumerate();
                    open.extend(items.map(|(index, node)| (at.index(index), node)));
                }
                _ => {}
            }
        }
        composed
    }

    fn note(&mut self, document: &Document, at: &Pointer, parts: &[Value], whole: &Value) {
        let mut names = BTreeSet::new();
        for part in parts.iter().chain([whole]) {
            let properties = part.get("properties").and_then(Value::as_object);
            names.extend(
                properties
                    .into_iter()
                    .flat_map(|known| known.keys().cloned()),
            );
            let reference = part.get("$ref").and_then(Value::as_str);
            let target = reference.and_then(|reference| {
                document
                    .resolve_at(&Address::in_root(at.clone()), reference)
                    .ok()
            });
            if let Some(target) = target.filter(|target| target.file == FileId::ROOT) {
                self.takers
                    .entry(target.pointer)
                    .or_default()
                    .insert(at.clone());
            }
        }
        self.names.insert(at.clone(), names);
    }

    /// Whether a schema that takes this one in, at any remove, knows a property of the name.
    pub(super) fn names(&self, schema: &Pointer, name: &str) -> bool {
        let mut known = BTreeSet::new();
        let mut open = vec![schema];
        while let Some(here) = open.pop() {
            for taker in self.takers.get(here).into_iter().flatten() {
                if self
                    .names
                    .get(taker)
                    .is_some_and(|names| names.contains(name))
                {
                    return true;
                }
                if known.len() < MAX_STEPS && known.insert(taker) {
                    open.push(taker);
                }
            }
        }
        false
    }
}
