//! Each fault of each stand-in is found by the check that ought to find it, from ten seeds; nothing is
//! found that is not there.

mod orders;
mod report;
mod vantage;

use std::{
    collections::BTreeSet,
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

use oasgate::{
    check,
    finding::{Finding, Severity},
    gate::{Event, Listener, Outcome},
};
use oasgate_document::Document;

/// The seeds of the runs: small ones, large ones, and what a clock would give.
const SEEDS: [u64; 10] = [
    0,
    1,
    2,
    7,
    42,
    1_000,
    65_537,
    0x8f3a_21c0,
    1 << 40,
    u64::MAX,
];

/// What a fault of a stand-in must come to.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    fault: &'static str,
    /// The check that finds it.
    check: &'static str,
    /// Other checks that may speak.
    also: &'static [&'static str],
    /// The operations that take part.
    operations: &'static [&'static str],
}

/// What a run with one fault came to.
struct Tried {
    wanted: Wanted,
    seed: u64,
    /// The requests that it took until the check spoke.
    requests: Option<u64>,
    /// Everything above a note that other checks said.
    more: Vec<String>,
    /// How the run ended, and what was found, for whoever looks for the reason.
    outcome: Outcome,
}

/// Notes when a check speaks for the first time.
struct Watch<'w> {
    check: &'static str,
    is_true_anyway: &'w (dyn Fn(&Finding) -> bool + Sync),
    held: u64,
    first: Option<u64>,
}

impl<'w> Watch<'w> {
    fn new(check: &'static str, is_true_anyway: &'w (dyn Fn(&Finding) -> bool + Sync)) -> Self {
        Self {
            check,
            is_true_anyway,
            held: 0,
            first: None,
        }
    }
}

impl Listener for Watch<'_> {
    fn on(&mut self, event: &Event<'_>, _: &Document) {
        match event {
            Event::Progress(progress) => self.held = progress.held,
            Event::Found(finding)
                if finding.rule.as_str() == self.check && !(self.is_true_anyway)(finding) =>
            {
                // The exchange that is being held is told of after its findings.
                self.first.get_or_insert(self.held + 1);
            }
            _ => {}
        }
    }
}

impl Tried {
    fn new(wanted: Wanted, seed: u64, watch: &Watch<'_>, outcome: Outcome) -> Self {
        // A fault may keep an operation from ever being answered as declared.
        let more = outcome
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
            .filter(|finding| !(watch.is_true_anyway)(finding))
            .filter(|finding| {
                let rule = finding.rule.as_str();
                rule != wanted.check && rule != "unreached" && !wanted.also.contains(&rule)
            })
            .map(|finding| format!("{}: {}", finding.rule.as_str(), finding.message))
            .collect();
        Self {
            wanted,
            seed,
            requests: watch.first,
            more,
            outcome,
        }
    }

    /// What is wrong with what came.
    fn complaints(&self) -> Vec<String> {
        let Wanted { fault, check, .. } = self.wanted;
        let mut complaints = Vec::new();
        if self.requests.is_none() {
            complaints.push(format!(
                "{fault}: {check} does not find it; found: {:?}, {:?}",
                rules(&self.outcome),
                self.outcome.end
            ));
        }
        for more in &self.more {
            complaints.push(format!("{fault}: found too, and not there: {more}"));
        }
        complaints
    }
}

/// The rules that speak.
fn rules(outcome: &Outcome) -> BTreeSet<&str> {
    outcome
        .findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect()
}

/// Whether a check is there; the faults of one that is yet to come are left out.
fn is_registered(check: &str) -> bool {
    check::rules().any(|rule| rule.id == check)
}

/// Does every job on as many threads as the machine has cores, each in a runtime whose clock is
/// paused: what waits in there costs no time.
fn in_process<J: Sync, R: Send, F: Future<Output = R>>(
    jobs: &[J],
    run: impl Fn(&J) -> F + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let mut results = Vec::new();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            results.push(runtime.block_on(run(job)));
        }
        results
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("the runs end"))
            .collect()
    })
}

/// Each thing with each seed.
fn with_seeds<T: Copy>(things: impl IntoIterator<Item = T>) -> Vec<(T, u64)> {
    things
        .into_iter()
        .flat_map(|thing| SEEDS.map(|seed| (thing, seed)))
        .collect()
}

/// Fails where a fault was not found, or something was that is not there.
#[track_caller]
fn assert_found(tried: &[Tried]) {
    let mut wrong: Vec<String> = tried
        .iter()
        .flat_map(|tried| {
            let complaints = tried.complaints().into_iter();
            complaints.map(|complaint| format!("seed {}: {complaint}", tried.seed))
        })
        .collect();
    wrong.sort_by_key(|complaint| complaint.split_once(": ").map(|(_, text)| text.to_owned()));
    assert!(
        wrong.is_empty(),
        "{} wrong in {} runs:\n{}",
        wrong.len(),
        tried.len(),
        wrong.join("\n")
    );
}
