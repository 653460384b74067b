//! The data-export service: without a fault only what is true of its document is found; each fault is
//! found within fifty requests. Faults in the bytes of a response are met over the loopback.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::body::Body;
use oasgate::{
    contract::Contract,
    finding::{Finding, Severity},
    gate::{
        self, Credentials, Interrupt, Listener, LiveSettings, Methods, Outcome, PollingRule,
        Settings,
    },
    snapshot::{Mode, Redactor, Store},
    transport::{HttpTransport, Limits, ServiceTransport},
};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    SEEDS, Tried, Wanted, Watch, assert_found, in_process, is_registered, rules, with_seeds,
};
use crate::vantage::{
    self,
    faults::{Act, FAULTS, Fault},
    service::Service,
};

/// Where the document is.
pub(super) const DOCUMENT: &str = "spec/vantage-data-exports.yaml";

/// What is true of the service as the document's prose describes it, and that the document does not
/// declare: the pending 202 and the 401.
fn is_true_of_the_document(finding: &Finding) -> bool {
    finding.rule.as_str() == "undeclared-status"
        && ["202", "401"].contains(&finding.discriminator.as_str())
}

fn settings(faults: &[&'static Fault], seed: u64) -> LiveSettings {
    let polling = PollingRule {
        longest_wait: Duration::from_millis(5),
        most_polls: 3,
        ..PollingRule::new("getDataExport")
    };
    LiveSettings {
        common: Settings {
            // A machine that runs all faults at once is slow itself; only one fault is about time.
            slow_after: faults
                .iter()
                .any(|fault| fault.check == "slow-response")
                .then_some(Duration::from_millis(500)),
            ..Settings::default()
        },
        seed,
        workers: 8,
        max_requests: 50,
        random_cases: 6,
        edge_cases: 8,
        methods: Methods::All,
        parameters: ["dta_xprt_964b2adb9bff37fb", "dta_xprt_5d1f0c2ab3e94d80"]
            .map(|token| ("data_export_token".to_owned(), token.to_owned()))
            .to_vec(),
        credentials: Credentials::with_token(vantage::TOKEN),
        polling: vec![polling],
        ..LiveSettings::new("http://localhost/v2".parse().expect("it is a URL"))
    }
}

/// A short limit on a machine that is busy finds more than the fault; few faults are about time.
fn limits(faults: &[&'static Fault]) -> Limits {
    let stalls = faults.iter().any(|fault| fault.name.starts_with("stalled"));
    let longest = Duration::from_secs(if stalls { 2 } else { 30 });
    Limits {
        connect: Duration::from_secs(30),
        first_byte: longest,
        whole: longest,
        body: 64 << 10,
        ..Limits::default()
    }
}

fn snapshots() -> Store {
    Store::new("snapshots", Mode::Check, Redactor::default(), "spec")
}

/// A run in this process.
async fn run(
    contract: &Contract,
    faults: Vec<&'static Fault>,
    seed: u64,
    listener: &mut dyn Listener,
) -> Outcome {
    let settings = settings(&faults, seed);
    let limits = limits(&faults);
    let service = Service::new(vantage::TOKEN, faults);
    let transport = ServiceTransport::<_, Body>::new(service.router()).with_limits(limits);
    gate::check(
        contract,
        &transport,
        &settings,
        Some(snapshots()),
        listener,
        &Interrupt::default(),
    )
    .await
}

/// A run over the loopback.
async fn run_over_loopback(
    contract: &Contract,
    faults: Vec<&'static Fault>,
    seed: u64,
    listener: &mut dyn Listener,
) -> Outcome {
    let settings = LiveSettings {
        base: vantage::start(faults.clone()).await,
        // Many of these requests wait for what never comes.
        max_requests: 24,
        random_cases: 2,
        edge_cases: 2,
        ..settings(&faults, seed)
    };
    let transport = HttpTransport::new(limits(&faults)).expect("a client");
    gate::check(
        contract,
        &transport,
        &settings,
        Some(snapshots()),
        listener,
        &Interrupt::default(),
    )
    .await
}

fn is_about_bytes(fault: &Fault) -> bool {
    matches!(fault.act, Act::Raw(_))
}

fn wanted(fault: &'static Fault) -> Wanted {
    Wanted {
        fault: fault.name,
        check: fault.check,
        also: fault.also,
        operations: &["getDataExport"],
    }
}

/// Runs each fault that is not about bytes from each seed.
pub(super) fn try_in_process(contract: &Contract) -> Vec<Tried> {
    let faults = FAULTS
        .iter()
        .filter(|fault| is_registered(fault.check) && !is_about_bytes(fault));
    in_process(&with_seeds(faults), |&(fault, seed)| async move {
        let mut watch = Watch::new(fault.check, &is_true_of_the_document);
        let outcome = run(contract, vec![fault], seed, &mut watch).await;
        Tried::new(wanted(fault), seed, &watch, outcome)
    })
}

/// Runs each fault that is about bytes from each seed, many at once: they wait more than they work.
pub(super) async fn try_over_loopback() -> Vec<Tried> {
    let contract = Arc::new(Contract::load(DOCUMENT).expect("it loads"));
    let places = Arc::new(Semaphore::new(16));
    let mut runs = JoinSet::new();
    for (fault, seed) in with_seeds(FAULTS.iter().filter(|fault| is_about_bytes(fault))) {
        let contract = Arc::clone(&contract);
        let places = Arc::clone(&places);
        runs.spawn(async move {
            let _place = places.acquire().await;
            let mut watch = Watch::new(fault.check, &is_true_of_the_document);
            let outcome = run_over_loopback(&contract, vec![fault], seed, &mut watch).await;
            Tried::new(wanted(fault), seed, &watch, outcome)
        });
    }
    runs.join_all().await
}

fn assert_only_what_is_true_of_the_document(outcome: &Outcome) {
    let more: Vec<_> = outcome
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note && !is_true_of_the_document(finding))
        .collect();
    assert!(more.is_empty(), "seed {:?}: {more:#?}", outcome.header.seed);
    let undeclared: BTreeSet<&str> = outcome
        .findings
        .iter()
        .filter(|finding| is_true_of_the_document(finding))
        .map(|finding| finding.discriminator.as_str())
        .collect();
    assert_eq!(
        undeclared,
        BTreeSet::from(["202", "401"]),
        "{:?}",
        rules(outcome)
    );
}

#[test]
fn without_a_fault_only_what_is_true_of_the_document_is_found() {
    let contract = Contract::load(DOCUMENT).expect("it loads");
    for outcome in in_process(&SEEDS, |seed| faultless(&contract, *seed)) {
        assert_only_what_is_true_of_the_document(&outcome);
        let seen = &outcome.operations[0].statuses;
        for status in [200, 202, 400] {
            assert!(seen.contains_key(&status), "{seen:?}");
        }
    }
}

async fn faultless(contract: &Contract, seed: u64) -> Outcome {
    run(contract, Vec::new(), seed, &mut ()).await
}

#[tokio::test]
async fn without_a_fault_the_loopback_adds_nothing() {
    let contract = Contract::load(DOCUMENT).expect("it loads");
    let outcome = run_over_loopback(&contract, Vec::new(), SEEDS[0], &mut ()).await;
    assert_only_what_is_true_of_the_document(&outcome);
}

#[track_caller]
fn assert_within_fifty(tried: &[Tried]) {
    for one in tried {
        assert!(
            one.outcome.held <= 50,
            "{}: {} requests",
            one.wanted.fault,
            one.outcome.held
        );
    }
    assert_found(tried);
}

#[test]
fn each_fault_is_found_by_its_check_within_fifty_requests() {
    assert!(FAULTS.len() >= 60, "there are {} faults", FAULTS.len());
    let contract = Contract::load(DOCUMENT).expect("it loads");
    assert_within_fifty(&try_in_process(&contract));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_in_the_bytes_is_found_by_its_check_within_fifty_requests() {
    assert_within_fifty(&try_over_loopback().await);
}
