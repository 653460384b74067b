//! The side of a question that sends: what it sends under a lens, and values of that.
//!
//! It is shared by all that is asked of one pair of schemas, so that its values are made once.

use std::cell::OnceCell;

use serde_json::Value;

use super::{
    Lens,
    close::Closed,
    isolate::Isolated,
    subsume::{self, Node},
};
use crate::{
    contract::Schema,
    generate::{self, Generator, Values},
};

/// The longest schemas, written out, that are proved to contain one another by their canonical forms: these take
/// seconds where there is more, and keywords prove most of it.
pub(super) const MOST_PROOF: usize = 14_000;

/// The longest schemas, written out, whose values are drawn by their canonical forms: those of longer ones cost more
/// than all that is drawn.
pub(super) const MOST_CANONICAL: usize = 6_000;

/// The side that sends, taken out of its document.
pub(super) struct Sender {
    pub(super) isolated: Isolated,
    /// The name of what is sent, and whether it is wider than what is declared.
    pub(super) sent: Closed,
    pub(super) sent_schema: Schema,
    pub(super) open_schema: Schema,
    /// Values of `sent_schema`, made when they are first asked for.
    values: OnceCell<Values>,
    /// A few of them that have much in them, and little.
    bases: OnceCell<Vec<Value>>,
}

impl Sender {
    pub(super) fn of(mut isolated: Isolated, lens: Lens) -> Option<Self> {
        let mut sent = isolated.produced(lens);
        // What is required or demanded in number may not be declared: then it is sent undeclared.
        if subsume::is_empty(Node::named(&isolated.definitions, &sent.name)) {
            sent = isolated.open();
        }
        let contract = isolated.contract()?;
        Some(Self {
            sent_schema: isolated.schema(&contract, &sent.name),
            open_schema: isolated.schema(&contract, &isolated.root),
            sent,
            isolated,
            values: OnceCell::new(),
            bases: OnceCell::new(),
        })
    }

    /// Values that are sent.
    pub(super) fn values(&self) -> &Values {
        self.values
            .get_or_init(|| generate::valid_up_to(&self.sent_schema, MOST_CANONICAL))
    }

    /// A few values that have much in them, and little; the shortest first.
    pub(super) fn bases(&self) -> &[Value] {
        self.bases.get_or_init(|| {
            let mut generator = Generator::new(0, &["diff", "bases"]);
            let mut bases = generate::bases(self.values(), &mut generator);
            // In a short one little is left to take out.
            bases.sort_by_cached_key(|base| base.to_string().len());
            bases
        })
    }
}
