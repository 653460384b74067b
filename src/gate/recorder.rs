//! What is told of a run against a service and kept of it: findings, notices, counts, coverage, snapshots, the
//! outcome.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use http::StatusCode;
use indexmap::IndexMap;

use super::{
    account::LiveAccount,
    knowledge::coverage::{CoverageMap, CoverageSample, CoverageTargets},
    settle::{defect_notices, settle, untold_notices},
    tally::{self, Tally},
};
use crate::{
    contract::{Contract, Operation, OperationIndex},
    exchange::without_issued,
    finding::{Finding, Findings, Remedy, Wording},
    run::{
        ConnectionFailure, Event, FailReason, Listener, OperationSummary, Outcome, Progress,
        RunInfo, RunStatus, State, Unreached, hide, hide_in,
    },
    snapshot::{Saved, Store},
    transport::Secret,
    words::count_of,
};

/// How many notices are kept; what comes beyond is counted, so that memory does not grow with a
/// recording in which nothing can be read.
const MAX_NOTICES: usize = 1_000;

/// How many operations that asked for a pause are told one by one.
const MAX_LIMITED: usize = 3;

/// What exchanges come to.
pub(crate) struct Account<'r> {
    contract: &'r Contract,
    targets: &'r CoverageTargets<'r>,
    coverage: CoverageMap,
    tally: Tally,
    findings: Findings,
    checked: u64,
}

impl<'r> Account<'r> {
    pub(crate) fn new(contract: &'r Contract, targets: &'r CoverageTargets<'r>) -> Self {
        Self {
            contract,
            targets,
            coverage: CoverageMap::default(),
            tally: Tally::new(contract),
            findings: Findings::default(),
            checked: 0,
        }
    }

    /// What there is to be seen.
    pub(crate) fn targets(&self) -> &'r CoverageTargets<'r> {
        self.targets
    }

    /// Which operation of the contract has this id, by number.
    pub(crate) fn index(&self, operation: &Operation) -> Option<OperationIndex> {
        self.tally.index(operation)
    }

    /// Whether an operation answered nothing but 401 and 403.
    pub(crate) fn is_refused(&self, operation: &Operation) -> bool {
        self.tally.is_refused(operation)
    }

    /// How many exchanges were checked so far, requests without a response included.
    pub(crate) fn checked(&self) -> u64 {
        self.checked
    }

    /// What was found so far.
    pub(crate) fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Counts an exchange of an operation; `status` where the response counts as the operation's, `elapsed`
    /// where the time that it took is known.
    pub(crate) fn count(
        &mut self,
        operation: &Operation,
        status: Option<StatusCode>,
        elapsed: Option<Duration>,
    ) {
        self.checked += 1;
        self.tally.held(operation, status, elapsed);
    }

    /// Notes what a request was answered that obeys and has the credential of the run.
    pub(crate) fn note_obeying(&mut self, operation: &Operation, status: StatusCode) {
        self.tally.note_obeying(operation, status);
    }

    /// Takes in what an exchange showed of the contract; whether something of it is new.
    pub(crate) fn cover(&mut self, sample: &CoverageSample) -> bool {
        self.coverage.take(sample)
    }

    /// Keeps a finding; whether it is new.
    pub(crate) fn add(&mut self, finding: Finding) -> bool {
        self.findings.add(finding)
    }

    /// Notes why an operation was not asked, or only in part.
    pub(crate) fn left_out(&mut self, operation: &Operation, why: Unreached) {
        self.tally.left_out(operation, why);
    }

    /// Whether a reason is known why requests to an operation were not sent.
    pub(crate) fn is_left_out(&self, operation: &Operation) -> bool {
        self.tally.is_left_out(operation)
    }

    /// What was checked of each operation.
    pub(crate) fn summaries(&self) -> Vec<OperationSummary> {
        self.tally
            .summaries(self.contract, &self.findings, |operation| {
                self.coverage.of(self.targets, operation)
            })
    }
}

