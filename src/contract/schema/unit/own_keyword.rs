//! The keywords of our own that a unit is written with.

use std::sync::{Arc, OnceLock, Weak};

use jsonschema::{Keyword, ValidationError};
use oasgate_document::Address;
use serde_json::{Value, json};

use super::{
    super::{
        Direction, SchemaStore,
        discriminator::{Discriminator, Selection},
        effort,
        exact::{Limit, Listed},
        following,
        formats::RegisteredFormat,
        patterns::Bounded,
    },
    Unit, reference_target,
};

/// A reference that finds its unit when first needed.
pub(super) struct Reference {
    pub(super) store: Weak<SchemaStore>,
    pub(super) target: Address,
    pub(super) direction: Direction,
    pub(super) unit: OnceLock<Weak<Unit>>,
}

impl Reference {
    fn accepts(&self, value: &Value) -> bool {
        // Whoever validates holds the store.
        let unit = self.known().or_else(|| {
            let unit = self.store.upgrade()?.unit(&self.target, self.direction);
            self.unit.get_or_init(|| Arc::downgrade(&unit));
            Some(unit)
        });
        unit.is_none_or(|unit| follow(&unit, value))
    }

    /// The unit, where it was found before and the store still has it.
    fn known(&self) -> Option<Arc<Unit>> {
        self.unit.get()?.upgrade()
    }
}

/// Whether a unit that is referred to accepts a value.
fn follow(unit: &Arc<Unit>, value: &Value) -> bool {
    following::follow(Arc::as_ptr(unit).cast(), value, || unit.is_valid(value))
}

/// What a keyword says of a value that it accepts or refuses.
fn verdict<'i>(accepts: bool, refusal: &'static str) -> Result<(), ValidationError<'i>> {
    if accepts {
        Ok(())
    } else {
        Err(ValidationError::custom(refusal))
    }
}

impl<'i> Keyword<'i> for Reference {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        verdict(self.accepts(value), "the referenced schema refuses it")
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        self.accepts(value)
    }
}

/// A registered format that JSON Schema does not have; `None` where formats are ignored.
pub(super) struct Format {
    pub(super) format: Option<&'static RegisteredFormat>,
    pub(super) direction: Direction,
}

impl<'i> Keyword<'i> for Format {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        verdict(self.is_valid(value), "the value is not of the format")
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        self.format
            .is_none_or(|format| format.accepts(value, self.direction))
    }
}

/// A pattern that costs more the longer a text is. A text that would cost too much is not decided: it counts as one
/// that matches, and is noted.
pub(super) struct BoundedPattern {
    pattern: Bounded,
    at: Address,
}

impl BoundedPattern {
    /// `None` where it is not written so.
    pub(super) fn of(written: &Value) -> Option<Self> {
        let [file, pointer, plain] = written.as_array()?.as_slice() else {
            return None;
        };
        let holder = reference_target(&json!([file, pointer]))?;
        Some(Self {
            pattern: Bounded::new(plain.as_str()?)?,
            at: holder.join("pattern"),
        })
    }

    fn refuses(&self, value: &Value) -> bool {
        let Some(text) = value.as_str() else {
            return false;
        };
        let matches = self.pattern.matches(text);
        if matches.is_none() {
            effort::leave(&self.at, text.len(), value);
        }
        matches == Some(false)
    }
}

impl<'i> Keyword<'i> for BoundedPattern {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        verdict(!self.refuses(value), "the text does not match the pattern")
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        !self.refuses(value)
    }
}

impl<'i> Keyword<'i> for Limit {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        verdict(self.accepts(value), "the number is beyond its limit")
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        self.accepts(value)
    }
}

impl<'i> Keyword<'i> for Listed {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        verdict(self.accepts(value), "the value is not listed")
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        self.accepts(value)
    }
}

/// A discriminator: the value must be of the schema that it names.
pub(super) struct Chosen {
    pub(super) store: Weak<SchemaStore>,
    pub(super) at: Address,
    pub(super) direction: Direction,
    pub(super) discriminator: OnceLock<Option<Arc<Discriminator>>>,
}

impl<'i> Keyword<'i> for Chosen {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        verdict(self.is_valid(value), "not what the discriminator names")
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        let Some(store) = self.store.upgrade() else {
            return true;
        };
        let discriminator = self
            .discriminator
            .get_or_init(|| store.discriminator(&self.at));
        discriminator
            .as_ref()
            .is_none_or(|discriminator| match discriminator.select(value) {
                Selection::Nothing => true,
                Selection::Unknown => false,
                Selection::OneOf(targets) => targets
                    .iter()
                    .any(|target| follow(&store.unit(target, self.direction), value)),
            })
    }
}
