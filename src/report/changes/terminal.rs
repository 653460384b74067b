//! The changes for people at a terminal.

use std::io::{self, Write};

use super::{
    super::{
        Colour, Detail,
        escape::{Syntax, harmless_in_logs, visible},
    },
    Changes,
};
use crate::{
    diff::{Basis, Change, Shown, Verdict},
    finding::Severity,
    words::count_of,
};

/// How many operations are named before the rest is counted.
const MAX_OPERATIONS: usize = 4;

/// Writes the changes as text.
///
/// # Errors
///
/// When nothing can be written.
pub fn terminal(
    out: &mut dyn Write,
    changes: &Changes<'_>,
    colour: Colour,
    detail: Detail,
) -> io::Result<()> {
    let mut text = Vec::new();
    write(&mut text, changes, colour, detail)?;
    out.write_all(&harmless_in_logs(text, Syntax::Text))
}

fn write(
    out: &mut Vec<u8>,
    changes: &Changes<'_>,
    colour: Colour,
    detail: Detail,
) -> io::Result<()> {
    let mut hidden = 0;
    for change in changes.fresh() {
        if is_shown(change.severity, detail) {
            entry(out, changes, change, colour)?;
        } else {
            hidden += 1;
        }
    }
    for finding in changes.unread() {
        if is_shown(finding.severity, detail) {
            let rule = finding.rule.as_str();
            head(out, finding.severity, rule, &finding.message, colour)?;
        } else {
            hidden += 1;
        }
    }
    let comparison = changes.comparison;
    let number = |verdict| comparison.count(verdict);
    let mut parts = vec![
        format!("{} breaking", number(Verdict::Breaking)),
        format!("{} compatible", number(Verdict::Compatible)),
    ];
    if number(Verdict::Undecided) > 0 {
        parts.insert(1, format!("{} undecided", number(Verdict::Undecided)));
    }
    let known = comparison.changes.len() - changes.fresh().count();
    if known > 0 {
        parts.push(format!("{known} known"));
    }
    if hidden > 0 && detail == Detail::Usual {
        parts.push(format!("{} with --verbose", count_of(hidden, "note")));
    }
    let totals = comparison.totals;
    if totals.questions > 0 {
        parts.push(format!(
            "{} asked: {} equal, {} proved, {} refuted, {} searched",
            count_of(totals.questions, "schema"),
            totals.equal,
            totals.proved,
            totals.refuted,
            totals.searched
        ));
    }
    if let Some(concerned) = comparison.concerned {
        parts.push(format!(
            "{} of {} concerned",
            concerned.breaking,
            count_of(
                usize::try_from(concerned.exchanges).unwrap_or(usize::MAX),
                "recorded exchange"
            )
        ));
        if concerned.unread > 0 {
            parts.push(format!("{} unread", concerned.unread));
        }
    }
    let verdict = match comparison.verdict() {
        None => "no changes".to_owned(),
        Some(verdict) => verdict.to_string(),
    };
    writeln!(out, "{verdict}: {}", parts.join(" · "))
}

fn is_shown(severity: Severity, detail: Detail) -> bool {
    match detail {
        Detail::Quiet => false,
        Detail::Usual => severity > Severity::Note,
        Detail::Verbose => true,
    }
}

/// The line that a change, or what could not be read, begins with.
fn head(
    out: &mut dyn Write,
    severity: Severity,
    rule: &str,
    message: &str,
    colour: Colour,
) -> io::Result<()> {
    let word = match severity {
        Severity::Error => "\u{1b}[1;31m",
        Severity::Warning => "\u{1b}[1;33m",
        Severity::Note => "\u{1b}[1;36m",
    };
    let (start, end) = match colour {
        Colour::Ansi => (word, "\u{1b}[0m"),
        Colour::None => ("", ""),
    };
    writeln!(out, "{start}{severity}[{rule}]{end}: {}", visible(message))
}

fn entry(
    out: &mut dyn Write,
    changes: &Changes<'_>,
    change: &Change,
    colour: Colour,
) -> io::Result<()> {
    let rule = change.rule.as_str();
    head(out, change.severity, rule, &change.message, colour)?;
    for (side, place) in ["old", "new"].iter().zip(changes.places(change)) {
        if let Some(place) = place {
            writeln!(out, "  {side}: {}", visible(&place.to_string()))?;
        }
    }
    if !change.operations.is_empty() {
        let named: Vec<_> = change
            .operations
            .iter()
            .take(MAX_OPERATIONS)
            .map(|one| visible(one).into_owned())
            .collect();
        let rest = change.operations.len().saturating_sub(MAX_OPERATIONS);
        let more = if rest > 0 {
            format!(" and {rest} more")
        } else {
            String::new()
        };
        let place = if change.place.is_empty() {
            String::new()
        } else {
            format!(", {}", visible(&change.place))
        };
        writeln!(out, "  in: {}{more}{place}", named.join(", "))?;
    }
    if change.basis != Basis::Rule {
        writeln!(out, "  {}", change.basis)?;
    }
    match (&change.shown, &change.instance) {
        (Some(Shown::Request(curl)), _) => writeln!(out, "  {}", visible(curl))?,
        (
            Some(Shown::Response {
                status,
                content_type,
                body,
            }),
            _,
        ) => writeln!(
            out,
            "  {} {} {}",
            visible(status),
            visible(content_type.as_deref().unwrap_or_default()),
            visible(&body.to_string())
        )?,
        (None, Some(instance)) => writeln!(out, "  {}", visible(&instance.to_string()))?,
        (None, None) => {}
    }
    if let Some(text) = super::recorded(change) {
        writeln!(out, "  {text}")?;
    }
    writeln!(out)
}
