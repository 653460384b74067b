//! What reports say of rules: their texts, and where they can be read.

use crate::{check, diff, finding::Rule, lint};

/// Where people read about the program.
pub(super) const INFORMATION_URI: &str = "https://docs.rs/oasgate";

/// The rule with this id, of any kind.
pub(super) fn rule(id: &str) -> Option<&'static Rule> {
    let checks = check::rules();
    let all = checks
        .chain(lint::RULES.iter().map(|rule| rule.rule()))
        .chain(diff::rules());
    all.into_iter().find(|rule| rule.id == id)
}

/// Where a rule can be read about.
pub(super) fn help_uri(id: &str) -> String {
    format!("{INFORMATION_URI}/latest/oasgate/#{id}")
}

/// The documentation of a rule as Markdown, without the space that doc comments begin with.
pub(super) fn markdown(rule: &Rule) -> String {
    let lines = rule.doc.lines();
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A text on one line, and only so much of it as is needed.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
