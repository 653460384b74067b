//! `oasgate man`: the manual pages, made from the declarations that parse the line.

use std::{fs, path::PathBuf};

use clap::Args as ClapArgs;

use crate::{Result, exit::Exit, help};

/// Write the manual pages, one for each command, into a folder
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  oasgate man ~/.local/share/man/man1")]
pub(crate) struct Args {
    /// The folder; it is made where it is not there
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result {
    fs::create_dir_all(&args.folder)?;
    clap_mangen::generate_to(help::command(), &args.folder)?;
    Ok(Exit::Holds)
}
