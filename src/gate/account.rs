//! From exchanges to a [`State`], and from a state to the [`Outcome`] of the run: the same way for a run and
//! for parts of one that were joined.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::StatusCode;

use super::{
    knowledge::coverage::{CoverageMap, CoverageSample, CoverageTargets},
    settle::{defect_notices, settle, untold_notices},
    tally::{self, Tally},
    unread,
};
use crate::{
    check,
    contract::{Contract, OperationIndex},
    finding::{Findings, stable_hash},
    run::{
        Account, Claim, Digest, Event, FailReason, Listener, OperationAccount, Outcome, RunInfo,
        RunKind, RunStatus, Settings, State, Witness,
    },
    snapshot::Store,
};

/// What tells the document of a contract from others.
pub fn digest(contract: &Contract) -> Digest {
    let document = contract.document();
    let mut content = String::new();
    for (file, _) in document.files() {
        if let Some(value) = document.file(file) {
            content.push_str(&value.to_string());
            content.push('\n');
        }
    }
    Digest {
        title: contract.title().to_owned(),
        version: contract.api_version().to_owned(),
        content: format!("{:016x}", stable_hash(&content)),
    }
}

/// What exchanges of each claim have come to so far.
pub(super) struct Accounts<'c> {
    contract: &'c Contract,
    declared: &'c CoverageTargets<'c>,
    parts: [Part; Claim::ALL.len()],
}

struct Part {
    seen: CoverageMap,
    tally: Tally,
    account: Account,
}

impl<'c> Accounts<'c> {
    pub(super) fn new(contract: &'c Contract, declared: &'c CoverageTargets<'c>) -> Self {
        Self {
            contract,
            declared,
            parts: Claim::ALL.map(|_| Part {
                seen: CoverageMap::default(),
                tally: Tally::new(contract),
                account: Account::default(),
            }),
        }
    }

    fn part(&mut self, claim: Claim, host: String) -> &mut Part {
        let part = &mut self.parts[claim.index()];
        part.account.held += 1;
        if !host.is_empty() {
            part.account.note_host(host);
        }
        part
    }

    /// Counts an exchange that belongs to no operation; its host where the document does not name it.
    pub(super) fn unmatched(&mut self, claim: Claim, host: String) {
        self.part(claim, host).account.unmatched += 1;
    }

    /// Counts an exchange of an operation.
    pub(super) fn exchange(
        &mut self,
        claim: Claim,
        host: String,
        operation: OperationIndex,
        (status, elapsed): (StatusCode, Option<Duration>),
        sight: Option<&CoverageSample>,
    ) {
        let operation = self.contract.operation_at(operation);
        let part = self.part(claim, host);
        part.tally.held(operation, Some(status), elapsed);
        if let Some(sight) = sight {
            part.seen.take(sight);
        }
    }

    /// The findings of a claim.
    pub(super) fn findings(&mut self, claim: Claim) -> &mut Findings {
        &mut self.parts[claim.index()].account.findings
    }

    /// Takes in what bodies looked like, by claim.
    pub(super) fn absorb_shapes(&mut self, stores: [Store; Claim::ALL.len()]) {
        for (part, store) in self.parts.iter_mut().zip(stores) {
            for (key, seen) in store.into_observed() {
                part.account.observe(key, seen);
            }
        }
    }

    /// Writes all of it into a state.
    pub(super) fn write(self, state: &mut State) {
        for (claim, part) in Claim::ALL.into_iter().zip(self.parts) {
            let mut account = part.account;
            for (index, operation) in self.contract.indexed_operations() {
                let seen = seen_of(&part.tally, &part.seen, self.declared, index);
                if seen.held > 0 {
                    account.operations.insert(operation.id.to_string(), seen);
                }
            }
            if !account.is_empty() {
                state.accounts.insert(claim, account);
            }
        }
    }
}

/// What came of an operation, and what was seen of it, by its pointers.
fn seen_of(
    tally: &Tally,
    seen: &CoverageMap,
    declared: &CoverageTargets<'_>,
    operation: OperationIndex,
) -> OperationAccount {
    let mut account = tally.account(operation);
    if account.held > 0 {
        let witnesses = seen.of(declared, operation);
        let seen = witnesses.iter().filter(|witness| witness.is_seen);
        account.witnesses = seen.map(Witness::id).collect();
    }
    account
}

/// The state of a run against a service, before its snapshots are compared: all that it has, as one source
/// whose name tells it from other runs.
pub(super) struct LiveAccount<'r> {
    pub(super) contract: &'r Contract,
    pub(super) declared: &'r CoverageTargets<'r>,
    pub(super) seen: &'r CoverageMap,
    pub(super) tally: &'r Tally,
    pub(super) findings: &'r Findings,
    pub(super) shapes: Option<&'r Store>,
    pub(super) notices: &'r [String],
    pub(super) held: u64,
    pub(super) sent: u64,
    pub(super) seed: u64,
}

impl LiveAccount<'_> {
    pub(super) fn state(&self, target: &str, end: RunStatus) -> State {
        let mut state = State::new(RunKind::Check, digest(self.contract));
        let mut account = Account {
            held: self.held,
            shapes: self
                .shapes
                .map_or_else(BTreeMap::new, |store| store.observed().clone()),
            ..Account::default()
        };
        let mut called = String::new();
        for (index, operation) in self.contract.indexed_operations() {
            let seen = seen_of(self.tally, self.seen, self.declared, index);
            if seen.held > 0 {
                called.push_str(operation.id.as_str());
                called.push('\n');
            }
            account.operations.insert(operation.id.to_string(), seen);
        }
        let source: Arc<str> = format!(
            "{target}, seed {:08x}, operations {:016x}",
            self.seed,
            stable_hash(&called)
        )
        .into();
        account.findings = self.findings.clone().placed(&source);
        state.inputs.name(&source);
        state.inputs.add(&source, 1, self.held);
        state.targets.insert(target.to_owned());
        state.seeds.insert(self.seed);
        state.notices.extend(self.notices.iter().cloned());
        state.accounts.insert(Claim::Named, account);
        state.sent = self.sent;
        state.end = end;
        state
    }
}

