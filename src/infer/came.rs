//! What the exchanges of one finding showed: what a document would have to admit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Inferred;

/// What came where the contract was broken. Two of them merge in any order, as [`Inferred`] does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Came {
    /// The bodies, by media type without parameters, in lower case; `None` where the type is not read as JSON.
    pub bodies: BTreeMap<String, Option<Inferred>>,
    /// The values at the place of the breach.
    pub value: Inferred,
    /// A body came that no declaration can be right about: without a content type, or not what its type says.
    pub is_unreadable: bool,
}

impl Came {
    /// A value at the place of the breach.
    pub fn value(value: Inferred) -> Self {
        Self {
            value,
            ..Self::default()
        }
    }

    /// A body of a media type; `None` where it is not read as JSON.
    pub fn body(media_type: &str, body: Option<Inferred>) -> Self {
        Self {
            bodies: BTreeMap::from([(media_type.to_lowercase(), body)]),
            ..Self::default()
        }
    }

    /// A body that no declaration can be right about.
    pub fn unreadable() -> Self {
        Self {
            is_unreadable: true,
            ..Self::default()
        }
    }

    /// Hands every text that is remembered as a value to `change`.
    pub fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        for body in self.bodies.values_mut().flatten() {
            body.each_text(change);
        }
        self.value.each_text(change);
    }

    /// Hands every name of a member that is remembered to `change`.
    pub fn each_name(&mut self, change: &mut dyn FnMut(&mut String)) {
        for body in self.bodies.values_mut().flatten() {
            body.each_name(change);
        }
        self.value.each_name(change);
    }

    /// What both showed.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (media_type, body) in other.bodies {
            let known = self.bodies.remove(&media_type);
            let both = match (known, body) {
                (Some(Some(ours)), Some(theirs)) => Some(ours.merge(theirs)),
                (Some(_), _) => None,
                (None, body) => body,
            };
            self.bodies.insert(media_type, both);
        }
        Self {
            bodies: self.bodies,
            value: self.value.merge(other.value),
            is_unreadable: self.is_unreadable || other.is_unreadable,
        }
    }
}
