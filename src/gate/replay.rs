//! Recordings held against the contract, on all cores, with bounded memory.
//!
//! One thread reads entries, workers make exchanges of them and hold them, and what they found is
//! taken in again in the order of the recording, so that the first example of a breach is the first
//! one in the recording.
//!
//! Whether an exchange with a host that the document does not name is of the service shows at the end:
//! what such exchanges come to is kept apart until then.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use http::StatusCode;

use super::{
    account::{Accounts, digest, header_of, outcome_with},
    hold::{hold, snapshot_of},
    hosts,
    interrupt::Interrupt,
    knowledge::coverage::{CoverageSample, CoverageTargets, ShapeSampler},
    left_out::comparable,
    unread::guarded,
};
use crate::{
    check::{self, Credential, Intent, Subject},
    contract::{Contract, HostPattern, OperationIndex},
    exchange::{Exchange, RequestPurpose},
    finding::{Finding, Position},
    recording::{self, Columns, Entry, OpenError, Reader, RecordingError},
    run::{
        Claim, Event, FailReason, Listener, Outcome, Progress, Ranges, RunKind, RunStatus,
        Settings, State,
    },
    snapshot::Store,
};

/// What a replay is told besides the contract.
#[derive(Debug)]
pub struct Replay {
    /// What holds for every run.
    pub settings: Settings,
    /// The base path that the recorded requests have; `None` for those of the document's servers.
    pub base_path: Option<String>,
    /// The hosts of the service; where there are none, those of the document's servers.
    pub hosts: Vec<HostPattern>,
    /// The entries of each recording that are read; `None` for all.
    pub entries: Option<Ranges>,
    /// Which columns of tables (Parquet, Arrow) stand for what of an exchange.
    pub columns: Columns,
    /// How many threads hold exchanges, at least 1.
    pub workers: usize,
}

/// A recording to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordingSource {
    /// A file.
    File(PathBuf),
    /// A file that was found in a folder: one that is no recording is passed over, with a notice.
    InFolder(PathBuf),
    /// Standard input.
    StandardInput,
}

impl RecordingSource {
    fn open(&self, columns: &Columns) -> Result<Reader, OpenError> {
        match self {
            Self::File(path) | Self::InFolder(path) => recording::open_with(path, columns),
            Self::StandardInput => recording::read_with("-", std::io::stdin(), columns),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::File(path) | Self::InFolder(path) => path.display().to_string(),
            Self::StandardInput => "-".to_owned(),
        }
    }
}

/// How long a worker waits for entries before it looks whether the run is to end.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many entries go to a worker at once at most.
const BATCH: usize = 64;

/// How many bytes of entries go to a worker at once, about: what waits for workers must not grow with the entries.
const BATCH_BYTES: usize = 128 << 10;

struct Batch {
    number: u64,
    entries: Vec<Placed<Result<Entry, RecordingError>>>,
}

/// An entry, or what became of it, with its recording and its number there, from 1. What follows the last entry
/// of a recording that is cut off counts as one.
struct Placed<T> {
    at: Position,
    what: T,
}

/// What a worker made of a batch.
struct Done {
    number: u64,
    held: Vec<Placed<HeldOne>>,
}

/// What became of one entry.
enum HeldOne {
    Exchange {
        claim: Claim,
        host: String,
        operation: OperationIndex,
        status: StatusCode,
        elapsed: Option<Duration>,
        findings: Vec<Finding>,
        sight: Option<CoverageSample>,
    },
    Unmatched {
        claim: Claim,
        host: String,
        status: StatusCode,
        finding: Finding,
    },
    /// It asks no service, or another one.
    PassedOver,
    Broken(RecordingError),
    /// A fault of this program kept it from being checked.
    Faulty,
}

