//! `oasgate plan`: what would be sent, before anything is.

use std::{collections::BTreeMap, io::Write as _, path::PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::json;

use crate::config::{Config, parse_seed};
use crate::{
    Result,
    common::{CliError, configuration, tell_line},
    exit::Exit,
    spec::SpecArgs,
    wording::FLAGS,
};
use oasgate::{
    contract::{
        Contract,
        graph::{Graph, GraphFormat},
    },
    gate::{self, Credential, Credentials, LiveSettings, Methods, NamedCredential, Sequence, Step},
    report::{count, harmless_json, harmless_text},
};

/// How many parts of an operation that are not tried whole are named.
const MAX_NAMED: usize = 10;

/// Print the requests that a check would send, and why each exists
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  oasgate plan spec/api.yaml\n  oasgate plan spec/api.yaml --seed 8f3a21c0 --json > plan.ndjson"
)]
pub(crate) struct Args {
    #[command(flatten)]
    spec: SpecArgs,
    /// The seed of everything that is generated [default: 0]
    #[arg(long, value_name = "HEX", value_parser = parse_seed)]
    seed: Option<u64>,
    /// Random requests for each operation [default: 30]
    #[arg(long, value_name = "N")]
    cases: Option<usize>,
    /// How many things of each kind sequences make, read, change and delete [default: 2]
    #[arg(long, value_name = "N")]
    sequences: Option<usize>,
    /// The most requests that the check would send; of many more no more is planned [default: 10000]
    #[arg(long, value_name = "N")]
    max_requests: Option<u64>,
    /// The configuration [default: oasgate.toml, where it is there]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// One JSON object for each request
    #[arg(long)]
    json: bool,
    /// Print which operations make the values that others need, and no request
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    graph: Option<Format>,
}

/// How the graph is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For Graphviz: `oasgate plan spec.yaml --graph dot | dot -Tsvg`
    Dot,
    /// For Markdown
    Mermaid,
}

pub(crate) fn run(args: &Args) -> Result {
    let config = configuration(args.config.as_deref())?;
    let contract = args.spec.load(&config)?;
    if let Some(format) = args.graph {
        let format = match format {
            Format::Dot => GraphFormat::Dot,
            Format::Mermaid => GraphFormat::Mermaid,
        };
        let text = Graph::of(&contract).to_text(&contract, format);
        std::io::stdout()
            .lock()
            .write_all(harmless_text(&text).as_bytes())?;
        return Ok(Exit::Holds);
    }
    let settings = settings(args, &config, &contract)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut total = 0_u64;
    for plan in gate::plan(&contract, &settings) {
        let operation = &plan.operation;
        if !args.json {
            let mut phases: BTreeMap<_, usize> = BTreeMap::new();
            for case in &plan.cases {
                *phases.entry(case.phase).or_default() += 1;
            }
            let counts: Vec<_> = phases
                .iter()
                .map(|(phase, count)| format!("{count} {phase}"))
                .collect();
            let counts = match &plan.left_out {
                Some(why) => format!("nothing: {}", why.reason(FLAGS)),
                None => counts.join(", "),
            };
            let line = format!(
                "{}  {} {}: {counts}",
                operation.id, operation.method, operation.path
            );
            tell_line(&mut out, &line)?;
        }
        if !args.json && plan.left_out.is_none() {
            for part in &plan.unbreakable {
                tell_line(&mut out, &format!("    {part} admits no invalid value"))?;
            }
            for part in plan.cut_short.iter().take(MAX_NAMED) {
                let line =
                    format!("    {part}: some values at its edges cost too much, and are left out");
                tell_line(&mut out, &line)?;
            }
            if let Some(more) = plan
                .cut_short
                .len()
                .checked_sub(MAX_NAMED)
                .filter(|more| *more > 0)
            {
                let line = format!("    {more} more parts: values at their edges are left out");
                tell_line(&mut out, &line)?;
            }
        }
        for case in &plan.cases {
            total += 1;
            let target = &case.request.url[url::Position::BeforePath..];
            if args.json {
                let line = json!({
                    "operation": operation.id.as_str(),
                    "phase": case.phase.as_str(),
                    "why": case.why,
                    "breaks": case.breaks.as_ref().map(ToString::to_string),
                    "method": case.request.method.as_str(),
                    "target": target,
                });
                writeln!(out, "{}", harmless_json(&line.to_string()))?;
            } else {
                let line = format!(
                    "    {:<8} {} {target}  ({})",
                    case.phase.as_str(),
                    case.request.method,
                    case.why
                );
                tell_line(&mut out, &line)?;
            }
        }
    }
    out.flush()?;
    let mut of_sequences = 0_u64;
    for sequence in gate::sequences(&contract, &settings) {
        of_sequences += sequence.requests() as u64;
        if args.json {
            for step in &sequence.steps {
                let line = json_step(&sequence, step).to_string();
                writeln!(out, "{}", harmless_json(&line))?;
            }
        } else {
            write_sequence(&mut out, &sequence)?;
        }
    }
    if !args.json {
        if of_sequences >= settings.max_requests {
            let line = "sequences that would follow are left out: no request is left for them (use --max-requests)";
            tell_line(&mut out, line)?;
        }
        let all = count(total + of_sequences, "request");
        match of_sequences {
            0 => writeln!(out, "{all}")?,
            _ => writeln!(
                out,
                "{all}, of these {of_sequences} in sequences where all is answered"
            )?,
        }
    }
    out.flush()?;
    Ok(Exit::Holds)
}

