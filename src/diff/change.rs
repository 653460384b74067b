//! One difference between two documents, with its verdict and what shows it.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::Duration,
};

use oasgate_document::{Address, Pointer};
use serde_json::Value;

use crate::{
    contract::{Contract, Direction},
    finding::{Finding, Rule, RuleId, Severity},
};

/// What a change means for those who use the old document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nobody loses.
    Compatible,
    /// Neither proved nor refuted within the bounds.
    Undecided,
    /// Somebody loses.
    Breaking,
}

impl Verdict {
    /// `breaking`, `compatible` or `undecided`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Undecided => "undecided",
            Self::Breaking => "breaking",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The rule says so.
    Rule,
    /// Containment was proved.
    Proved,
    /// An instance is sent and refused.
    Instance,
    /// So many values were tried, and none was refused.
    Searched(usize),
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule => f.write_str("by its rule"),
            Self::Proved => f.write_str("proved by containment"),
            Self::Instance => f.write_str("refuted by an instance"),
            Self::Searched(number) => write!(f, "searched {number} values and found none"),
        }
    }
}

/// Which part of an exchange a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// What is sent to the service, or by it to a webhook.
    Request,
    /// What comes back.
    Response,
}

impl Flow {
    /// `request` or `response`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

impl From<Direction> for Flow {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Request => Self::Request,
            Direction::Response => Self::Response,
        }
    }
}

/// The exchange that shows a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A request as a `curl` line, its credentials variables.
    Request(String),
    /// A response.
    Response {
        /// The status, as the document names it.
        status: String,
        /// The media type; `None` where a header shows the change.
        content_type: Option<String>,
        /// The body or the header's value.
        body: Value,
    },
}

/// One difference.
#[derive(Clone, Debug)]
pub struct Change {
    /// The rule that tells it.
    pub rule: RuleId,
    /// How much it matters; a configuration may change it.
    pub severity: Severity,
    /// What it means.
    pub verdict: Verdict,
    /// What the verdict rests on.
    pub basis: Basis,
    /// Which part of an exchange it is about; `None` for an operation as a whole.
    pub flow: Option<Flow>,
    /// The ids of the operations that it reaches, in the document's order.
    pub operations: Vec<String>,
    /// Where in each of them: `response 200 application/json`; the first operation's.
    pub place: String,
    /// One sentence: what changed.
    pub message: String,
    /// The node of the old document.
    pub old: Option<Address>,
    /// The node of the new document.
    pub new: Option<Address>,
    /// The keyword that refuses the instance.
    pub keyword: Option<String>,
    /// The node of the instance that is refused.
    pub at: Option<Pointer>,
    /// The smallest value found that one side sends and the other refuses.
    pub instance: Option<Value>,
    /// The exchange that shows it.
    pub shown: Option<Shown>,
    /// The schema objects that were asked about, of the old document and the new one.
    pub schemas: Option<[Address; 2]>,
    /// The statuses of the responses that it is about, as the old document names them; none for all.
    pub statuses: Vec<String>,
    /// What tells it from other changes of the same rule at the same places.
    pub discriminator: String,
    /// How many recorded exchanges it would break; `None` where that cannot be told, or none were looked at.
    pub recorded: Option<u64>,
}

impl Change {
    /// A change that a rule tells.
    pub(super) fn new(rule: &Rule, message: impl Into<String>) -> Self {
        Self {
            rule: rule.rule_id(),
            severity: rule.severity,
            verdict: if rule.severity == Severity::Error {
                Verdict::Breaking
            } else {
                Verdict::Compatible
            },
            basis: Basis::Rule,
            flow: None,
            operations: Vec::new(),
            place: String::new(),
            message: message.into(),
            old: None,
            new: None,
            keyword: None,
            at: None,
            instance: None,
            shown: None,
            schemas: None,
            statuses: Vec::new(),
            discriminator: String::new(),
            recorded: None,
        }
    }

    #[must_use]
    pub(super) fn of(mut self, operation: impl Into<String>) -> Self {
        self.operations.push(operation.into());
        self
    }

    #[must_use]
    pub(super) fn in_flow(mut self, flow: Flow) -> Self {
        self.flow = Some(flow);
        self
    }

    #[must_use]
    pub(super) fn at_old(mut self, address: &Address) -> Self {
        self.old = Some(address.clone());
        self
    }

    #[must_use]
    pub(super) fn at_new(mut self, address: &Address) -> Self {
        self.new = Some(address.clone());
        self
    }

    #[must_use]
    pub(super) fn with_place(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    #[must_use]
    pub(super) fn with_status(mut self, status: impl fmt::Display) -> Self {
        self.statuses.push(status.to_string());
        self
    }

    #[must_use]
    pub(super) fn with_schemas(mut self, old: Address, new: Address) -> Self {
        self.schemas = Some([old, new]);
        self
    }

    #[must_use]
    pub(super) fn with_discriminator(mut self, discriminator: impl Into<String>) -> Self {
        self.discriminator = discriminator.into();
        self
    }
}

/// What is the same of changes that are one.
pub(super) type Key = (
    RuleId,
    Verdict,
    Option<Flow>,
    Option<Address>,
    Option<Address>,
    String,
);

impl Change {
    pub(super) fn key(&self) -> Key {
        (
            self.rule.clone(),
            self.verdict,
            self.flow,
            self.old.clone(),
            self.new.clone(),
            self.discriminator.clone(),
        )
    }

