//! `oasgate generate`: requests, or responses, as NDJSON.

use std::io::Write as _;

use clap::Args as ClapArgs;
use clap_complete::engine::ArgValueCandidates;
use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    Result,
    common::configuration,
    complete,
    errors::{GenerateError, UnknownWord},
    exit::Exit,
    spec::SpecArgs,
};
use oasgate::{
    did_you_mean::hint,
    exchange::curl,
    gate::{self, LiveSettings, Methods, Phase},
    generate::{self, Generator},
    report::harmless_json,
};

/// Print generated requests or responses of an operation, one JSON object a line
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    spec: SpecArgs,
    /// The operation, by its id
    #[arg(value_name = "OPERATION", add = ArgValueCandidates::new(complete::operations))]
    operation: String,
    /// Requests, or bodies, that break one rule each
    #[arg(long)]
    invalid: bool,
    /// Bodies of this response in place of requests
    #[arg(long, value_name = "STATUS")]
    response: Option<u16>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 10)]
    count: usize,
    /// The seed: the same one gives the same bytes
    #[arg(long, value_name = "HEX", default_value = "0", value_parser = crate::config::parse_seed)]
    seed: u64,
}

const EXAMPLES: &str = "\
Examples:
  oasgate generate spec/api.yaml getDataExport --count 3
  oasgate generate spec/api.yaml getDataExport --invalid
  oasgate generate spec/api.yaml getDataExport --response 200 --seed 8f3a21c0";

pub(crate) fn run(args: &Args) -> Result {
    let contract = args.spec.load(&configuration(None)?)?;
    let Ok(operation) = contract.operation(&args.operation) else {
        let known = contract.operations().iter().map(|one| one.id.as_str());
        let hint = hint(&args.operation, known);
        let (spec, word) = (args.spec.to_string(), args.operation.clone());
        return Err(UnknownWord::Operation { spec, word, hint }.into());
    };
    let mut lines = Vec::new();
    if let Some(status) = args.response {
        let declared = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| operation.responses.get(status))
            .ok_or_else(|| GenerateError::Undeclared {
                operation: operation.id.clone(),
                status,
            })?;
        let media_type = declared
            .content
            .media_types
            .iter()
            .find(|media_type| media_type.schema.is_some());
        let Some((media_type, schema)) =
            media_type.and_then(|media_type| Some((media_type, media_type.schema.as_ref()?)))
        else {
            let operation = operation.id.clone();
            return Err(GenerateError::NoSchema { operation, status }.into());
        };
        let mut generator = Generator::new(args.seed, &[operation.id.as_str(), "response"]);
        let mut tell = |body: Value, breaks: Option<String>| {
            lines.push(json!({
                "status": status,
                "content_type": media_type.range.as_str(),
                "body": body,
                "breaks": breaks,
            }));
        };
        let strategy = generate::valid(schema);
        if args.invalid {
            for mutation in generate::mutations(schema, &strategy, args.count, &mut generator) {
                let rule = mutation.to_string();
                tell(mutation.value, Some(rule));
            }
        } else {
            for _ in 0..args.count {
                if let Some(body) = generator.draw(&strategy) {
                    tell(body, None);
                }
            }
        }
    } else {
        let settings = LiveSettings {
            seed: args.seed,
            random_cases: args.count,
            edge_cases: args.count,
            methods: Methods::All,
            only: vec![operation.id.to_string()],
            phases: if args.invalid {
                vec![Phase::Invalid]
            } else {
                vec![Phase::Examples, Phase::Edges, Phase::Random]
            },
            ..LiveSettings::new(gate::base_of(None))
        };
        for case in gate::plan(&contract, &settings).flat_map(|plan| plan.cases) {
            lines.push(json!({
                "method": case.request.method.as_str(),
                "url": case.request.url.as_str(),
                "body": String::from_utf8_lossy(case.request.body.bytes()),
                "phase": case.phase.as_str(),
                "breaks": args.invalid.then_some(&case.why),
                "why": case.why,
                "curl": curl(&case.request),
            }));
        }
        if args.invalid && lines.is_empty() {
            return Err(GenerateError::NothingInvalid(operation.id.clone()).into());
        }
    }
    let mut out = std::io::stdout().lock();
    for line in lines.iter().take(args.count) {
        writeln!(out, "{}", harmless_json(&line.to_string()))?;
    }
    Ok(Exit::Holds)
}