/// Tells of a run that is under way, and keeps its account.
pub(crate) struct Recorder<'r> {
    contract: &'r Contract,
    listener: &'r mut dyn Listener,
    pub(crate) account: Account<'r>,
    pub(crate) snapshots: Option<Store>,
    /// How many requests were not sent to operations that asked for a pause.
    rate_limited: IndexMap<String, u64>,
    /// How many requests were not sent since they would have changed what was there before.
    kept_existing: IndexMap<String, u64>,
    /// Requests that were not sent to operations whose responses do not end in time.
    endless: IndexMap<String, u64>,
    /// Why a file for the next run could not be written.
    unsaved: Option<String>,
    notices: Vec<String>,
    notices_left_out: u64,
    /// What is not told, also when a service sends it back.
    secrets: Vec<Secret>,
    keeps_state: bool,
    /// How remedies are said.
    wording: Wording,
}

impl<'r> Recorder<'r> {
    pub(crate) fn new(
        contract: &'r Contract,
        targets: &'r CoverageTargets<'r>,
        snapshots: Option<Store>,
        listener: &'r mut dyn Listener,
    ) -> Self {
        Self {
            contract,
            listener,
            account: Account::new(contract, targets),
            snapshots,
            rate_limited: IndexMap::new(),
            kept_existing: IndexMap::new(),
            endless: IndexMap::new(),
            unsaved: None,
            notices: Vec::new(),
            notices_left_out: 0,
            secrets: Vec::new(),
            keeps_state: false,
            wording: Wording::default(),
        }
    }

    /// The same, which says what to do in these words.
    pub(crate) fn wording(self, wording: Wording) -> Self {
        Self { wording, ..self }
    }

    /// The same, with the mergeable state of the run in its outcome.
    pub(crate) fn keeping_state(self, keeps_state: bool) -> Self {
        Self {
            keeps_state,
            ..self
        }
    }

    /// The same, which tells nothing of these.
    pub(crate) fn hiding(self, secrets: Vec<Secret>) -> Self {
        Self { secrets, ..self }
    }

    /// Tells the listener.
    pub(crate) fn tell(&mut self, event: &Event<'_>) {
        self.listener.on(event, self.contract.document());
    }

    /// Says that one more exchange was checked.
    pub(crate) fn progress(&mut self, operation: Option<&str>, status: StatusCode) {
        let (held, findings) = (self.account.checked, self.account.findings.len());
        self.tell(&Event::Progress(Progress {
            operation,
            status,
            held,
            findings,
        }));
    }

    /// Keeps a finding, and tells of it when it is new; whether it is.
    pub(crate) fn record(&mut self, finding: &Finding) -> bool {
        let is_new = self.account.add(finding.clone());
        if is_new {
            self.tell(&Event::Found(finding));
        }
        is_new
    }

    /// Shows a finding in another request than the one that was told first.
    pub(crate) fn replace_evidence(&mut self, finding: Finding) {
        self.account.findings.replace(finding);
    }

    /// Tells of something that is no breach.
    pub(crate) fn notice(&mut self, text: String) {
        if self.notices.len() >= MAX_NOTICES {
            self.notices_left_out += 1;
            return;
        }
        let text = match hide(&self.secrets, &text) {
            Cow::Owned(hidden) => hidden,
            Cow::Borrowed(_) => text,
        };
        let text = match without_issued(&text) {
            Cow::Owned(hidden) => hidden,
            Cow::Borrowed(_) => text,
        };
        self.tell(&Event::Notice(&text));
        self.notices.push(text);
    }

    /// Tells of something that is no breach, with what to do about it.
    pub(crate) fn advise(&mut self, text: &str, remedy: Option<&Remedy>) {
        let text = self.wording.explain(&text, remedy);
        self.notice(text);
    }