/// What a check of a service at any place would be told, as far as the configuration says it.
fn settings(
    args: &Args,
    config: &Config,
    contract: &Contract,
) -> std::result::Result<LiveSettings, CliError> {
    config.fits(contract)?;
    let usual = config.settle(LiveSettings::new(gate::base_of(None)))?;
    let mut credentials = Credentials::default();
    // What proves who they are is not needed to say what they would be asked to do.
    credentials.others = config
        .credentials
        .keys()
        .map(|name| NamedCredential {
            name: name.clone(),
            credential: Credential::default(),
        })
        .collect();
    Ok(LiveSettings {
        seed: args.seed.or(config.seed()?).unwrap_or(0),
        random_cases: args.cases.unwrap_or(usual.random_cases),
        sequences: args.sequences.unwrap_or(usual.sequences),
        max_requests: args.max_requests.unwrap_or(usual.max_requests),
        methods: Methods::All,
        parameters: config.parameter_values(),
        excluded: config.excluded(contract)?,
        polling: config.polling_rules(contract)?,
        credentials,
        ..usual
    })
}

fn json_step(sequence: &Sequence, step: &Step) -> serde_json::Value {
    json!({
        "operation": step.operation.id.as_str(),
        "phase": "sequences",
        "why": step.why,
        "breaks": null,
        "method": step.operation.method.as_str(),
        "target": step.operation.path.as_str(),
        "sequence": sequence.about,
        "times": if step.is_repeated { sequence.times } else { 1 },
        "asker": step.asker,
    })
}

fn write_sequence(out: &mut impl std::io::Write, sequence: &Sequence) -> std::io::Result<()> {
    let requests = count(sequence.requests() as u64, "request");
    tell_line(out, &format!("{}  a sequence: {requests}", sequence.about))?;
    for step in &sequence.steps {
        let times = match sequence.times {
            times if step.is_repeated && times > 1 => format!(", {times} times"),
            _ => String::new(),
        };
        let asker = match &step.asker {
            Some(name) => format!(", as {name}"),
            None => String::new(),
        };
        let operation = &step.operation;
        let line = format!(
            "    {:<8} {} {}  ({}{asker}{times})",
            "sequence", operation.method, operation.path, step.why
        );
        tell_line(out, &line)?;
    }
    Ok(())
}
