//! `oasgate merge`: what several runs came to, as one.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::Args as ClapArgs;

use crate::{
    Result,
    common::{CliError, OutcomeArgs, Output, Prepared},
    connection::{ReachArgs, ReferenceArgs},
    exit::{Exit, Verdict},
    spec,
};
use oasgate::{
    finding::Severity,
    gate::{self, State},
    report::{count, harmless_json, merge, write_atomically},
};

/// Join the states of several runs, such as shards or parts of a recording, or their JSON reports
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files that were written with --state FILE, or with --report json=PATH; folders with such files (.json)
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Where the joined state or report goes; - is standard output
    #[arg(long, short, value_name = "PATH")]
    out: Option<PathBuf>,
    /// The document, to report what the joined states come to
    #[arg(long, value_name = "SPEC")]
    spec: Option<PathBuf>,
    #[command(flatten)]
    references: ReferenceArgs,
    /// Apply an OpenAPI Overlay to the document; repeatable, in this order
    #[arg(long, value_name = "FILE", requires = "spec")]
    overlay: Vec<PathBuf>,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    outcome: OutcomeArgs,
}

const EXAMPLES: &str = "\
Examples:
  oasgate replay spec/api.yaml monday.har --state 1.json
  oasgate replay spec/api.yaml tuesday.har --state 2.json
  oasgate merge 1.json 2.json --out state.json
  oasgate merge 1.json 2.json --spec spec/api.yaml --report html=report.html
  oasgate merge states/ --spec spec/api.yaml
  oasgate check spec/api.yaml --url \"$URL\" --shard 1/2 --report json=1.json
  oasgate check spec/api.yaml --url \"$URL\" --shard 2/2 --report json=2.json
  oasgate merge 1.json 2.json --out report.json

The exit code is that of the joined run. States that have read the same entries twice are refused.";

pub(crate) fn run(args: &Args, output: &Output) -> Result {
    let files = files(&args.files)?
        .iter()
        .map(|path| {
            let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
            Ok((path.display().to_string(), bytes))
        })
        .collect::<std::result::Result<Vec<_>, CliError>>()?;
    let states = files
        .iter()
        .filter(|(_, bytes)| State::is_written_in(bytes));
    match states.count() {
        0 => reports(args, &files),
        number if number == files.len() => states_of(args, &files, output),
        _ => Err(CliError::Usage(
            "some of the files are states and some are reports; join each kind for itself"
                .to_owned(),
        )),
    }
}

/// Each path as it is; a folder as the files in it that end with `.json`, by name.
fn files(paths: &[PathBuf]) -> std::result::Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for entry in path.read_dir().map_err(|error| unreadable(path, &error))? {
            let file = entry.map_err(|error| unreadable(path, &error))?.path();
            let name = file.file_name().unwrap_or_default();
            let is_hidden = name.to_string_lossy().starts_with('.');
            if !is_hidden && file.extension().is_some_and(|ending| ending == "json") {
                files.push(file);
            }
        }
        if files.len() == before {
            return Err(CliError::Usage(format!(
                "there is no file in {} that ends with .json",
                path.display()
            )));
        }
        files[before..].sort();
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> CliError {
    CliError::Usage(format!("cannot read {}: {error}", path.display()))
}

fn states_of(args: &Args, files: &[(String, Vec<u8>)], output: &Output) -> Result {
    let states = files
        .iter()
        .map(|(name, bytes)| {
            State::parse(bytes).map_err(|error| CliError::Usage(format!("{name}: {error}")))
        })
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let state = State::merge_all(states).map_err(|error| CliError::Usage(error.to_string()))?;
    if args.spec.is_none() && args.outcome.needs_document() {
        return Err(CliError::Usage(
            "reports need the document: name it with --spec".to_owned(),
        ));
    }
    match (&args.out, &args.spec) {
        (Some(path), _) => write_atomically(path, &state.render())?,
        (None, None) => write_atomically(Path::new("-"), &state.render())?,
        (None, Some(_)) => {}
    }
    match &args.spec {
        Some(spec) => report(args, spec, state, output),
        None => Ok(exit_of(&state)),
    }
}

/// Tells what a state comes to, as the whole run would have.
fn report(args: &Args, spec: &Path, state: State, output: &Output) -> Result {
    let config = args.outcome.configuration()?;
    let contract = spec::load(spec, &args.overlay, &args.references, &args.reach, &config)?;
    if gate::digest(&contract) != state.document {
        return Err(CliError::Usage(format!(
            "the states are about another document than {}",
            spec.display()
        )));
    }
    let mut prepared = (args.outcome).prepare(contract, config, &spec.display().to_string())?;
    let mut listener = Prepared::listener(output);
    let snapshots = prepared.snapshots.take();
    let outcome = gate::outcome_of(
        &prepared.contract,
        state,
        &prepared.settings,
        snapshots,
        std::time::Duration::ZERO,
        listener.as_mut(),
    );
    prepared.finish(outcome, output)
}

/// What can be said without the document: not what snapshots come to.
fn exit_of(state: &State) -> Exit {
    let account = state.account();
    let fails = account.is_some_and(|account| account.findings.count(Severity::Error) > 0);
    Exit::of_run(&state.end, Verdict::failing_if(fails))
}

fn reports(args: &Args, files: &[(String, Vec<u8>)]) -> Result {
    if args.spec.is_some() || args.outcome.needs_document() {
        return Err(CliError::Usage(
            "JSON reports are joined to a JSON report; other reports are made of states (--state)"
                .to_owned(),
        ));
    }
    let merged = merge(files).map_err(|error| CliError::Usage(error.to_string()))?;
    let text = harmless_json(&format!("{:#}\n", merged.report));
    let out = args.out.as_deref().unwrap_or_else(|| Path::new("-"));
    write_atomically(out, text.as_bytes())?;
    if out.as_os_str() != "-" {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        writeln!(
            io::stdout(),
            "{} joined: {}, {}",
            count(number(files.len()), "report"),
            count(number(merged.errors), "error"),
            count(number(merged.warnings), "warning")
        )?;
    }
    let verdict = Verdict::failing_if(merged.errors > 0);
    Ok(Exit::of_joined(merged.end, verdict))
}
