//! Recordings held against the contract, on all cores, with bounded memory.
//!
//! One thread reads entries, workers make exchanges of them and hold them, and what they found is
//! taken in again in the order of the recording, so that the first example of a breach is the first
//! one in the recording.
//!
//! Whether an exchange with a host that the document does not name is of the service shows at the end:
//! what such exchanges come to is kept apart until then.

use std::{
    collections::{BTreeMap, BTreeSet},
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
    hosts::{self, Claim},
    interrupt::Interrupt,
    knowledge::coverage::{CoverageMap, CoverageSample, CoverageTargets, ShapeSampler},
    settle::{defect_notices, settle},
    tally::{self, Tally},
};
use crate::{
    check::{self, Subject},
    contract::{Contract, HostPattern},
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
    /// The hosts of the service; where there are none, those of the document's servers.
    pub hosts: Vec<HostPattern>,
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
        claim: Claim,
        host: String,
        operation: usize,
        status: StatusCode,
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
        options,
        listener,
        accounts: Claim::ALL.map(|_| Account::new(contract)),
        notices: Vec::new(),
        unsaid: 0,
        held: 0,
        passed_over: 0,
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
                let stores = snapshots
                    .as_ref()
                    .map(|store| Claim::ALL.map(|_| store.fork()));
                let to_hold = &to_hold;
                scope.spawn(move || {
                    hold_batches(contract, declared, options, to_hold, &done, stores)
                })
            })
            .collect();
        drop(done);
        collector.collect(&finished);
        let claim = collector.surest();
        let mut snapshots = snapshots;
        for holder in holders {
            if let (Some(all), Ok(Some(parts))) = (&mut snapshots, holder.join()) {
                let part = parts.into_iter().nth(claim.index());
                if let Some(part) = part {
                    all.absorb(part);
                }
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

/// What is kept of response bodies for snapshots, by claim.
type Stores = [Store; Claim::ALL.len()];

fn hold_batches(
    contract: &Contract,
    declared: &CoverageTargets<'_>,
    options: &Replay,
    batches: &Mutex<Receiver<Batch>>,
    done: &SyncSender<Done>,
    mut stores: Option<Stores>,
) -> Option<Stores> {
    let mut looks = Claim::ALL.map(|_| ShapeSampler::default());
    loop {
        let next = batches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(batch) = next else { return stores };
        let held = batch
            .entries
            .into_iter()
            .map(|entry| match entry.and_then(|entry| entry.exchange()) {
                Ok(exchange) => {
                    let watch = (declared, &mut looks);
                    hold_one(contract, watch, options, &exchange, stores.as_mut())
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
        Err(miss) => {
            return HeldOne::Unmatched {
                claim,
                host,
                status,
                finding: check::unknown_operation(contract, exchange, &miss),
            };
        }
    };
    let subject = Subject::new(contract, route.operation, exchange, &route.path_values)
        .with_slow_after(options.settings.slow_after);
    let held = hold(&subject, &options.settings);
    if held.keeps_schema
        && let Some(stores) = stores
        && let Some((media_type, value)) = snapshot_of(&subject)
    {
        let key = Key {
            operation: route.operation.id.to_string(),
            status: status.as_u16(),
            media_type,
        };
        stores[claim.index()].observe(key, value);
    }
    HeldOne::Exchange {
        claim,
        host,
        operation: route.index,
        status,
        findings: held.findings,
        sight: looks[claim.index()].at(declared, route.index, &subject),
    }
}

/// What exchanges of one claim come to.
struct Account {
    seen: CoverageMap,
    tally: Tally,
    findings: Findings,
    held: u64,
    unmatched: u64,
    /// The hosts that the document does not name.
    hosts: BTreeSet<String>,
}

impl Account {
    fn new(contract: &Contract) -> Self {
        Self {
            seen: CoverageMap::default(),
            tally: Tally::new(contract),
            findings: Findings::default(),
            held: 0,
            unmatched: 0,
            hosts: BTreeSet::new(),
        }
    }

    fn of_host(&mut self, host: String) {
        if !host.is_empty() && self.hosts.len() < MAX_HOSTS {
            self.hosts.insert(host);
        }
    }
}

/// How many hosts that the document does not name are told.
const MAX_HOSTS: usize = 20;

struct Collector<'c> {
    contract: &'c Contract,
    declared: &'c CoverageTargets<'c>,
    options: &'c Replay,
    listener: &'c mut dyn Listener,
    accounts: [Account; Claim::ALL.len()],
    notices: Vec<String>,
    unsaid: u64,
    held: u64,
    passed_over: u64,
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

    /// The surest claim that any exchange has.
    fn surest(&self) -> Claim {
        let held = |claim: &Claim| self.accounts[claim.index()].held > 0;
        Claim::ALL.into_iter().find(held).unwrap_or(Claim::Named)
    }

    fn take(&mut self, one: HeldOne) {
        let (claim, operation, status) = match one {
            HeldOne::Broken(error) => return self.notice(error.to_string()),
            HeldOne::PassedOver => {
                self.passed_over += 1;
                return;
            }
            HeldOne::Unmatched {
                claim,
                host,
                status,
                finding,
            } => {
                let account = &mut self.accounts[claim.index()];
                account.of_host(host);
                account.unmatched += 1;
                if let Some(finding) = self.options.settings.severities.apply(finding) {
                    self.found(claim, finding);
                }
                (claim, None, status)
            }
            HeldOne::Exchange {
                claim,
                host,
                operation,
                status,
                findings,
                sight,
            } => {
                let account = &mut self.accounts[claim.index()];
                account.of_host(host);
                if let Some(sight) = sight {
                    account.seen.take(&sight);
                }
                let operation = &self.contract.operations()[operation];
                account.tally.held(operation, Some(status));
                for finding in findings {
                    self.found(claim, finding);
                }
                (claim, Some(operation.id.as_str()), status)
            }
        };
        self.held += 1;
        let account = &mut self.accounts[claim.index()];
        account.held += 1;
        let progress = Progress {
            operation,
            status,
            held: self.held,
            findings: account.findings.len(),
        };
        self.listener
            .on(&Event::Progress(progress), self.contract.document());
    }

    /// Takes a finding in. It is told at once where it is sure to count.
    fn found(&mut self, claim: Claim, finding: Finding) {
        let findings = &mut self.accounts[claim.index()].findings;
        if claim == Claim::Named && findings.is_new(&finding) {
            self.listener
                .on(&Event::Found(&finding), self.contract.document());
        }
        findings.add(finding);
    }

    /// The account of the surest claim, its findings told; what has a weaker claim is of other services.
    fn settle_accounts(&mut self) -> Account {
        let claim = self.surest();
        let mut accounts = std::mem::replace(
            &mut self.accounts,
            Claim::ALL.map(|_| Account::new(self.contract)),
        );
        for weaker in Claim::ALL.into_iter().filter(|weaker| *weaker > claim) {
            self.passed_over += accounts[weaker.index()].held;
        }
        let mut account =
            std::mem::replace(&mut accounts[claim.index()], Account::new(self.contract));
        if claim == Claim::Other {
            for host in &account.hosts {
                let finding = check::unknown_host(self.contract, host);
                if let Some(finding) = self.options.settings.severities.apply(finding) {
                    account.findings.add(finding);
                }
            }
        }
        if claim != Claim::Named {
            for (finding, _) in account.findings.sorted() {
                self.listener
                    .on(&Event::Found(finding), self.contract.document());
            }
        }
        account
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
        let mut account = self.settle_accounts();
        for finding in drifted {
            if let Some(finding) = self.options.settings.severities.apply(finding) {
                if account.findings.is_new(&finding) {
                    self.listener
                        .on(&Event::Found(&finding), self.contract.document());
                }
                account.findings.add(finding);
            }
        }
        if self.unsaid > 0 {
            self.notices
                .push(format!("{} notices more are not shown", self.unsaid));
        }
        for (rule, count) in account.findings.beyond() {
            self.notices.push(format!(
                "{rule} was broken {count} times more, in other ways than those that are told"
            ));
        }
        let operations = account.tally.summaries(
            self.contract,
            &account.findings,
            self.declared,
            &account.seen,
        );
        let outcome = Outcome {
            baseline: None,
            header,
            coverage: Some(tally::together(&operations)),
            operations,
            findings: account.findings,
            unmatched: account.unmatched,
            passed_over: self.passed_over,
            held: account.held,
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
