//! Recordings held against the contract, on all cores, with bounded memory.
//!
//! One thread reads entries, workers make exchanges of them and hold them, and what they found is
//! taken in again in the order of the recording, so that the first example of a breach is the first
//! one in the recording.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Instant,
};

use http::StatusCode;

use super::{
    hold::{hold, snapshot_of},
    interrupt::Interrupt,
    knowledge::coverage::{CoverageMap, CoverageSample, CoverageTargets, ShapeSampler},
    settle::{defect_notices, settle},
    tally::{self, Tally},
};
use crate::{
    check::{self, Subject},
    contract::Contract,
    exchange::Exchange,
    finding::{Finding, Findings},
    recording::{self, Entry, OpenError, Reader, RecordingError},
    run::{End, Event, Header, Listener, Outcome, Progress, RunKind, Settings},
    snapshot::{Key, Store},
};

/// What a replay is told besides the contract.
#[derive(Debug)]
pub struct Replay {
    /// What holds for every run.
    pub settings: Settings,
    /// The base path that the recorded requests have; `None` for those of the document's servers.
    pub base_path: Option<String>,
    /// How many threads hold exchanges, at least 1.
    pub workers: usize,
}

/// A recording to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A file that was found in a folder: one that is no recording is passed over, with a notice.
    InFolder(PathBuf),
    /// Standard input.
    StandardInput,
}

impl Source {
    fn open(&self) -> Result<Reader, OpenError> {
        match self {
            Self::File(path) | Self::InFolder(path) => recording::open(path),
            Self::StandardInput => recording::read("-", std::io::stdin()),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::File(path) | Self::InFolder(path) => path.display().to_string(),
            Self::StandardInput => "-".to_owned(),
        }
    }
}

/// How many notices are kept; what comes beyond is counted, so that memory does not grow with a
/// recording in which nothing can be read.
const MAX_NOTICES: usize = 1_000;

/// How many entries go to a worker at once.
const BATCH: usize = 32;

struct Batch {
    number: u64,
    entries: Vec<Result<Entry, RecordingError>>,
}

/// What a worker made of a batch.
struct Done {
    number: u64,
    held: Vec<HeldOne>,
}

/// What became of one entry.
enum HeldOne {
    Exchange {
        operation: usize,
        status: StatusCode,
        findings: Vec<Finding>,
        sight: Option<CoverageSample>,
    },
    Unmatched {
        status: StatusCode,
        finding: Finding,
    },
    Broken(RecordingError),
}

/// Reads recordings and holds every exchange in them.
///
/// # Errors
///
/// When a recording cannot be begun; those before it are held, and lost. All are opened once before
/// the first is read, so that this comes early.
pub fn replay(
    contract: &Contract,
    sources: &[Source],
    options: &Replay,
    snapshots: Option<Store>,
    listener: &mut dyn Listener,
    interrupt: &Interrupt,
) -> Result<Outcome, OpenError> {
    let (sources, passed_over) = readable(sources)?;
    let target = match sources.as_slice() {
        [only] => only.name(),
        many => format!("{} recordings", many.len()),
    };
    let header = Header::of(contract, RunKind::Replay, target);
    let started = Instant::now();
    listener.on(&Event::Started(&header), contract.document());
    let declared = CoverageTargets::new(contract);
    let declared = &declared;
    let mut collector = Collector {
        contract,
        declared,
        seen: CoverageMap::default(),
        options,
        listener,
        tally: Tally::new(contract),
        findings: Findings::default(),
        notices: Vec::new(),
        unsaid: 0,
        held: 0,
        unmatched: 0,
    };
    for error in passed_over {
        collector.notice(error.to_string());
    }
    let workers = options.workers.max(1);
    let sources = sources.as_slice();
    let (batches, to_hold) = sync_channel::<Batch>(workers * 2);
    let to_hold = Mutex::new(to_hold);
    let (done, finished) = sync_channel::<Done>(workers * 2);
    let (snapshots, opened) = thread::scope(|scope| {
        let reader = scope.spawn(move || read_all(sources, &batches, interrupt));
        let holders: Vec<_> = (0..workers)
            .map(|_| {
                let done = done.clone();
                let store = snapshots.as_ref().map(Store::fork);
                let to_hold = &to_hold;
                scope
                    .spawn(move || hold_batches(contract, declared, options, to_hold, &done, store))
            })
            .collect();
        drop(done);
        collector.collect(&finished);
        let mut snapshots = snapshots;
        for holder in holders {
            if let (Some(all), Ok(Some(part))) = (&mut snapshots, holder.join()) {
                all.absorb(part);
            }
        }
        (snapshots, reader.join().unwrap_or(Ok(())))
    });
    opened?;
    let end = if interrupt.is_set() {
        End::Interrupted
    } else {
        End::Complete
    };
    Ok(collector.finish(snapshots, header, end, started))
}

