//! `oasgate replay`: recorded exchanges against the document.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::{
    Result,
    common::{Output, Prepared, RunArgs, StateArgs, base_path},
    interrupt,
};
use oasgate::{
    contract::HostPattern,
    gate::{self, Interrupt, Ranges, RecordingSource, Replay},
    recording::{self, Columns, RecordingPath},
};

/// Hold recorded exchanges against the document
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Recordings: HAR, VCR cassettes, NDJSON, Parquet, Arrow, mitmproxy, Postman, Pact, OTLP and others
    /// (docs/recordings.md), gzip or not; folders; - for standard input
    #[arg(value_name = "RECORDING", required = true)]
    recordings: Vec<PathBuf>,
    /// The base path of the recorded requests, in place of those of the document's servers
    #[arg(long, value_name = "PATH", value_parser = base_path)]
    base_path: Option<String>,
    /// A host of the service, such as api.test or localhost:8080, in place of those of the document's
    /// servers; exchanges with other hosts are passed over
    #[arg(long = "host", value_name = "NAME", value_parser = host)]
    hosts: Vec<HostPattern>,
    /// Read these entries of each recording alone, by number: 1-1000,2001-
    #[arg(long, value_name = "RANGES")]
    entries: Option<Ranges>,
    /// The columns of a Parquet file or an Arrow stream where they have other names, such as
    /// `url=http_url,status=code` (docs/recordings.md)
    #[arg(long, value_name = "NAME=COLUMN,...")]
    columns: Option<Columns>,
    #[command(flatten)]
    state: StateArgs,
    /// Threads that hold exchanges [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
}

fn host(text: &str) -> std::result::Result<HostPattern, String> {
    let is_name = !text.contains(['/', ' ', '?', '#', '{']);
    HostPattern::parse(text)
        .filter(|_| is_name)
        .ok_or_else(|| "a host is a name or an address, with or without a port".to_owned())
}

const EXAMPLES: &str = "\
Examples:
  oasgate replay spec/api.yaml recording.har
  oasgate replay spec/api.yaml cassettes/ --snapshots check --report junit=replay.xml
  oasgate replay spec/api.yaml monday.ndjson --state monday.state.json
  zcat traffic.ndjson.gz | oasgate replay spec/api.yaml -";

pub(crate) fn run(args: &Args, output: &Output) -> Result {
    let mut prepared = args.run.prepare()?;
    args.state.ask(&mut prepared)?;
    let sources: Vec<RecordingSource> = recording::files(&args.recordings)?
        .into_iter()
        .map(|file| match file {
            RecordingPath::Named(path) if path.as_os_str() == "-" => RecordingSource::StandardInput,
            RecordingPath::Named(path) => RecordingSource::File(path),
            RecordingPath::Found(path) => RecordingSource::InFolder(path),
        })
        .collect();
    let interrupt = Interrupt::of(&prepared.contract);
    interrupt::end_by(&interrupt);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Replay {
        settings: prepared.settings.clone(),
        base_path: args.base_path.clone(),
        hosts: args.hosts.clone(),
        entries: args.entries.clone(),
        columns: args.columns.clone().unwrap_or_default(),
        workers: args.workers.map_or(cores, usize::from),
    };
    let mut listener = Prepared::listener(output);
    let snapshots = prepared.snapshots.take();
    let outcome = gate::replay(
        &prepared.contract,
        &sources,
        &options,
        snapshots,
        listener.as_mut(),
        &interrupt,
    )?;
    prepared.finish(outcome, output)
}
