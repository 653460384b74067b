//! Which keywords see through references, and how much a document may ask of them.

use oasgate_document::{Document, FileId};
use serde_json::Value;

/// What all units of a document that see through references may cost, shared out among the schemas that do.
const DOCUMENT_COST: u64 = 200_000;

/// What one unit may cost at most, and what each may in any document.
const MAX_COST: u64 = 2_000;
const LEAST_COST: u64 = 60;

/// Whether a keyword depends on what references evaluate to.
pub(super) fn sees_through(keyword: &str) -> bool {
    matches!(
        keyword,
        "unevaluatedProperties"
            | "unevaluatedItems"
            | "$dynamicRef"
            | "$recursiveRef"
            | "$recursiveAnchor"
            | "$dynamicAnchor"
    )
}

/// What a document says about seeing through references.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeing {
    /// Whether there are dynamic references.
    pub(super) is_dynamic: bool,
    /// What one unit may cost.
    pub(super) allowed: u64,
}

impl Seeing {
    pub(super) fn of(document: &Document) -> Self {
        let mut found = Self {
            is_dynamic: false,
            allowed: 0,
        };
        let files = (0..).map_while(|file| document.file(FileId::from_index(file)));
        let count: u64 = files.map(|root| found.count(root)).sum();
        found.allowed = (DOCUMENT_COST / count.max(1)).clamp(LEAST_COST, MAX_COST);
        found
    }

    /// How many objects have a keyword that sees through references.
    fn count(&mut self, value: &Value) -> u64 {
        match value {
            Value::Object(members) => {
                let mut sees = false;
                for keyword in members.keys() {
                    sees |= sees_through(keyword);
                    self.is_dynamic |= keyword == "$dynamicRef" || keyword == "$recursiveRef";
                }
                members
                    .values()
                    .fold(u64::from(sees), |all, member| all + self.count(member))
            }
            Value::Array(items) => items.iter().map(|item| self.count(item)).sum(),
            _ => 0,
        }
    }
}