    /// The change as a finding, for reports and baselines that know these alone.
    pub fn finding(&self) -> Finding {
        let at = |address: &Option<Address>| {
            address
                .as_ref()
                .map_or("", |address| address.pointer.as_str())
                .to_owned()
        };
        let mut finding = Finding::new(self.rule.clone(), self.severity, self.message.clone())
            .with_discriminator(format!("{} {}", at(&self.old), self.discriminator));
        finding.document.clone_from(&self.new);
        finding.instance.clone_from(&self.at);
        // What one component changes reaches many operations and is one finding.
        if let [only] = self.operations.as_slice() {
            finding.operation = Some(only.clone());
        }
        if self.basis != Basis::Rule {
            finding = finding.with_help(self.basis.to_string());
        }
        match (&self.shown, &self.instance) {
            (Some(Shown::Request(curl)), _) => finding.with_help(curl.clone()),
            (Some(Shown::Response { status, body, .. }), _) => {
                finding.with_actual(format!("{status} {body}"))
            }
            (None, Some(instance)) => finding.with_actual(instance.to_string()),
            (None, None) => finding,
        }
    }
}

/// What was asked, and how it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Operations that both documents have.
    pub operations: usize,
    /// Pairs of schemas that differ and were asked about.
    pub questions: usize,
    /// Those that accept the same, written in another way.
    pub equal: usize,
    /// Those proved compatible.
    pub proved: usize,
    /// Those refuted by an instance.
    pub refuted: usize,
    /// Those for which values were tried and none was refused.
    pub searched: usize,
}

/// How much of the recorded traffic breaking changes concern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Concerned {
    /// Exchanges of operations of the old document.
    pub exchanges: u64,
    /// Those that at least one breaking change concerns.
    pub breaking: u64,
    /// Entries of the recordings that could be read, whatever they ask.
    pub read: u64,
    /// Entries that could not be read.
    pub unread: u64,
}

/// All changes between two documents.
#[derive(Debug)]
pub struct Comparison {
    /// Worst first, then in the documents' order.
    pub changes: Vec<Change>,
    /// What was asked.
    pub totals: Totals,
    /// The operations that both documents have under different ids: the old one, under which changes name them, and
    /// the new one.
    pub renamed: Vec<[String; 2]>,
    /// What the breaking changes mean for recorded traffic; `None` where none was looked at.
    pub concerned: Option<Concerned>,
    /// What of the recordings could not be read: a finding for each reason.
    pub unread: Vec<Finding>,
    /// How long it took; zero until it is set by who measures.
    pub elapsed: Duration,
}

impl Comparison {
    /// The worst verdict; `None` where nothing changed.
    pub fn verdict(&self) -> Option<Verdict> {
        self.changes.iter().map(|change| change.verdict).max()
    }

    /// How many changes have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.changes
            .iter()
            .filter(|change| change.verdict == verdict)
            .count()
    }
}

/// Makes changes of the same thing one change, with all the operations that it reaches, and orders
/// them.
pub(super) fn gathered(
    changes: Vec<Change>,
    totals: Totals,
    old: &Contract,
    new: &Contract,
) -> Comparison {
    let mut known: HashMap<_, usize> = HashMap::new();
    let mut all: Vec<Change> = Vec::new();
    // Of each change, the operations that it names.
    let mut named: HashMap<usize, HashSet<String>> = HashMap::new();
    for change in changes {
        let key = change.key();
        match known.get(&key) {
            Some(index) => {
                let first = &mut all[*index];
                let named = named
                    .entry(*index)
                    .or_insert_with(|| first.operations.iter().cloned().collect());
                for operation in change.operations {
                    if named.insert(operation.clone()) {
                        first.operations.push(operation);
                    }
                }
                if first.shown.is_none() {
                    first.shown = change.shown;
                }
                // What is about all responses stays so.
                if first.statuses.is_empty() || change.statuses.is_empty() {
                    first.statuses.clear();
                } else {
                    for status in change.statuses {
                        if !first.statuses.contains(&status) {
                            first.statuses.push(status);
                        }
                    }
                }
            }
            None => {
                known.insert(key, all.len());
                all.push(change);
            }
        }
    }
    all.sort_by_cached_key(|change| {
        let offset = |contract: &Contract, at: &Option<Address>| {
            at.as_ref()
                .map(|at| (at.file, contract.document().offset(at)))
        };
        (
            std::cmp::Reverse((change.severity, change.verdict)),
            offset(new, &change.new),
            offset(old, &change.old),
        )
    });
    Comparison {
        changes: all,
        totals,
        renamed: Vec::new(),
        concerned: None,
        unread: Vec::new(),
        elapsed: Duration::ZERO,
    }
}
