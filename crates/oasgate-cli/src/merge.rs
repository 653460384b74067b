//! `oasgate merge`: the JSON reports of several runs as one.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::{
    Result,
    common::{CliError, Exit},
};
use oasgate::report::{JoinedEnd, count, merge, write_atomically};

/// Join the JSON reports of several runs, such as shards, into one
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Reports that were written with --report json=PATH
    #[arg(value_name = "REPORT", required = true)]
    reports: Vec<PathBuf>,
    /// Where the joined report goes; - is standard output
    #[arg(long, short, value_name = "PATH", default_value = "-")]
    out: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  oasgate check spec/api.yaml --url \"$URL\" --shard 1/2 --report json=1.json
  oasgate check spec/api.yaml --url \"$URL\" --shard 2/2 --report json=2.json
  oasgate merge 1.json 2.json --out report.json

The exit code is that of the joined run.";

pub(crate) fn run(args: &Args) -> Result {
    let reports = args
        .reports
        .iter()
        .map(|path| {
            let name = path.display().to_string();
            let bytes = std::fs::read(path).map_err(|error| {
                CliError::Usage(format!("cannot read the report {name}: {error}"))
            })?;
            Ok((name, bytes))
        })
        .collect::<std::result::Result<Vec<_>, CliError>>()?;
    let merged = merge(&reports).map_err(|error| CliError::Usage(error.to_string()))?;
    let text = format!("{:#}\n", merged.report);
    write_atomically(&args.out, text.as_bytes())?;
    if args.out.as_os_str() != "-" {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        anstream::println!(
            "{} joined: {}, {}",
            count(number(reports.len()), "report"),
            count(number(merged.errors), "error"),
            count(number(merged.warnings), "warning")
        );
    }
    Ok(match merged.end {
        JoinedEnd::Unreachable => Exit::Unreachable,
        JoinedEnd::Failed => Exit::CouldNotRun,
        _ if merged.errors > 0 => Exit::Findings,
        _ => Exit::Holds,
    })
}