/// Reads recordings and holds every exchange in them.
///
/// # Errors
///
/// When a recording cannot be begun; those before it are held, and lost. All are opened once before
/// the first is read, so that this comes early.
pub fn replay(
    contract: &Contract,
    sources: &[RecordingSource],
    options: &Replay,
    snapshots: Option<Store>,
    listener: &mut dyn Listener,
    interrupt: &Interrupt,
) -> Result<Outcome, OpenError> {
    let columns = &options.columns;
    let (sources, passed_over) = readable(sources, columns)?;
    let started = Instant::now();
    let mut state = State::new(RunKind::Replay, digest(contract));
    if !columns.names_sources() {
        for source in &sources {
            state.inputs.name(&source.name());
        }
    }
    let header = header_of(contract, &state);
    listener.on(&Event::Started(&header), contract.document());
    let declared = &CoverageTargets::new(contract);
    let mut collector = Collector {
        contract,
        options,
        listener,
        accounts: Accounts::new(contract, declared),
        state,
        held: 0,
        faults: 0,
    };
    for error in passed_over {
        collector.notice(error.to_string());
    }
    let workers = options.workers.max(1);
    let (batches, to_hold) = sync_channel::<Batch>(workers * 2);
    // Owned by the workers alone, so that the reader ends when none of them is left.
    let to_hold = Arc::new(Mutex::new(to_hold));
    let (done, finished) = sync_channel::<Done>(workers * 2);
    let reader = {
        let (interrupt, entries) = (interrupt.clone(), options.entries.clone());
        let columns = columns.clone();
        // Outside of the scope: a pipe that nobody writes to must not keep an interrupted run from ending.
        thread::spawn(move || {
            read_all((&sources, &columns), entries.as_ref(), &batches, &interrupt)
        })
    };
    thread::scope(|scope| {
        let holders: Vec<_> = (0..workers)
            .map(|_| {
                let done = done.clone();
                let stores = snapshots
                    .as_ref()
                    .map(|store| Claim::ALL.map(|_| store.fork()));
                let to_hold = Arc::clone(&to_hold);
                scope.spawn(move || {
                    hold_batches(
                        contract,
                        declared,
                        options,
                        (&to_hold, interrupt),
                        &done,
                        stores,
                    )
                })
            })
            .collect();
        drop((done, to_hold));
        // Given away, so that the workers end when the collector does, however that is.
        collector.collect(finished);
        for holder in holders {
            collector.end_worker(holder.join());
        }
    });
    if reader.is_finished() || !interrupt.is_set() {
        match reader.join() {
            Ok(opened) => opened?,
            Err(_) => collector.faults += 1,
        }
    }
    let end = collector.end(interrupt);
    let Collector {
        accounts,
        mut state,
        listener,
        ..
    } = collector;
    accounts.write(&mut state);
    state.end = end;
    Ok(outcome_with(
        declared,
        contract,
        state,
        &options.settings,
        snapshots,
        started.elapsed(),
        listener,
    ))
}

/// The sources that can be begun, and why those of a folder that cannot are passed over.
fn readable(
    sources: &[RecordingSource],
    columns: &Columns,
) -> Result<(Vec<RecordingSource>, Vec<OpenError>), OpenError> {
    let mut readable = Vec::new();
    let mut passed_over = Vec::new();
    for source in sources {
        match source {
            RecordingSource::StandardInput => {}
            RecordingSource::File(_) => drop(source.open(columns)?),
            RecordingSource::InFolder(_) => {
                if let Err(error) = source.open(columns) {
                    passed_over.push(error);
                    continue;
                }
            }
        }
        readable.push(source.clone());
    }
    if readable.is_empty() && !passed_over.is_empty() {
        return Err(passed_over.remove(0));
    }
    Ok((readable, passed_over))
}

