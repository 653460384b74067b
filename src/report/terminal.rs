//! For people: what was held, and each finding beside the line of the document that it breaks.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use codespan_reporting::{
    diagnostic::{Diagnostic, Label, Severity as Level},
    term::{
        self, Config, Styles, StylesWriter,
        termcolor::{Ansi, Color, ColorSpec, NoColor, WriteColor},
    },
};
use oasgate_document::Document;

use super::{
    escape::{Syntax, harmless_in_logs, visible},
    parts,
    source_line::SourceLine,
};
use crate::{
    cause::{self, Cause},
    finding::{Finding, Findings, Remedy, RuleId, Severity},
    run::{Event, Listener, OperationSummary, Outcome, RunInfo, RunKind, RunStatus},
    words::{count, count_of},
};

/// Whether colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// ANSI colours.
    Ansi,
    /// None.
    None,
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Errors and warnings, and the operations with something to say.
    Usual,
    /// Notes and every operation too.
    Verbose,
    /// The last line alone.
    Quiet,
}

/// How many operations are listed before the list is cut to those that have findings.
const MAX_OPERATIONS: usize = 20;

/// How many warnings of one rule about a document are shown before the rest is counted.
const MAX_WARNINGS: usize = 20;

/// How many causes are shown in full before the rest is one line each.
const MAX_CAUSES: usize = 10;

/// Writes the report of a run as text.
pub struct Terminal<W: Write + Send> {
    out: W,
    colour: Colour,
    detail: Detail,
}

impl<W: Write + Send> Terminal<W> {
    /// A report that goes to `out` when the run is over.
    pub fn new(out: W, colour: Colour, detail: Detail) -> Self {
        Self {
            out,
            colour,
            detail,
        }
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Writes the whole report of a run.
    ///
    /// # Errors
    ///
    /// When `out` refuses.
    pub fn write(&mut self, outcome: &Outcome, document: &Document) -> io::Result<()> {
        let mut text = Text::new(self.colour);
        let writer = text.writer();
        if self.detail != Detail::Quiet {
            header(writer, &outcome.header)?;
            if outcome.header.kind != RunKind::Lint {
                operations(writer, outcome, self.detail)?;
            }
            findings(writer, outcome, document, self.detail)?;
            for notice in &outcome.notices {
                coloured(writer, Color::Yellow, "notice")?;
                writeln!(writer, ": {}", visible(notice))?;
            }
            if !outcome.notices.is_empty() {
                writeln!(writer)?;
            }
            baseline(writer, outcome, self.detail)?;
            snapshots(writer, outcome)?;
            coverage(writer, outcome)?;
        }
        last_line(writer, outcome)?;
        let text = harmless_in_logs(text.into_bytes(), Syntax::Text);
        self.out.write_all(&text)?;
        self.out.flush()
    }
}

impl<W: Write + Send> Listener for Terminal<W> {
    fn on(&mut self, event: &Event<'_>, document: &Document) {
        if let Event::Finished(outcome) = event {
            // Nobody is left to tell when the terminal itself is gone.
            let _ = self.write(outcome, document);
        }
    }
}

enum Text {
    Ansi(Ansi<Vec<u8>>),
    Plain(NoColor<Vec<u8>>),
}

impl Text {
    fn new(colour: Colour) -> Self {
        match colour {
            Colour::Ansi => Self::Ansi(Ansi::new(Vec::new())),
            Colour::None => Self::Plain(NoColor::new(Vec::new())),
        }
    }

