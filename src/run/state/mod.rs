//! The mergeable account of a run: what was read, and what it came to, before anything is decided.
//!
//! A [`State`] holds findings, witnesses, shapes and counts, none of which depends on the order of the
//! exchanges, and the entries of the recordings that it has read. States of parts merge to exactly the state
//! of the whole: [`State::merge`] is commutative and associative, takes equal inputs once and refuses inputs
//! that overlap. What needs the whole (coverage, drift of snapshots, causes) is worked out from it later.
//! The form is published as `docs/schemas/state.schema.json`.

mod account;
mod inputs;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use account::{Account, Claim, OperationAccount};
pub use inputs::{Inputs, MalformedRanges, Ranges};

use super::{info::RunKind, status::RunStatus};
use crate::finding::Position;

/// The version of the form; raised when a reader of the old one would misread the new one.
const VERSION: u32 = 1;

/// The word by which a file says that it is a state.
const FORMAT: &str = "oasgate-state";

/// How many entries that could not be read are told, the first by source and entry; the rest is counted.
const MAX_UNREAD: usize = 1_000;

/// The account of a run, or of part of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    format: String,
    version: u32,
    /// What the run did.
    pub kind: RunKind,
    /// The document that the exchanges were checked against.
    pub document: Digest,
    /// What was read.
    pub inputs: Inputs,
    /// The services that requests were sent to; none in a replay.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub targets: BTreeSet<String>,
    /// The seeds of what was generated; none in a replay.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub seeds: BTreeSet<u64>,
    /// What the exchanges came to, by how sure it is that they are of the service.
    pub accounts: BTreeMap<Claim, Account>,
    /// How many requests were sent; none in a replay.
    #[serde(default, skip_serializing_if = "is_none")]
    pub sent: u64,
    /// How many recorded exchanges are with no service, or with another one.
    pub passed_over: u64,
    /// Entries that could not be read.
    pub unread: Unread,
    /// Troubles that are no breaches and belong to no entry.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub notices: BTreeSet<String>,
    /// How the run ended; of several, the worst.
    pub end: RunStatus,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What tells one document from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// `info.title`.
    pub title: String,
    /// `info.version`.
    pub version: String,
    /// A number made of all that its files say; neither their names nor their form takes part.
    pub content: String,
}

/// Entries that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unread {
    /// How many.
    pub count: u64,
    /// The first of them.
    first: BTreeSet<UnreadEntry>,
}

/// An entry that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct UnreadEntry {
    at: Position,
    message: String,
}

impl Unread {
    /// Counts an entry, and remembers why it could not be read where it is one of the first.
    pub fn add(&mut self, at: Position, message: String) {
        self.count += 1;
        self.remember(UnreadEntry { at, message });
    }

    fn remember(&mut self, entry: UnreadEntry) {
        self.first.insert(entry);
        if self.first.len() > MAX_UNREAD {
            self.first.pop_last();
        }
    }

    /// Where the first of them stand, and why they could not be read.
    pub fn reasons(&self) -> impl ExactSizeIterator<Item = (&Position, &str)> {
        self.first
            .iter()
            .map(|entry| (&entry.at, entry.message.as_str()))
    }

    fn absorb(&mut self, other: Self) {
        self.count += other.count;
        for entry in other.first {
            self.remember(entry);
        }
    }
}

/// States that cannot be one, or a file that is no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file has another form.
    #[error("not a state of oasgate: {0}")]
    Malformed(String),
    /// A later version wrote the file.
    #[error("a state of version {0}; this oasgate knows version {VERSION}")]
    Version(u32),
    /// They are about different things.
    #[error("the states are about different {what}: {ours} and {theirs}")]
    Other {
        /// What differs.
        what: &'static str,
        /// What the first one is about.
        ours: String,
        /// What the other one is about.
        theirs: String,
    },
    /// Part of the input was read twice, and cannot be taken out again.
    #[error("the states overlap: entry {entry} of {source_name} is in two of them")]
    Overlap {
        /// The recording.
        source_name: String,
        /// The first entry that both have.
        entry: u64,
    },
    /// The same input gave different states.
    #[error(
        "two states have read the same input and differ; were they made with different settings?"
    )]
    Differ,
    /// There is none.
    #[error("there is no state to be joined")]
    Nothing,
}