fn read_all(
    (sources, columns): (&[RecordingSource], &Columns),
    wanted: Option<&Ranges>,
    batches: &SyncSender<Batch>,
    interrupt: &Interrupt,
) -> Result<(), OpenError> {
    let mut number = 0;
    let last = wanted.map_or(u64::MAX, Ranges::last);
    for source in sources {
        let name: Arc<str> = source.name().into();
        let mut send = |entries: Vec<_>| {
            let batch = Batch { number, entries };
            number += 1;
            batches.send(batch).is_ok()
        };
        let mut entries = Vec::with_capacity(BATCH);
        let mut bytes = 0;
        let mut is_empty = true;
        let mut next = 1;
        let reader = source.open(columns)?;
        let has_rows = reader.has_rows();
        for entry in reader {
            is_empty = false;
            let at = match &entry {
                Ok(entry) if has_rows => Position {
                    source: Arc::clone(entry.file()),
                    entry: entry.number(),
                },
                Err(error) if has_rows => Position {
                    source: Arc::clone(&error.file),
                    entry: error.entry.unwrap_or(next),
                },
                Ok(_) | Err(_) => Position {
                    source: Arc::clone(&name),
                    entry: next,
                },
            };
            next = at.entry.saturating_add(1);
            // Rows that number themselves come in any order.
            let is_last = at.entry >= last && !columns.numbers_entries();
            if wanted.is_none_or(|wanted| wanted.has(at.entry)) {
                bytes += entry.as_ref().map_or(0, Entry::size);
                entries.push(Placed { at, what: entry });
            }
            if entries.len() == BATCH || bytes >= BATCH_BYTES {
                bytes = 0;
                if interrupt.is_set() || !send(std::mem::take(&mut entries)) {
                    return Ok(());
                }
            }
            if is_last {
                break;
            }
        }
        if is_empty {
            let at = Position {
                source: Arc::clone(&name),
                entry: 1,
            };
            entries.push(Placed {
                at,
                what: Err(nothing_in(source)),
            });
        }
        if !entries.is_empty() && !send(entries) {
            return Ok(());
        }
        if interrupt.is_set() {
            return Ok(());
        }
    }
    Ok(())
}

/// What is kept of response bodies for snapshots, by claim.
type Stores = [Store; Claim::ALL.len()];

fn nothing_in(source: &RecordingSource) -> RecordingError {
    RecordingError {
        file: source.name().into(),
        entry: None,
        line: None,
        message: "the recording has no entries".to_owned(),
    }
}

fn hold_batches(
    contract: &Contract,
    declared: &CoverageTargets<'_>,
    options: &Replay,
    (batches, interrupt): (&Mutex<Receiver<Batch>>, &Interrupt),
    done: &SyncSender<Done>,
    mut stores: Option<Stores>,
) -> Option<Stores> {
    let mut looks = Claim::ALL.map(|_| ShapeSampler::default());
    loop {
        let next = batches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv_timeout(PATIENCE);
        let batch = match next {
            Ok(batch) => batch,
            Err(RecvTimeoutError::Timeout) if !interrupt.is_set() => continue,
            Err(_) => return stores,
        };
        let held = batch
            .entries
            .into_iter()
            .map(|Placed { at, what: entry }| {
                let one = guarded(|| match entry.and_then(|entry| entry.exchange()) {
                    Ok(exchange) => {
                        let watch = (declared, &mut looks);
                        hold_one(contract, watch, options, &exchange, stores.as_mut())
                    }
                    Err(error) => HeldOne::Broken(error),
                });
                Placed {
                    at,
                    what: one.unwrap_or(HeldOne::Faulty),
                }
            })
            .collect();
        if done
            .send(Done {
                number: batch.number,
                held,
            })
            .is_err()
        {
            return stores;
        }
    }
}