/// The sources that can be begun, and why those of a folder that cannot are passed over.
fn readable(sources: &[Source]) -> Result<(Vec<Source>, Vec<OpenError>), OpenError> {
    let mut readable = Vec::new();
    let mut passed_over = Vec::new();
    for source in sources {
        match source {
            Source::StandardInput => {}
            Source::File(_) => drop(source.open()?),
            Source::InFolder(_) => {
                if let Err(error) = source.open() {
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
    sources: &[Source],
    batches: &SyncSender<Batch>,
    interrupt: &Interrupt,
) -> Result<(), OpenError> {
    let mut number = 0;
    let mut send = |entries: Vec<_>| {
        let batch = Batch { number, entries };
        number += 1;
        batches.send(batch).is_ok()
    };
    for source in sources {
        let mut entries = Vec::with_capacity(BATCH);
        for entry in source.open()? {
            entries.push(entry);
            if entries.len() == BATCH && (interrupt.is_set() || !send(std::mem::take(&mut entries)))
            {
                return Ok(());
            }
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

fn hold_batches(
    contract: &Contract,
    declared: &CoverageTargets<'_>,
    options: &Replay,
    batches: &Mutex<Receiver<Batch>>,
    done: &SyncSender<Done>,
    mut store: Option<Store>,
) -> Option<Store> {
    let mut looks = ShapeSampler::default();
    loop {
        let next = batches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(batch) = next else { return store };
        let held = batch
            .entries
            .into_iter()
            .map(|entry| match entry.and_then(|entry| entry.exchange()) {
                Ok(exchange) => {
                    let watch = (declared, &mut looks);
                    hold_one(contract, watch, options, &exchange, store.as_mut())
                }
                Err(error) => HeldOne::Broken(error),
            })
            .collect();
        if done
            .send(Done {
                number: batch.number,
                held,
            })
            .is_err()
        {
            return store;
        }
    }
}

fn hold_one(
    contract: &Contract,
    (declared, looks): (&CoverageTargets<'_>, &mut ShapeSampler),
    options: &Replay,
    exchange: &Exchange,
    store: Option<&mut Store>,
) -> HeldOne {
    let request = &exchange.request;
    let route = match &options.base_path {
        Some(base) => contract.route_under(base, &request.method, &request.url),
        None => contract.route(&request.method, &request.url),
    };
    let status = exchange.response.status;
    let route = match route {
        Ok(route) => route,
        Err(miss) => {
            return HeldOne::Unmatched {
                status,
                finding: check::unknown_operation(contract, exchange, &miss),
            };
        }
    };
    let subject = Subject::new(contract, route.operation, exchange, &route.path_values)
        .with_slow_after(options.settings.slow_after);
    let held = hold(&subject, &options.settings);
    if held.keeps_schema
        && let Some(store) = store
        && let Some((media_type, value)) = snapshot_of(&subject)
    {
        let key = Key {
            operation: route.operation.id.to_string(),
            status: status.as_u16(),
            media_type,
        };
        store.observe(key, value);
    }
    HeldOne::Exchange {
        operation: route.index,
        status,
        findings: held.findings,
        sight: looks.at(declared, route.index, &subject),
    }
}

struct Collector<'c> {
    contract: &'c Contract,
    declared: &'c CoverageTargets<'c>,
    seen: CoverageMap,
    options: &'c Replay,
    listener: &'c mut dyn Listener,
    tally: Tally,
    findings: Findings,
    notices: Vec<String>,
    unsaid: u64,
    held: u64,
    unmatched: u64,
}

impl Collector<'_> {
    /// Takes batches in, in the order in which they were read.
    fn collect(&mut self, finished: &Receiver<Done>) {
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for done in finished {
            waiting.insert(done.number, done.held);
            while let Some(held) = waiting.remove(&next) {
                for one in held {
                    self.take(one);
                }
                next += 1;
            }
        }
    }

    fn take(&mut self, one: HeldOne) {
        let (operation, status) = match one {
            HeldOne::Broken(error) => return self.notice(error.to_string()),
            HeldOne::Unmatched { status, finding } => {
                self.unmatched += 1;
                if let Some(finding) = self.options.settings.severities.apply(finding) {
                    self.found(finding);
                }
                (None, status)
            }
            HeldOne::Exchange {
                operation,
                status,
                findings,
                sight,
            } => {
                if let Some(sight) = sight {
                    self.seen.take(&sight);
                }
                let operation = &self.contract.operations()[operation];
                self.tally.held(operation, Some(status));
                for finding in findings {
                    self.found(finding);
                }
                (Some(operation.id.as_str()), status)
            }
        };
        self.held += 1;
        let progress = Progress {
            operation,
            status,
            held: self.held,
            findings: self.findings.len(),
        };
        self.listener
            .on(&Event::Progress(progress), self.contract.document());
    }

    fn found(&mut self, finding: Finding) {
        if self.findings.is_new(&finding) {
            self.listener
                .on(&Event::Found(&finding), self.contract.document());
        }
        self.findings.add(finding);
    }

    fn notice(&mut self, text: String) {
        if self.notices.len() == MAX_NOTICES {
            self.unsaid += 1;
            return;
        }
        self.listener
            .on(&Event::Notice(&text), self.contract.document());
        self.notices.push(text);
    }

    fn finish(
        mut self,
        snapshots: Option<Store>,
        header: Header,
        end: End,
        started: Instant,
    ) -> Outcome {
        let mut notices = Vec::new();
        defect_notices(self.contract, &mut notices);
        for text in notices {
            self.notice(text);
        }
        let mut drifted = Vec::new();
        let (snapshots, end) = settle(snapshots, end, |finding| drifted.push(finding));
        for finding in drifted {
            if let Some(finding) = self.options.settings.severities.apply(finding) {
                self.found(finding);
            }
        }
        if self.unsaid > 0 {
            self.notices
                .push(format!("{} notices more are not shown", self.unsaid));
        }
        for (rule, count) in self.findings.beyond() {
            self.notices.push(format!(
                "{rule} was broken {count} times more, in other ways than those that are told"
            ));
        }
        let operations =
            self.tally
                .summaries(self.contract, &self.findings, self.declared, &self.seen);
        let outcome = Outcome {
            baseline: None,
            header,
            coverage: Some(tally::together(&operations)),
            operations,
            findings: self.findings,
            unmatched: self.unmatched,
            held: self.held,
            snapshots,
            notices: self.notices,
            end,
            elapsed: started.elapsed(),
        };
        self.listener
            .on(&Event::Finished(&outcome), self.contract.document());
        outcome
    }
}
