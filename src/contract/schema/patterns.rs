//! Which names match the patterns of `patternProperties`.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::ecma;

/// The patterns of a document, each compiled once.
#[derive(Default)]
pub(super) struct Patterns(RwLock<HashMap<String, Option<Arc<Validator>>>>);

impl Patterns {
    /// Whether a name matches; none matches a pattern that cannot be read.
    pub(super) fn matches(&self, pattern: &str, name: &str) -> bool {
        self.compiled(pattern)
            .is_some_and(|validator| validator.is_valid(&Value::from(name)))
    }

    /// Whether a pattern can be read.
    pub(super) fn reads(&self, pattern: &str) -> bool {
        self.compiled(pattern).is_some()
    }

    fn compiled(&self, pattern: &str) -> Option<Arc<Validator>> {
        let known = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(pattern)
            .cloned();
        known.unwrap_or_else(|| {
            // Read by the validator itself, so that both mean the same by a pattern.
            let plain = ecma::plain(pattern);
            let compiled = super::unit::patterns()
                .build(&json!({ "pattern": plain.as_deref().unwrap_or(pattern) }))
                .ok()
                .map(Arc::new);
            self.0
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(pattern.to_owned(), compiled.clone());
            compiled
        })
    }
}
