//! Every check against its own example and against the tables in `tests/cases/check/`.
//!
//! A table is a list of cases; `tests/cases/README.md` says how one is written. A check's example,
//! which `oasgate explain` prints, is its first case.

use std::{fs, path::Path, time::Duration};

use http::{HeaderName, HeaderValue, StatusCode};
use oasgate::{
    check::{Breach, CHECKS, Credential, Intent, Part, Subject},
    contract::{Contract, Location},
    document::{Address, Document, Pointer},
    exchange::{Body, CutReason, Exchange, Origin, Request, Response},
    finding::Finding,
};
use serde_json::{Map, Value, json};

/// One exchange beside one operation.
struct Case {
    contract: Contract,
    exchange: Exchange,
    /// The method under which the operation is declared.
    declared: http::Method,
    intent: Intent,
    breaks: Option<Breach>,
    made_up: Vec<String>,
    holds_formats: bool,
    credential: Credential,
    slow_after: Option<Duration>,
}

impl Case {
    fn read(case: &Value) -> Self {
        let mut operation = Map::from_iter([("operationId".to_owned(), json!("op"))]);
        for key in ["parameters", "requestBody", "responses", "security"] {
            if let Some(part) = case.get(key) {
                operation.insert(key.to_owned(), part.clone());
            }
        }
        let version = case
            .get("openapi")
            .cloned()
            .unwrap_or_else(|| json!("3.0.3"));
        let request = &case["request"];
        let text =
            |part: &Value, key: &str| part.get(key).and_then(Value::as_str).map(str::to_owned);
        let method = text(request, "method").unwrap_or_else(|| "GET".to_owned());
        let declared = text(request, "declared-method").unwrap_or_else(|| method.clone());
        let mut path = Map::from_iter([(declared.to_lowercase(), Value::Object(operation))]);
        for (method, other) in case
            .get("other-operations")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            path.insert(method.clone(), other.clone());
        }
        let template = text(case, "template").unwrap_or_else(|| "/things/{id}".to_owned());
        let document = json!({
            "openapi": version,
            "info": { "title": "t", "version": "1" },
            "paths": { template: path, "/things/mine": case.get("other-path").cloned().unwrap_or_else(|| json!({})) },
            "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
                            "schemas": case.get("schemas").cloned().unwrap_or_else(|| json!({})) },
        });
        let contract = Contract::from_document(
            Document::parse("case", written(&document)).expect("a document"),
        );
        let defects = contract.defects();
        assert!(defects.is_empty(), "{defects:?}");
        let path = text(request, "path").unwrap_or_else(|| "/things/1".to_owned());
        let query = text(request, "query")
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let url = format!("http://localhost{path}{query}")
            .parse()
            .expect("a URL");
        let mut sent = Request::new(method.parse().expect("a method"), url);
        headers(request, &mut sent.headers);
        if let Some(body) = text(request, "body") {
            sent.body = body.into();
        }
        Self {
            contract,
            exchange: Exchange {
                request: sent,
                response: response(&case["response"]),
                origin: origin(case),
            },
            declared: declared.parse().expect("a method"),
            intent: match text(request, "intent").as_deref() {
                Some("obey") => Intent::Obey,
                Some("break") => Intent::Break,
                Some("other-method") => Intent::OtherMethod,
                _ if request.get("breaks").is_some() => Intent::Break,
                _ => Intent::Unknown,
            },
            breaks: request.get("breaks").map(breach),
            made_up: request
                .get("made-up")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(|name| name.as_str().expect("a name").to_owned())
                .collect(),
            holds_formats: case["settings"]["hold-formats"] == true,
            credential: match text(request, "credential").as_deref() {
                Some("absent") => Credential::Absent,
                Some("wrong") => Credential::Wrong,
                _ => Credential::Unknown,
            },
            slow_after: case["settings"]["slow-after-ms"]
                .as_u64()
                .map(Duration::from_millis),
        }
    }

    /// What every check says, with the two faces of each held against each other.
    fn findings(&self) -> Vec<Finding> {
        let request = &self.exchange.request;
        let route = self
            .contract
            .route(&request.method, &request.url)
            .or_else(|_| self.contract.route(&self.declared, &request.url))
            .expect("the case has its operation");
        let operation = self.contract.operation("op").expect("it is declared");
        let subject = Subject::new(
            &self.contract,
            &operation,
            &self.exchange,
            &route.path_values,
        )
        .with_intent(self.intent)
        .with_breach(self.breaks.as_ref())
        .with_made_up(&self.made_up)
        .with_formats_held(self.holds_formats)
        .with_credential(self.credential)
        .with_slow_after(self.slow_after);
        let mut findings = Vec::new();
        for check in CHECKS {
            let before = findings.len();
            check.explain(&subject, &mut findings);
            assert_eq!(
                check.holds(&subject),
                findings.len() == before,
                "{} disagrees with itself",
                check.rule().id
            );
        }
        findings
    }
}

