//! A summary in Markdown, for a job's page or a comment.

use std::fmt::Write as _;

use oasgate_document::Document;

use super::{
    escape::visible,
    parts::{causes, held, operations, parts},
};
use crate::{
    cause::Cause,
    finding::{Finding, Severity},
    run::{Outcome, RunStatus},
    words::{count, count_of},
};

/// The most findings that are listed; forges cut what is longer.
const MAX_FINDINGS: usize = 100;

/// How many findings of one cause are named below its example.
const MAX_MEMBERS: usize = 20;

pub(super) fn render(outcome: &Outcome, document: &Document) -> Vec<u8> {
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = write(&mut text, outcome, document);
    text.into_bytes()
}

fn write(text: &mut String, outcome: &Outcome, document: &Document) -> std::fmt::Result {
    let header = &outcome.header;
    let number = |severity| outcome.findings.count(severity);
    let reason = outcome.end.reason(header.wording).unwrap_or_default();
    let verdict = match &outcome.end {
        RunStatus::Unreachable(_) => format!("could not be reached: {}", plain(&reason)),
        RunStatus::Failed(_) => format!("could not be finished: {}", plain(&reason)),
        RunStatus::Stopped(_) => format!("was stopped: {}", plain(&reason)),
        RunStatus::Interrupted => "was interrupted".to_owned(),
        RunStatus::Complete if outcome.holds() => "the contract holds".to_owned(),
        RunStatus::Complete => "the contract does not hold".to_owned(),
    };
    let title = [header.title.as_str(), header.api_version.as_str()].join(" ");
    writeln!(text, "### {}: {verdict}\n", plain(title.trim()))?;
    let mut numbers = vec![
        count(outcome.held, "exchange"),
        count_of(number(Severity::Error), "error"),
        count_of(number(Severity::Warning), "warning"),
    ];
    if let Some(baseline) = &outcome.baseline {
        numbers.push(format!("{} known", baseline.known.len()));
        if !baseline.gone.is_empty() {
            numbers.push(format!("{} no longer reported", baseline.gone.len()));
        }
    }
    if let Some(seed) = header.seed {
        numbers.push(format!("seed {seed:08x}"));
    }
    writeln!(text, "{}", numbers.join(" · "))?;
    if let Some(held) = held(outcome) {
        writeln!(text, "\n{}", plain(&held))?;
    }
    let mut causes = causes(outcome, document);
    causes.retain(|cause| cause.severity > Severity::Note);
    if !causes.is_empty() {
        return by_cause(text, &causes, document);
    }
    let mut findings = outcome.findings.sorted();
    findings.retain(|(finding, _)| finding.severity > Severity::Note);
    by_line(text, &findings, document)
}

/// A row for each cause, and its findings folded away below.
fn by_cause(text: &mut String, causes: &[Cause<'_>], document: &Document) -> std::fmt::Result {
    writeln!(
        text,
        "\n{}\n\n| | cause | operations | where |\n|---|---|---|---|",
        count_of(causes.len(), "cause")
    )?;
    for cause in causes.iter().take(MAX_FINDINGS) {
        writeln!(
            text,
            "| {} `{}` | {}{} | {} | {} |",
            cause.severity,
            cause.example().rule,
            plain(&cause.title),
            times(cause.seen()),
            plain(&operations(cause)),
            place(cause.example(), document),
        )?;
    }
    if causes.len() > MAX_FINDINGS {
        let rest = count_of(causes.len() - MAX_FINDINGS, "cause");
        writeln!(text, "\nand {rest} more")?;
    }
    let mut left = MAX_FINDINGS;
    for cause in causes {
        for (at, (finding, seen)) in cause.findings.iter().enumerate() {
            let Some(less) = left.checked_sub(1) else {
                return Ok(());
            };
            // One example says it; the others are named.
            if at == 0 {
                left = less;
                details(text, finding)?;
                if cause.findings.len() > 1 {
                    writeln!(text, "\nmend: {}\n", plain(&cause.mend))?;
                }
            } else if at <= MAX_MEMBERS {
                writeln!(text, "- {}{}", plain(&finding.message), times(*seen))?;
            }
        }
        if cause.findings.len() > MAX_MEMBERS + 1 {
            writeln!(
                text,
                "- and {} more",
                cause.findings.len() - MAX_MEMBERS - 1
            )?;
        }
    }
    Ok(())
}

/// A row for each finding of a document.
fn by_line(
    text: &mut String,
    findings: &[(&Finding, u64)],
    document: &Document,
) -> std::fmt::Result {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\n| | operation | finding | where |\n|---|---|---|---|"
    )?;
    for (finding, seen) in findings.iter().take(MAX_FINDINGS) {
        writeln!(
            text,
            "| {} `{}` | {} | {}{} | {} |",
            finding.severity,
            finding.rule,
            finding.operation.as_deref().map(plain).unwrap_or_default(),
            plain(&finding.message),
            times(*seen),
            place(finding, document),
        )?;
    }
    if findings.len() > MAX_FINDINGS {
        let rest = count_of(findings.len() - MAX_FINDINGS, "finding");
        writeln!(text, "\nand {rest} more")?;
    }
    for (finding, _) in findings.iter().take(MAX_FINDINGS) {
        details(text, finding)?;
    }
    Ok(())
}

fn times(seen: u64) -> String {
    if seen > 1 {
        format!(" (×{seen})")
    } else {
        String::new()
    }
}

fn place(finding: &Finding, document: &Document) -> String {
    let at = finding.document.as_ref();
    at.and_then(|at| document.locate_key(at).or_else(|| document.locate(at)))
        .map(|place| plain(&place.to_string()))
        .unwrap_or_default()
}

/// What a person needs to act, folded away.
fn details(text: &mut String, finding: &Finding) -> std::fmt::Result {
    let lines = parts(finding);
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\n<details><summary><code>{}</code> {}</summary>\n",
        finding.rule,
        plain(&finding.message)
    )?;
    // Indented text has no markup, whatever is in it.
    for line in lines.iter().flat_map(|line| line.lines()) {
        writeln!(text, "    {}", visible(line))?;
    }
    writeln!(text, "\n</details>")
}

/// A text without markup: hostile services write what they like, and mention whom they like.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::new();
    for one in visible(text).replace(['\n', '\r'], " ").chars() {
        match one {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            // An entity is no markup and no mention.
            '@' | '|' | '$' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '\\' | '!' => {
                let _ = write!(shown, "&#{};", u32::from(one));
            }
            other => shown.push(other),
        }
    }
    shown
}
