//! The keywords of our own that a unit is written with.

use std::sync::{Arc, OnceLock, Weak};

use jsonschema::{
    Keyword, ValidationError,
    json::{Json, Node as _, SerdeJson},
};
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
        long_enum::Places,
        patterns::Bounded,
        tape::{OnTape, TapeNode},
    },
    Unit, reference_target,
};

/// A keyword of our own.
pub(super) trait OwnKeyword: Send + Sync {
    /// What is wrong with a value that it refuses.
    const REFUSAL: &'static str;

    /// Whether it accepts a value.
    fn accepts(&self, value: &Value) -> bool;

    /// Whether it accepts a value on a tape: the same answer.
    fn accepts_on_tape(&self, node: TapeNode<'_>) -> bool;
}

/// A representation of values that units are compiled for.
pub(super) trait Representation: Json {
    /// Whether a keyword accepts a value.
    fn is_accepted(node: Self::Node<'_>, by: &impl OwnKeyword) -> bool;
}

impl Representation for SerdeJson {
    fn is_accepted(node: &Value, by: &impl OwnKeyword) -> bool {
        by.accepts(node)
    }
}

impl Representation for OnTape {
    fn is_accepted(node: TapeNode<'_>, by: &impl OwnKeyword) -> bool {
        by.accepts_on_tape(node)
    }
}

/// A keyword of our own, as validators call it.
pub(super) struct Own<K>(pub(super) K);

impl<'i, K: OwnKeyword, F: Representation> Keyword<'i, F> for Own<K> {
    fn validate(&self, node: F::Node<'i>) -> Result<(), ValidationError<'i>> {
        if F::is_accepted(node, &self.0) {
            Ok(())
        } else {
            Err(ValidationError::custom(K::REFUSAL))
        }
    }

    fn is_valid(&self, node: F::Node<'i>) -> bool {
        F::is_accepted(node, &self.0)
    }
}

/// A reference that finds its unit when first needed.
pub(super) struct Reference {
    pub(super) store: Weak<SchemaStore>,
    pub(super) target: Address,
    pub(super) direction: Direction,
    pub(super) unit: OnceLock<Weak<Unit>>,
}

impl Reference {
    /// The unit. Whoever validates holds the store.
    fn find(&self) -> Option<Arc<Unit>> {
        self.known().or_else(|| {
            let unit = self.store.upgrade()?.unit(&self.target, self.direction);
            self.unit.get_or_init(|| Arc::downgrade(&unit));
            Some(unit)
        })
    }

    /// The unit, where it was found before and the store still has it.
    fn known(&self) -> Option<Arc<Unit>> {
        self.unit.get()?.upgrade()
    }
}

/// Whether a unit that is referred to accepts a value.
fn follow(unit: &Arc<Unit>, value: &Value) -> bool {
    following::follow(Arc::as_ptr(unit).cast(), &value, || unit.is_valid(value))
}

/// The same for a value on a tape.
fn follow_on_tape(unit: &Arc<Unit>, node: TapeNode<'_>) -> bool {
    following::follow(Arc::as_ptr(unit).cast(), &node, || unit.accepts(node))
}

impl OwnKeyword for Reference {
    const REFUSAL: &'static str = "the referenced schema refuses it";

    fn accepts(&self, value: &Value) -> bool {
        self.find().is_none_or(|unit| follow(&unit, value))
    }

    fn accepts_on_tape(&self, node: TapeNode<'_>) -> bool {
        self.find().is_none_or(|unit| follow_on_tape(&unit, node))
    }
}

/// A registered format that JSON Schema does not have; `None` where formats are ignored.
pub(super) struct Format {
    pub(super) format: Option<&'static RegisteredFormat>,
    pub(super) direction: Direction,
}

impl OwnKeyword for Format {
    const REFUSAL: &'static str = "the value is not of the format";

    fn accepts(&self, value: &Value) -> bool {
        self.format
            .is_none_or(|format| format.accepts(value, self.direction))
    }

