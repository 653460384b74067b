//! Whether a response shows something that its operation has not shown before: a status, a content
//! type, a shape, a branch of a schema.

use std::collections::{HashMap, HashSet};

use http::StatusCode;
use serde_json::Value;

use crate::{
    contract::{Operation, shape},
    exchange::Exchange,
};

/// What each operation has shown so far, by its id.
#[derive(Debug, Default)]
pub(crate) struct Novelty {
    shown: HashMap<String, Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    /// Status, content type, shape of the body.
    responses: HashSet<(StatusCode, String, Option<u64>)>,
    /// How many different things there were.
    count: u64,
}

impl Novelty {
    /// Takes in what came.
    pub(crate) fn take(
        &mut self,
        operation: &Operation,
        exchange: &Exchange,
        body: Option<&Value>,
    ) {
        let response = &exchange.response;
        let content_type = response
            .header("content-type")
            .and_then(|text| text.split(';').next())
            .unwrap_or_default();
        let came = (
            response.status,
            content_type.trim().to_owned(),
            body.map(shape),
        );
        let shown = self.shown_by(operation);
        shown.count += u64::from(shown.responses.insert(came));
    }

    /// Takes in that something else was new, such as a branch of a schema.
    pub(crate) fn note(&mut self, operation: &Operation) {
        self.shown_by(operation).count += 1;
    }

    /// How many different things an operation has shown.
    pub(crate) fn count(&self, operation: &Operation) -> u64 {
        let shown = self.shown.get(operation.id.as_str());
        shown.map_or(0, |shown| shown.count)
    }

    fn shown_by(&mut self, operation: &Operation) -> &mut Shown {
        self.shown
            .entry(operation.id.as_str().to_owned())
            .or_default()
    }
}
