//! `oasgate diff`: what changed between two documents.

use std::{
    collections::HashSet,
    io::{self, IsTerminal as _},
    path::PathBuf,
    time::Instant,
};

use clap::Args as ClapArgs;
use clap_complete::engine::ArgValueCandidates;

use crate::{
    Result,
    baseline::BaselineArgs,
    common::{CliError, Output, configuration, probe_reports, tell_line},
    complete,
    connection::{ReachArgs, ReferenceArgs},
    errors::{DiffError, UnknownWord},
    exit::Exit,
    revision,
    wording::FLAGS,
};
use oasgate::{
    check,
    contract::Contract,
    did_you_mean::hint,
    diff::{self, Change, Comparison, Lens, Traffic, Verdict},
    finding::{Finding, Severity},
    gate::{self, Scope, Settings, Severities, SeverityRule},
    recording::{self, RecordingPath},
    report::{self, Changes, ReportSpec},
};

/// Tell what changed between two documents, with a proof or an instance for each change
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The old and the new document: files, URLs or git:REVISION:PATH; the new one alone with --base
    #[arg(value_name = "DOCUMENT", num_args = 1..=2, required = true)]
    documents: Vec<String>,
    /// The revision of this repository that holds the old document
    #[arg(long, value_name = "REVISION")]
    base: Option<String>,
    /// Count every value that a schema allows, declared or not
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    references: ReferenceArgs,
    #[command(flatten)]
    reach: ReachArgs,
    /// The configuration [default: oasgate.toml, where it is there]
    #[arg(long, value_name = "PATH", help_heading = "Options")]
    config: Option<PathBuf>,
    /// Write a report: json=PATH, or html, junit, sarif, github, markdown; - is standard output; repeatable
    #[arg(long, value_name = "FORMAT=PATH", help_heading = "Options", add = ArgValueCandidates::new(complete::reports))]
    report: Vec<ReportSpec>,
    /// What fails besides breaking changes: `warning`, `unknown`, or a rule; repeatable
    #[arg(long, value_name = "WHAT", help_heading = "Options")]
    fail_on: Vec<String>,
    /// Recordings of the service, files or folders: which exchanges would break; repeatable
    #[arg(long, value_name = "RECORDING", help_heading = "Options")]
    against: Vec<PathBuf>,
    #[command(flatten)]
    baseline: BaselineArgs,
}

const EXAMPLES: &str = "\
Examples:
  oasgate diff old.yaml new.yaml
  oasgate diff --base main spec/api.yaml
  oasgate diff git:v1.2.0:spec/api.yaml spec/api.yaml --report markdown=CHANGES.md
  oasgate diff old.yaml new.yaml --fail-on unknown --report json=-
  oasgate diff --base main spec/api.yaml --against recordings/

Exit codes: 0 nothing breaks, 1 something breaks, 2 it could not run.";

pub(crate) fn run(args: &Args, output: &Output) -> Result {
    let started = Instant::now();
    let config = configuration(args.config.as_deref())?;
    probe_reports(&args.report)?;
    known_words(&args.fail_on)?;
    let (old, new) = sources(args)?;
    let read = |source: &revision::Source| source.load(&args.references, &args.reach, &config);
    let (old, new) = (read(&old)?, read(&new)?);
    let known = args.baseline.read(&config)?;
    let lens = if args.strict {
        Lens::Strict
    } else {
        Lens::Declared
    };
    let mut comparison = diff::compare(&old, &new, lens);
    let mut severities = config.severities_of(&[&old, &new])?;
    let mut excluded = config.excluded_of(&[&old, &new])?;
    by_old_ids(&comparison.renamed, &mut severities, &mut excluded);
    configured(&mut comparison, &severities, &excluded);
    let mut failure = None;
    let mut notices = Vec::new();
    if !args.against.is_empty() {
        notices = against(&args.against, &old, &new, &mut comparison)?;
        comparison.unread = std::mem::take(&mut comparison.unread)
            .into_iter()
            .filter_map(|finding| severities.apply(finding))
            .collect();
        if comparison.concerned.is_some_and(|seen| seen.read == 0) {
            failure = Some(DiffError::NothingRead.into());
        }
    }
    comparison.elapsed = started.elapsed();
    let changed = comparison.changes.iter().map(Change::finding);
    let findings = changed.chain(comparison.unread.iter().cloned()).collect();
    let mut outcome = {
        let settings = Settings {
            wording: FLAGS,
            ..Settings::default()
        };
        gate::lint_outcome(&new, findings, &settings, started.elapsed())
    };
    outcome.notices.clone_from(&notices);
    if let Some(known) = &known
        && let Err(error) = known.settle(&mut outcome, Scope::default())
    {
        failure.get_or_insert(error);
    }
    let fresh: HashSet<String> = outcome
        .findings
        .iter()
        .map(|finding| finding.fingerprint().to_string())
        .collect();
    let changed = comparison.changes.iter().map(Change::finding);
    let accepted = changed
        .chain(comparison.unread.iter().cloned())
        .map(|finding| finding.fingerprint().to_string())
        .filter(|fingerprint| !fresh.contains(fingerprint))
        .collect();
    let changes = Changes {
        old: &old,
        new: &new,
        comparison: &comparison,
        lens,
        known: accepted,
    };
    for report in &args.report {
        // One report that fails does not cost the others.
        if let Err(error) = changes.write(report, &outcome) {
            failure.get_or_insert(error.into());
        }
    }
    // Where a report takes standard output, people read standard error.
    if args.report.iter().any(ReportSpec::is_standard_output) {
        let colour = output.colour(io::stderr().is_terminal());
        report::changes_terminal(&mut io::stderr(), &changes, colour, output.detail())?;
    } else {
        let colour = output.colour(io::stdout().is_terminal());
        report::changes_terminal(&mut io::stdout(), &changes, colour, output.detail())?;
    }
    for notice in &notices {
        tell_line(&mut io::stderr(), &format!("note: {notice}"))?;
    }
    if let Some(error) = failure {
        return Err(error);
    }
    let mut unread = changes.unread();
    let fails = changes.fresh().any(|change| fails(change, &args.fail_on))
        || unread.any(|finding| fails_unread(finding, &args.fail_on));
    Ok(if fails { Exit::Findings } else { Exit::Holds })
}