impl State {
    /// A state that has read nothing.
    pub fn new(kind: RunKind, document: Digest) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            kind,
            document,
            inputs: Inputs::default(),
            targets: BTreeSet::new(),
            seeds: BTreeSet::new(),
            accounts: BTreeMap::new(),
            sent: 0,
            passed_over: 0,
            unread: Unread::default(),
            notices: BTreeSet::new(),
            end: RunStatus::Complete,
        }
    }

    /// The surest claim that any exchange has: what has a weaker one is of other services.
    pub fn surest(&self) -> Claim {
        let has_some = |claim: &Claim| {
            let account = self.accounts.get(claim);
            account.is_some_and(|account| account.held > 0)
        };
        let surest = Claim::ALL.into_iter().find(has_some);
        surest.unwrap_or(Claim::Named)
    }

    /// What the exchanges came to that are surest to be of the service.
    pub fn account(&self) -> Option<&Account> {
        self.accounts.get(&self.surest())
    }

    /// Whether a file says that it is a state.
    pub fn is_written_in(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        serde_json::from_slice::<Head>(bytes).is_ok_and(|head| head.format == FORMAT)
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it is no state, or one of a later version.
    pub fn parse(bytes: &[u8]) -> Result<Self, StateError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let malformed = |error: serde_json::Error| StateError::Malformed(error.to_string());
        let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
        if head.format != FORMAT {
            return Err(StateError::Malformed(format!(
                "its format is {:?}",
                head.format
            )));
        }
        if head.version != VERSION {
            return Err(StateError::Version(head.version));
        }
        serde_json::from_slice(bytes).map_err(malformed)
    }

    /// The file: equal states are equal bytes.
    pub fn render(&self) -> Vec<u8> {
        // Every part is made of texts and numbers, which always serialise.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The state of all that two have read.
    ///
    /// # Errors
    ///
    /// When they are about different documents or kinds of run, when part of their inputs is the same, or when
    /// all of it is and they differ.
    pub fn merge(mut self, other: Self) -> Result<Self, StateError> {
        self.same(&other)?;
        if self.inputs == other.inputs {
            return if self.render() == other.render() {
                Ok(self)
            } else {
                Err(StateError::Differ)
            };
        }
        if let Some((source, entry)) = self.inputs.overlap(&other.inputs) {
            return Err(StateError::Overlap {
                source_name: source.to_owned(),
                entry,
            });
        }
        self.inputs.absorb(other.inputs);
        self.targets.extend(other.targets);
        self.seeds.extend(other.seeds);
        for (claim, account) in other.accounts {
            self.accounts.entry(claim).or_default().absorb(account);
        }
        self.sent += other.sent;
        self.passed_over += other.passed_over;
        self.unread.absorb(other.unread);
        self.notices.extend(other.notices);
        self.end = self.end.max(other.end);
        Ok(self)
    }

    /// The state of all that many have read, in any order; one that is there twice is taken once.
    ///
    /// # Errors
    ///
    /// As [`State::merge`], and when there is none.
    pub fn merge_all(states: impl IntoIterator<Item = Self>) -> Result<Self, StateError> {
        let mut known: Vec<Self> = Vec::new();
        for state in states {
            if let Some(twin) = known.iter_mut().find(|known| known.inputs == state.inputs) {
                *twin = twin.clone().merge(state)?;
            } else {
                known.push(state);
            }
        }
        let mut known = known.into_iter();
        let first = known.next().ok_or(StateError::Nothing)?;
        known.try_fold(first, Self::merge)
    }

    fn same(&self, other: &Self) -> Result<(), StateError> {
        let differ =
            |what, ours: String, theirs: String| Err(StateError::Other { what, ours, theirs });
        if self.kind != other.kind {
            let name = |kind| format!("{kind:?}").to_lowercase();
            return differ("kinds of run", name(self.kind), name(other.kind));
        }
        if self.document != other.document {
            let name = |of: &Digest| format!("{} {} ({})", of.title, of.version, of.content);
            return differ("documents", name(&self.document), name(&other.document));
        }
        Ok(())
    }
}