fn breach(part: &Value) -> Breach {
    let text = |key: &str| part[key].as_str().unwrap_or_default().to_owned();
    let location = match text("in").as_str() {
        "body" => None,
        "path" => Some(Location::Path),
        "query" => Some(Location::Query),
        "header" => Some(Location::Header),
        "cookie" => Some(Location::Cookie),
        other => panic!("{other:?} is no part of a request"),
    };
    Breach {
        part: location.map_or(Part::Body, |location| {
            Part::Parameter(location, text("name"))
        }),
        pointer: Pointer::parse(&text("pointer")).expect("a pointer"),
        keyword: text("keyword"),
        rule: text("rule"),
    }
}

fn origin(case: &Value) -> Origin {
    if case.get("recorded") == Some(&Value::Bool(true)) {
        Origin::Recorded {
            file: "case".into(),
            entry: 1,
            line: None,
            kept: oasgate::exchange::Kept::default(),
        }
    } else {
        Origin::InHand
    }
}

pub(crate) fn headers(part: &Value, headers: &mut http::HeaderMap) {
    for (name, value) in part
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let values = value
            .as_array()
            .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).expect("a header name"),
                HeaderValue::from_bytes(text.as_bytes()).expect("a header value"),
            );
        }
    }
}

fn response(part: &Value) -> Response {
    let status = part["status"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .expect("a status");
    let mut response = Response::new(StatusCode::from_u16(status).expect("a status"));
    headers(part, &mut response.headers);
    let bytes = part
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let cut = |reason| Body::Cut {
        bytes: bytes.clone().into(),
        reason,
    };
    response.body = match part.get("cut").and_then(Value::as_str) {
        None => Body::from(bytes.clone()),
        Some("limit") => cut(CutReason::Limit(8)),
        Some("head") => cut(CutReason::Head(8)),
        Some("time") => cut(CutReason::TimedOut),
        Some("connection") => cut(CutReason::Connection("reset".into())),
        Some("coding") => cut(CutReason::Coding("not gzip".into())),
        Some("unknown-coding") => cut(CutReason::UnknownCoding("br".into())),
        Some("recorder") => cut(CutReason::Recorder),
        Some("lost") => Body::NotRecorded,
        Some(other) => panic!("{other:?} is no cut"),
    };
    response.elapsed = part["elapsed-ms"].as_u64().map(Duration::from_millis);
    response.wire_length = part["wire-length"].as_u64();
    response
}

/// YAML without a document around it.
pub(crate) fn yaml(text: &str) -> Value {
    let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let document = format!("openapi: 3.0.3\ninfo: {{}}\nx-case:\n{indented}");
    let document =
        Document::parse("case.yaml", document).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let at = Address::in_root(Pointer::root().join("x-case"));
    with_digits(&document, &at, &document.root()["x-case"])
}

/// What stands before the digits of a number that no double tells from its neighbours, for as long as a case
/// is data.
const DIGITS: &str = "digits of a number: ";

/// A value whose far numbers are texts with their digits.
fn with_digits(document: &Document, at: &Address, value: &Value) -> Value {
    match value {
        Value::Number(number)
            if number.is_f64() && number.as_f64().is_some_and(|one| one.abs() > 9e15) =>
        {
            let text = document.text_of(at).expect("it is written somewhere");
            json!(format!("{DIGITS}{}", text.trim()))
        }
        Value::Array(items) => (0..)
            .zip(items)
            .map(|(index, item)| with_digits(document, &at.index(index), item))
            .collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), with_digits(document, &at.join(name), member)))
            .collect(),
        _ => value.clone(),
    }
}

