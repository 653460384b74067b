//! Proofs that one side accepts all that the other sends: by keywords, and by canonical forms where these come soon.

use std::{cell::OnceCell, sync::LazyLock};

use serde_json::{Value, json};

use oasgate_document::Document;

use super::{
    Lens,
    close::{Definitions, close},
    isolate::Isolated,
    sender::Sender,
    subsume::{self, Node},
    text::{Travel, texts},
};
use crate::contract::{
    Contract, Direction, Schema,
    canonical::{self, CanonicalSchema},
};

/// The longest schemas, written out, whose difference is worked out: its cost grows much faster than
/// their length.
const MAX_DIFFERENCE: usize = 6_000;

/// The longest schemas, written out, that are proved to contain one another by their canonical forms: these take
/// seconds where there is more, and keywords prove most of it.
const MAX_PROOF: usize = 14_000;

/// What could be proved.
pub(super) enum Proof {
    Equal,
    Contained,
    /// Neither; with texts that a proof by keywords found to be sent and refused somewhere in a value.
    Nothing(Vec<String>),
}

/// What is to be proved: the consumer accepts all that is sent.
#[derive(Clone, Copy)]
pub(super) struct Claim<'q> {
    pub(super) sender: &'q Sender,
    pub(super) consumer: &'q Isolated,
    /// The consumer's canonical form, once it was asked for.
    pub(super) accepted: &'q OnceCell<Option<CanonicalSchema>>,
    pub(super) lens: Lens,
    pub(super) travel: Travel,
    pub(super) direction: Direction,
}

