//! What a stranger may write is read within bounds of time and memory, measured at the program itself.

use std::{
    fmt::Write as _,
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{answering, write};

/// The most memory that may be resident, in KiB.
const MAX_MEMORY: u64 = 512 << 10;

/// The most memory for a document of some hundred KiB whose parts would come to gigabytes together, in KiB.
const LITTLE_MEMORY: u64 = 200 << 10;

/// How much time of a processor each may take, in a debug build.
const MAX_TIME: Duration = Duration::from_secs(40);

/// How long each may take at all: other tests run beside it.
const MAX_TIME_BY_CLOCK: Duration = Duration::from_secs(300);

/// One schema of a request and of a response.
fn document(schema: &str, components: &str) -> String {
    format!(
        "openapi: 3.1.0
info: {{title: t, version: '1'}}
servers: [{{url: 'http://a.test'}}]
paths:
  /x:
    post:
      operationId: x
      requestBody: {{required: true, content: {{application/json: {{schema: {schema}}}}}}}
      responses: {{'200': {{description: d, content: {{application/json: {{schema: {schema}}}}}}}}}
components:
  schemas: {{{components}}}
"
    )
}

/// A chain of components, each written with the name of the next in place of `NEXT`.
fn chain(length: usize, each: &str) -> String {
    let mut written = String::new();
    for number in 0..length {
        let next = format!("'#/components/schemas/A{}'", number + 1);
        let _ = write!(written, "A{number}: {{{}}}, ", each.replace("NEXT", &next));
    }
    written + &format!("A{length}: {{type: object}}")
}

/// A list of `count` parts with their numbers in place of `N`.
fn list(count: usize, part: &str) -> String {
    let parts: Vec<_> = (0..count)
        .map(|number| part.replace('N', &number.to_string()))
        .collect();
    parts.join(",")
}

/// How much time of a processor a process has taken, in the ticks of `/proc`: a hundred a second.
fn processor_time(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of the program may hold anything but ends with the last parenthesis.
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    let fields = behind.split_whitespace().skip(11).take(2);
    let ticks = fields.filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// How a run ended, how long it took and how much memory was resident at most, in KiB. A run that takes too
/// long is killed.
fn measured(folder: &Path, args: &[&str]) -> (Option<i32>, Duration, u64) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse().ok());
        memory = peak.unwrap_or(0).max(memory);
        if let Some(status) = child.try_wait().expect("it is our own") {
            return (status.code(), began.elapsed(), memory);
        }
        if processor_time(child.id()) > MAX_TIME || began.elapsed() > MAX_TIME_BY_CLOCK {
            child.kill().expect("it is our own");
            child.wait().expect("it is our own");
            return (None, began.elapsed(), memory);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn hostile_documents_end_within_bounds() {
    let reference = "{$ref: '#/components/schemas/A0'}";
    let closed = "{$ref: '#/components/schemas/A0', unevaluatedProperties: false}";
    let two = "allOf: [{$ref: NEXT}, {$ref: NEXT}]";
    let required = format!("{{type: object, required: [{}]}}", list(100_000, "kN"));
    let minima = format!("{{allOf: [{}]}}", list(10_000, "{minimum: N}"));
    let pairs = list(40, "{oneOf: [{required: [aN]}, {required: [bN]}]}");
    let documents = [
        ("required", document(&required, "")),
        ("allof", document(&minima, "")),
        (
            "oneof-pairs",
            document(&format!("{{allOf: [{pairs}]}}"), ""),
        ),
        (
            "pattern",
            document("{type: string, pattern: 'a{1000}{1000}{1000}'}", ""),
        ),
        (
            "empty-pattern",
            document(
                "{type: string, pattern: '^((((a?){1000}){1000}){1000}){1000}$'}",
                "",
            ),
        ),
        ("twice", document(reference, &chain(40, two))),
        (
            "chain",
            document(reference, &chain(3_000, "allOf: [{$ref: NEXT}]")),
        ),
        (
            "twice-closed",
            document(
                closed,
                &chain(40, &format!("{two}, unevaluatedProperties: false")),
            ),
        ),
        (
            "sees-through",
            document(
                reference,
                &chain(
                    200,
                    "allOf: [{$ref: NEXT}], properties: {a: {}}, unevaluatedProperties: false",
                ),
            ),
        ),
        (
            "dynamic",
            document(
                reference,
                &chain(
                    300,
                    "$dynamicAnchor: n, properties: {a: {$dynamicRef: '#n'}, b: {$ref: NEXT}}",
                ),
            ),
        ),
        (
            "long-chain",
            document(
                reference,
                &chain(
                    3_000,
                    "type: object, required: [a], properties: {a: {$ref: NEXT}}",
                ),
            ),
        ),
        (
            "empties",
            format!(
                "{{\"openapi\": \"3.1.0\", \"x\": [{}0]}}",
                "{},".repeat(10_000_000)
            ),
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let mut wrong = Vec::new();
    for (name, text) in documents {
        write(folder.path(), name, text);
        for command in ["lint", "plan"] {
            let (code, time, memory) = measured(folder.path(), &[command, name]);
            if !matches!(code, Some(0..=2)) || memory > MAX_MEMORY || memory == 0 {
                wrong.push(format!(
                    "{command} {name}: {code:?}, {time:?}, {memory} KiB"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_put_beside_each_other_is_bounded() {
    let schemas = [
        (
            "dependent-list",
            format!("dependentRequired: {{a: [{}]}}", list(20_000, "pN")),
        ),
        (
            "dependent-names",
            format!("dependentRequired: {{{}}}", list(20_000, "pN: [qN]")),
        ),
        (
            "dependent-choices",
            format!("dependentRequired: {{{}}}", list(24, "pN: [qN]")),
        ),
        (
            "dependent-schemas",
            format!(
                "dependentSchemas: {{{}}}",
                list(500, "pN: {required: [qN]}")
            ),
        ),
        (
            "exclusive-pairs",
            format!("allOf: [{}]", list(10, "{not: {required: [aN, bN]}}")),
        ),
        (
            "exclusive-branches",
            format!(
                "oneOf: [{}]",
                list(2_000, "{required: [k, pN], properties: {k: {const: N}}}")
            ),
        ),
        (
            "multiples",
            format!("allOf: [{}]", list(500, "{multipleOf: N.5}")),
        ),
        (
            "patterns-of-names",
            format!(
                "patternProperties: {{{}}}",
                list(3_000, "'^kN_': {type: string}")
            ),
        ),
        (
            "contained",
            format!(
                "type: array, allOf: [{}]",
                list(2_000, "{contains: {const: N}}")
            ),
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let mut wrong = Vec::new();
    for (name, schema) in schemas {
        write(folder.path(), name, document(&format!("{{{schema}}}"), ""));
        for command in ["lint", "plan"] {
            let (code, time, memory) = measured(folder.path(), &[command, name]);
            if !matches!(code, Some(0..=2)) || memory > LITTLE_MEMORY || memory == 0 {
                wrong.push(format!(
                    "{command} {name}: {code:?}, {time:?}, {memory} KiB"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn many_operations_are_planned_as_far_as_requests_go() {
    let parameter = "{name: a, in: path, required: true, schema: {type: string}}";
    let mut document = String::from("openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n");
    for number in 0..3_000 {
        let _ = writeln!(
            document,
            "  /p{number}/{{a}}: {{get: {{parameters: [{parameter}], responses: {{'200': {{description: d}}}}}}}}"
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "spec", document);
    write(folder.path(), "oasgate.toml", "[run]\nmax-requests = 100\n");
    let output = Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .args(["plan", "spec"])
        .current_dir(folder.path())
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let left_out = said.matches("nothing: the budget was spent").count();
    assert!((2_900..3_000).contains(&left_out), "{left_out} of 3000");
    let (code, _, memory) = measured(folder.path(), &["plan", "spec"]);
    assert_eq!(code, Some(0));
    assert!(memory > 0 && memory < MAX_MEMORY, "{memory} KiB");
}

#[test]
#[cfg(target_os = "linux")]
fn hostile_recordings_end_within_bounds() {
    let mut aliases = String::from("interactions:\n");
    for number in 0..12 {
        let inside = match number {
            0 => "1".to_owned(),
            _ => vec![format!("*a{}", number - 1); 9].join(","),
        };
        let _ = writeln!(aliases, "- &a{number} [{inside}]");
    }
    let body = format!("{{{}}}", list(1_500_000, "\"kN\":1"));
    let keys = serde_json::json!({ "log": { "version": "1.2", "entries": [{
        "request": { "method": "POST", "url": "http://a.test/x", "headers": [] },
        "response": { "status": 200, "headers": [],
            "content": { "mimeType": "application/json", "text": body } },
    }] } });
    let folder = tempfile::tempdir().expect("a folder");
    let schema = "{type: object, additionalProperties: false, properties: {a: {type: string}}}";
    write(folder.path(), "spec", document(schema, ""));
    let mut wrong = Vec::new();
    for (name, text, wanted) in [
        ("aliases.yaml", aliases, 2),
        ("keys.har", keys.to_string(), 1),
    ] {
        write(folder.path(), name, text);
        let args = ["replay", "spec", name, "--snapshots", "off"];
        let (code, time, memory) = measured(folder.path(), &args);
        if code != Some(wanted) || memory > MAX_MEMORY || memory == 0 {
            wrong.push(format!("{name}: {code:?}, {time:?}, {memory} KiB"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A recording of one exchange, whose request and response have the same body.
fn recorded(body: &serde_json::Value) -> String {
    let body = serde_json::json!({ "mimeType": "application/json", "text": body.to_string() });
    let headers = serde_json::json!([{ "name": "Content-Type", "value": "application/json" }]);
    let entry = serde_json::json!({
        "request": { "method": "POST", "url": "http://a.test/x", "postData": body, "headers": headers },
        "response": { "status": 200, "content": body, "headers": headers },
    });
    serde_json::json!({ "log": { "version": "1.2", "entries": [entry] } }).to_string()
}

#[test]
#[cfg(target_os = "linux")]
fn a_text_that_is_too_long_for_a_pattern_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let counted = "{type: string, pattern: '[ab]{3000}[cd]'}";
    let listed = format!("{{type: array, items: {counted}}}");
    let names = "{patternProperties: {'[ab]{3000}[cd]': {type: integer}}}";
    let ahead = "{type: string, pattern: '(?=.*[0-9])x'}";
    let text = |length| serde_json::Value::from("a".repeat(length));
    let name = |length| serde_json::json!({ "a".repeat(length): 1 });
    let (decided, told) = ("schema-mismatch", "limit-reached");
    let wrong = [
        // What is short enough is still decided, and so is what one place of the pattern is tried on at once.
        (counted, text(1_000), 1, Some(decided)),
        (
            "{type: string, pattern: '^[ab]{3000}[cd]'}",
            text(2_000_000),
            1,
            Some(decided),
        ),
        (
            "{type: string, pattern: '^[ab]{0,9000}$'}",
            text(9_000),
            0,
            None,
        ),
        (counted, text(2_000_000), 1, Some(told)),
        (&listed, vec![text(4_000); 500].into(), 1, Some(told)),
        (names, name(1_000), 0, None),
        (names, name(2_000_000), 1, Some(told)),
        (ahead, text(1_000), 1, Some(decided)),
        (ahead, text(1_000_000), 1, Some(told)),
        (
            "{type: string, pattern: '^(?=.*a)(?=.*a.*a).+$'}",
            text(1_000_000),
            0,
            None,
        ),
    ]
    .into_iter()
    .filter_map(|(schema, body, wanted, rule)| {
        write(folder.path(), "spec", document(schema, ""));
        write(folder.path(), "r.har", recorded(&body));
        let args = [
            "replay",
            "spec",
            "r.har",
            "--snapshots",
            "off",
            "--report",
            "json=r.json",
        ];
        let (code, time, memory) = measured(folder.path(), &args);
        let report = fs::read(folder.path().join("r.json")).unwrap_or_default();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap_or_default();
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        let of_response: Vec<_> = findings
            .iter()
            .filter(|finding| {
                finding["severity"] == "error" && finding["check"] != "request-mismatch"
            })
            .map(|finding| finding["check"].as_str().unwrap_or_default())
            .collect();
        // What is told of the response is told of the request, which is no fault of a service.
        let notes = findings.iter().filter(|one| one["check"] == told).count();
        let is_right = code == Some(wanted)
            && rule.map_or(of_response.is_empty(), |rule| of_response.contains(&rule))
            && (rule != Some(told) || notes == 2);
        (!is_right).then(|| {
            format!("{schema}: {code:?}, {of_response:?}, {notes}, {time:?}, {memory} KiB")
        })
    })
    .collect::<Vec<_>>();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_large_pattern_is_drawn_from_within_its_budget() {
    let folder = tempfile::tempdir().expect("a folder");
    for pattern in ["a{3001}", "[ab]{3000}[cd]", "(?:a{50}){50}b"] {
        let schema = format!("{{type: string, pattern: '{pattern}'}}");
        write(folder.path(), "spec", document(&schema, ""));
        let (code, time, _) = measured(folder.path(), &["plan", "spec"]);
        assert_eq!(code, Some(0), "{pattern}: {time:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn thousands_of_parameters_of_one_operation_are_read_up_to_a_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let parameters = list(20_000, "{name: pN, in: query, schema: {type: integer}}");
    let document = document("{}", "").replace(
        "      operationId: x\n",
        &format!("      operationId: x\n      parameters: [{parameters}]\n"),
    );
    write(folder.path(), "spec", document);
    for (command, wanted) in [("lint", 1), ("plan", 0)] {
        let (code, time, _) = measured(folder.path(), &[command, "spec"]);
        assert_eq!(code, Some(wanted), "{command}: {time:?}");
    }
}

#[test]
#[cfg(unix)]
fn what_has_no_end_is_no_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = Command::new("mkfifo")
        .arg(folder.path().join("pipe"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    for target in ["/dev/zero", "pipe"] {
        write(
            folder.path(),
            "spec",
            document(&format!("{{$ref: '{target}'}}"), ""),
        );
        for (name, wanted) in [(target, 2), ("spec", 1)] {
            let (code, time, _) = measured(folder.path(), &["lint", name]);
            assert_eq!(code, Some(wanted), "{name} with {target}: {time:?}");
        }
    }
}

#[test]
fn the_time_of_a_run_ends_requests_that_are_under_way() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "spec", document("{type: object}", ""));
    let args = [
        "check",
        "spec",
        "--url",
        &url,
        "--max-time",
        "1s",
        "--snapshots",
        "off",
    ];
    let (code, time, _) = measured(folder.path(), &args);
    assert!(matches!(code, Some(0..=2)), "{code:?}");
    assert!(time < Duration::from_secs(8), "{time:?}");
}

#[test]
fn edges_that_cost_too_much_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let parts = list(2_000, "{type: object, required: [qN]}");
    let schema = format!("{{type: array, prefixItems: [{parts}]}}");
    write(folder.path(), "spec", document(&schema, ""));
    let said = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_oasgate"))
            .args(args)
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    let plan = said(&["plan", "spec"]);
    assert!(
        plan.contains("body: some values at its edges cost too much"),
        "{plan}"
    );
    let url = answering();
    let check = said(&[
        "check",
        "spec",
        "--url",
        &url,
        "--seed",
        "1",
        "--cases",
        "1",
        "--snapshots",
        "off",
    ]);
    let told = "cost too much to be made, and were not tried: body of x";
    assert!(check.contains(told), "{check}");
}