    fn writer(&mut self) -> &mut dyn WriteColor {
        match self {
            Self::Ansi(writer) => writer,
            Self::Plain(writer) => writer,
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Ansi(writer) => writer.into_inner(),
            Self::Plain(writer) => writer.into_inner(),
        }
    }
}

fn coloured(out: &mut dyn WriteColor, colour: Color, text: &str) -> io::Result<()> {
    out.set_color(ColorSpec::new().set_fg(Some(colour)).set_bold(true))?;
    write!(out, "{text}")?;
    out.reset()
}

/// `Vantage 2.0.0 · OpenAPI 3.0.1 · 1 operation · seed 8f3a21c0`
fn header(out: &mut dyn WriteColor, header: &RunInfo) -> io::Result<()> {
    let title = [header.title.as_str(), header.api_version.as_str()].join(" ");
    let title = if title.trim().is_empty() {
        header.document.as_str()
    } else {
        title.trim()
    };
    out.set_color(ColorSpec::new().set_bold(true))?;
    write!(out, "{}", visible(title))?;
    out.reset()?;
    write!(
        out,
        " · {} · {}",
        visible(&header.specification),
        count_of(header.operations, "operation")
    )?;
    if let Some(seed) = header.seed {
        write!(out, " · seed {seed:08x}")?;
    }
    writeln!(out, " · {}", visible(&header.target))?;
    writeln!(out)
}

fn noun(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Check => "request",
        RunKind::Replay => "exchange",
        RunKind::Lint => "operation",
    }
}

fn operations(out: &mut dyn WriteColor, outcome: &Outcome, detail: Detail) -> io::Result<()> {
    let all = &outcome.operations;
    let is_short = all.len() <= MAX_OPERATIONS || detail == Detail::Verbose;
    let shown: Vec<&OperationSummary> = all
        .iter()
        .filter(|one| detail == Detail::Verbose || one.held > 0 && (is_short || one.findings > 0))
        .collect();
    let width = |text: fn(&OperationSummary) -> &str| {
        shown
            .iter()
            .map(|one| text(one).chars().count())
            .max()
            .unwrap_or(0)
            .min(40)
    };
    let (ids, paths) = (width(|one| &one.id), width(|one| &one.path));
    for one in &shown {
        let is_path_id = one.id == format!("{} {}", one.method, one.path);
        let id = if is_path_id {
            String::new()
        } else {
            format!("{:ids$}  ", visible(&one.id))
        };
        write!(
            out,
            "  {id}{:6} {:paths$}  {:>14}",
            visible(&one.method),
            visible(&one.path),
            count(one.held, noun(outcome.header.kind))
        )?;
        let mut statuses: Vec<_> = one
            .statuses
            .iter()
            .map(|(status, number)| format!("{status} ×{number}"))
            .collect();
        // Asked by methods that the operation is not, or not answered: so that the row adds up.
        let others = one.held.saturating_sub(one.statuses.values().sum());
        if others > 0 {
            statuses.push(format!("other ×{others}"));
        }
        write!(out, "  {:>11}", count_of(one.findings, "finding"))?;
        writeln!(out, "  {}", statuses.join(", "))?;
    }
    let quiet = all
        .iter()
        .filter(|one| one.held > 0)
        .count()
        .saturating_sub(shown.len());
    if quiet > 0 && detail != Detail::Verbose {
        writeln!(
            out,
            "  and {} without a finding",
            count_of(quiet, "operation")
        )?;
    }
    let unseen = all.iter().filter(|one| one.held == 0).count();
    if unseen > 0 && outcome.header.kind == RunKind::Replay && detail != Detail::Verbose {
        writeln!(
            out,
            "  {} of the document {} not in the recording",
            count_of(unseen, "operation"),
            if unseen == 1 { "is" } else { "are" }
        )?;
    }
    if outcome.unmatched > 0 {
        writeln!(
            out,
            "  {} to no operation of the document",
            if outcome.unmatched == 1 {
                "1 exchange belongs".to_owned()
            } else {
                format!("{} exchanges belong", outcome.unmatched)
            }
        )?;
    }
    if outcome.passed_over > 0 {
        writeln!(
            out,
            "  {} with other services or with none passed over",
            count_of(
                usize::try_from(outcome.passed_over).unwrap_or(usize::MAX),
                "exchange"
            )
        )?;
    }
    if outcome.unread > 0 {
        let read = count(outcome.held + outcome.passed_over, "entry");
        writeln!(out, "  {read} read, {} unread", outcome.unread)?;
    }
    writeln!(out)
}

