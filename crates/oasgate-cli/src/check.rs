//! `oasgate check`: a running service against its document.

use std::{
    path::PathBuf,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use clap::Args as ClapArgs;
use clap_complete::engine::ArgValueCandidates;
use url::{Host, Url};

use crate::config::{Config, parse_duration, parse_seed};
use crate::{
    Result,
    auth::{self, AuthArgs},
    common::{CliError, Output, Prepared, RunArgs, StateArgs, base_path},
    complete,
    connection::ConnectionArgs,
    errors::{KeptError, OptionError, StartError, UnknownWord, UrlError},
    interrupt,
    record::Recorded,
    selection::Selection,
    start::Service,
};
use oasgate::{
    finding::Severity,
    gate::{
        self, CleanUp, Existing, FailReason, Interrupt, LiveSettings, Methods, Phase, RandomEnd,
        RunStatus, Scope, Shard,
    },
    snapshot::Regressions,
    transport::{Connection, HttpTransport, Secret, is_up},
};

/// Send requests to a running service and hold its responses against the document
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Args {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    state: StateArgs,
    /// Where the service is, with the base path that it serves the document under
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The base path, in place of the one in --url
    #[arg(long, value_name = "PATH", value_parser = base_path)]
    base_path: Option<String>,
    /// A value for a parameter, such as the id of something that exists; repeatable
    #[arg(long, value_name = "NAME=VALUE", add = ArgValueCandidates::new(complete::parameters))]
    param: Vec<String>,
    /// Check this operation alone, by its id or as "METHOD /path"; repeatable
    #[arg(long, value_name = "ID", add = ArgValueCandidates::new(complete::operations))]
    operation: Vec<String>,
    /// Send one kept failure again and nothing else, by its id or how that begins, as a finding shows it
    #[arg(long, value_name = "ID", conflicts_with_all = ["phases", "shard"], value_parser = case_id)]
    case: Option<String>,
    /// Check the operations of one of several shards: 2/5 is the second of five
    #[arg(long, value_name = "N/OF")]
    shard: Option<Shard>,
    /// The seed of everything that is generated, as the last run printed it
    #[arg(long, value_name = "HEX", value_parser = parse_seed)]
    seed: Option<u64>,
    /// Random requests for each operation [default: 30]
    #[arg(long, value_name = "N")]
    cases: Option<usize>,
    /// Send all random requests, also where nothing new came for a while
    #[arg(long)]
    exhaustive: bool,
    /// The most valid edges, and the most broken requests, for each operation [default: 40]
    #[arg(long, value_name = "N")]
    edges: Option<usize>,
    /// Run these phases alone: regressions, examples, invalid, edges, pairs, random, sequences, methods,
    /// framing, auth
    #[arg(long, value_name = "PHASE", value_delimiter = ',', add = ArgValueCandidates::new(complete::phases))]
    phases: Vec<Phase>,
    /// The most requests of the whole run, those that delete what it created included [default: 10000]
    #[arg(long, value_name = "N")]
    max_requests: Option<u64>,
    /// The longest that the whole run may take
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    max_time: Option<Duration>,
    /// End the run when this many errors were found that no baseline knows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_failures: Option<u32>,
    /// Requests under way at once [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// How many things of each kind sequences make, read, change and delete [default: 2]
    #[arg(long, value_name = "N")]
    sequences: Option<usize>,
    /// Leave what the run made where it is, in place of deleting it in the end
    #[arg(long)]
    no_clean_up: bool,
    /// Change and delete also what was there before the run
    #[arg(long)]
    touch_existing: bool,
    /// Send methods that may change something also to a host that is not this machine
    #[arg(long)]
    allow_unsafe: bool,
    #[command(flatten)]
    selection: Selection,
    /// Write down all that is sent and comes back, credentials taken out: NDJSON, or HAR by its ending
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    #[command(flatten)]
    auth: AuthArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

const EXAMPLES: &str = "\
Examples:
  oasgate check spec/api.yaml --url http://localhost:8080/v2
  oasgate check spec/api.yaml --url https://api.example.com --token-env API_TOKEN \\
      --param user_id=42 --report json=report.json --report junit=report.xml
  oasgate check spec/api.yaml --url https://api.example.com --rate 20/s \\
      --client-id-env CLIENT_ID --client-secret-env CLIENT_SECRET
  oasgate check spec/api.yaml --url \"$URL\" --baseline baseline.json --shard 2/5";

pub(crate) fn run(args: &Args, output: &Output) -> Result {
    let mut prepared = args.run.prepare()?;
    let mut of_case = None;
    if let Some(id) = &args.case {
        let (kept, operation) = kept_case(prepared.regressions.take(), id)?;
        prepared.regressions = Some(kept);
        of_case = Some(operation);
        // Of one request a snapshot says nothing.
        prepared.snapshots = None;
    }
    args.state.ask(&mut prepared)?;
    let transport = HttpTransport::new(Connection {
        limits: args.connection.limits(&prepared.config)?,
        ..args.run.connection(&prepared.config)?
    })?;
    let mut settings = settings(args, &prepared)?;
    if let Some(operation) = of_case {
        settings.only = vec![operation];
        // What it names may have to be created by others.
        let operations = prepared.contract.operations().iter();
        settings.helpers = operations
            .map(|operation| operation.id.to_string())
            .collect();
    }
    let who = auth::credentials(
        &args.auth,
        &prepared.config,
        &prepared.contract,
        &settings.base,
        &transport,
    )?;
    settings.credentials = who.credentials;
    let recorded = Recorded::new(
        &transport,
        args.record.as_deref(),
        settings.credentials.secrets(),
    )
    .map_err(|error| OptionError::Recording {
        path: args.record.clone().unwrap_or_default(),
        error,
    })?;
    let interrupt = Interrupt::of(&prepared.contract);
    let mut listener = Prepared::listener(output);
    let snapshots = prepared.snapshots.take();
    let runtime = if settings.workers == 1 {
        // One request at a time has nobody to be sent beside: handing it to another thread and back
        // would cost more than sending it.
        tokio::runtime::Builder::new_current_thread()
    } else {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2);
        builder
    }
    // A service that never falls silent keeps a connection busy for as long as the runtime lets it, and
    // the time limits are asked between two such turns alone.
    .event_interval(1)
    .enable_all()
    .build()?;
    interrupt::end_by(&interrupt);
    let mut notices = who.notices;
    let outcome = runtime.block_on(async {
        let mut service = start(args, &prepared.config)?;
        let ready = Ready {
            settings: &settings,
            transport: &transport,
            interrupt: &interrupt,
            longest: wait(args, &prepared.config, service.is_some())?,
        };
        notices.extend(ready.wait(service.as_mut()).await?);
        if !interrupt.is_set() {
            auth::try_all(&settings.credentials).await?;
        }
        // Planning looks at nothing else.
        let deadline = settings
            .max_time
            .and_then(|time| Instant::now().checked_add(time));
        if let Some(deadline) = deadline {
            prepared.contract.document().stop().at(deadline);
        }
        let outcome = gate::check(
            &prepared.contract,
            &recorded,
            &settings,
            snapshots,
            listener.as_mut(),
            &interrupt,
        )
        .await;
        if let Some(service) = &mut service
            && let Some(status) = service.ended()
        {
            notices.push(format!("the service that was started ended: {status}"));
        }
        Ok::<_, CliError>(outcome)
    });
    // A connection that a service keeps busy is not waited for.
    runtime.shutdown_background();
    // What a service or a token endpoint says may be a secret that it was sent.
    let hide = |text: String| {
        let secrets = settings.credentials.secrets();
        secrets
            .iter()
            .fold(text, |text, secret| secret.hide(&text).into_owned())
    };
    let mut outcome = outcome.map_err(|error| CliError::Redacted(hide(error.to_string())))?;
    outcome.notices.extend(notices.into_iter().map(hide));
    if let Some(failure) = recorded.failure()
        && !matches!(outcome.end, RunStatus::Unreachable(_))
    {
        outcome.end = RunStatus::Failed(FailReason::Recording(failure));
    }
    if args.case.is_some() && outcome.held == 0 && outcome.end == RunStatus::Complete {
        outcome.end = RunStatus::Failed(FailReason::NotSent);
    }
    // Where not everything was looked for, nothing can be said to have gone away.
    prepared.scope = Scope {
        leaves_operations: args.shard.is_some()
            || !args.operation.is_empty()
            || !args.selection.is_all(),
        leaves_phases: !settings.phases.is_empty(),
    };
    prepared.finish(outcome, output)
}

/// The id of a kept failure, of which a few characters are enough.
fn case_id(text: &str) -> std::result::Result<String, String> {
    let is_id = text.len() >= 4 && text.chars().all(|one| one.is_ascii_hexdigit());
    is_id
        .then(|| text.to_owned())
        .ok_or_else(|| "an id has four or more of 0-9 and a-f, as a finding shows it".to_owned())
}

/// The one failure that is kept under an id, and its operation.
fn kept_case(
    kept: Option<Regressions>,
    id: &str,
) -> std::result::Result<(Regressions, String), CliError> {
    let Some(kept) = kept else {
        return Err(KeptError::Nowhere.into());
    };
    let one = kept.chosen(id);
    let mut found = one.load().0;
    match (found.pop(), found.len()) {
        (Some((_, saved)), 0) => Ok((one, saved.operation)),
        (None, _) => Err(KeptError::Unknown(id.to_owned()).into()),
        (Some(_), more) => Err(KeptError::Several {
            count: more + 1,
            id: id.to_owned(),
        }
        .into()),
    }
}

/// Starts the service where the configuration says how, unless another one was named.
fn start(args: &Args, config: &Config) -> std::result::Result<Option<Service>, CliError> {
    match &config.start {
        Some(command) if args.url.is_none() => Ok(Some(Service::start(command, config.folder())?)),
        _ => Ok(None),
    }
}

/// How long the service is waited for, when it is.
fn wait(
    args: &Args,
    config: &Config,
    is_started: bool,
) -> std::result::Result<Option<Duration>, CliError> {
    let usual = is_started.then_some(Duration::from_secs(30));
    Ok(args.connection.wait.or(config.wait()?).or(usual))
}

struct Ready<'r> {
    settings: &'r LiveSettings,
    transport: &'r HttpTransport,
    interrupt: &'r Interrupt,
    longest: Option<Duration>,
}