/// A document as text, with the digits of its numbers.
fn written(document: &Value) -> String {
    let text = document.to_string();
    let start = format!("\"{DIGITS}");
    let mut parts = text.split(&start);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |written, part| {
        let (digits, rest) = part.split_once('"').expect("the text ends");
        written + digits + rest
    })
}

pub(crate) fn example(doc: &str) -> String {
    let (_, rest) = doc.split_once("```yaml\n").expect("an example in YAML");
    let (example, _) = rest.split_once("```").expect("the example ends");
    example
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn each_check_finds_its_own_example() {
    for check in CHECKS {
        let rule = check.rule();
        let findings = Case::read(&yaml(&example(rule.doc))).findings();
        let found: Vec<_> = findings
            .iter()
            .map(|finding| finding.rule.as_str())
            .collect();
        assert!(found.contains(&rule.id), "{}: {found:?}", rule.id);
        let finding = findings
            .iter()
            .find(|finding| finding.rule.as_str() == rule.id)
            .expect("it is there");
        assert_eq!(finding.severity, rule.severity, "{}", rule.id);
    }
}

#[test]
fn each_check_is_documented_in_four_sections() {
    for check in CHECKS {
        for section in [
            "# What it holds",
            "# Why",
            "# Not a finding when",
            "# Example",
        ] {
            assert!(
                check.rule().doc.contains(section),
                "{} lacks {section}",
                check.rule().id
            );
        }
    }
}

#[test]
fn each_check_has_a_file_of_its_name_and_a_line_in_the_list() {
    let mut files: Vec<String> = fs::read_dir("src/check")
        .expect("the folder is there")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .trim_end_matches(".rs")
                .replace('_', "-")
        })
        .filter(|name| {
            let helpers = [
                "mod",
                "breach",
                "compare",
                "discriminators",
                "ids",
                "methods",
                "redacted",
                "refusal",
                "refusal-of-state",
                "refusal-statement",
                "refusal-unions",
                "refusal-words",
                "request-text",
                "sequence",
                "sign-in",
                "subject",
            ];
            !helpers.contains(&name.as_str())
        })
        .collect();
    files.sort();
    let mut rules: Vec<_> = oasgate::check::rules()
        .map(|rule| rule.id.to_owned())
        .collect();
    rules.sort();
    assert_eq!(
        files, rules,
        "please add the line to CHECKS (or SEQUENCE_CHECKS, or RUN_RULES) in src/check/mod.rs"
    );
}

#[test]
fn the_tables_hold() {
    let mut paths: Vec<_> = fs::read_dir("tests/cases/check")
        .expect("the tables are there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in &paths {
        let rule = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name");
        assert!(
            CHECKS.iter().any(|check| check.rule().id == rule),
            "{} is named after no check",
            path.display()
        );
        for case in table(path) {
            count += 1;
            let name = case["name"].as_str().expect("a case has a name");
            let expected = case["finds"]
                .as_u64()
                .expect("a case says how many findings it `finds`");
            let findings = Case::read(&case).findings();
            let own: Vec<_> = findings
                .iter()
                .filter(|finding| finding.rule.as_str() == rule)
                .collect();
            if own.len() as u64 != expected {
                wrong.push(format!(
                    "{rule}: {name}: {} instead of {expected}: {own:?}",
                    own.len()
                ));
            }
            if let (Some(severity), Some(first)) = (case["severity"].as_str(), own.first())
                && first.severity.as_str() != severity
            {
                wrong.push(format!(
                    "{rule}: {name}: {} instead of {severity}",
                    first.severity
                ));
            }
            if let (Some(message), Some(first)) = (case["message"].as_str(), own.first())
                && !first.message.contains(message)
            {
                wrong.push(format!(
                    "{rule}: {name}: {:?} does not contain {message:?}",
                    first.message
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "only {count} cases");
    for check in CHECKS {
        let id = check.rule().id;
        assert!(
            paths
                .iter()
                .any(|path| path.file_stem().is_some_and(|stem| stem == id)),
            "please add tests/cases/check/{id}.yaml: each check has a table of its own"
        );
    }
}

pub(crate) fn table(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the table can be read");
    match yaml(&text) {
        Value::Array(cases) => cases,
        other => panic!("{} is a list of cases, not {other}", path.display()),
    }
}