/// What was found: of a document line by line, of a run by cause.
fn findings(
    out: &mut dyn WriteColor,
    outcome: &Outcome,
    document: &Document,
    detail: Detail,
) -> io::Result<()> {
    let found = &outcome.findings;
    let wording = outcome.header.wording;
    if outcome.header.kind == RunKind::Lint {
        return of_document(out, outcome, document, detail);
    }
    let causes = cause::of(shown(found, detail), document);
    let in_full = match detail {
        Detail::Verbose => causes.len(),
        _ => MAX_CAUSES.min(causes.len()),
    };
    let (first, rest) = causes.split_at(in_full);
    for cause in first {
        write_cause(out, cause, document, detail)?;
    }
    for cause in rest {
        level(out, cause.severity, cause.example())?;
        writeln!(out, ": {}", visible(&cause.title))?;
    }
    if !rest.is_empty() {
        writeln!(
            out,
            "\n{} in all; the first {MAX_CAUSES} are shown in full, {}\n",
            count_of(causes.len(), "cause"),
            wording.say(&Remedy::ShowAll)
        )?;
    }
    Ok(())
}

/// The findings of a document alone, and of warnings that repeat themselves the first few.
fn of_document(
    out: &mut dyn WriteColor,
    outcome: &Outcome,
    document: &Document,
    detail: Detail,
) -> io::Result<()> {
    let wording = outcome.header.wording;
    let mut warnings: BTreeMap<&RuleId, usize> = BTreeMap::new();
    for (finding, seen) in shown(&outcome.findings, detail) {
        if detail != Detail::Verbose && finding.severity == Severity::Warning {
            let warnings = warnings.entry(&finding.rule).or_default();
            *warnings += 1;
            if *warnings > MAX_WARNINGS {
                continue;
            }
        }
        write_finding(out, finding, seen, document)?;
    }
    for (rule, number) in warnings {
        if number > MAX_WARNINGS {
            coloured(out, Color::Yellow, &format!("warning[{rule}]"))?;
            writeln!(
                out,
                ": {} more; {}\n",
                number - MAX_WARNINGS,
                wording.say(&Remedy::ShowAll)
            )?;
        }
    }
    Ok(())
}

/// The findings that are told, worst first: notes only when asked for.
fn shown(findings: &Findings, detail: Detail) -> Vec<(&Finding, u64)> {
    let mut all = findings.sorted();
    all.retain(|(finding, _)| detail == Detail::Verbose || finding.severity > Severity::Note);
    all
}

/// `error[undeclared-status]`, in its colour.
fn level(out: &mut dyn WriteColor, severity: Severity, finding: &Finding) -> io::Result<()> {
    let colour = match severity {
        Severity::Error => Color::Red,
        Severity::Warning => Color::Yellow,
        Severity::Note => Color::Green,
    };
    coloured(out, colour, &format!("{severity}[{}]", finding.rule))
}