/// Counts the recorded exchanges that breaking changes concern; answers which files of folders were passed over.
fn against(
    recordings: &[PathBuf],
    old: &Contract,
    new: &Contract,
    comparison: &mut Comparison,
) -> std::result::Result<Vec<String>, CliError> {
    let mut passed_over = Vec::new();
    let mut traffic = Traffic::new(old, new, comparison);
    for file in recording::files(recordings)? {
        let opened = match &file {
            RecordingPath::Named(path) if path.as_os_str() == "-" => {
                recording::read("standard input", io::stdin())
            }
            RecordingPath::Named(path) => recording::open(path),
            // A folder may hold other files too.
            RecordingPath::Found(path) => match recording::open(path) {
                Ok(reader) => Ok(reader),
                Err(error) => {
                    passed_over.push(error.to_string());
                    continue;
                }
            },
        };
        for entry in opened? {
            match entry.and_then(|entry| entry.exchange()) {
                Ok(exchange) => traffic.look(&exchange, comparison),
                Err(error) => traffic.unread(&error.file, error.to_string()),
            }
        }
    }
    traffic.settle(comparison);
    Ok(passed_over)
}

/// The old and the new document.
fn sources(args: &Args) -> std::result::Result<(revision::Source, revision::Source), CliError> {
    match (args.documents.as_slice(), &args.base) {
        ([new], Some(base)) => Ok((
            revision::Source::at(base, new),
            revision::Source::parse(new)?,
        )),
        ([old, new], None) => Ok((revision::Source::parse(old)?, revision::Source::parse(new)?)),
        (_, Some(_)) => Err(DiffError::BaseAndPair.into()),
        (_, None) => Err(DiffError::NoPair.into()),
    }
}

/// The words of `--fail-on` besides rules.
const LEVELS: [&str; 3] = ["breaking", "warning", "unknown"];

fn known_words(words: &[String]) -> std::result::Result<(), UnknownWord> {
    for word in words {
        let rules = || {
            diff::rules()
                .map(|rule| rule.id)
                .chain([check::UNREAD_ENTRY])
        };
        let known = || LEVELS.into_iter().chain(rules());
        if !known().any(|one| one == word) {
            let (word, hint) = (word.clone(), hint(word, known()));
            return Err(UnknownWord::FailOnChange { word, hint });
        }
    }
    Ok(())
}

/// What the configuration says of an operation by its new id, or because of what the new document says of it, holds for
/// its old id too, under which changes name it.
fn by_old_ids(renamed: &[[String; 2]], severities: &mut Severities, excluded: &mut Vec<String>) {
    let of = |new: &str| {
        let both = renamed.iter().find(|[_, id]| id == new)?;
        Some(both[0].clone())
    };
    let old: Vec<String> = excluded.iter().filter_map(|id| of(id)).collect();
    excluded.extend(old);
    let rules = std::mem::take(&mut severities.0).into_iter();
    severities.0 = rules
        .flat_map(|rule| {
            let old = rule.operation.as_deref().and_then(of);
            let under_old = old.map(|id| SeverityRule {
                operation: Some(id),
                ..rule.clone()
            });
            [Some(rule), under_old]
        })
        .flatten()
        .collect();
}

/// Gives changes the severities of the configuration, and takes out what is excluded.
fn configured(comparison: &mut Comparison, severities: &Severities, excluded: &[String]) {
    comparison.changes.retain_mut(|change| {
        let severity = |operation: Option<&String>| {
            let mut finding = change.finding();
            finding.operation = operation.cloned();
            Some(severities.apply(finding)?.severity)
        };
        // What is about no operation at all is never excluded.
        if change.operations.is_empty() {
            let own = severity(None);
            change.severity = own.unwrap_or(change.severity);
            return own.is_some();
        }
        // Operations may differ in what they are given: the gravest holds.
        let mut reached: Vec<(String, Severity)> = Vec::new();
        for operation in &change.operations {
            if !excluded.contains(operation)
                && let Some(severity) = severity(Some(operation))
            {
                reached.push((operation.clone(), severity));
            }
        }
        let gravest = reached.iter().map(|(_, severity)| *severity).max();
        change.operations = reached
            .into_iter()
            .map(|(operation, _)| operation)
            .collect();
        change.severity = gravest.unwrap_or(change.severity);
        gravest.is_some()
    });
}

fn fails_unread(finding: &Finding, fail_on: &[String]) -> bool {
    finding.severity == Severity::Error
        || fail_on.iter().any(|word| match word.as_str() {
            "warning" => finding.severity >= Severity::Warning,
            rule => finding.rule.as_str() == rule,
        })
}

fn fails(change: &Change, fail_on: &[String]) -> bool {
    change.severity == Severity::Error
        || fail_on.iter().any(|word| match word.as_str() {
            "breaking" => change.verdict == Verdict::Breaking,
            "warning" => change.severity >= Severity::Warning,
            "unknown" => change.verdict == Verdict::Undecided,
            rule => change.rule.as_str() == rule,
        })
}
