//! `oasgate completions`: for the shells.

use clap::{Args as ClapArgs, Command};
use clap_complete::Shell;

use super::common::Exit;

/// Print completions for a shell
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  oasgate completions bash > ~/.local/share/bash-completion/completions/oasgate"
)]
pub(super) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut Command) -> Exit {
    clap_complete::generate(args.shell, command, "oasgate", &mut std::io::stdout());
    Exit::Holds
}
