//! Pages of rules: what each validates, why, and what is not a finding, as `oasgate explain` prints it.

use std::fmt::Write as _;

use oasgate::{check, diff, finding::Rule, lint};

use super::{cell, titled};

pub(super) fn checks() -> String {
    page(
        "Checks",
        "What a response, live or recorded, is validated against. `oasgate explain RULE` prints the same text; \
         `[severity]` in `oasgate.toml` makes a rule an error, a warning or a note, or turns it off.",
        check::rules(),
    )
}

pub(super) fn lint() -> String {
    page(
        "Lint rules",
        "What `oasgate lint` says about a document by itself.",
        lint::RULES.iter().map(|rule| rule.rule()),
    )
}

pub(super) fn changes() -> String {
    page(
        "Rules of changes",
        "What `oasgate diff` says about two versions of a document.",
        diff::rules(),
    )
}

/// What each check lets pass, gathered from their documentation.
pub(super) fn not_findings() -> String {
    let mut text = String::new();
    for rule in check::rules() {
        if let Some(part) = section(rule.doc, "Not a finding when") {
            let _ = writeln!(
                text,
                "## {id}\n\n[`{id}`](checks.md#{id}) is no finding when\n\n{part}\n",
                id = rule.id
            );
        }
    }
    titled(
        "What is not a finding",
        "A false alarm costs more trust than a miss. Each check therefore says what it lets pass, and why a reader may \
         expect otherwise. What is listed here is tested case by case; a finding that this page rules out is a bug. Three \
         rules stand behind all of it: what a document does not say is no promise; what a recorder or a proxy lost is not \
         the service's fault; and what two readings of the document allow is a breach only where both are broken.",
        &text,
    )
}

/// A section of a doc comment, without its heading.
fn section(doc: &str, title: &str) -> Option<String> {
    let mut lines = doc
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .skip_while(|line| line.strip_prefix("# ") != Some(title))
        .skip(1)
        .take_while(|line| !line.starts_with("# "))
        .peekable();
    lines.peek()?;
    let text = lines.collect::<Vec<_>>().join("\n");
    Some(text.trim().to_owned())
}

fn page(title: &str, about: &str, rules: impl Iterator<Item = &'static Rule>) -> String {
    let rules: Vec<_> = rules.collect();
    let mut text = String::from("| rule | severity | |\n|---|---|---|\n");
    for rule in &rules {
        let summary = cell(rule.summary());
        let _ = writeln!(
            text,
            "| [`{id}`](#{id}) | {} | {summary} |",
            rule.severity,
            id = rule.id
        );
    }
    for rule in &rules {
        let _ = writeln!(text, "\n## {}\n\nSeverity: {}.", rule.id, rule.severity);
        let _ = writeln!(text, "\n{}", demoted(rule.doc).trim());
    }
    titled(title, about, &text)
}

/// The doc comment with its headings two levels down; what stands in a block of code is left alone.
fn demoted(doc: &str) -> String {
    let mut is_code = false;
    let mut text = String::new();
    for line in doc.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        is_code ^= line.trim_start().starts_with("```");
        if !is_code && line.starts_with('#') {
            text.push_str("##");
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}
