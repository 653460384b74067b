//! The keywords of our own that a unit is written with.

use std::sync::{Arc, OnceLock, Weak};

use jsonschema::{Keyword, ValidationError, Validator, error::ValidationErrorKind};
use oasgate_document::Address;
use serde_json::Value;

use super::{
    super::{
        Direction, SchemaStore,
        discriminator::{Discriminator, Selection},
        exact::{Limit, Listed},
        following,
        formats::RegisteredFormat,
    },
    Unit,
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

/// How many steps of a large pattern one text may take, each of which is a place in the pattern at a letter: some
/// tenths of a second.
const MOST_STEPS: usize = 1 << 24;

/// A pattern that may be at many places at once, so that a long text could take it minutes. What is too long for it is
/// not decided, and nothing is said of it.
pub(super) struct LargePattern {
    pub(super) validator: Validator,
    pub(super) size: usize,
}

impl LargePattern {
    fn refuses(&self, value: &Value) -> bool {
        let length = value.as_str().map_or(0, str::len);
        let steps = length.saturating_mul(self.size.min(length));
        if steps > MOST_STEPS || self.validator.is_valid(value) {
            return false;
        }
        let mut errors = self.validator.iter_errors(value);
        errors.any(|error| matches!(error.kind(), ValidationErrorKind::Pattern { .. }))
    }
}

impl<'i> Keyword<'i> for LargePattern {
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
