//! `oasgate plan`: what would be sent, before anything is.

use std::{collections::BTreeMap, io::Write as _};

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::json;

use super::{
    Result,
    common::{Exit, configuration},
    spec::SpecArgs,
};
use crate::{
    contract::graph::{Graph, GraphFormat},
    gate::{self, LiveSettings, Methods},
};

/// Print the requests that a check would send, and why each exists
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  oasgate plan spec/api.yaml\n  oasgate plan spec/api.yaml --seed 8f3a21c0 --json > plan.ndjson"
)]
pub(super) struct Args {
    #[command(flatten)]
    spec: SpecArgs,
    /// The seed of everything that is generated
    #[arg(long, value_name = "HEX", default_value = "0", value_parser = crate::config::parse_seed)]
    seed: u64,
    /// Random requests for each operation
    #[arg(long, value_name = "N", default_value_t = 30)]
    cases: usize,
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

pub(super) fn run(args: &Args) -> Result {
    let contract = args.spec.load(&configuration(None)?)?;
    if let Some(format) = args.graph {
        let format = match format {
            Format::Dot => GraphFormat::Dot,
            Format::Mermaid => GraphFormat::Mermaid,
        };
        let text = Graph::of(&contract).to_text(&contract, format);
        std::io::stdout().lock().write_all(text.as_bytes())?;
        return Ok(Exit::Holds);
    }
    let base = super::generate::base();
    let settings = LiveSettings {
        seed: args.seed,
        random_cases: args.cases,
        methods: Methods::All,
        ..LiveSettings::new(base)
    };
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
                Some(why) => format!("nothing: {}", why.reason()),
                None => counts.join(", "),
            };
            writeln!(
                out,
                "{}  {} {}: {counts}",
                operation.id, operation.method, operation.path
            )?;
        }
        if !args.json && plan.left_out.is_none() {
            for part in &plan.unbreakable {
                writeln!(out, "    {part} admits no invalid value")?;
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
                writeln!(out, "{line}")?;
            } else {
                writeln!(
                    out,
                    "    {:<8} {} {target}  ({})",
                    case.phase.as_str(),
                    case.request.method,
                    case.why
                )?;
            }
        }
    }
    if !args.json {
        writeln!(out, "{}", crate::report::count(total, "request"))?;
    }
    out.flush()?;
    Ok(Exit::Holds)
}