impl Ready<'_> {
    /// Waits for the service. Where it does not come the run begins all the same, so that every
    /// report tells that it could not be reached.
    async fn wait(
        &self,
        service: Option<&mut Service>,
    ) -> std::result::Result<Option<String>, CliError> {
        let Some(longest) = self.longest else {
            return Ok(None);
        };
        tokio::select! {
            // What answers may be another service on the same port.
            biased;
            error = self.ended(service) => Err(error),
            is_up = is_up(self.transport, &self.settings.base, longest) => {
                Ok((!is_up).then(|| format!("the service did not answer within {longest:?}")))
            }
            () = self.interrupt.wait() => Ok(None),
        }
    }

    /// Waits until the service that was started ends, which it should not.
    async fn ended(&self, service: Option<&mut Service>) -> CliError {
        let Some(service) = service else {
            return std::future::pending().await;
        };
        loop {
            if let Some(status) = service.ended() {
                let secrets = self.settings.credentials.secrets();
                let words = service.last_words(|words| {
                    let hidden = |words: String, secret: &Secret| secret.hide(&words).into_owned();
                    secrets.iter().fold(words, hidden)
                });
                return StartError::Ended { status, words }.into();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn settings(args: &Args, prepared: &Prepared) -> std::result::Result<LiveSettings, CliError> {
    let (contract, config) = (&prepared.contract, &prepared.config);
    config.fits(contract)?;
    let base = base(args, prepared)?;
    let is_loopback = is_loopback(&base);
    let mut only = Vec::new();
    for name in &args.operation {
        only.push(contract.operation(name)?.id.to_string());
    }
    let mut parameters = args
        .param
        .iter()
        .map(|text| pair(text, "--param"))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    // What was typed for a parameter takes the place of what the file says.
    let mut configured = config.parameter_values();
    configured.retain(|(name, _)| !parameters.iter().any(|(typed, _)| typed == name));
    parameters.append(&mut configured);
    let all: Vec<String> = if parameters.is_empty() {
        Vec::new()
    } else {
        (contract.operations().iter())
            .flat_map(|operation| operation.value_names())
            .collect()
    };
    let all_names = || all.iter().map(String::as_str);
    for (name, _) in &parameters {
        if !all_names().any(|known| known == name) {
            let hint = oasgate::did_you_mean::hint(name, all_names());
            let word = name.clone();
            return Err(UnknownWord::Parameter { word, hint }.into());
        }
    }
    // Another service than that of the file was not meant when the file was written.
    let is_meant = args.url.is_none() && config.run.allow_unsafe;
    let usual = config.settle(LiveSettings::new(base))?;
    Ok(LiveSettings {
        common: prepared.settings.clone(),
        seed: args.seed.or(config.seed()?).unwrap_or_else(fresh_seed),
        workers: args.workers.map_or(usual.workers, usize::from),
        max_requests: args.max_requests.unwrap_or(usual.max_requests),
        max_time: args.max_time.or(usual.max_time),
        max_failures: match args.max_failures {
            Some(most) => Some(most as usize),
            None => usual.max_failures,
        },
        known: prepared.known(),
        random_cases: args.cases.unwrap_or(usual.random_cases),
        random_end: if args.exhaustive {
            RandomEnd::AllSent
        } else {
            usual.random_end
        },
        edge_cases: args.edges.unwrap_or(usual.edge_cases),
        sequences: args.sequences.unwrap_or(usual.sequences),
        clean_up: if args.no_clean_up {
            CleanUp::Leave
        } else {
            usual.clean_up
        },
        existing: if args.touch_existing {
            Existing::Touch
        } else {
            usual.existing
        },
        phases: match args.phases.as_slice() {
            _ if args.case.is_some() => vec![Phase::Regressions],
            [] => usual.phases.clone(),
            typed => typed.to_vec(),
        },
        methods: if args.allow_unsafe || is_loopback || is_meant {
            Methods::All
        } else {
            Methods::Safe
        },
        parameters,
        rate: args.connection.rate.or(config.rate()?),
        regressions: prepared.regressions.clone(),
        nothing_reached: Severity::Error,
        polling: config.polling_rules(contract)?,
        only,
        excluded: excluded(args, prepared)?,
        helpers: helpers(args, prepared)?,
        ..usual
    })
}

/// What belongs to other shards, and to nothing that is left out.
fn helpers(args: &Args, prepared: &Prepared) -> std::result::Result<Vec<String>, CliError> {
    let Some(shard) = args.shard else {
        return Ok(Vec::new());
    };
    let mut excluded = prepared.config.excluded(&prepared.contract)?;
    excluded.extend(args.selection.left_out(&prepared.contract));
    let operations = prepared.contract.operations().iter();
    let ids = operations.map(|operation| operation.id.as_str());
    let others = ids.filter(|id| !shard.has(id) && !excluded.iter().any(|one| one == id));
    Ok(others.map(str::to_owned).collect())
}

/// What the configuration leaves out, and what belongs to other shards.
fn excluded(args: &Args, prepared: &Prepared) -> std::result::Result<Vec<String>, CliError> {
    let mut excluded = prepared.config.excluded(&prepared.contract)?;
    excluded.extend(args.selection.left_out(&prepared.contract));
    if let Some(shard) = args.shard {
        let ids = prepared
            .contract
            .operations()
            .iter()
            .map(|operation| operation.id.as_str());
        excluded.extend(ids.filter(|id| !shard.has(id)).map(str::to_owned));
    }
    Ok(excluded)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The URL of a service on this machine that the document names. What it says of others is not for a test.
fn declared_here(prepared: &Prepared) -> Option<Url> {
    let operations = prepared.contract.operations().iter();
    let servers = operations.flat_map(|operation| &operation.servers);
    let urls = servers.filter_map(|server| Url::parse(&server.url).ok());
    urls.filter(|url| ["http", "https"].contains(&url.scheme()))
        .find(is_loopback)
}

fn base(args: &Args, prepared: &Prepared) -> std::result::Result<Url, CliError> {
    let mut url = match &args.url {
        Some(text) => typed_url(text)?,
        None => prepared.config.url()?.ok_or_else(|| {
            let (example, why) = match declared_here(prepared) {
                Some(url) => (url.to_string(), ", as the document says"),
                None => ("http://localhost:8080".to_owned(), ""),
            };
            UrlError::Missing { example, why }
        })?,
    };
    if let Some(path) = &args.base_path {
        url.set_path(path);
    }
    Ok(url)
}

fn typed_url(text: &str) -> std::result::Result<Url, UrlError> {
    let url = Url::parse(text).map_err(|error| {
        let hint = if text.contains("://") {
            ""
        } else {
            "; it begins with http:// or https://"
        };
        UrlError::Malformed {
            text: text.to_owned(),
            error,
            hint,
        }
    })?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(UrlError::Scheme(text.to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Credential);
    }
    Ok(url)
}

fn pair(text: &str, option: &'static str) -> std::result::Result<(String, String), OptionError> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| OptionError::NoPair {
            option,
            text: text.to_owned(),
        })
}

/// A seed that no earlier run is likely to have had. It is printed, so that the run can be had again.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a run takes something from outside"
)]
fn fresh_seed() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    (u64::from(now.subsec_nanos()) << 2 ^ now.as_secs()) & 0xffff_ffff
}
