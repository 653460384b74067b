//! Reports from hand-made events: what people and programs are shown.

use std::time::Duration;

use indexmap::IndexMap;
use oasgate_document::{Address, Pointer};
use serde_json::Value;

use super::*;
use crate::{
    exchange::Evidence,
    finding::{Finding, Findings, Severity, Wording},
    run::{
        Coverage, Event, FailReason, OperationSummary, RunInfo, RunKind, RunStatus, Share,
        SnapshotSummary, StopReason, Unreached,
    },
};

const YAML: &str = "openapi: 3.0.3
info: { title: Tiny, version: '1' }
paths:
  /users:
    get:
      responses:
        '200': { description: Fine }
";

pub(super) fn document() -> Document {
    Document::parse("tiny.yaml", YAML).expect("it is a document")
}

fn responses() -> Address {
    Address::in_root(
        Pointer::root()
            .join("paths")
            .join("/users")
            .join("get")
            .join("responses"),
    )
}

pub(super) fn evidence() -> Evidence {
    Evidence {
        method: "GET".into(),
        url: "http://localhost/users".into(),
        status: Some(418),
        content_type: None,
        recording: None,
        case: Some("random: random values".into()),
        before: Vec::new(),
        curl: "curl 'http://localhost/users'".into(),
    }
}

pub(super) fn finding(message: &str) -> Finding {
    Finding::new("undeclared-status", Severity::Error, message)
        .with_operation("GET /users")
        .at(responses())
        .with_label("declares 200")
        .with_expected("200")
        .with_actual("418 I'm a teapot")
        .with_evidence(evidence())
        .with_help("declare 418")
        .with_discriminator("418")
}

fn coverage() -> Coverage {
    let share = |seen, all| Share { seen, all };
    Coverage {
        operations: share(1, 1),
        statuses: share(1, 2),
        media_types: share(1, 1),
        properties: share(3, 4),
        branches: share(0, 0),
        nulls: share(0, 1),
        arrays: share(0, 0),
        enum_values: share(2, 3),
        ..Coverage::default()
    }
}

pub(super) fn outcome(findings: Vec<(Finding, u64)>) -> Outcome {
    let mut grouped = Findings::default();
    for (finding, count) in findings {
        grouped.add_counted(finding, count);
    }
    Outcome {
        baseline: None,
        header: RunInfo {
            title: "Tiny".into(),
            api_version: "1".into(),
            specification: "OpenAPI 3.0.3".into(),
            document: "tiny.yaml".into(),
            operations: 1,
            seed: Some(0x8f3a_21c0),
            kind: RunKind::Check,
            target: "http://localhost/".into(),
            wording: Wording::default(),
        },
        findings: grouped,
        operations: vec![OperationSummary {
            id: "GET /users".into(),
            method: "GET".into(),
            path: "/users".into(),
            held: 12,
            elapsed: Duration::from_millis(570),
            statuses: IndexMap::from([(200, 2), (418, 10)]),
            unseen: vec!["404".into()],
            coverage: coverage(),
            witnesses: Vec::new(),
            findings: 1,
            unreached: Some(Unreached::NotFound),
        }],
        coverage: Some(coverage()),
        unmatched: 0,
        passed_over: 0,
        unread: 0,
        held: 12,
        sent: 12,
        snapshots: SnapshotSummary {
            unchanged: 1,
            ..SnapshotSummary::default()
        },
        notices: vec!["the recording is cut off".into()],
        end: RunStatus::Complete,
        elapsed: Duration::from_millis(3200),
        state: None,
    }
}

fn terminal(outcome: &Outcome, detail: Detail) -> String {
    let mut terminal = Terminal::new(Vec::new(), Colour::None, detail);
    terminal.on(&Event::Finished(outcome), &document());
    String::from_utf8(terminal.into_inner()).expect("it is text")
}

#[test]
fn a_finding_stands_beside_the_line_it_breaks() {
    insta::assert_snapshot!(terminal(
        &outcome(vec![(
            finding("418 is not a declared response of GET /users"),
            10
        )]),
        Detail::Usual
    ));
}

#[test]
fn a_run_without_findings_says_so() {
    let mut outcome = outcome(vec![]);
    outcome.notices.clear();
    insta::assert_snapshot!(terminal(&outcome, Detail::Usual));
}