    fn accepts_on_tape(&self, node: TapeNode<'_>) -> bool {
        // No format speaks of what is in a container.
        node.is_container() || self.accepts(&node.to_value())
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

    fn refuses(&self, text: &str, value: &Value) -> bool {
        let matches = self.pattern.matches(text);
        if matches.is_none() {
            effort::leave(&self.at, text.len(), value);
        }
        matches == Some(false)
    }
}

impl OwnKeyword for BoundedPattern {
    const REFUSAL: &'static str = "the text does not match the pattern";

    fn accepts(&self, value: &Value) -> bool {
        !value.as_str().is_some_and(|text| self.refuses(text, value))
    }

    fn accepts_on_tape(&self, node: TapeNode<'_>) -> bool {
        // That a text was left is all that is asked of a tape.
        let text = node.as_string();
        !text.is_some_and(|text| self.refuses(&text, &Value::Null))
    }
}

impl OwnKeyword for Limit {
    const REFUSAL: &'static str = "the number is beyond its limit";

    fn accepts(&self, value: &Value) -> bool {
        Self::accepts(self, value)
    }

    fn accepts_on_tape(&self, node: TapeNode<'_>) -> bool {
        !node.is_number() || Self::accepts(self, &node.to_value())
    }
}

impl OwnKeyword for Listed {
    const REFUSAL: &'static str = "the value is not listed";

    fn accepts(&self, value: &Value) -> bool {
        Self::accepts(self, value)
    }

    fn accepts_on_tape(&self, node: TapeNode<'_>) -> bool {
        Self::accepts(self, &node.to_value())
    }
}

/// A long `enum` of the document.
pub(super) struct LongEnum {
    store: Weak<SchemaStore>,
    at: Address,
    places: OnceLock<Places>,
}

impl LongEnum {
    /// That of the schema object at an address.
    pub(super) fn new(store: Weak<SchemaStore>, holder: &Address) -> Self {
        Self {
            store,
            at: holder.join("enum"),
            places: OnceLock::new(),
        }
    }
}

impl OwnKeyword for LongEnum {
    const REFUSAL: &'static str = "the value is not listed";

    fn accepts(&self, value: &Value) -> bool {
        // Whoever validates holds the store.
        let Some(store) = self.store.upgrade() else {
            return true;
        };
        let Some(Value::Array(values)) = store.document().get(&self.at) else {
            return true;
        };
        let places = self.places.get_or_init(|| Places::of(values));
        places.hold(values, value)
    }

    fn accepts_on_tape(&self, node: TapeNode<'_>) -> bool {
        self.accepts(&node.to_value())
    }
}

/// A discriminator: the value must be of the schema that it names.
pub(super) struct Chosen {
    pub(super) store: Weak<SchemaStore>,
    pub(super) at: Address,
    pub(super) direction: Direction,
    pub(super) discriminator: OnceLock<Option<Arc<Discriminator>>>,
}

impl Chosen {
    fn accepts_what(
        &self,
        select: impl FnOnce(&Discriminator) -> Selection<'_>,
        follow: impl Fn(&Arc<Unit>) -> bool,
    ) -> bool {
        let Some(store) = self.store.upgrade() else {
            return true;
        };
        let discriminator = self
            .discriminator
            .get_or_init(|| store.discriminator(&self.at));
        discriminator
            .as_ref()
            .is_none_or(|discriminator| match select(discriminator) {
                Selection::Nothing => true,
                Selection::Unknown => false,
                Selection::OneOf(targets) => targets
                    .iter()
                    .any(|target| follow(&store.unit(target, self.direction))),
            })
    }
}

impl OwnKeyword for Chosen {
    const REFUSAL: &'static str = "not what the discriminator names";

    fn accepts(&self, value: &Value) -> bool {
        self.accepts_what(
            |discriminator| discriminator.select(value),
            |unit| follow(unit, value),
        )
    }

    fn accepts_on_tape(&self, node: TapeNode<'_>) -> bool {
        self.accepts_what(
            |discriminator| discriminator.select_on_tape(node),
            |unit| follow_on_tape(unit, node),
        )
    }
}
