//! The help in two lengths: `-h` fits one screen, `--help` tells everything.
//!
//! Options say what they are where they are declared. What is here decides which of them a first look
//! shows.

use clap::{Command, CommandFactory as _};

use crate::Cli;

/// What `-h` shows of a command besides its arguments; `--help` shows every option.
const SHORT: &[(&str, &[&str])] = &[
    (
        "check",
        &[
            "url",
            "token_env",
            "config",
            "operation",
            "param",
            "phases",
            "seed",
            "report",
            "fail_on",
            "baseline",
            "snapshots",
            "allow_unsafe",
        ],
    ),
    (
        "replay",
        &[
            "config",
            "base_path",
            "hosts",
            "report",
            "fail_on",
            "baseline",
            "snapshots",
        ],
    ),
    ("lint", &["config", "report", "fail_on", "baseline"]),
    ("diff", &["report", "fail_on"]),
    ("merge", &["out", "spec", "report", "fail_on", "baseline"]),
];

/// The command line as it is parsed, shown and documented.
pub(crate) fn command() -> Command {
    let whole = Cli::command();
    let examples = whole.get_after_help().cloned().unwrap_or_default();
    whole
        .after_long_help(examples)
        .after_help(
            "`oasgate COMMAND -h` tells of a command, `oasgate --help` shows examples of each.",
        )
        .mut_arg("color", |arg| arg.hide_short_help(true))
        .mut_subcommands(shortened)
}

fn shortened(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let Some((_, shown)) = SHORT.iter().find(|(of, _)| *of == name) else {
        return command;
    };
    let examples = command.get_after_help().cloned().unwrap_or_default();
    command
        .mut_args(|arg| {
            let is_shown = arg.is_positional() || shown.contains(&arg.get_id().as_str());
            arg.hide_short_help(!is_shown)
        })
        .after_long_help(examples)
        .after_help(format!(
            "`oasgate {name} --help` tells every option, with examples."
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of one screen, and its columns.
    const SCREEN: (usize, usize) = (40, 100);

    fn short(name: &str) -> String {
        let mut command = command().term_width(SCREEN.1);
        command.build();
        let one = command.find_subcommand_mut(name).expect("a command");
        one.render_help().to_string()
    }

    #[test]
    fn the_short_help_of_every_command_fits_one_screen() {
        let names: Vec<_> = (command().get_subcommands())
            .map(|one| one.get_name().to_owned())
            .collect();
        for name in names {
            let help = short(&name);
            let lines = help.lines().count();
            assert!(lines <= SCREEN.0, "{lines} lines: {help}");
        }
        let help = command().term_width(SCREEN.1).render_help().to_string();
        assert!(help.lines().count() <= SCREEN.0, "{help}");
    }

    #[test]
    fn what_the_short_help_shows_is_there() {
        for (name, shown) in SHORT {
            let command = command();
            let one = command.find_subcommand(name).expect("a command");
            for id in *shown {
                let is_there = one.get_arguments().any(|arg| arg.get_id() == id);
                assert!(is_there, "SHORT names {id}, which {name} does not have");
            }
        }
    }

    #[test]
    fn the_long_help_shows_every_option_and_the_examples() {
        for name in ["check", "replay", "lint"] {
            let mut command = command();
            let one = command.find_subcommand_mut(name).expect("a command");
            let help = one.render_long_help().to_string();
            assert!(help.contains("Examples:"), "{help}");
            for arg in one.get_arguments() {
                let Some(long) = arg.get_long() else { continue };
                assert!(help.contains(&format!("--{long}")), "{name} --{long}");
            }
        }
    }
}