fn hold_one(
    contract: &Contract,
    (declared, looks): (&CoverageTargets<'_>, &mut [ShapeSampler; Claim::ALL.len()]),
    options: &Replay,
    exchange: &Exchange,
    stores: Option<&mut Stores>,
) -> HeldOne {
    let request = &exchange.request;
    let Some(claim) = hosts::claim(contract, &options.hosts, exchange) else {
        return HeldOne::PassedOver;
    };
    let host = match claim {
        Claim::Named => String::new(),
        Claim::Local | Claim::Other => request.url.host_str().unwrap_or_default().to_owned(),
    };
    let route = match &options.base_path {
        Some(base) => contract.route_under(base, &request.method, &request.url),
        None => contract.route(&request.method, &request.url),
    };
    let status = exchange.response.status;
    let route = match route {
        Ok(route) => route,
        Err(_) if hosts::is_preflight(exchange) => return HeldOne::PassedOver,
        Err(_) if request.purpose == Some(RequestPurpose::OtherMethod) => {
            return HeldOne::PassedOver;
        }
        Err(miss) => {
            return HeldOne::Unmatched {
                claim,
                host,
                status,
                finding: check::unknown_operation(contract, exchange, &miss),
            };
        }
    };
    // That a path has no HEAD is no answer of its GET.
    let is_other_method = request.method != route.operation.method;
    let has_no_head = [StatusCode::METHOD_NOT_ALLOWED, StatusCode::NOT_IMPLEMENTED];
    if is_other_method && has_no_head.contains(&status) {
        return HeldOne::PassedOver;
    }
    let subject = Subject::new(contract, route.operation, exchange, &route.path_values)
        .with_slow_after(options.settings.slow_after);
    let subject = match request.purpose {
        Some(RequestPurpose::Break) => subject.with_intent(Intent::Break),
        Some(RequestPurpose::WrongCredential) => subject.with_credential(Credential::Wrong),
        Some(RequestPurpose::OtherMethod) | None => subject,
    };
    let held = hold(&subject, &options.settings);
    if let Some(stores) = stores
        && let Some((key, value)) = snapshot_of(&subject)
    {
        let store = &mut stores[claim.index()];
        if held.keeps_schema {
            store.observe(key, &comparable(&subject, value));
        } else {
            store.pass_over(key);
        }
    }
    HeldOne::Exchange {
        claim,
        host,
        operation: route.index,
        status,
        elapsed: exchange.response.elapsed,
        findings: held.findings,
        sight: looks[claim.index()].at(declared, route.index, &subject),
    }
}

struct Collector<'c> {
    contract: &'c Contract,
    options: &'c Replay,
    listener: &'c mut dyn Listener,
    accounts: Accounts<'c>,
    state: State,
    held: u64,
    /// How many entries, or workers, met a fault of this program.
    faults: u64,
}

