//! Two contracts, and what changed between them: each change with a verdict and its evidence.
//!
//! [`compare`] is the entry. Operations are paired by method and path, then by `operationId`; the
//! schemas at the same place of a pair are asked one question: does the side that reads accept every value
//! that the other sends? In a request the old document's client sends and the new service reads, in a
//! response the other way round, and both are turned round for webhooks and callbacks. What sets of values cannot
//! say has a rule of its own, one file each, registered in [`RULES`].
//!
//! A proof is containment of canonical schemas; a refutation is an instance that validators judged. What
//! is neither is said to be undecided, with the number of values that were tried.

mod against;
mod answer;
mod apart;
mod body;
mod budget;
mod change;
mod close;
mod evidence;
mod isolate;
mod keywords;
mod link;
mod meeting;
mod operations;
mod origin;
mod overlap;
mod positions;
mod proof;
mod question;
mod rules;
mod sample;
mod schemas;
mod search;
mod sender;
mod side;
mod stand_in;
mod subsume;
mod text;
mod units;

pub use against::Traffic;
pub use change::{Basis, Change, Comparison, Concerned, Flow, Shown, Totals, Verdict};
pub use rules::{ChangeRule, RULES, rules};

use crate::contract::Contract;

/// What a producer is taken to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lens {
    /// Only properties that its schema declares, and none that do not travel its way. The consumer's
    /// schema stays as it is written.
    #[default]
    Declared,
    /// Every value that its schema accepts.
    Strict,
}

/// Compares an old contract with a new one.
pub fn compare(old: &Contract, new: &Contract, lens: Lens) -> Comparison {
    let subject = operations::Subject::of(old, new);
    let mut changes = Vec::new();
    for rule in RULES {
        rule.look(&subject, &mut changes);
    }
    let totals = schemas::compare(&subject, lens, &mut changes);
    let mut comparison = change::gathered(changes, totals, old, new);
    comparison.renamed = subject.renamed();
    comparison
}
