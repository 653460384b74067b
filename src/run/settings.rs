//! What a run is told besides the contract.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::{baseline::Baseline, case::Phase, credentials::Credentials};
use crate::{
    check,
    contract::{Operation, StatusKey},
    finding::{Finding, Severity, Trait, Wording},
    snapshot::Regressions,
    transport::Rate,
};

/// What holds for every run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Severities that differ from the rules' own.
    pub severities: Severities,
    /// A response slower than this is a finding; `None` for no limit.
    pub slow_after: Option<Duration>,
    /// Whether a `format` that is not enforced is a finding.
    pub hold_formats: bool,
    /// Whether the outcome of a run against a service has its mergeable state; that of a replay always has.
    pub keeps_state: bool,
    /// How findings and reports say what to do.
    pub wording: Wording,
}

/// Severities that differ from the rules' own: later entries win.
#[derive(Clone, Debug, Default)]
pub struct Severities(pub Vec<SeverityRule>);

/// One change of severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeverityRule {
    /// The rule's id.
    pub rule: String,
    /// The operation it concerns; `None` for all.
    pub operation: Option<String>,
    /// The status of the response that it concerns; `None` for all.
    pub status: Option<StatusKey>,
    /// The severity; `None` switches the rule off.
    pub severity: Option<Severity>,
}

impl SeverityRule {
    /// The changes by which a status is allowed that the document does not declare.
    pub fn allowing(status: StatusKey) -> impl Iterator<Item = Self> {
        let of_status = check::rules().filter(|rule| rule.has(Trait::OfStatus));
        of_status.map(move |rule| Self {
            rule: rule.id.to_owned(),
            operation: None,
            status: Some(status),
            severity: None,
        })
    }
}

impl Severities {
    /// Gives a finding its severity; `None` when its rule is switched off.
    pub fn apply(&self, mut finding: Finding) -> Option<Finding> {
        let change = self.0.iter().rev().find(|change| {
            change.rule == finding.rule.as_str()
                && (change.operation.is_none() || change.operation == finding.operation)
                && change.status.is_none_or(|key| has_status(&finding, key))
        });
        if let Some(change) = change {
            finding.severity = change.severity?;
        }
        Some(finding)
    }
}

fn has_status(finding: &Finding, key: StatusKey) -> bool {
    let status = finding.evidence.as_ref().and_then(|one| one.status);
    status.is_some_and(|status| match key {
        StatusKey::Exact(exact) => exact.as_u16() == status,
        StatusKey::Range(class) => status / 100 == u16::from(class),
        StatusKey::Default => true,
    })
}

/// What holds for a run against a service.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// What holds for every run.
    pub common: Settings,
    /// Where the service is, the server's base path included.
    pub base: Url,
    /// The seed of everything that is generated.
    pub seed: u64,
    /// How many requests may be under way at once, at least 1.
    pub workers: usize,
    /// The most requests of the whole run.
    pub max_requests: u64,
    /// The longest that the run may take; `None` for no limit.
    pub max_time: Option<Duration>,
    /// How many distinct errors that are not known yet end the run; `None` for no limit.
    pub max_failures: Option<usize>,
    /// What is known and accepted, so that it does not end the run.
    pub known: Baseline,
    /// The most random cases for each operation.
    pub random_cases: usize,
    /// When an operation's random cases end.
    pub random_end: RandomEnd,
    /// The most valid edges, and the most broken requests, for each operation.
    pub edge_cases: usize,
    /// How many things of each kind sequences see through their life.
    pub sequences: usize,
    /// What is done in the end about what the run made.
    pub clean_up: CleanUp,
    /// What may be done to what was there before the run.
    pub existing: Existing,
    /// The phases that are run; all of them where none is named.
    pub phases: Vec<Phase>,
    /// Whether methods that may change something are sent.
    pub methods: Methods,
    /// Values for parameters by name, as texts.
    pub parameters: Vec<(String, String)>,
    /// What is sent to prove who asks.
    pub credentials: Credentials,
    /// How many requests are sent in which time; `None` for as many as the workers can.
    pub rate: Option<Rate>,
    /// How operations that take long are followed.
    pub polling: Vec<PollingRule>,
    /// Where cases that failed are kept; `None` to keep and send none.
    pub regressions: Option<Regressions>,
    /// How bad it is when no operation at all was reached.
    pub nothing_reached: Severity,
    /// Operations to be checked; empty for all.
    pub only: Vec<String>,
    /// Operations that are left out.
    pub excluded: Vec<String>,
    /// Operations among those left out that may be sent all the same, unchecked, to create or list what
    /// others need: those of other shards.
    pub helpers: Vec<String>,
}

