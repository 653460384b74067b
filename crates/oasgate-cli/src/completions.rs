//! `oasgate completions`: for the shells.

use clap::Args as ClapArgs;
use clap_complete::{Shell, env::Shells};

use crate::{Result, exit::Exit};

/// Print what makes a shell complete the rest of a line: options, rules, and the operations of the
/// document that the line names
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  oasgate completions bash > ~/.local/share/bash-completion/completions/oasgate\n  source <(oasgate completions zsh)"
)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result {
    let shells = Shells::builtins();
    if let Some(shell) = shells.completer(&args.shell.to_string()) {
        // The script asks the program that it finds as `oasgate`, with this variable set.
        shell.write_registration(
            crate::COMPLETE,
            "oasgate",
            "oasgate",
            "oasgate",
            &mut std::io::stdout(),
        )?;
    }
    Ok(Exit::Holds)
}
