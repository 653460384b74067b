//! One HTML file that opens from a pull request: no network, readable without scripts, dark and on paper.
//!
//! First the verdict and the causes, then the operations as a map of what was seen, then every finding with the
//! lines of the document and a command to send it again. A Content-Security-Policy names the two inline parts by
//! their hashes and allows nothing else; every text a service wrote goes through the template's escaping.

mod excerpt;

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use oasgate_document::Document;

use super::{
    parts::{causes, shares},
    witness,
};
use crate::{
    cause::Cause,
    check::ids,
    finding::{Certainty, Finding, Fingerprint, Severity, Wording},
    report::visible,
    run::{Coverage, OperationSummary, Outcome, RunKind, RunStatus, Share, WitnessKind},
    words::{count, count_of},
};

/// The style and the script, and the hashes that the policy allows them by; a test works them out anew.
const STYLE: &str = include_str!("../../../templates/report.css");
const STYLE_HASH: &str = "sha256-pXINxpVvxk9DXh8NxlAYQBiaN16Z+CZa/5EXM3DiHQg=";
const SCRIPT: &str = include_str!("../../../templates/report.js");
const SCRIPT_HASH: &str = "sha256-Th1l/PJg1T+2g4hiNBtjYrTJgqexKjLcUUMiRFUO3zA=";

/// How many findings of one cause are named in it; all of them follow below.
const MAX_MEMBERS: usize = 20;

/// How many causes are told in full; of the rest, those of a single finding are one line that leads to it.
const IN_FULL: usize = 10;

/// How many causes or findings are one group, which a browser works out only when it comes into view.
const GROUP: usize = 50;

/// How many declared things that were never seen are named for one operation.
const MAX_NEVER: usize = 200;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: String,
    verdict: String,
    /// `good`, `bad`, or `open` where nothing is known for certain.
    tone: &'static str,
    facts: Vec<String>,
    coverage: Vec<ShareView>,
    has_baseline: bool,
    group: usize,
    causes_title: String,
    causes: Vec<CauseView>,
    noun: &'static str,
    operations: Vec<OperationView>,
    findings_title: String,
    findings: Vec<FindingView>,
    gone: Vec<String>,
    notices: Vec<String>,
    style: &'a str,
    style_hash: &'a str,
    script: &'a str,
    script_hash: &'a str,
    version: &'a str,
}

struct ShareView {
    name: String,
    seen: u64,
    all: u64,
}

struct CauseView {
    id: String,
    severity: &'static str,
    rule: String,
    title: String,
    mend: String,
    reach: String,
    operations: String,
    excerpt: Option<String>,
    members: Vec<Member>,
    more: usize,
    /// The only finding of a cause that is one line, which tells the rest itself.
    only: Option<String>,
}

struct Member {
    fingerprint: String,
    message: String,
    seen: u64,
}

struct OperationView {
    tone: &'static str,
    method: String,
    path: String,
    id: String,
    checked: u64,
    statuses: Vec<Badge>,
    unreached: String,
    media_types: Vec<Badge>,
    properties: String,
    branches: String,
    /// What never came and what always came, with its lines.
    missing: Vec<String>,
    /// How many of these there are beyond those that are named.
    more_missing: usize,
    findings: usize,
    broken: Vec<Member>,
}

/// A status or a media type, with what became of it.
struct Badge {
    name: String,
    tone: &'static str,
    meaning: &'static str,
}

struct FindingView {
    fingerprint: String,
    severity: &'static str,
    rule: String,
    message: String,
    seen: u64,
    is_known: bool,
    cause: String,
    excerpt: Option<String>,
    parts: Vec<Part>,
    /// What a snapshot had and what came instead.
    diff: Vec<DiffLine>,
    steps: Vec<StepView>,
}

/// A line of a diff.
struct DiffLine {
    is_old: bool,
    is_new: bool,
    text: String,
}

struct Part {
    name: &'static str,
    text: String,
}

struct StepView {
    curl: String,
    status: String,
}

fn shown(text: &str) -> String {
    visible(text).into_owned()
}

