//! Each fault of the stand-in service is found by the check that ought to find it, within fifty
//! requests; the service without faults raises nothing but what is true of the document.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use oasgate::{
    contract::Contract,
    finding::Severity,
    gate::{self, Credentials, Interrupt, LiveSettings, Methods, Outcome, PollingRule, Settings},
    snapshot::{Mode, Redactor, Store},
    transport::{HttpTransport, Limits},
};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::vantage::{
    self,
    faults::{FAULTS, Fault},
};

/// What is true of the service as the document's prose describes it, and that the document does not
/// declare: the pending 202 and the 401.
const TRUE_OF_THE_DOCUMENT: &[&str] = &["undeclared-status"];

async fn run(faults: Vec<&'static Fault>) -> Outcome {
    let contract = Contract::load("spec/vantage-data-exports.yaml").expect("it loads");
    // A short limit on a machine that is busy finds more than the fault; few faults are about time.
    let stalls = faults.iter().any(|fault| fault.name.starts_with("stalled"));
    let longest = Duration::from_secs(if stalls { 2 } else { 30 });
    let limits = Limits {
        connect: Duration::from_secs(30),
        first_byte: longest,
        whole: longest,
        body: 4 << 20,
        ..Limits::default()
    };
    let transport = HttpTransport::new(limits).expect("a client");
    let polling = PollingRule {
        longest_wait: Duration::from_millis(5),
        most_polls: 3,
        ..PollingRule::new("getDataExport")
    };
    let settings = LiveSettings {
        common: Settings {
            // A machine that runs all faults at once is slow itself; only one fault is about time.
            slow_after: faults
                .iter()
                .any(|fault| fault.check == "slow-response")
                .then_some(Duration::from_millis(500)),
            ..Settings::default()
        },
        seed: 7,
        workers: 8,
        max_requests: 50,
        random_cases: 12,
        edge_cases: 8,
        methods: Methods::All,
        parameters: ["dta_xprt_964b2adb9bff37fb", "dta_xprt_5d1f0c2ab3e94d80"]
            .map(|token| ("data_export_token".to_owned(), token.to_owned()))
            .to_vec(),
        credentials: Credentials::with_token(vantage::TOKEN),
        polling: vec![polling],
        ..LiveSettings::new(vantage::start(faults).await)
    };
    let store = Store::new("snapshots", Mode::Check, Redactor::default(), "spec");
    gate::check(
        &contract,
        &transport,
        &settings,
        Some(store),
        &mut (),
        &Interrupt::default(),
    )
    .await
}

/// The rules that speak, notes left out.
fn rules(outcome: &Outcome) -> BTreeSet<&str> {
    outcome
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.rule.as_str())
        .collect()
}

fn statuses(outcome: &Outcome) -> BTreeSet<String> {
    let undeclared = outcome
        .findings
        .iter()
        .filter(|finding| finding.rule.as_str() == "undeclared-status");
    undeclared
        .map(|finding| finding.discriminator.clone())
        .collect()
}

#[tokio::test]
async fn without_a_fault_only_what_is_true_of_the_document_is_found() {
    let outcome = run(Vec::new()).await;
    assert_eq!(
        rules(&outcome),
        TRUE_OF_THE_DOCUMENT
            .iter()
            .copied()
            .collect::<BTreeSet<_>>(),
        "{:#?}",
        outcome.findings
    );
    assert_eq!(
        statuses(&outcome),
        BTreeSet::from(["202".to_owned(), "401".to_owned()])
    );
    let seen = &outcome.operations[0].statuses;
    assert!(
        seen.contains_key(&200) && seen.contains_key(&202) && seen.contains_key(&400),
        "{seen:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_fault_is_found_by_its_check_within_fifty_requests() {
    assert!(FAULTS.len() >= 30, "there are {} faults", FAULTS.len());
    let mut runs = JoinSet::new();
    // More at once would measure the machine: a stalled response is told by a time limit.
    let at_once = Arc::new(Semaphore::new(24));
    for fault in FAULTS {
        let at_once = Arc::clone(&at_once);
        runs.spawn(async move {
            let _permit = at_once.acquire().await;
            (fault, run(vec![fault]).await)
        });
    }
    let mut wrong = Vec::new();
    while let Some(run) = runs.join_next().await {
        let (fault, outcome) = run.expect("the run ends");
        let found = rules(&outcome);
        if outcome.held > 50 {
            wrong.push(format!("{}: {} requests", fault.name, outcome.held));
        }
        let is_found = outcome.findings.iter().any(|finding| {
            finding.rule.as_str() == fault.check
                && (fault.check != "undeclared-status"
                    || !["202", "401"].contains(&finding.discriminator.as_str()))
        });
        if !is_found {
            wrong.push(format!(
                "{}: not found by {}; found: {found:?} {:?}",
                fault.name, fault.check, outcome.end
            ));
        }
        let expected: BTreeSet<&str> = TRUE_OF_THE_DOCUMENT
            .iter()
            .chain(fault.also)
            .chain([&fault.check, &"unreached"])
            .copied()
            .collect();
        let more: Vec<_> = found.difference(&expected).collect();
        if !more.is_empty() {
            wrong.push(format!(
                "{}: found by {} as it ought to be, and called {more:?} too",
                fault.name, fault.check
            ));
        }
    }
    wrong.sort();
    assert!(
        wrong.is_empty(),
        "{} of {} faults:\n{}",
        wrong.len(),
        FAULTS.len(),
        wrong.join("\n")
    );
}