    /// What may be written of a case, which is meant to be committed: no secret, in whatever part of it.
    /// `None` where it is nothing without one.
    pub(crate) fn without_secrets(&self, saved: Saved) -> Option<Saved> {
        let value = serde_json::to_value(&saved).ok()?;
        match hide_in(&self.secrets, &value) {
            Some(hidden) => serde_json::from_value(hidden).ok(),
            None => Some(saved),
        }
    }

    /// Tells what is wrong with the document itself and keeps part of it from being checked.
    pub(crate) fn defects(&mut self) {
        let mut notices = Vec::new();
        defect_notices(self.contract, &mut notices);
        for text in notices {
            self.notice(text);
        }
    }

    /// Tells that a file that was to be kept for the next run could not be written: the run has not done what it was
    /// asked for.
    pub(crate) fn not_saved(&mut self, why: String) {
        self.notice(why.clone());
        self.unsaved.get_or_insert(why);
    }

    /// Counts a request that was not sent because its operation asked for a pause.
    pub(crate) fn rate_limited(&mut self, operation: &Operation) {
        let id = operation.id.to_string();
        *self.rate_limited.entry(id).or_default() += 1;
    }

    /// Counts a request that was not sent since it would have changed what was there before.
    pub(crate) fn kept_existing(&mut self, operation: &Operation) {
        let id = operation.id.to_string();
        *self.kept_existing.entry(id).or_default() += 1;
        self.account.left_out(operation, Unreached::Existing);
    }

    /// Counts a request that was not sent since responses of its operation do not end in time.
    pub(crate) fn endless(&mut self, operation: &Operation) {
        *self.endless.entry(operation.id.to_string()).or_default() += 1;
    }

    /// Tells of requests that were not sent.
    pub(crate) fn tell_not_sent(&mut self) {
        for (operation, left_out) in std::mem::take(&mut self.endless) {
            self.notice(format!(
                "responses of {operation} did not end in time, or it ended the service; requests that were not sent \
                 to it: {left_out}"
            ));
        }
        let limited = std::mem::take(&mut self.rate_limited);
        if limited.len() > MAX_LIMITED {
            // One limit of the service.
            let left_out: u64 = limited.values().sum();
            let operations = count_of(limited.len(), "operation");
            let text = format!(
                "{operations} answered 429 and asked for a pause; requests that were not sent to them: {left_out}"
            );
            self.advise(&text, Some(&Remedy::LimitRate));
        } else {
            for (operation, left_out) in limited {
                self.notice(format!(
                    "{operation} answered 429 and asked for a pause; requests that were not sent to it: \
                     {left_out}"
                ));
            }
        }
        let kept = std::mem::take(&mut self.kept_existing);
        if !kept.is_empty() {
            let requests: u64 = kept.values().sum();
            let operations: Vec<&str> = kept.keys().map(String::as_str).collect();
            let text = format!(
                "what was there before the run is not changed; requests that were not sent for that: \
                 {requests}, to {}",
                operations.join(", ")
            );
            self.advise(&text, Some(&Remedy::TouchExisting));
        }
    }

    /// What the run came to before its snapshots are compared, to be joined with other runs.
    fn state(&self, header: &RunInfo, end: &RunStatus, sent: u64) -> State {
        let account = LiveAccount {
            contract: self.contract,
            declared: self.account.targets,
            seen: &self.account.coverage,
            tally: &self.account.tally,
            findings: &self.account.findings,
            shapes: self.snapshots.as_ref(),
            notices: &self.notices,
            held: self.account.checked,
            sent,
            seed: header.seed.unwrap_or_default(),
        };
        account.state(&header.target, end.clone())
    }