/// A cause: its best example, what it touches, what would mend it.
fn write_cause(
    out: &mut dyn WriteColor,
    cause: &Cause<'_>,
    document: &Document,
    detail: Detail,
) -> io::Result<()> {
    let [(first, seen), rest @ ..] = cause.findings.as_slice() else {
        return Ok(());
    };
    if rest.is_empty() {
        return write_finding(out, first, *seen, document);
    }
    let mut more = vec![
        format!("e.g.: {}", first.message),
        format!("mend: {}", cause.mend),
    ];
    if !cause.operations.is_empty() {
        more.push(format!("ops:  {}", parts::operations(cause)));
    }
    write_diagnostic(out, first, &cause.title, &more, cause.seen(), document)?;
    if detail == Detail::Verbose {
        for (finding, seen) in rest {
            write!(out, "  also: {}", visible(&finding.message))?;
            let times = if *seen > 1 {
                format!(" (×{seen})")
            } else {
                String::new()
            };
            writeln!(out, "{times}")?;
            if let Some(evidence) = &finding.evidence {
                writeln!(out, "        {}", visible(&evidence.curl))?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// One finding as text, as a test shows it.
pub fn render_finding(finding: &Finding, document: &Document, colour: Colour) -> String {
    let mut text = Text::new(colour);
    // Writing to memory does not fail.
    let _ = write_finding(text.writer(), finding, 1, document);
    String::from_utf8_lossy(&text.into_bytes()).into_owned()
}

/// One finding as a diagnostic: message, source line, evidence.
fn write_finding(
    out: &mut dyn WriteColor,
    finding: &Finding,
    seen: u64,
    document: &Document,
) -> io::Result<()> {
    write_diagnostic(out, finding, &finding.message, &[], seen, document)
}

/// A finding under a title, with more notes before its own.
fn write_diagnostic(
    out: &mut dyn WriteColor,
    finding: &Finding,
    title: &str,
    more: &[String],
    seen: u64,
    document: &Document,
) -> io::Result<()> {
    let level = match finding.severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Note => Level::Note,
    };
    let line = finding
        .document
        .as_ref()
        .and_then(|at| SourceLine::of(document, at));
    let is_window = line.as_ref().is_some_and(|line| line.is_window);
    let more = more.iter().map(|line| visible(line).into_owned());
    let mut diagnostic = Diagnostic::new(level)
        .with_code(finding.rule.as_str())
        .with_message(visible(title))
        .with_notes(more.chain(notes(finding, seen, is_window)).collect());
    let config = Config::default();
    let styles = Styles::default();
    let mut out = StylesWriter::new(out, &styles);
    let written = match line {
        Some(line) => {
            let mut label = Label::primary((), line.span.clone());
            if let Some(text) = &finding.label {
                label = label.with_message(visible(text));
            }
            diagnostic = diagnostic.with_label(label);
            term::emit_to_write_style(&mut out, &config, &line, &diagnostic)
        }
        None => {
            let nothing = codespan_reporting::files::SimpleFile::new("", "");
            let diagnostic = Diagnostic {
                labels: Vec::new(),
                ..diagnostic
            };
            term::emit_to_write_style(&mut out, &config, &nothing, &diagnostic)
        }
    };
    written.map_err(io::Error::other)
}

fn notes(finding: &Finding, seen: u64, line_tells_little: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |name: &str, text: &str| notes.push(format!("{name}{}", visible(text)));
    if line_tells_little && let Some(at) = &finding.document {
        note("at:   ", &format!("#{}", at.pointer));
    }
    if let Some(actual) = &finding.actual {
        note("got:  ", actual);
    }
    if let Some(expected) = &finding.expected {
        note("want: ", expected);
    }
    if seen > 1 {
        note("", &format!("seen {seen} times; the first is shown"));
    }
    for help in &finding.help {
        note("", &help.text);
    }
    if let Some(evidence) = &finding.evidence {
        if let Some(recording) = &evidence.recording {
            note("in:   ", recording);
        }
        if let Some(case) = &evidence.case {
            note("case: ", case);
        }
        for (at, before) in evidence.before.iter().enumerate() {
            let name = if at == 0 { "first:" } else { "then: " };
            note(name, &format!(" {}  # {}", before.curl, before.status));
        }
        let name = if evidence.before.is_empty() {
            ""
        } else {
            "last:  "
        };
        note(name, &evidence.curl);
    }
    notes
}

/// What is accepted, and what of it went away.
fn baseline(out: &mut dyn WriteColor, outcome: &Outcome, detail: Detail) -> io::Result<()> {
    let Some(baseline) = &outcome.baseline else {
        return Ok(());
    };
    writeln!(
        out,
        "baseline: {}",
        count_of(baseline.known.len(), "known finding")
    )?;
    if detail == Detail::Verbose {
        for (finding, _) in baseline.known.sorted() {
            writeln!(
                out,
                "          {}[{}]: {}",
                finding.severity,
                finding.rule,
                visible(&finding.message)
            )?;
        }
    }
    for gone in &baseline.gone {
        writeln!(
            out,
            "          no longer reported: {}: {}",
            visible(&gone.name()),
            visible(&gone.message)
        )?;
    }
    if !baseline.gone.is_empty() {
        writeln!(
            out,
            "          {}",
            outcome.header.wording.say(&Remedy::UpdateBaseline)
        )?;
    }
    writeln!(out)
}

fn snapshots(out: &mut dyn WriteColor, outcome: &Outcome) -> io::Result<()> {
    let summary = &outcome.snapshots;
    if summary.unchanged + summary.new + summary.drifted == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "snapshots: {} unchanged, {} new, {} drifted",
        summary.unchanged, summary.new, summary.drifted
    )?;
    let waiting = summary
        .written
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "new"))
        .count();
    if waiting > 0 {
        writeln!(
            out,
            "           {} for review (oasgate review)",
            if waiting == 1 {
                "1 file waits".to_owned()
            } else {
                format!("{waiting} files wait")
            }
        )?;
    } else if summary.new > 0 && summary.written.is_empty() {
        writeln!(
            out,
            "           nothing was written; {}",
            outcome.header.wording.say(&Remedy::AcceptSnapshots)
        )?;
    }
    writeln!(out)
}