impl Claim<'_> {
    fn producer(&self) -> &Isolated {
        &self.sender.isolated
    }

    /// Whether what stands for units could meet other rules than its own, or more alternatives of the consumer, so that
    /// nothing is proved.
    fn is_unfit(&self) -> bool {
        self.producer().is_unfit() || self.consumer.is_unfit() || self.consumer.overlaps()
    }

    /// Whether something is left out, so that only what is proved of what is sent holds.
    fn is_frayed(&self) -> bool {
        self.producer().is_frayed() || self.consumer.is_frayed()
    }

    pub(super) fn by_keywords(&self) -> Proof {
        if self.is_unfit() {
            return Proof::Nothing(Vec::new());
        }
        let open = Node::named(&self.producer().definitions, &self.producer().root);
        let accepted = Node::named(&self.consumer.definitions, &self.consumer.root);
        if let Err(texts) = subsume::contained(self.sent(), accepted) {
            return if self.takes_every_text(accepted) {
                Proof::Contained
            } else {
                Proof::Nothing(texts)
            };
        }
        let same =
            |one, other| subsume::is_contained(one, other) && subsume::is_contained(other, one);
        if self.is_frayed() || !same(open, accepted) {
            return Proof::Contained;
        }
        let closed = |side: &Isolated| {
            let mut definitions = side.definitions.clone();
            let closed = close(&mut definitions, &side.root, self.direction);
            (definitions, closed.name)
        };
        let (one, one_name) = closed(self.producer());
        let (other, other_name) = closed(self.consumer);
        if same(
            Node::named(&one, &one_name),
            Node::named(&other, &other_name),
        ) {
            Proof::Equal
        } else {
            Proof::Contained
        }
    }

    /// Whether all that is sent travels as one text, and every text is accepted.
    fn takes_every_text(&self, accepted: Node<'_>) -> bool {
        static SCALARS: LazyLock<Value> =
            LazyLock::new(|| json!({ "type": ["boolean", "number", "string"] }));
        static TEXTS: LazyLock<Value> = LazyLock::new(|| json!({ "type": "string" }));
        let none = Definitions::new();
        matches!(self.travel, Travel::Text | Travel::Segment)
            && subsume::is_contained(Node::of(&none, &TEXTS), accepted)
            && subsume::is_contained(self.sent(), Node::of(&none, &SCALARS))
    }

    /// What is sent.
    pub(super) fn sent(&self) -> Node<'_> {
        Node::named(&self.producer().definitions, &self.sender.sent.name)
    }

    /// Texts that are sent and refused somewhere in a value, as far as a proof by keywords comes upon them.
    pub(super) fn broken_texts(&self) -> Vec<String> {
        let accepted = Node::named(&self.consumer.definitions, &self.consumer.root);
        let proof = subsume::contained(self.sent(), accepted);
        proof.err().unwrap_or_default()
    }

    pub(super) fn by_canonical_forms(&self) -> Proof {
        let nothing = Proof::Nothing(Vec::new());
        if self.is_unfit() {
            return nothing;
        }
        let sent = self.producer().self_contained(&self.sender.sent.name);
        let accepted = self.consumer.self_contained(&self.consumer.root);
        if sent.to_string().len() + accepted.to_string().len() > MAX_PROOF
            || !canonical::comes_soon(&sent)
            || !canonical::comes_soon(&accepted)
        {
            return nothing;
        }
        let Some(consumer) = self.accepted(&accepted) else {
            return nothing;
        };
        // Closing may leave nothing, about which everything could be proved.
        let closed = self
            .sender
            .closed_form(&sent)
            .filter(|closed| !canonical::accepts_nothing(closed))
            .or_else(|| self.sender.open_form());
        let Some(closed) = closed else {
            return nothing;
        };
        if !canonical::covers(consumer, closed) {
            let texts = texts(&sent, &accepted, self.travel);
            let proved = texts.is_some_and(|(sent, accepted)| {
                match (canonical::canonical(&sent), canonical::canonical(&accepted)) {
                    (Some(sent), Some(accepted)) => {
                        !canonical::accepts_nothing(&sent) && canonical::covers(&accepted, &sent)
                    }
                    _ => false,
                }
            });
            return if proved { Proof::Contained } else { nothing };
        }
        if !self.is_frayed() && self.is_equal(consumer, closed) {
            Proof::Equal
        } else {
            Proof::Contained
        }
    }

    fn accepted(&self, schema: &Value) -> Option<&CanonicalSchema> {
        self.accepted
            .get_or_init(|| canonical::canonical(schema))
            .as_ref()
    }

    /// Whether both sides accept the same, open and closed.
    fn is_equal(&self, consumer: &CanonicalSchema, closed: &CanonicalSchema) -> bool {
        let same = |one: &CanonicalSchema, other: &CanonicalSchema| {
            one == other || canonical::covers(one, other) && canonical::covers(other, one)
        };
        if !self
            .sender
            .open_form()
            .is_some_and(|open| same(open, consumer))
        {
            return false;
        }
        let closed_form = |side: &Isolated| {
            let mut definitions = side.definitions.clone();
            let name = close(&mut definitions, &side.root, self.direction).name;
            canonical::canonical(&side.with(definitions).self_contained(&name))
        };
        let this = match self.lens {
            Lens::Declared => Some(closed.clone()),
            Lens::Strict => closed_form(self.producer()),
        };
        match (this, closed_form(self.consumer)) {
            (Some(this), Some(other)) => same(&this, &other),
            _ => false,
        }
    }

    /// What the producer sends and the consumer refuses, as a schema.
    pub(super) fn difference(&self) -> Option<Schema> {
        let sent = self.producer().self_contained(&self.sender.sent.name);
        let accepted = self.consumer.self_contained(&self.consumer.root);
        if sent.to_string().len() + accepted.to_string().len() > MAX_DIFFERENCE
            || !canonical::comes_soon(&sent)
            || !canonical::comes_soon(&accepted)
        {
            return None;
        }
        let (sent, accepted) = (self.sender.closed_form(&sent)?, self.accepted(&accepted)?);
        let mut left = canonical::difference(sent, accepted)?;
        relocate(&mut left);
        let root = json!({
            "openapi": "3.1.0", "info": { "title": "", "version": "" }, "paths": {},
            "components": { "schemas": { "left": left } },
        });
        let document = Document::parse("difference.json", root.to_string()).ok()?;
        let contract = Contract::from_document(document);
        contract.schema("left", self.direction)
    }
}

/// References to definitions lead to where the schema stands among the components.
fn relocate(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("$ref")
                && let Some(rest) = text.strip_prefix('#')
            {
                *text = format!("#/components/schemas/left{rest}");
            }
            members.values_mut().for_each(relocate);
        }
        Value::Array(items) => items.iter_mut().for_each(relocate),
        _ => {}
    }
}
