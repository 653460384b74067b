//! The page of commands and their options, as the parser has them.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};

use super::{cell, titled};

pub(super) fn page() -> String {
    let mut whole = crate::help::command();
    whole.build();
    let mut text = String::from("| command | |\n|---|---|\n");
    let commands: Vec<_> = whole.get_subcommands().filter(|one| is_told(one)).collect();
    for one in &commands {
        let name = one.get_name();
        let _ = writeln!(
            text,
            "| [`oasgate {name}`](#{}) | {} |",
            anchor(one),
            about(one)
        );
    }
    text.push_str("\n## Options of every command\n\n| option | |\n|---|---|\n");
    for arg in whole.get_arguments().filter(|arg| is_shown(arg)) {
        text.push_str(&row(arg));
    }
    let global: Vec<_> = whole
        .get_arguments()
        .map(|arg| arg.get_id().clone())
        .collect();
    for one in commands {
        let _ = writeln!(text, "\n## oasgate {}\n\n{}.", one.get_name(), about(one));
        let usage = one.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage:").trim();
        let _ = writeln!(text, "\n```text\n{usage}\n```");
        let own = (one.get_arguments())
            .filter(|arg| is_shown(arg) && !global.contains(arg.get_id()))
            .collect::<Vec<_>>();
        let mut headings: Vec<&str> = Vec::new();
        for arg in &own {
            if !headings.contains(&heading(arg)) {
                headings.push(heading(arg));
            }
        }
        for of in headings {
            let _ = writeln!(
                text,
                "\n### {of} of `{}`\n\n| | |\n|---|---|",
                one.get_name()
            );
            for arg in own.iter().filter(|arg| heading(arg) == of) {
                text.push_str(&row(arg));
            }
        }
        if let Some(examples) = one.get_after_long_help().or(one.get_after_help()) {
            let _ = writeln!(text, "\n```text\n{}\n```", examples.to_string().trim_end());
        }
    }
    titled(
        "Command line",
        "Every command and option. `-h` shows what is needed first, `--help` all of it.",
        &text,
    )
}

fn is_told(command: &Command) -> bool {
    command.get_name() != "help" && !command.is_hide_set()
}

fn is_shown(arg: &Arg) -> bool {
    !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str())
}

fn anchor(command: &Command) -> String {
    format!("oasgate-{}", command.get_name())
}

fn about(command: &Command) -> String {
    command
        .get_about()
        .map(|about| cell(&about.to_string()))
        .unwrap_or_default()
}

fn heading(arg: &Arg) -> &str {
    if arg.is_positional() {
        "Arguments"
    } else {
        arg.get_help_heading().unwrap_or("Options")
    }
}

fn row(arg: &Arg) -> String {
    let mut names = Vec::new();
    names.extend(arg.get_short().map(|short| format!("-{short}")));
    names.extend(arg.get_long().map(|long| format!("--{long}")));
    let mut name = names.join(", ");
    let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    if takes_value {
        let values: Vec<_> = (arg.get_value_names().into_iter().flatten())
            .map(ToString::to_string)
            .collect();
        let values = values.join(" ");
        name = if arg.is_positional() {
            values
        } else {
            format!("{name} {values}")
        };
    }
    let mut help = arg
        .get_long_help()
        .or(arg.get_help())
        .map(|help| cell(&help.to_string()))
        .unwrap_or_default();
    let possible: Vec<_> = (arg.get_possible_values().iter())
        .filter(|_| takes_value)
        .map(|value| match value.get_help() {
            Some(about) => format!("`{}`: {}", value.get_name(), cell(&about.to_string())),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if !possible.is_empty() {
        let _ = write!(help, "<br>{}", possible.join("<br>"));
    }
    let defaults: Vec<_> = (arg.get_default_values().iter())
        .map(|value| format!("`{}`", value.display()))
        .collect();
    if takes_value && !defaults.is_empty() {
        let _ = write!(help, "<br>Default: {}", defaults.join(", "));
    }
    format!("| `{}` | {help} |\n", cell(&name))
}
