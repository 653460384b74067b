//! `oasgate review`: decides about snapshots that wait, as `cargo insta review` does, with the same files.

use std::{
    io::{self, BufRead, IsTerminal as _, Write},
    path::PathBuf,
};

use clap::Args as ClapArgs;

use crate::{
    Result,
    common::{CliError, Output, configuration},
    exit::Exit,
};
use oasgate::{
    report::{Colour, count, harmless_text, visible},
    snapshot::Pending,
};

/// Accept or reject the snapshots that wait for review, one by one
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The folder [default: that of the configuration, else `snapshots`]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The configuration [default: oasgate.toml, where it is there]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Accept all of them
    #[arg(long, conflicts_with = "reject")]
    accept: bool,
    /// Reject all of them
    #[arg(long)]
    reject: bool,
}

const EXAMPLES: &str = "\
Examples:
  oasgate review
  oasgate review --accept

Exit codes: 0 nothing waits any more, 1 something still does, 2 it could not run.";

/// What is decided about one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject,
    Skip,
    /// This one and all that follow are skipped.
    Quit,
}

pub(crate) fn run(args: &Args, output: &Output) -> Result {
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => configuration(args.config.as_deref())?.snapshot_folder(),
    };
    let pending = Pending::all(&folder)?;
    let always = match (args.accept, args.reject) {
        (true, _) => Some(Decision::Accept),
        (_, true) => Some(Decision::Reject),
        _ => None,
    };
    let colour = output.colour(io::stdout().is_terminal());
    let mut answers = io::stdin().lock();
    let mut out = io::stdout().lock();
    let (mut accepted, mut rejected) = (0, 0);
    for (index, one) in pending.iter().enumerate() {
        let decision = match always {
            Some(decision) => decision,
            None => {
                show(&mut out, one, index + 1, pending.len(), colour)?;
                ask(&mut answers, &mut out)?
            }
        };
        match decision {
            Decision::Accept => {
                one.accept()?;
                accepted += 1;
            }
            Decision::Reject => {
                one.reject()?;
                rejected += 1;
            }
            Decision::Skip => {}
            Decision::Quit => break,
        }
    }
    let waiting = pending.len() as u64 - accepted - rejected;
    if pending.is_empty() {
        writeln!(out, "no snapshot waits for review in {}", folder.display())?;
    } else {
        writeln!(
            out,
            "{} accepted, {rejected} rejected, {waiting} waiting",
            count(accepted, "snapshot")
        )?;
    }
    Ok(if waiting == 0 {
        Exit::Holds
    } else {
        Exit::Findings
    })
}

fn show(
    out: &mut impl Write,
    one: &Pending,
    number: usize,
    of: usize,
    colour: Colour,
) -> std::result::Result<(), CliError> {
    let kind = if one.accepted().is_file() {
        "changed"
    } else {
        "new"
    };
    writeln!(out, "{number} of {of}: {kind}: {}\n", one.path.display())?;
    let diff = one.diff()?;
    for line in harmless_text(&diff).lines() {
        let paint = match (colour, line.as_bytes().first()) {
            (Colour::Ansi, Some(b'+')) => Some("32"),
            (Colour::Ansi, Some(b'-')) => Some("31"),
            _ => None,
        };
        match paint {
            Some(code) => writeln!(out, "  \u{1b}[{code}m{}\u{1b}[0m", visible(line))?,
            None => writeln!(out, "  {}", visible(line))?,
        }
    }
    writeln!(out)?;
    Ok(())
}

/// Asks until the answer is one; the end of the input is a wish to quit.
fn ask(answers: &mut impl BufRead, out: &mut impl Write) -> io::Result<Decision> {
    loop {
        write!(out, "(a)ccept, (r)eject, (s)kip, (q)uit: ")?;
        out.flush()?;
        let mut answer = String::new();
        if answers.read_line(&mut answer)? == 0 {
            writeln!(out)?;
            return Ok(Decision::Quit);
        }
        match answer.trim().to_ascii_lowercase().as_str() {
            "a" | "accept" => return Ok(Decision::Accept),
            "r" | "reject" => return Ok(Decision::Reject),
            "s" | "skip" => return Ok(Decision::Skip),
            "q" | "quit" => return Ok(Decision::Quit),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_asked_for_until_it_is_one_and_the_end_is_a_wish_to_quit() {
        let answers = |text: &str| {
            let mut shown = Vec::new();
            let decision = ask(&mut text.as_bytes(), &mut shown).expect("memory");
            (
                decision,
                String::from_utf8_lossy(&shown).matches(':').count(),
            )
        };
        assert_eq!(answers("a\n"), (Decision::Accept, 1));
        assert_eq!(answers("what\nReject\n"), (Decision::Reject, 2));
        assert_eq!(answers("s"), (Decision::Skip, 1));
        assert_eq!(answers(""), (Decision::Quit, 1));
    }
}
