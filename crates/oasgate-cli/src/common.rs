//! What subcommands share: output, configuration, snapshots, reports, exit codes.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

use crate::config::{Config, ConfigError, FILE_NAME, UNWITNESSED, known_failure};
use oasgate::{
    amend,
    contract::{Contract, UnknownOperation},
    document::DocumentError,
    finding::Severity,
    gate::{Baseline, Listener, Outcome, Scope, Settings},
    recording::OpenError,
    report::{Colour, Detail, ReportError, ReportSpec, Terminal, harmless_text, visible},
    snapshot::{Mode, Redactor, RegressionWriting, Regressions, Store, StoreError},
    transport::Connection,
};

use crate::{
    baseline::{BaselineArgs, Known},
    complete,
    errors::{
        AuthError, DiffError, GenerateError, HeaderError, InitError, JoinError, KeptError,
        KnownError, OptionError, ReachError, RevisionError, SchemaError, SpecError, StartError,
        UnknownWord, UrlError,
    },
    exit::{Exit, Verdict},
    progress::Progress,
    spec::SpecArgs,
    wording::FLAGS,
};

/// Why a command could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Recording(#[from] OpenError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Operation(#[from] UnknownOperation),
    #[error(transparent)]
    Snapshot(#[from] StoreError),
    #[error(transparent)]
    Client(#[from] oasgate::transport::ClientError),
    #[error(transparent)]
    Join(#[from] JoinError),
    #[error(transparent)]
    Revision(#[from] RevisionError),
    #[error(transparent)]
    Kept(#[from] KeptError),
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Unknown(#[from] UnknownWord),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Reach(#[from] ReachError),
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error(transparent)]
    Known(#[from] KnownError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Init(#[from] InitError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Diff(#[from] DiffError),
    #[error(transparent)]
    Option(#[from] OptionError),
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    /// Any of these, said without the secrets that its words may repeat.
    #[error("{0}")]
    Redacted(String),
}

/// How things are shown.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// When colours are used; `NO_COLOR` is respected
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: When,
    /// Show notes and every operation
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// Show the last line alone
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

impl Output {
    pub(crate) fn colour(&self, stream_is_terminal: bool) -> Colour {
        let wanted = match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                stream_is_terminal
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        if wanted { Colour::Ansi } else { Colour::None }
    }

    pub(crate) fn detail(&self) -> Detail {
        match (self.verbose, self.quiet) {
            (true, _) => Detail::Verbose,
            (_, true) => Detail::Quiet,
            _ => Detail::Usual,
        }
    }
}

/// A base path as a user gives it, percent-encoded and without a slash at its end.
pub(crate) fn base_path(text: &str) -> Result<String, String> {
    if text.contains("://") {
        return Err("a base path is the part behind the host, such as /v2".to_owned());
    }
    if text.contains(['?', '#']) {
        return Err("a base path has no query and no fragment".to_owned());
    }
    let mut url = url::Url::parse("http://host").map_err(|error| error.to_string())?;
    url.set_path(text.trim_end_matches('/'));
    Ok(url.path().trim_end_matches('/').to_owned())
}

/// Writes a line that shows what a stranger wrote: one line, and no command of a CI system.
pub(crate) fn tell_line(out: &mut impl io::Write, text: &str) -> io::Result<()> {
    writeln!(out, "{}", harmless_text(&visible(text)))
}

/// Writes an error for a person, on standard error.
pub(crate) fn tell_error(error: &CliError, output: &Output) {
    let text = error.to_string();
    let word = match output.colour(io::stderr().is_terminal()) {
        Colour::Ansi => "\u{1b}[1;31merror\u{1b}[0m",
        Colour::None => "error",
    };
    let lines: Vec<_> = text.lines().map(visible).collect();
    // Nobody is left to tell when standard error itself is gone.
    let lines = lines.join("\n");
    let _ = writeln!(io::stderr(), "{word}: {}", harmless_text(&lines));
}

/// What every run against a contract is given.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    spec: SpecArgs,
    #[command(flatten)]
    outcome: OutcomeArgs,
}

/// What is done with the outcome of a run.
#[derive(Debug, Args)]
pub(crate) struct OutcomeArgs {
    /// The configuration [default: oasgate.toml, where it is there]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Write a report: html=PATH, or json, junit, sarif, github, gitlab, markdown, wfc; - is standard output; repeatable
    #[arg(long, value_name = "FORMAT=PATH", add = ArgValueCandidates::new(complete::reports))]
    report: Vec<ReportSpec>,
    /// Write an OpenAPI Overlay that would change the document so that it admits what was seen
    #[arg(long, value_name = "FILE")]
    suggest: Option<PathBuf>,
    /// Show what the document declares and nobody saw, with its lines
    #[arg(long)]
    witness: bool,
    /// What to do about snapshots of response shapes
    #[arg(long, value_name = "MODE", default_value = "auto")]
    snapshots: SnapshotMode,
    /// Warnings and worse fail the gate, or one rule does: `warning`, `unreached`; repeatable
    #[arg(long, value_name = "RULE", add = ArgValueCandidates::new(complete::failures))]
    fail_on: Vec<String>,
    #[command(flatten)]
    baseline: BaselineArgs,
}

/// Where the state of a run goes.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// Write the state of the run, which `oasgate merge` joins with those of other parts of it
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

impl StateArgs {
    /// Asks for the state of a run that is prepared.
    pub(crate) fn ask(&self, prepared: &mut Prepared) -> Result<(), CliError> {
        if let Some(path) = &self.state {
            oasgate::report::probe(path)?;
        }
        prepared.state.clone_from(&self.state);
        prepared.settings.keeps_state = self.state.is_some();
        Ok(())
    }
}

/// What is done about snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SnapshotMode {
    /// Where the folder of snapshots is: as `review`, and in CI as `check`; elsewhere as `off`
    Auto,
    /// Compare, and write what is new or drifted for review (`oasgate review`)
    Review,
    /// Compare and write nothing
    Check,
    /// Accept what is new or drifted
    Update,
    /// Leave snapshots alone
    Off,
}

/// What a run needs, read and checked before it begins.
pub(crate) struct Prepared {
    pub(crate) contract: Contract,
    pub(crate) config: Config,
    pub(crate) settings: Settings,
    pub(crate) snapshots: Option<Store>,
    pub(crate) regressions: Option<Regressions>,
    reports: Vec<ReportSpec>,
    state: Option<PathBuf>,
    suggest: Option<PathBuf>,
    witness: bool,
    fail_on: Vec<String>,
    baseline: Option<Known>,
    /// How far the run looks.
    pub(crate) scope: Scope,
}

impl RunArgs {
    pub(crate) fn prepare(&self) -> Result<Prepared, CliError> {
        let config = self.outcome.configuration()?;
        let contract = self.spec.load(&config)?;
        self.outcome
            .prepare(contract, config, &self.spec.to_string())
    }

    /// How connections are made, within the usual bounds.
    pub(crate) fn connection(&self, config: &Config) -> Result<Connection, CliError> {
        self.spec.reach.connection(config)
    }
}

impl OutcomeArgs {
    /// The configuration that was named, or the one that is there.
    pub(crate) fn configuration(&self) -> Result<Config, CliError> {
        configuration(self.config.as_deref())
    }

    /// Whether something is asked for that needs the document.
    pub(crate) fn needs_document(&self) -> bool {
        let Self {
            report,
            suggest,
            witness,
            fail_on,
            ..
        } = self;
        *witness || suggest.is_some() || !report.is_empty() || !fail_on.is_empty()
    }

    /// Reads and checks what is needed besides the document, whose name snapshots tell.
    pub(crate) fn prepare(
        &self,
        contract: Contract,
        config: Config,
        spec: &str,
    ) -> Result<Prepared, CliError> {
        probe_reports(&self.report)?;
        if let Some(path) = &self.suggest {
            oasgate::report::probe(path)?;
        }
        for rule in &self.fail_on {
            if let Err(hint) = known_failure(rule) {
                let word = rule.clone();
                return Err(UnknownWord::FailOn { word, hint }.into());
            }
        }
        let fail_on = match self.fail_on.as_slice() {
            [] => config.failures()?,
            typed => typed,
        }
        .to_vec();
        let settings = Settings {
            severities: config.severities(&contract)?,
            slow_after: config.slow_limit()?,
            hold_formats: config.hold_formats,
            keeps_state: false,
            wording: FLAGS,
        };
        Ok(Prepared {
            settings,
            baseline: self.baseline.read(&config)?,
            scope: Scope::default(),
            snapshots: self.store(&config, spec)?,
            regressions: self.regressions(&config),
            contract,
            config,
            reports: self.report.clone(),
            state: None,
            suggest: self.suggest.clone(),
            witness: self.witness,
            fail_on,
        })
    }

    /// What is done about snapshots: what was asked for, else what the place of the run suggests. A first
    /// run writes nothing that nobody asked for.
    fn snapshot_mode(&self, config: &Config) -> Mode {
        match self.snapshots {
            SnapshotMode::Off => Mode::Off,
            SnapshotMode::Check => Mode::Check,
            SnapshotMode::Update => Mode::Update,
            SnapshotMode::Review => Mode::Review,
            SnapshotMode::Auto if !config.wants_snapshots() => Mode::Off,
            SnapshotMode::Auto if is_in_ci() => Mode::Check,
            SnapshotMode::Auto => Mode::Review,
        }
    }

    /// Cases that failed are kept beside the snapshots, and written when these are.
    fn regressions(&self, config: &Config) -> Option<Regressions> {
        let writing = match self.snapshot_mode(config) {
            Mode::Off => return None,
            Mode::Check => RegressionWriting::Nothing,
            Mode::Update => RegressionWriting::Tidy,
            Mode::Review => RegressionWriting::Add,
        };
        Some(Regressions::below(&config.snapshot_folder(), writing))
    }

    fn store(&self, config: &Config, spec: &str) -> Result<Option<Store>, CliError> {
        let mode = self.snapshot_mode(config);
        if mode == Mode::Off {
            return Ok(None);
        }
        let redactor = Redactor::new(config.redactions()?);
        let store = Store::new(config.snapshot_folder(), mode, redactor, spec);
        Ok(Some(store.with_values_at(config.values_at()?)))
    }
}

/// What the named configuration says, or the one that is there.
pub(crate) fn configuration(named: Option<&Path>) -> Result<Config, CliError> {
    let config = match named {
        Some(path) => Config::load(path)?,
        None if Path::new(FILE_NAME).is_file() => Config::load(Path::new(FILE_NAME))?,
        None => Config::default(),
    };
    config.validate()?;
    Ok(config)
}

/// Whether all reports can be written, each to a place of its own.
pub(crate) fn probe_reports(reports: &[ReportSpec]) -> Result<(), CliError> {
    for report in reports {
        report.probe()?;
    }
    let to_standard_output = reports.iter().filter(|report| report.is_standard_output());
    if to_standard_output.count() > 1 {
        return Err(OptionError::StandardOutput.into());
    }
    Ok(())
}

fn is_in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}

impl Prepared {
    /// What is known and accepted before the run.
    pub(crate) fn known(&self) -> Baseline {
        let known = self.baseline.as_ref();
        known.map_or_else(Baseline::default, |known| known.baseline().clone())
    }

    /// Who listens to the run: progress on a terminal.
    pub(crate) fn listener(output: &Output) -> Box<dyn Listener> {
        if io::stderr().is_terminal() && output.detail() != Detail::Quiet {
            Box::new(Progress::new())
        } else {
            Box::new(())
        }
    }

    /// Writes the reports of a run and says how the program ends.
    pub(crate) fn finish(&self, mut outcome: Outcome, output: &Output) -> Result<Exit, CliError> {
        let mut failure = None;
        if let (Some(path), Some(state)) = (&self.state, &outcome.state)
            && let Err(error) = oasgate::report::write_atomically(path, &state.render())
        {
            failure.get_or_insert(CliError::from(error));
        }
        if let Some(known) = &self.baseline
            && let Err(error) = known.settle(&mut outcome, self.scope)
        {
            failure.get_or_insert(error);
        }
        let outcome = &outcome;
        let document = self.contract.document();
        for report in &self.reports {
            // One report that fails does not cost the others.
            if let Err(error) = report.write(outcome, document) {
                failure.get_or_insert(CliError::from(error));
            }
        }
        if let Some(path) = &self.suggest
            && let Err(error) = suggest(path, outcome, document)
        {
            failure.get_or_insert(error);
        }
        // Where a report takes standard output, people read standard error.
        let shown = if self.reports.iter().any(ReportSpec::is_standard_output) {
            let colour = output.colour(io::stderr().is_terminal());
            Terminal::new(io::stderr(), colour, output.detail()).write(outcome, document)
        } else {
            let colour = output.colour(io::stdout().is_terminal());
            Terminal::new(io::stdout(), colour, output.detail()).write(outcome, document)
        };
        if self.witness {
            let text = oasgate::report::unwitnessed(outcome, document);
            write!(anstream::stderr(), "{text}")?;
        }
        for rule in &self.fail_on {
            if let Some(reason) = unwitnessed(outcome, rule) {
                writeln!(
                    anstream::stderr(),
                    "{rule} fails: {reason} (--witness names them)"
                )?;
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        read_or_left(shown)?;
        Ok(self.exit(outcome))
    }

    fn exit(&self, outcome: &Outcome) -> Exit {
        let fails = |rule: &str| match rule {
            "warning" => outcome.findings.count(Severity::Warning) > 0,
            "note" => {
                outcome.findings.count(Severity::Warning) + outcome.findings.count(Severity::Note)
                    > 0
            }
            rule if rule.starts_with(UNWITNESSED) => unwitnessed(outcome, rule).is_some(),
            rule => outcome
                .findings
                .iter()
                .any(|finding| finding.rule.as_str() == rule),
        };
        let fails = !outcome.holds() || self.fail_on.iter().any(|rule| fails(rule));
        Exit::of_run(&outcome.end, Verdict::failing_if(fails))
    }
}

/// Why a gate fails on what nobody saw; `None` where it does not, and for a rule of another kind.
fn unwitnessed(outcome: &Outcome, rule: &str) -> Option<String> {
    let kind = rule.strip_prefix(UNWITNESSED)?;
    oasgate::report::unwitnessed_of(outcome, kind).unwrap_or_else(|error| Some(error.to_string()))
}

/// Writes the overlay that would answer findings, and says so.
fn suggest(
    path: &Path,
    outcome: &Outcome,
    document: &oasgate::document::Document,
) -> Result<(), CliError> {
    let answered = |operation: &str, status: u16| {
        let operation = outcome.operations.iter().find(|one| one.id == operation);
        operation
            .and_then(|one| one.statuses.get(&status))
            .copied()
            .unwrap_or_default()
    };
    let amendments = amend::amendments(&outcome.findings, document, &answered);
    match amend::overlay(&amendments, document) {
        Some(text) => {
            oasgate::report::write_atomically(path, text.as_bytes())?;
            let number = u64::try_from(amendments.len()).unwrap_or(u64::MAX);
            let what = oasgate::report::count(number, "suggested change");
            let answers = amendments.iter().flat_map(|one| &one.answers);
            let answers = answers.collect::<std::collections::HashSet<_>>().len();
            let all = u64::try_from(outcome.findings.len()).unwrap_or(u64::MAX);
            writeln!(
                anstream::stderr(),
                "{what} of the document for {answers} of {}: {}",
                oasgate::report::count(all, "finding"),
                path.display()
            )?;
        }
        None => writeln!(
            anstream::stderr(),
            "nothing to suggest: no finding is one that an overlay could answer; {} was not written",
            path.display()
        )?,
    }
    for (why, number) in amend::unanswered(&outcome.findings, document) {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        writeln!(
            anstream::stderr(),
            "no change is suggested for {}: {}",
            oasgate::report::count(number, "finding"),
            oasgate::report::visible(&why.to_string())
        )?;
    }
    Ok(())
}

/// What came of writing to a stream whose reader may have seen enough: one that went away, as `head` does,
/// is no failure.
pub(crate) fn read_or_left(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
