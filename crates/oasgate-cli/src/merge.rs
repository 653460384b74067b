//! `oasgate merge`: what several runs came to, as one.

use std::{
    collections::{HashMap, hash_map::Entry},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::Args as ClapArgs;

use crate::{
    Result, bounded,
    common::{OutcomeArgs, Output, Prepared},
    connection::{ReachArgs, ReferenceArgs},
    errors::JoinError,
    exit::{Exit, Verdict},
    spec,
};
use oasgate::{
    finding::Severity,
    gate::{self, State, StateError},
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
    let paths = files(&args.files)?;
    let first = paths.first().map(|path| read(path)).transpose()?;
    if first.is_some_and(|bytes| State::is_written_in(&bytes)) {
        return states_of(args, &paths, output);
    }
    let files = paths
        .iter()
        .map(|path| Ok((path.display().to_string(), read(path)?)))
        .collect::<std::result::Result<Vec<_>, JoinError>>()?;
    if files.iter().any(|(_, bytes)| State::is_written_in(bytes)) {
        return Err(JoinError::Mixed.into());
    }
    reports(args, &files)
}

fn read(path: &Path) -> std::result::Result<Vec<u8>, JoinError> {
    bounded::read(path, bounded::MADE).map_err(|error| JoinError::Unreadable {
        path: path.to_owned(),
        error,
    })
}

/// Each path as it is; a folder as the files in it that end with `.json`, by name.
fn files(paths: &[PathBuf]) -> std::result::Result<Vec<PathBuf>, JoinError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        let unreadable = |error| JoinError::Unreadable {
            path: path.clone(),
            error,
        };
        for entry in path.read_dir().map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let name = file.file_name().unwrap_or_default();
            let is_hidden = name.to_string_lossy().starts_with('.');
            if !is_hidden && file.extension().is_some_and(|ending| ending == "json") {
                files.push(file);
            }
        }
        if files.len() == before {
            return Err(JoinError::EmptyFolder(path.clone()));
        }
        files[before..].sort();
    }
    Ok(files)
}

/// The state of all that many have read, one in memory at a time: an engine has thousands of partitions.
fn joined(paths: &[PathBuf]) -> std::result::Result<State, JoinError> {
    let parsed = |path: &Path| {
        let bytes = read(path)?;
        State::parse(&bytes).map_err(|error| {
            if State::is_written_in(&bytes) || !is_json(&bytes) {
                JoinError::NoState {
                    path: path.to_owned(),
                    error,
                }
            } else {
                JoinError::Mixed
            }
        })
    };
    // What each has read, so that one that is there twice counts once.
    let mut known: HashMap<String, &Path> = HashMap::new();
    let mut whole: Option<State> = None;
    for path in paths {
        let state = parsed(path)?;
        let inputs = serde_json::to_string(&state.inputs).unwrap_or_default();
        match known.entry(inputs) {
            Entry::Occupied(twin) => {
                parsed(twin.get())?.merge(state)?;
                continue;
            }
            Entry::Vacant(place) => place.insert(path),
        };
        whole = Some(match whole.take() {
            None => state,
            Some(whole) => whole.merge(state)?,
        });
    }
    whole.ok_or(JoinError::State(StateError::Nothing))
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

fn states_of(args: &Args, paths: &[PathBuf], output: &Output) -> Result {
    let state = joined(paths)?;
    if args.spec.is_none() && args.outcome.needs_document() {
        return Err(JoinError::NoDocument.into());
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
        return Err(JoinError::OtherDocument(spec.to_owned()).into());
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
        return Err(JoinError::NotJson.into());
    }
    let merged = merge(files).map_err(JoinError::from)?;
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