/// When an operation's random cases end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandomEnd {
    /// When nothing new came for a while; others get what is saved.
    NothingNew,
    /// When all of them are sent.
    AllSent,
}

/// Which methods are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Methods {
    /// Those that change nothing (RFC 9110 §9.2.1).
    Safe,
    /// All of them.
    All,
}

/// What may be done to what the service had before the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It is read, and never changed.
    #[default]
    Keep,
    /// It may be changed and deleted as well.
    Touch,
}

/// What is done in the end about what a run made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanUp {
    /// It is deleted where an operation for that exists.
    Delete,
    /// It is left where it is.
    Leave,
}

impl LiveSettings {
    /// Whether a phase is run.
    pub(crate) fn has_phase(&self, phase: Phase) -> bool {
        self.phases.is_empty() || self.phases.contains(&phase)
    }

    /// The usual settings for a service at `base`.
    pub fn new(base: Url) -> Self {
        Self {
            common: Settings::default(),
            base,
            seed: 0,
            workers: 4,
            max_requests: 10_000,
            max_time: None,
            max_failures: None,
            known: Baseline::default(),
            random_cases: 30,
            random_end: RandomEnd::NothingNew,
            edge_cases: 40,
            sequences: 2,
            clean_up: CleanUp::Delete,
            existing: Existing::Keep,
            phases: Vec::new(),
            methods: Methods::Safe,
            parameters: Vec::new(),
            credentials: Credentials::default(),
            rate: None,
            polling: Vec::new(),
            regressions: None,
            nothing_reached: Severity::Warning,
            only: Vec::new(),
            excluded: Vec::new(),
            helpers: Vec::new(),
        }
    }

    /// How an operation is followed while it is pending, where it is.
    pub(crate) fn polling_rule(&self, operation: &Operation) -> Option<&PollingRule> {
        let id = operation.id.as_str();
        self.polling.iter().find(|rule| rule.operation == id)
    }

    /// Whether an operation is to be checked.
    pub(crate) fn includes(&self, operation: &Operation) -> bool {
        self.is_chosen(operation) && !self.spares(operation)
    }

    /// Whether an operation is among those that were chosen.
    pub(crate) fn is_chosen(&self, operation: &Operation) -> bool {
        !names(&self.excluded, operation) && (self.only.is_empty() || names(&self.only, operation))
    }

    /// Whether an operation that may end the service is left out, since nobody named it.
    pub(crate) fn spares(&self, operation: &Operation) -> bool {
        operation.may_stop_service() && !names(&self.only, operation)
    }

    /// Whether an operation may be sent to prepare others.
    pub(crate) fn may_prepare(&self, operation: &Operation) -> bool {
        let is_safe = operation.is_safe() || self.methods == Methods::All;
        let is_known = self.is_chosen(operation) || names(&self.helpers, operation);
        is_safe && is_known && !self.spares(operation)
    }

    /// The texts that the user gave for a parameter.
    pub(crate) fn given(&self, name: &str) -> Vec<&str> {
        self.parameters
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, text)| text.as_str())
            .collect()
    }
}

/// Whether a list of ids has that of an operation.
fn names(ids: &[String], operation: &Operation) -> bool {
    ids.iter().any(|id| id == operation.id.as_str())
}

/// How an operation that takes long is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollingRule {
    /// The operation's id.
    pub operation: String,
    /// The status that means "pending".
    pub status: u16,
    /// The most requests after the first.
    pub most_polls: u32,
    /// The most time spent waiting between two requests.
    pub longest_wait: Duration,
    /// Whether a pending response must say where to look again.
    pub needs_location: bool,
    /// Whether a pending response must say when to look again.
    pub needs_retry_after: bool,
}

impl PollingRule {
    /// The usual rule for an operation: 202, ten polls, at most 30 seconds between two.
    pub fn new(operation: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            status: 202,
            most_polls: 10,
            longest_wait: Duration::from_secs(30),
            needs_location: true,
            needs_retry_after: true,
        }
    }
}

/// Where requests go that nobody sends to a service at a URL: `http://localhost` and the base path that
/// an operation's first server has.
pub fn base_of(operation: Option<&Operation>) -> Url {
    let path = operation
        .and_then(|operation| operation.servers.first()?.base_paths.first().cloned())
        .unwrap_or_default();
    let mut base: Url = "http://localhost/"
        .parse()
        .unwrap_or_else(|_| unreachable!("it is a URL"));
    base.set_path(&path);
    base
}

/// Reads a user's text as the value that a schema wants.
pub(crate) fn given_value(text: &str, schema: Option<&crate::contract::Schema>) -> Value {
    crate::wire::read_text(text, schema)
}
