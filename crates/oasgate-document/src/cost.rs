//! What one more of a value costs: what an alias, or an overlay, puts into a document.

use serde_json::Value;

use crate::json;

/// What a value costs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) bytes: u64,
    pub(crate) nodes: u64,
    /// Levels of collections; 0 for a scalar.
    pub(crate) depth: usize,
}

impl Cost {
    pub(crate) fn of(value: &Value) -> Self {
        let mut cost = Self {
            bytes: json::NODE,
            nodes: 1,
            depth: 0,
        };
        match value {
            Value::Array(items) => {
                cost.depth = 1;
                for item in items {
                    cost.add(Self::of(item));
                }
            }
            Value::Object(members) => {
                cost.depth = 1;
                for (name, member) in members {
                    cost.bytes += json::PROPERTY + name.len() as u64;
                    cost.add(Self::of(member));
                }
            }
            Value::String(text) => cost.bytes += text.len() as u64,
            _ => {}
        }
        cost
    }

    fn add(&mut self, below: Self) {
        self.bytes = self.bytes.saturating_add(below.bytes);
        self.nodes = self.nodes.saturating_add(below.nodes);
        self.depth = self.depth.max(below.depth + 1);
    }
}