pub(super) fn render(outcome: &Outcome, document: &Document) -> Vec<u8> {
    let header = &outcome.header;
    let causes = causes(outcome, document);
    let cause_of: HashMap<Fingerprint, (usize, &Cause<'_>)> = causes
        .iter()
        .enumerate()
        .flat_map(|(at, cause)| {
            let members = cause.findings.iter();
            members.map(move |(finding, _)| (finding.fingerprint(), (at, cause)))
        })
        .collect();
    let mut lines = excerpt::Excerpts::new(document);
    let title = [header.title.as_str(), header.api_version.as_str()].join(" ");
    let (verdict, tone) = verdict(outcome);
    let known = outcome.baseline.iter().flat_map(|one| one.known.sorted());
    let all = outcome
        .findings
        .sorted()
        .into_iter()
        .map(|one| (one, false));
    let findings: Vec<FindingView> = all
        .chain(known.map(|one| (one, true)))
        .map(|((finding, seen), is_known)| {
            let cause = cause_of.get(&finding.fingerprint()).copied();
            finding_view(finding, seen, is_known, cause, &mut lines)
        })
        .collect();
    let page = Page {
        title: shown(title.trim()),
        verdict: shown(&verdict),
        tone,
        facts: facts(outcome),
        coverage: outcome.coverage.iter().flat_map(coverage).collect(),
        has_baseline: outcome.baseline.is_some(),
        group: GROUP,
        causes_title: count_of(causes.len(), "cause"),
        causes: causes
            .iter()
            .enumerate()
            .map(|(at, cause)| cause_view(cause, at, &mut lines))
            .collect(),
        noun: match header.kind {
            RunKind::Check => "Requests",
            RunKind::Replay => "Exchanges",
            RunKind::Lint => "Seen",
        },
        operations: operations(outcome, document),
        findings_title: count_of(findings.len(), "finding"),
        findings,
        gone: outcome
            .baseline
            .iter()
            .flat_map(|baseline| &baseline.gone)
            .map(|gone| shown(&format!("{}: {}", gone.name(), gone.message)))
            .collect(),
        notices: outcome.notices.iter().map(|notice| shown(notice)).collect(),
        style: STYLE,
        style_hash: STYLE_HASH,
        script: SCRIPT,
        script_hash: SCRIPT_HASH,
        version: env!("CARGO_PKG_VERSION"),
    };
    // Writing to memory does not fail.
    page.render().unwrap_or_default().into_bytes()
}

fn verdict(outcome: &Outcome) -> (String, &'static str) {
    let holds = outcome.holds();
    let reason = outcome
        .end
        .reason(outcome.header.wording)
        .unwrap_or_default();
    match &outcome.end {
        RunStatus::Unreachable(_) => (format!("The service could not be reached: {reason}"), "bad"),
        RunStatus::Failed(_) => (format!("The run could not be finished: {reason}"), "bad"),
        RunStatus::Interrupted if !holds => {
            ("Interrupted; the contract does not hold".to_owned(), "bad")
        }
        _ if !holds => ("The contract does not hold".to_owned(), "bad"),
        RunStatus::Interrupted => ("Interrupted; no violations before that".to_owned(), "open"),
        RunStatus::Stopped(_) => (
            format!("Stopped, {reason}; no violations before that"),
            "open",
        ),
        RunStatus::Complete if outcome.header.kind == RunKind::Lint => {
            match outcome.findings.count(Severity::Warning) {
                0 => ("The document is sound".to_owned(), "good"),
                many => {
                    let warnings = count_of(many, "warning");
                    (
                        format!("The document can be used; it has {warnings}"),
                        "open",
                    )
                }
            }
        }
        RunStatus::Complete if outcome.held == 0 => ("Nothing was checked".to_owned(), "open"),
        RunStatus::Complete => ("The contract holds".to_owned(), "good"),
    }
}

fn facts(outcome: &Outcome) -> Vec<String> {
    let header = &outcome.header;
    let number = |severity| outcome.findings.count(severity);
    let mut facts = vec![
        header.specification.clone(),
        count_of(header.operations, "operation"),
        header.target.clone(),
        count(outcome.held, "exchange"),
        count_of(number(Severity::Error), "error"),
        count_of(number(Severity::Warning), "warning"),
        count_of(number(Severity::Note), "note"),
    ];
    if let Some(baseline) = &outcome.baseline {
        facts.push(format!("{} known", baseline.known.len()));
    }
    if outcome.unmatched > 0 {
        facts.push(format!(
            "{} to no operation",
            count(outcome.unmatched, "exchange")
        ));
    }
    let snapshots = &outcome.snapshots;
    if snapshots.unchanged + snapshots.new + snapshots.drifted > 0 {
        facts.push(format!(
            "snapshots: {} unchanged, {} new, {} drifted",
            snapshots.unchanged, snapshots.new, snapshots.drifted
        ));
    }
    if let Some(seed) = header.seed {
        facts.push(format!("seed {seed:08x}"));
    }
    facts.push(format!("{:.1} s", outcome.elapsed.as_secs_f64()));
    facts.iter().map(|fact| shown(fact)).collect()
}

fn coverage(coverage: &Coverage) -> Vec<ShareView> {
    shares(coverage)
        .into_iter()
        .filter(|(_, share)| share.all > 0)
        .map(|(name, share)| ShareView {
            name: name.replace('_', " "),
            seen: share.seen,
            all: share.all,
        })
        .collect()
}

/// Whether the cause at this place is one line that leads to its only finding.
fn is_line(at: usize, cause: &Cause<'_>) -> bool {
    at >= IN_FULL && cause.findings.len() == 1
}

fn cause_view(cause: &Cause<'_>, at: usize, lines: &mut excerpt::Excerpts<'_>) -> CauseView {
    let example = cause.example();
    let only = is_line(at, cause).then(|| example.fingerprint().to_string());
    let mut reach = Vec::new();
    if !cause.operations.is_empty() {
        reach.push(count_of(cause.operations.len(), "operation"));
    }
    reach.push(format!("seen {}", count(cause.seen(), "time")));
    if cause.certainty != Certainty::Stated {
        reach.push(cause.certainty.as_str().to_owned());
    }
    let members = cause.findings.iter().take(MAX_MEMBERS);
    CauseView {
        id: cause.id.clone(),
        severity: cause.severity.as_str(),
        rule: example.rule.to_string(),
        title: shown(&cause.title),
        mend: shown(&cause.mend),
        reach: reach.join(", "),
        operations: shown(&cause.operations.join(", ")),
        excerpt: example
            .document
            .as_ref()
            .filter(|_| only.is_none())
            .and_then(|at| lines.of(at)),
        members: members.map(member).collect(),
        more: cause.findings.len().saturating_sub(MAX_MEMBERS),
        only,
    }
}

fn operations(outcome: &Outcome, document: &Document) -> Vec<OperationView> {
    let mut broken: BTreeMap<&str, Vec<(&Finding, u64)>> = BTreeMap::new();
    for (finding, seen) in outcome.findings.sorted() {
        if let Some(operation) = &finding.operation {
            broken.entry(operation).or_default().push((finding, seen));
        }
    }
    let none = Vec::new();
    outcome
        .operations
        .iter()
        .map(|one| {
            let broken = broken.get(one.id.as_str()).unwrap_or(&none);
            operation(one, broken, document, outcome.header.wording)
        })
        .collect()
}

fn operation(
    one: &OperationSummary,
    broken: &[(&Finding, u64)],
    document: &Document,
    wording: Wording,
) -> OperationView {
    let share = |share: Share| match share.all {
        0 => "–".to_owned(),
        all => format!("{} of {all}", share.seen),
    };
    let missing = witness::missing(one);
    // Statuses and media types have badges.
    let missing = missing
        .iter()
        .filter(|one| !matches!(one.kind, WitnessKind::Status | WitnessKind::MediaType));
    let number = missing.clone().count();
    OperationView {
        tone: match (one.held, one.findings) {
            (0, _) => "never",
            (_, 0) => "seen",
            _ => "failed",
        },
        method: shown(&one.method),
        path: shown(&one.path),
        id: if one.id == format!("{} {}", one.method, one.path) {
            String::new()
        } else {
            shown(&one.id)
        },
        checked: one.held,
        statuses: statuses(one, broken),
        unreached: one
            .unreached
            .as_ref()
            .map_or_else(String::new, |why| shown(&why.reason(wording))),
        media_types: media_types(one, broken),
        properties: share(one.coverage.properties),
        branches: share(one.coverage.branches),
        missing: missing
            .take(MAX_NEVER)
            .map(|one| {
                let (name, place) = (one.name(document), witness::place(document, one.at));
                shown(&format!("{}: {name}, {place}", one.standing()))
            })
            .collect(),
        more_missing: number.saturating_sub(MAX_NEVER),
        findings: one.findings,
        broken: broken.iter().take(MAX_MEMBERS).map(member).collect(),
    }
}

/// The statuses that came and those that are declared.
fn statuses(one: &OperationSummary, broken: &[(&Finding, u64)]) -> Vec<Badge> {
    let is_of =
        |finding: &Finding, status: &str| finding.discriminator.split(' ').next() == Some(status);
    let came = one.statuses.keys().map(|status| {
        let name = status.to_string();
        let of = || {
            broken
                .iter()
                .map(|(finding, _)| *finding)
                .filter(|one| is_of(one, &name))
        };
        let is_undeclared = of().any(|finding| finding.rule.as_str() == ids::UNDECLARED_STATUS);
        let standing = match of().next() {
            _ if is_undeclared => Standing::Undeclared,
            Some(_) => Standing::Failed,
            None => Standing::Seen,
        };
        standing.badge(name)
    });
    let never = one.unseen.iter();
    came.chain(never.map(|status| Standing::Never.badge(shown(status))))
        .collect()
}

/// The media types that are declared, and those that came undeclared.
fn media_types(one: &OperationSummary, broken: &[(&Finding, u64)]) -> Vec<Badge> {
    let mut all: BTreeMap<String, Standing> = BTreeMap::new();
    for witness in &one.witnesses {
        if witness.kind == WitnessKind::MediaType {
            let name = witness.at.pointer.last().unwrap_or_default();
            let standing = all.entry(name).or_insert(Standing::Never);
            if witness.is_seen {
                *standing = Standing::Seen;
            }
        }
    }
    for (finding, _) in broken {
        if finding.rule.as_str() == ids::UNDECLARED_CONTENT_TYPE
            && let Some((_, came)) = finding.discriminator.split_once(' ')
        {
            all.insert(came.to_owned(), Standing::Undeclared);
        }
    }
    let all = all.into_iter();
    all.map(|(name, standing)| standing.badge(shown(&name)))
        .collect()
}

#[derive(Clone, Copy)]
enum Standing {
    Seen,
    Failed,
    Undeclared,
    Never,
}

impl Standing {
    fn badge(self, name: String) -> Badge {
        let (tone, meaning) = match self {
            Self::Seen => ("seen", "seen"),
            Self::Failed => ("failed", "seen, with findings"),
            Self::Undeclared => ("undeclared", "seen, not declared"),
            Self::Never => ("never", "declared, never seen"),
        };
        Badge {
            name,
            tone,
            meaning,
        }
    }
}

fn member((finding, seen): &(&Finding, u64)) -> Member {
    Member {
        fingerprint: finding.fingerprint().to_string(),
        message: shown(&finding.message),
        seen: *seen,
    }
}

fn finding_view(
    finding: &Finding,
    seen: u64,
    is_known: bool,
    cause: Option<(usize, &Cause<'_>)>,
    lines: &mut excerpt::Excerpts<'_>,
) -> FindingView {
    let mut parts = Vec::new();
    let mut part = |name: &'static str, text: Option<&str>| {
        parts.extend(text.map(|text| Part {
            name,
            text: shown(text),
        }));
    };
    part("got", finding.actual.as_deref());
    part("want", finding.expected.as_deref());
    part(
        "in",
        finding
            .instance
            .as_ref()
            .map(oasgate_document::Pointer::as_str)
            .filter(|at| !at.is_empty()),
    );
    let is_named = |operation: &&str| finding.message.contains(operation);
    part(
        "operation",
        finding.operation.as_deref().filter(|one| !is_named(one)),
    );
    let mend = cause.map(|(_, cause)| cause.mend.as_str());
    let is_said = |mend: &&str| finding.help.iter().any(|help| help.text == *mend);
    part("mend", mend.filter(|mend| !is_said(mend)));
    let (changes, others): (Vec<_>, Vec<_>) = finding.help.iter().partition(|help| {
        finding.rule.as_str() == ids::SHAPE_DRIFT && help.text.starts_with([' ', '+', '-'])
    });
    for help in others {
        part("next", Some(&help.text));
    }
    let diff = changes.into_iter().map(|line| DiffLine {
        is_old: line.text.starts_with('-'),
        is_new: line.text.starts_with('+'),
        text: shown(&line.text),
    });
    let diff = diff.collect();
    let mut steps = Vec::new();
    if let Some(evidence) = &finding.evidence {
        part("recording", evidence.recording.as_deref());
        part("case", evidence.case.as_deref());
        steps.extend(evidence.before.iter().map(|before| StepView {
            curl: shown(&before.curl),
            status: before.status.to_string(),
        }));
        steps.push(StepView {
            curl: shown(&evidence.curl),
            status: evidence
                .status
                .map_or_else(String::new, |status| status.to_string()),
        });
    }
    FindingView {
        fingerprint: finding.fingerprint().to_string(),
        severity: finding.severity.as_str(),
        rule: finding.rule.to_string(),
        message: shown(&finding.message),
        seen,
        is_known,
        cause: cause
            .filter(|(at, cause)| !is_line(*at, cause))
            .map_or_else(String::new, |(_, cause)| cause.id.clone()),
        excerpt: finding.document.as_ref().and_then(|at| lines.of(at)),
        parts,
        diff,
        steps,
    }
}

#[cfg(test)]
mod tests;