#[test]
fn quiet_is_the_last_line_alone() {
    let text = terminal(&outcome(vec![(finding("x"), 1)]), Detail::Quiet);
    assert_eq!(
        text,
        "1 error in 12 requests (3.2 s): the contract does not hold\n"
    );
}

#[test]
fn notes_are_shown_when_asked_for() {
    let note = Finding::new("unchecked-body", Severity::Note, "XML is not taken apart");
    assert!(!terminal(&outcome(vec![(note.clone(), 1)]), Detail::Usual).contains("XML"));
    assert!(
        terminal(&outcome(vec![(note, 1)]), Detail::Verbose).contains("note[unchecked-body]: XML")
    );
}

#[test]
fn hostile_text_does_not_reach_the_terminal_or_the_reports() {
    let hostile = "\u{1b}[2J\u{202e}evil\u{0}";
    let outcome = outcome(vec![(
        finding(hostile).with_actual(hostile).with_help(hostile),
        1,
    )]);
    let text = terminal(&outcome, Detail::Verbose);
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{0}']), "{text:?}");
    let xml = String::from_utf8(junit::render(&outcome, &document())).expect("it is text");
    assert!(
        !xml.contains(['\u{1b}', '\u{202e}', '\u{0}']) && xml.contains("evil"),
        "{xml:?}"
    );
    let json = String::from_utf8(json::render(&outcome, &document())).expect("it is text");
    assert!(!json.contains(['\u{1b}', '\u{0}']), "{json:?}");
}

#[test]
fn json_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/schemas/report.schema.json"))
        .expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    for end in [
        RunStatus::Complete,
        RunStatus::Interrupted,
        RunStatus::Stopped(StopReason::Time),
        RunStatus::Unreachable("gone".into()),
        RunStatus::Failed(FailReason::Snapshots("full".into())),
    ] {
        let mut outcome = outcome(vec![
            (finding("one"), 3),
            (Finding::new("server-error", Severity::Warning, "bare"), 1),
        ]);
        outcome.end = end;
        let report: Value =
            serde_json::from_slice(&json::render(&outcome, &document())).expect("it is JSON");
        let errors: Vec<_> = validator
            .iter_errors(&report)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}\n{report:#}");
    }
}

#[test]
fn json_names_the_line() {
    let report: Value = serde_json::from_slice(&json::render(
        &outcome(vec![(finding("one"), 3)]),
        &document(),
    ))
    .expect("it is JSON");
    let finding = &report["findings"][0];
    assert_eq!(finding["document"]["line"], 6);
    assert_eq!(
        finding["document"]["pointer"],
        "/paths/~1users/get/responses"
    );
    assert_eq!(
        (&finding["count"], &finding["curl"]),
        (&3.into(), &"curl 'http://localhost/users'".into())
    );
}