    /// Compares the snapshots, and makes the outcome of so many requests. `finalize` gives what drifted its severity.
    pub(crate) fn finish(
        mut self,
        header: RunInfo,
        end: RunStatus,
        started: Instant,
        sent: u64,
        finalize: impl Fn(Finding) -> Option<Finding>,
    ) -> Outcome {
        let end = without_secrets(end, &self.secrets);
        let state = self.keeps_state.then(|| self.state(&header, &end, sent));
        let mut drifted = Vec::new();
        let (snapshots, end) = settle(self.contract, self.snapshots.take(), end, |finding| {
            drifted.push(finding)
        });
        let end = match (end, self.unsaved.take()) {
            (RunStatus::Complete | RunStatus::Stopped(_), Some(why)) => {
                without_secrets(RunStatus::Failed(FailReason::Snapshots(why)), &self.secrets)
            }
            (end, _) => end,
        };
        for finding in drifted.into_iter().filter_map(finalize) {
            self.record(&finding);
        }
        if self.notices_left_out > 0 {
            let text = format!("{} notices more are not shown", self.notices_left_out);
            self.notices.push(text);
        }
        self.notices.extend(untold_notices(&self.account.findings));
        let operations = self.account.summaries();
        self.account.findings.phrase(header.wording);
        let outcome = Outcome {
            baseline: None,
            header,
            coverage: Some(tally::together(&operations)),
            operations,
            findings: self.account.findings,
            unmatched: 0,
            passed_over: 0,
            unread: 0,
            held: self.account.checked,
            sent,
            snapshots,
            notices: self.notices,
            end,
            elapsed: started.elapsed(),
            state: state.map(Box::new),
        };
        self.listener
            .on(&Event::Finished(&outcome), self.contract.document());
        outcome
    }
}

/// How a run ended, without what a service may have sent back in the reason.
fn without_secrets(end: RunStatus, secrets: &[Secret]) -> RunStatus {
    let hidden = |why: String| hide(secrets, &why).into_owned();
    match end {
        RunStatus::Unreachable(ConnectionFailure { text }) => {
            RunStatus::Unreachable(ConnectionFailure { text: hidden(text) })
        }
        RunStatus::Failed(FailReason::Credential(why)) => {
            RunStatus::Failed(FailReason::Credential(hidden(why)))
        }
        RunStatus::Failed(FailReason::Snapshots(why)) => {
            RunStatus::Failed(FailReason::Snapshots(hidden(why)))
        }
        RunStatus::Complete
        | RunStatus::Interrupted
        | RunStatus::Stopped(_)
        | RunStatus::Failed(_) => end,
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;

    use super::*;
    use crate::{finding::Severity, gate::fixture, run::RunKind};

    /// How many findings and notices were told.
    #[derive(Default)]
    struct Told(usize, usize);

    impl Listener for Told {
        fn on(&mut self, event: &Event<'_>, _: &Document) {
            self.0 += usize::from(matches!(event, Event::Found(_)));
            self.1 += usize::from(matches!(event, Event::Notice(_)));
        }
    }

    fn finish(recorder: Recorder<'_>) -> Outcome {
        let header = RunInfo::of(recorder.contract, RunKind::Check, String::new());
        recorder.finish(header, RunStatus::Complete, Instant::now(), 0, Some)
    }

    #[test]
    fn a_finding_is_told_once() {
        let contract = fixture::contract();
        let targets = CoverageTargets::new(&contract);
        let mut told = Told::default();
        let mut recorder = Recorder::new(&contract, &targets, None, &mut told);
        let finding = Finding::new("a-rule", Severity::Error, "something is wrong");
        assert!(recorder.record(&finding));
        assert!(!recorder.record(&finding));
        assert_eq!(finish(recorder).findings.len(), 1);
        assert_eq!(told.0, 1);
    }

    #[test]
    fn notices_beyond_the_most_are_counted() {
        let contract = fixture::contract();
        let targets = CoverageTargets::new(&contract);
        let mut told = Told::default();
        let mut recorder = Recorder::new(&contract, &targets, None, &mut told);
        for number in 0..MAX_NOTICES + 3 {
            recorder.notice(number.to_string());
        }
        let notices = finish(recorder).notices;
        assert_eq!(
            notices.last().map(String::as_str),
            Some("3 notices more are not shown")
        );
        assert_eq!((notices.len(), told.1), (MAX_NOTICES + 1, MAX_NOTICES));
    }
}