/// `coverage: 12 of 14 operations; of what these declare 30 of 52 statuses, 3 of 5 branches`
fn coverage(out: &mut dyn WriteColor, outcome: &Outcome) -> io::Result<()> {
    match parts::held(outcome) {
        Some(held) => writeln!(out, "{held}\n"),
        None => Ok(()),
    }
}

/// `2 errors, 1 warning in 412 requests (3.2 s): the contract does not hold`
fn last_line(out: &mut dyn WriteColor, outcome: &Outcome) -> io::Result<()> {
    let number = |severity| outcome.findings.count(severity);
    let mut parts = Vec::new();
    if number(Severity::Error) > 0 {
        parts.push(count_of(number(Severity::Error), "error"));
    }
    if number(Severity::Warning) > 0 {
        parts.push(count_of(number(Severity::Warning), "warning"));
    }
    if parts.is_empty() {
        parts.push("no findings".to_owned());
    }
    if number(Severity::Note) > 0 {
        parts.push(count_of(number(Severity::Note), "note"));
    }
    if let Some(baseline) = outcome
        .baseline
        .as_ref()
        .filter(|one| !one.known.is_empty())
    {
        parts.push(format!("{} known", baseline.known.len()));
    }
    write!(
        out,
        "{} in {} ({}): ",
        parts.join(", "),
        count(outcome.held.max(outcome.sent), noun(outcome.header.kind)),
        seconds(outcome.elapsed)
    )?;
    let reason = outcome
        .end
        .reason(outcome.header.wording)
        .unwrap_or_default();
    let (colour, verdict) = match &outcome.end {
        RunStatus::Unreachable(_) => (
            Color::Red,
            format!("the service could not be reached: {reason}"),
        ),
        RunStatus::Failed(_) => (
            Color::Red,
            format!("the run could not be finished: {reason}"),
        ),
        RunStatus::Interrupted if outcome.holds() => (
            Color::Yellow,
            "interrupted; no violations before that".to_owned(),
        ),
        RunStatus::Interrupted => (
            Color::Red,
            "interrupted; the contract does not hold".to_owned(),
        ),
        RunStatus::Stopped(_) if outcome.holds() => (
            Color::Yellow,
            format!("stopped, {reason}; no violations before that"),
        ),
        RunStatus::Stopped(_) => (
            Color::Red,
            format!("stopped, {reason}; the contract does not hold"),
        ),
        RunStatus::Complete if outcome.header.kind == RunKind::Lint && outcome.holds() => {
            let warnings = outcome.findings.count(Severity::Warning);
            if warnings == 0 {
                (Color::Green, "the document is sound".to_owned())
            } else {
                let warnings = count_of(warnings, "warning");
                (
                    Color::Yellow,
                    format!("the document can be used; it has {warnings}"),
                )
            }
        }
        RunStatus::Complete if outcome.header.kind == RunKind::Lint => {
            (Color::Red, "the document has errors".to_owned())
        }
        RunStatus::Complete if outcome.held == 0 => {
            (Color::Yellow, "nothing was checked".to_owned())
        }
        RunStatus::Complete if outcome.holds() => (Color::Green, "the contract holds".to_owned()),
        RunStatus::Complete => (Color::Red, "the contract does not hold".to_owned()),
    };
    coloured(out, colour, &visible(&verdict))?;
    writeln!(out)
}

fn seconds(elapsed: std::time::Duration) -> String {
    if elapsed.as_secs() >= 60 {
        format!(
            "{} min {} s",
            elapsed.as_secs() / 60,
            elapsed.as_secs() % 60
        )
    } else {
        format!("{:.1} s", elapsed.as_secs_f64())
    }
}