#[test]
fn junit_has_a_case_for_each_check_of_an_operation() {
    let xml = String::from_utf8(junit::render(
        &outcome(vec![(finding("one"), 3)]),
        &document(),
    ))
    .expect("it is text");
    assert!(
        xml.contains(r#"<failure message="one" type="undeclared-status">"#),
        "{xml}"
    );
    assert!(xml.contains("at tiny.yaml:6:7"), "{xml}");
    let cases = |outcome: &Outcome| -> Vec<String> {
        let xml = String::from_utf8(junit::render(outcome, &document())).expect("it is text");
        let cases = xml.split("<testcase name=\"").skip(1);
        cases
            .filter_map(|case| Some(case.split_once('"')?.0.to_owned()))
            .collect()
    };
    // The same cases whether something was found or not, and when the operation was not called.
    let mut other = outcome(Vec::new());
    let without = cases(&other);
    assert_eq!(cases(&outcome(vec![(finding("one"), 3)])), without);
    assert_eq!(without.len(), crate::check::rules().count());
    other.operations[0].held = 0;
    assert_eq!(cases(&other), without);
    assert!(xml.contains(r#"time="0.570""#), "{xml}");
}

#[test]
fn what_was_held_stands_in_every_report_that_has_a_place_for_it() {
    let outcome = outcome(vec![(finding("one"), 3)]);
    let held = "coverage: 1 of 1 operation; of what this one declares 1 of 2 statuses, 1 of 1 media type, \
                3 of 4 optional properties";
    let markdown = rendered("markdown", &outcome);
    assert!(markdown.lines().any(|line| line == held), "{markdown}");
    let xml = rendered("junit", &outcome);
    // Once for the operation, once for the run.
    let properties = xml.matches(r#"<property name="statuses" value="1 of 2"/>"#);
    assert_eq!(properties.count(), 2, "{xml}");
    let sarif: Value = serde_json::from_str(&rendered("sarif", &outcome)).expect("it is JSON");
    let statuses = &sarif["runs"][0]["properties"]["coverage"]["statuses"];
    assert_eq!(
        (&statuses["seen"], &statuses["all"]),
        (&1.into(), &2.into())
    );
    let lint = Outcome {
        coverage: None,
        ..outcome
    };
    assert!(!rendered("markdown", &lint).contains("coverage:"));
    let sarif: Value = serde_json::from_str(&rendered("sarif", &lint)).expect("it is JSON");
    assert!(sarif["runs"][0]["properties"].get("coverage").is_none());
}

#[test]
fn a_line_of_two_megabytes_is_shown_through_a_window() {
    let padding = "x".repeat(2 << 20);
    let text = format!(
        r#"{{"openapi":"3.0.3","info":{{"title":"{padding}","version":"1"}},"paths":{{"/users":{{"get":{{"responses":{{}}}}}}}}}}"#
    );
    let document = Document::parse("one-line.json", text).expect("it is a document");
    let mut terminal = Terminal::new(Vec::new(), Colour::None, Detail::Usual);
    terminal.on(
        &Event::Finished(&outcome(vec![(finding("one"), 1)])),
        &document,
    );
    let text = String::from_utf8(terminal.into_inner()).expect("it is text");
    assert!(
        text.len() < 3000 && text.contains("\"responses\""),
        "{}",
        text.len()
    );
}

#[test]
fn a_report_that_cannot_be_written_is_known_before_the_run() {
    let spec: ReportSpec = "json=/nowhere/at/all/report.json"
        .parse()
        .expect("it is a spec");
    let error = spec
        .probe()
        .expect_err("the folder is not there")
        .to_string();
    assert!(
        error.starts_with("cannot write /nowhere/at/all/report.json"),
        "{error}"
    );
    assert!(
        "jsn=x"
            .parse::<ReportSpec>()
            .is_err_and(|error| error.to_string().contains("did you mean \"json\""))
    );
    assert!("json".parse::<ReportSpec>().is_err());
}

#[test]
fn what_was_sent_before_is_shown_in_order() {
    let mut finding = finding("it is still there");
    let before = |curl: &str, status| crate::exchange::Before {
        curl: curl.to_owned(),
        status,
    };
    if let Some(evidence) = &mut finding.evidence {
        evidence.before = vec![before("curl one", 201), before("curl two", 204)];
    }
    let shown = super::render_finding(&finding, &document(), Colour::None);
    let lines: Vec<_> = shown
        .lines()
        .filter(|line| line.contains("curl"))
        .map(|line| line.trim_start_matches([' ', '=']))
        .collect();
    assert_eq!(
        lines,
        [
            "first: curl one  # 201",
            "then:  curl two  # 204",
            "last:  curl 'http://localhost/users'"
        ]
    );
}
fn rendered(name: &str, outcome: &Outcome) -> String {
    let kind = REPORTS.iter().find(|kind| kind.name == name);
    let bytes = (kind.expect("it is a format").render)(outcome, &document());
    String::from_utf8(bytes).expect("it is text")
}

#[test]
fn every_report_is_made_of_every_end_and_shows_nothing_hostile() {
    let hostile = "\u{1b}[2J\u{202e}a\u{0}\r\n::error::b|<img>@all`";
    for end in [
        RunStatus::Complete,
        RunStatus::Interrupted,
        RunStatus::Unreachable(hostile.into()),
        RunStatus::Failed(FailReason::Credential(hostile.into())),
    ] {
        let found = finding(hostile).with_actual(hostile).with_help(hostile);
        let mut outcome = outcome(vec![(found, 2)]);
        outcome.end = end;
        for kind in REPORTS {
            let text = rendered(kind.name, &outcome);
            assert!(!text.contains(['\u{1b}', '\u{0}']), "{}: {text}", kind.name);
            assert!(!text.is_empty(), "{}", kind.name);
        }
        let github = rendered("github", &outcome);
        assert!(
            github.lines().all(|line| !line.starts_with("::error::b")),
            "{github}"
        );
        let markdown = rendered("markdown", &outcome);
        let is_code = |line: &str| line.starts_with("    ");
        let marked = markdown.lines().filter(|line| !is_code(line));
        for line in marked {
            assert!(!line.contains("<img>") && !line.contains("@all"), "{line}");
        }
    }
}

#[test]
fn reports_say_that_a_run_was_interrupted_whatever_it_found() {
    for found in [vec![], vec![(finding("one"), 1)]] {
        let mut outcome = outcome(found);
        outcome.end = RunStatus::Interrupted;
        // The web fuzzing commons have no word for it.
        for kind in REPORTS.iter().filter(|kind| kind.name != "wfc") {
            let text = rendered(kind.name, &outcome).to_lowercase();
            assert!(text.contains("interrupted"), "{}: {text}", kind.name);
        }
    }
}

#[test]
fn annotations_name_the_line() {
    let outcome = outcome(vec![
        (finding("50%, said: no"), 3),
        (Finding::new("unchecked-body", Severity::Note, "quiet"), 1),
    ]);
    assert_eq!(
        rendered("github", &outcome),
        "::error file=tiny.yaml,line=6,col=7,title=undeclared-status::50%25, said: no%0Adeclare 418%0Acurl 'http://localhost/users'\n"
    );
}

#[test]
fn sarif_names_the_line_and_tells_what_is_known() {
    let mut outcome = outcome(vec![(finding("one"), 3)]);
    let mut known = Findings::default();
    known.add(Finding::new("server-error", Severity::Warning, "two"));
    outcome.baseline = Some(crate::run::BaselineSummary {
        known,
        gone: Vec::new(),
    });
    let report: Value = serde_json::from_str(&rendered("sarif", &outcome)).expect("it is JSON");
    let run = &report["runs"][0];
    let [one, two] = [&run["results"][0], &run["results"][1]];
    assert_eq!(
        one["locations"][0]["physicalLocation"]["region"]["startLine"],
        6
    );
    assert_eq!(
        (&one["level"], &one["occurrenceCount"]),
        (&"error".into(), &3.into())
    );
    assert!(one.get("suppressions").is_none());
    assert_eq!(two["suppressions"][0]["kind"], "external");
    assert_eq!(two["ruleId"], run["tool"]["driver"]["rules"][1]["id"]);
    assert_eq!(two["ruleIndex"], 1);
}

#[test]
fn a_summary_reads_like_this() {
    insta::assert_snapshot!(rendered(
        "markdown",
        &outcome(vec![(
            finding("418 is not a declared response of GET /users"),
            10
        )])
    ));
}

#[test]
fn what_two_reports_saw_is_one_set() {
    use crate::run::{Witness, WitnessKind};
    let status = |name: &str, is_seen| Witness {
        kind: WitnessKind::Status,
        response: responses().join(name),
        media_type: None,
        at: responses().join(name),
        is_seen,
    };
    let report = |first: bool, second: bool| {
        let mut outcome = outcome(Vec::new());
        outcome.operations[0].witnesses = vec![status("200", first), status("404", second)];
        let name = format!("{first}-{second}.json");
        (name, rendered("json", &outcome).into_bytes())
    };
    let joined = |reports: &[(String, Vec<u8>)]| {
        let merged = merge(reports).expect("they join").report;
        merged["operations"][0]["coverage"]["statuses"].clone()
    };
    let (one, other) = (report(true, false), report(false, true));
    let both = joined(&[one.clone(), other.clone()]);
    assert_eq!((&both["seen"], &both["all"]), (&2.into(), &2.into()));
    assert_eq!(both, joined(&[other, one.clone()]));
    let twice = joined(&[one.clone(), one]);
    assert_eq!((&twice["seen"], &twice["all"]), (&1.into(), &2.into()));
}