/// What a state comes to: what counts is that which is surest to be of the service, its shapes are compared with
/// the accepted ones, and the document says what was never seen.
pub fn outcome_of(
    contract: &Contract,
    state: State,
    settings: &Settings,
    snapshots: Option<Store>,
    elapsed: Duration,
    listener: &mut dyn Listener,
) -> Outcome {
    let declared = CoverageTargets::new(contract);
    outcome_with(
        &declared, contract, state, settings, snapshots, elapsed, listener,
    )
}

/// The same for a contract whose coverage targets, `declared`, are known.
pub(super) fn outcome_with(
    declared: &CoverageTargets<'_>,
    contract: &Contract,
    state: State,
    settings: &Settings,
    snapshots: Option<Store>,
    elapsed: Duration,
    listener: &mut dyn Listener,
) -> Outcome {
    let document = contract.document();
    let header = header_of(contract, &state);
    let surest = state.surest();
    let weaker = state.accounts.iter().filter(|(claim, _)| **claim > surest);
    let passed_over = state.passed_over + weaker.map(|(_, account)| account.held).sum::<u64>();
    let account = state.accounts.get(&surest).cloned().unwrap_or_default();
    let mut findings = account.findings.clone();
    if surest == Claim::Other {
        for host in &account.hosts {
            let finding = check::unknown_host(contract, host);
            if let Some(finding) = settings.severities.apply(finding) {
                findings.add(finding);
            }
        }
    }
    let mut reasons = Vec::new();
    if account.held > 0 || passed_over > 0 {
        for finding in unread::findings(&state.unread) {
            if let Some(finding) = settings.severities.apply(finding) {
                if surest == Claim::Named && findings.is_new(&finding) {
                    listener.on(&Event::Found(&finding), document);
                }
                findings.add(finding);
            }
        }
    } else {
        reasons.extend(unread::notices(&state.unread));
        for text in &reasons {
            listener.on(&Event::Notice(text), document);
        }
    }
    if surest != Claim::Named {
        for (finding, _) in findings.sorted() {
            listener.on(&Event::Found(finding), document);
        }
    }
    let snapshots = snapshots.map(|mut store| {
        store.absorb_observed(account.shapes.clone());
        store
    });
    let (snapshots, end) = settle(
        contract,
        snapshots,
        end_of(&state, account.held, passed_over),
        |finding| {
            if let Some(finding) = settings.severities.apply(finding)
                && findings.add(finding.clone())
            {
                listener.on(&Event::Found(&finding), document);
            }
        },
    );
    let nothing = CoverageMap::default();
    let ids: Vec<&str> = contract
        .operations()
        .iter()
        .map(|operation| operation.id.as_str())
        .collect();
    let witnesses = |operation: OperationIndex| {
        let mut witnesses = nothing.of(declared, operation);
        let seen = ids
            .get(operation.place())
            .and_then(|id| account.operations.get(*id));
        for witness in &mut witnesses {
            witness.is_seen = seen.is_some_and(|seen| seen.witnesses.contains(&witness.id()));
        }
        witnesses
    };
    let operations = Tally::of(contract, &account).summaries(contract, &findings, witnesses);
    let mut notices: Vec<String> = state.notices.iter().cloned().collect();
    notices.extend(reasons);
    if state.kind == RunKind::Replay {
        let mut defects = Vec::new();
        defect_notices(contract, &mut defects);
        for text in &defects {
            listener.on(&Event::Notice(text), document);
        }
        notices.extend(defects);
    }
    notices.extend(untold_notices(&findings));
    findings.phrase(settings.wording);
    let header = RunInfo {
        wording: settings.wording,
        ..header
    };
    let outcome = Outcome {
        baseline: None,
        header,
        coverage: Some(tally::together(&operations)),
        operations,
        findings,
        unmatched: account.unmatched,
        passed_over,
        unread: state.unread.count,
        held: account.held,
        sent: state.sent,
        snapshots,
        notices,
        end,
        elapsed,
        state: Some(Box::new(state)),
    };
    listener.on(&Event::Finished(&outcome), document);
    outcome
}

/// How a run ended: a replay that checked nothing has failed.
fn end_of(state: &State, checked: u64, passed_over: u64) -> RunStatus {
    if state.kind != RunKind::Replay || state.end != RunStatus::Complete || checked > 0 {
        return state.end.clone();
    }
    RunStatus::Failed(if passed_over > 0 {
        FailReason::AllPassedOver
    } else {
        FailReason::NothingRead
    })
}

/// What a run is about, as its state tells it.
pub(super) fn header_of(contract: &Contract, state: &State) -> RunInfo {
    let names: Vec<&str> = match state.kind {
        RunKind::Check => state.targets.iter().map(String::as_str).collect(),
        RunKind::Replay | RunKind::Lint => state.inputs.sources().collect(),
    };
    let target = match (state.kind, names.as_slice()) {
        (_, [only]) => (*only).to_owned(),
        (RunKind::Check, several) => several.join(", "),
        (_, several) => format!("{} recordings", several.len()),
    };
    let mut seeds = state.seeds.iter();
    RunInfo {
        seed: seeds.next().copied().filter(|_| seeds.next().is_none()),
        ..RunInfo::of(contract, state.kind, target)
    }
}
