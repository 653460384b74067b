//! The changes as a changelog for people.

use std::fmt::Write as _;

use super::{
    super::{escape::visible, markdown::plain},
    Changes,
};
use crate::{
    diff::{Change, Shown, Verdict},
    finding::Severity,
    words::count_of,
};

/// Whether a change belongs under a heading.
type Belongs = fn(&Change) -> bool;

/// The most changes of one heading that are listed; forges cut what is longer.
const MAX_CHANGES: usize = 200;

pub(super) fn render(changes: &Changes<'_>) -> Vec<u8> {
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = write(&mut text, changes);
    text.into_bytes()
}

fn write(text: &mut String, changes: &Changes<'_>) -> std::fmt::Result {
    let version = |contract: &crate::contract::Contract| plain(contract.api_version());
    let (old, new) = (version(changes.old), version(changes.new));
    write!(text, "## {}", plain(changes.new.title()))?;
    if old == new {
        writeln!(text, " {new}\n")?;
    } else {
        writeln!(text, " {old} → {new}\n")?;
    }
    let all: Vec<&Change> = changes.fresh().collect();
    if all.is_empty() {
        writeln!(text, "No changes.")?;
        return unread(text, changes);
    }
    let headings: [(&str, Belongs); 4] = [
        ("Breaking", |one| one.verdict == Verdict::Breaking),
        ("Not decided", |one| one.verdict == Verdict::Undecided),
        ("To look at", |one| {
            one.verdict == Verdict::Compatible && one.severity > Severity::Note
        }),
        ("Compatible", |one| {
            one.verdict == Verdict::Compatible && one.severity == Severity::Note
        }),
    ];
    for (heading, belongs) in headings {
        let part: Vec<_> = all.iter().filter(|one| belongs(one)).collect();
        if part.is_empty() {
            continue;
        }
        writeln!(text, "### {heading} ({})\n", part.len())?;
        for change in part.iter().take(MAX_CHANGES) {
            entry(text, changes, change)?;
        }
        if part.len() > MAX_CHANGES {
            writeln!(text, "- and {} more", part.len() - MAX_CHANGES)?;
        }
        writeln!(text)?;
    }
    unread(text, changes)
}

/// What of the recordings could not be read.
fn unread(text: &mut String, changes: &Changes<'_>) -> std::fmt::Result {
    let all: Vec<_> = changes.unread().collect();
    if all.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n### Not read ({})\n", all.len())?;
    for finding in all.iter().take(MAX_CHANGES) {
        let message = plain(&finding.message);
        writeln!(text, "- {message} · <code>{}</code>", finding.rule.as_str())?;
    }
    if all.len() > MAX_CHANGES {
        writeln!(text, "- and {} more", all.len() - MAX_CHANGES)?;
    }
    Ok(())
}

fn entry(text: &mut String, changes: &Changes<'_>, change: &Change) -> std::fmt::Result {
    write!(text, "- {}", plain(&change.message))?;
    match change.operations.as_slice() {
        [] => {}
        [only] => write!(text, " ({})", plain(only))?,
        [first, rest @ ..] => write!(
            text,
            " ({} and {})",
            plain(first),
            count_of(rest.len(), "other operation")
        )?,
    }
    let places: Vec<_> = changes
        .places(change)
        .into_iter()
        .flatten()
        .map(|place| plain(&place.to_string()))
        .collect();
    let traffic = super::recorded(change).map_or_else(String::new, |said| format!(" · {said}"));
    writeln!(
        text,
        " · <code>{}</code> {}{traffic}",
        change.rule,
        places.join(" → ")
    )?;
    let shown = match (&change.shown, &change.instance) {
        (Some(Shown::Request(curl)), _) => curl.clone(),
        (Some(Shown::Response { status, body, .. }), _) => format!("{status} {body}"),
        (None, Some(instance)) => instance.to_string(),
        (None, None) => return Ok(()),
    };
    // Indented text has no markup, whatever is in it.
    writeln!(text)?;
    for line in shown.lines() {
        writeln!(text, "      {}", visible(line))?;
    }
    writeln!(text)
}