impl Collector<'_> {
    /// Takes in what a worker has seen of shapes; one that panicked may have lost what it worked on.
    fn end_worker(&mut self, left: thread::Result<Option<[Store; Claim::ALL.len()]>>) {
        match left {
            Ok(Some(stores)) => self.accounts.absorb_shapes(stores),
            Ok(None) => {}
            Err(_) => self.faults += 1,
        }
    }

    /// How the run ended: a fault of this program makes its verdict worthless.
    fn end(&self, interrupt: &Interrupt) -> RunStatus {
        if self.faults > 0 {
            RunStatus::Failed(FailReason::Fault(self.faults))
        } else if interrupt.is_set() {
            RunStatus::Interrupted
        } else {
            RunStatus::Complete
        }
    }

    /// Takes batches in, in the order in which they were read.
    fn collect(&mut self, finished: Receiver<Done>) {
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for done in finished {
            waiting.insert(done.number, done.held);
            while let Some(held) = waiting.remove(&next) {
                self.take_all(held);
                next += 1;
            }
        }
        // What stands behind a batch that was lost with its worker still counts.
        for held in waiting.into_values() {
            self.take_all(held);
        }
    }

    fn take_all(&mut self, held: Vec<Placed<HeldOne>>) {
        for Placed { at, what } in held {
            self.state.inputs.add(&at.source, at.entry, at.entry);
            self.take(what, at);
        }
    }

    fn take(&mut self, one: HeldOne, at: Position) {
        let (claim, operation, status) = match one {
            HeldOne::Broken(error) => return self.state.unread.add(at, error.to_string()),
            HeldOne::Faulty => {
                self.faults += 1;
                return self.state.unread.add(at, FailReason::Fault(1).to_string());
            }
            HeldOne::PassedOver => {
                self.state.passed_over += 1;
                return;
            }
            HeldOne::Unmatched {
                claim,
                host,
                status,
                finding,
            } => {
                self.accounts.unmatched(claim, host);
                if let Some(finding) = self.options.settings.severities.apply(finding) {
                    self.found(claim, finding, at);
                }
                (claim, None, status)
            }
            HeldOne::Exchange {
                claim,
                host,
                operation,
                status,
                elapsed,
                findings,
                sight,
            } => {
                self.accounts
                    .exchange(claim, host, operation, (status, elapsed), sight.as_ref());
                for finding in findings {
                    self.found(claim, finding, at.clone());
                }
                let operation = self.contract.operation_at(operation);
                (claim, Some(operation.id.as_str()), status)
            }
        };
        self.held += 1;
        let progress = Progress {
            operation,
            status,
            held: self.held,
            findings: self.accounts.findings(claim).len(),
        };
        self.listener
            .on(&Event::Progress(progress), self.contract.document());
    }

    /// Takes a finding in. It is told at once where it is sure to count.
    fn found(&mut self, claim: Claim, finding: Finding, at: Position) {
        let findings = self.accounts.findings(claim);
        if claim == Claim::Named && findings.is_new(&finding) {
            self.listener
                .on(&Event::Found(&finding), self.contract.document());
        }
        findings.add_at(finding, at);
    }

    fn notice(&mut self, text: String) {
        self.listener
            .on(&Event::Notice(&text), self.contract.document());
        self.state.notices.insert(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::fixture;

    fn options() -> Replay {
        Replay {
            settings: Settings::default(),
            base_path: None,
            hosts: Vec::new(),
            entries: None,
            columns: Columns::default(),
            workers: 1,
        }
    }

    /// How a run ends after `work`, and how many entries it took in.
    fn ended(work: impl FnOnce(&mut Collector<'_>)) -> (RunStatus, u64) {
        let contract = fixture::contract();
        let (declared, options) = (CoverageTargets::new(&contract), options());
        let mut nobody = ();
        let mut collector = Collector {
            contract: &contract,
            options: &options,
            listener: &mut nobody,
            accounts: Accounts::new(&contract, &declared),
            state: State::new(RunKind::Replay, digest(&contract)),
            held: 0,
            faults: 0,
        };
        work(&mut collector);
        let end = collector.end(&Interrupt::default());
        (end, collector.state.passed_over)
    }

    fn batch(number: u64) -> Done {
        Done {
            number,
            held: vec![Placed {
                at: Position {
                    source: "a.har".into(),
                    entry: 1,
                },
                what: HeldOne::PassedOver,
            }],
        }
    }

    #[test]
    fn a_worker_that_panics_fails_the_run() {
        let (end, _) = ended(|collector| {
            collector.end_worker(Ok(None));
            collector.end_worker(Err(Box::new("a fault on purpose")));
        });
        assert_eq!(end, RunStatus::Failed(FailReason::Fault(1)));
    }

    #[test]
    fn an_entry_that_met_a_fault_fails_the_run() {
        let (end, _) = ended(|collector| collector.take(HeldOne::Faulty, Position::default()));
        assert_eq!(end, RunStatus::Failed(FailReason::Fault(1)));
    }

    #[test]
    fn what_stands_behind_a_lost_batch_still_counts() {
        let (end, passed_over) = ended(|collector| {
            let (done, finished) = sync_channel(4);
            // The batch 1 was lost with its worker.
            for number in [3, 0, 2] {
                done.send(batch(number)).expect("somebody listens");
            }
            drop(done);
            collector.collect(finished);
        });
        assert_eq!((end, passed_over), (RunStatus::Complete, 3));
    }
}
