//! The command line: one file for each subcommand, thin over the library.
//!
//! What was typed (`Cli`) is turned into what it means by the subcommand that it names. Reports go
//! to standard output, progress and errors to standard error. Exit codes: 0 the contract holds, 1
//! findings, 2 it could not run, 3 the service could not be reached.

mod auth;
mod baseline;
mod bounded;
mod check;
mod common;
mod complete;
mod completions;
mod config;
mod connection;
mod diff;
mod errors;
mod exit;
mod explain;
mod fault;
mod generate;
mod help;
mod init;
mod interrupt;
mod lint;
mod man;
mod masks;
mod merge;
mod plan;
mod progress;
mod record;
#[cfg(test)]
mod reference;
mod replay;
mod review;
mod revision;
mod schema;
mod selection;
mod spec;
mod start;
mod wording;

use std::{io::Write as _, process::ExitCode};

use clap::{FromArgMatches as _, Parser, Subcommand};

use clap_complete::CompleteEnv;

use common::{CliError, Output, read_or_left};
use exit::Exit;

/// Holds HTTP APIs against their OpenAPI document.
#[derive(Debug, Parser)]
#[command(name = "oasgate", version, after_help = EXAMPLES, propagate_version = true, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  Hold a running service against its document:
    oasgate check spec/api.yaml --url http://localhost:8080 --token-env API_TOKEN

  Hold recorded traffic (HAR, VCR cassettes, NDJSON):
    oasgate replay spec/api.yaml recordings/

  See what would be sent, before anything is:
    oasgate plan spec/api.yaml

  Look at the document itself:
    oasgate lint spec/api.yaml

  See what changed between two versions, with proofs:
    oasgate diff git:main:spec/api.yaml spec/api.yaml

  In CI, with a report for the forge:
    oasgate check spec/api.yaml --url \"$URL\" --report junit=oasgate.xml

  What a finding means:
    oasgate explain undeclared-status

Exit codes: 0 the contract holds, 1 findings, 2 it could not run, 3 the service could not be reached.";

/// The environment variable with which a shell asks for completions.
const COMPLETE: &str = "OASGATE_COMPLETE";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Check(check::Args),
    Replay(replay::Args),
    Lint(lint::Args),
    Diff(diff::Args),
    Merge(merge::Args),
    Review(review::Args),
    Schema(schema::Args),
    Plan(plan::Args),
    Generate(generate::Args),
    Explain(explain::Args),
    Completions(completions::Args),
    Man(man::Args),
}

fn main() -> ExitCode {
    // Answers a shell that completes a line, and ends.
    CompleteEnv::with_factory(help::command)
        .var(COMPLETE)
        .complete();
    let typed = help::command().try_get_matches();
    let cli = match typed.and_then(|typed| Cli::from_arg_matches(&typed)) {
        Ok(cli) => cli,
        Err(error) => {
            let is_help = !error.use_stderr();
            let is_told = read_or_left(error.print()).is_ok();
            return if is_help && is_told {
                Exit::Holds.into()
            } else {
                Exit::CouldNotRun.into()
            };
        }
    };
    interrupt::watch();
    let result = fault::guarded(|| match &cli.command {
        Command::Init(args) => init::run(args),
        Command::Check(args) => check::run(args, &cli.output),
        Command::Replay(args) => replay::run(args, &cli.output),
        Command::Lint(args) => lint::run(args, &cli.output),
        Command::Diff(args) => diff::run(args, &cli.output),
        Command::Merge(args) => merge::run(args, &cli.output),
        Command::Review(args) => review::run(args, &cli.output),
        Command::Schema(args) => schema::run(args),
        Command::Plan(args) => plan::run(args),
        Command::Generate(args) => generate::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    });
    // What is still buffered has not been written.
    let written = read_or_left(std::io::stdout().flush());
    match result.and_then(|exit| Ok(written.map(|()| exit)?)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            common::tell_error(&error, &cli.output);
            Exit::CouldNotRun.into()
        }
    }
}

/// What every subcommand ends in.
type Result = std::result::Result<Exit, CliError>;
