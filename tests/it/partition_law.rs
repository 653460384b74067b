//! The law of states: for every partition of a recording, in any order, the states of the parts merge to the
//! state of the whole, byte for byte, and come to the same outcome.

use std::{fmt::Write as _, path::Path};

use oasgate::{
    Contract,
    document::Document,
    finding::Findings,
    gate::{
        Interrupt, Outcome, Ranges, RecordingSource, Replay, Settings, State, StateError,
        outcome_of, replay,
    },
    recording,
    report::ReportSpec,
    snapshot::{Mode, Redactor, Store},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::outside::shared;

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Pets, version: '1' }
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        '200':
          description: Fine
          content:
            application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Pet' } } }
        '404': { description: Gone }
  /spare:
    get:
      operationId: spare
      responses: { '200': { description: Fine } }
components:
  schemas:
    Pet:
      type: object
      required: [id]
      properties:
        id: { type: integer }
        name: { type: string }
        tag: { type: string, enum: [cat, dog] }
        owner:
          oneOf:
            - { type: object, required: [person], properties: { person: { type: string, maxLength: 2 } } }
            - { type: object, required: [person], properties: { person: { type: string, minLength: 3 } } }
            - { type: string }
";

/// What one line of a recording is about.
fn exchange() -> impl Strategy<Value = Value> {
    let pet = (
        prop_oneof![
            any::<u8>().prop_map(Value::from),
            Just(json!("one")),
            Just(json!(0.1))
        ],
        prop::option::of(prop_oneof![
            Just(json!("Rex")),
            Just(json!(null)),
            Just(json!("2020-01-01"))
        ]),
        prop::option::of(prop_oneof![Just("cat"), Just("dog"), Just("fish")]),
        prop::option::of(prop_oneof![
            "[a-z]{0,4}".prop_map(|person| json!({ "person": person })),
            Just(json!("Ann")),
            Just(json!(5)),
        ]),
    )
        .prop_map(|(id, name, tag, owner)| {
            let mut pet = json!({ "id": id });
            let members = [
                ("name", name),
                ("tag", tag.map(Value::from)),
                ("owner", owner),
            ];
            for (key, value) in members {
                if let Some(value) = value {
                    pet[key] = value;
                }
            }
            pet
        });
    let list = prop::collection::vec(pet, 0..3).prop_map(Value::from);
    let host = prop_oneof![Just("a.test"), Just("localhost"), Just("192.168.0.1")];
    let path = prop_oneof![4 => Just("/pets"), 1 => Just("/spare"), 1 => Just("/unknown")];
    let status = prop_oneof![6 => Just(200), 1 => Just(404), 1 => Just(418)];
    (host, path, status, list).prop_map(|(host, path, status, body)| {
        json!({
            "request": { "method": "GET", "url": format!("http://{host}{path}") },
            "response": {
                "status": status,
                "headers": { "content-type": "application/json" },
                "body": body.to_string(),
            },
        })
    })
}

/// A recording's lines, some of which are no exchange, each with the part that it goes to. One line at
/// least is an exchange: a file without any is in no known format.
fn lines() -> impl Strategy<Value = Vec<(String, usize)>> {
    let exchange = || exchange().prop_map(|exchange| exchange.to_string());
    let damaged = Just("{\"request\": 1}".to_owned());
    let line = prop_oneof![12 => exchange(), 1 => damaged];
    let lines = prop::collection::vec((line, 0_usize..4), 0..40);
    let sure = (exchange(), 0_usize..4, any::<prop::sample::Index>());
    (lines, sure).prop_map(|(mut lines, (exchange, part, at))| {
        lines.insert(at.index(lines.len() + 1), (exchange, part));
        lines
    })
}

#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("it is written");
}

fn run(
    contract: &Contract,
    sources: &[RecordingSource],
    entries: Option<Ranges>,
    store: Option<Store>,
    workers: usize,
) -> Outcome {
    let options = Replay {
        settings: Settings::default(),
        base_path: None,
        hosts: Vec::new(),
        entries,
        columns: oasgate::recording::Columns::default(),
        workers,
    };
    replay(
        contract,
        sources,
        &options,
        store,
        &mut (),
        &Interrupt::default(),
    )
    .expect("it can be read")
}

fn state(outcome: Outcome) -> State {
    let state = outcome.state.expect("a replay has a state");
    // What a file holds is what counts.
    State::parse(&state.render()).expect("it reads what it writes")
}

fn store(folder: &Path) -> Store {
    Store::new(folder, Mode::Check, Redactor::default(), "spec.yaml")
}

/// The report of an outcome, without what differs between runs.
fn report(folder: &Path, outcome: &Outcome, document: &Document) -> Value {
    let path = folder.join("report.json");
    let spec: ReportSpec = format!("json={}", path.display())
        .parse()
        .expect("a report");
    spec.write(outcome, document).expect("it is written");
    let bytes = std::fs::read(path).expect("it is there");
    let mut report: Value = serde_json::from_slice(&bytes).expect("it is JSON");
    report["elapsed_ms"] = json!(0);
    report
}

/// One recording, or several of one document, and which of their entries each part reads.
struct Partition<'p> {
    contract: &'p Contract,
    sources: &'p [RecordingSource],
    parts: Vec<Ranges>,
    /// In which order the parts are merged.
    turn: usize,
    /// The entries whose shapes are accepted, so that others drift.
    accepted: &'p str,
}

/// Holds the law on one partition; answers how many states there were.
fn law(partition: &Partition<'_>) -> Result<usize, TestCaseError> {
    let Partition {
        contract,
        sources,
        parts,
        turn,
        accepted,
    } = partition;
    let folder = tempfile::tempdir().expect("a folder");
    let snapshots = folder.path().join("snapshots");
    let first: Ranges = accepted.parse().expect("ranges");
    let accepting = Store::new(&snapshots, Mode::Update, Redactor::default(), "spec.yaml");
    run(contract, sources, Some(first), Some(accepting), 1);
    let whole = run(contract, sources, None, Some(store(&snapshots)), 2);
    let wanted = report(folder.path(), &whole, contract.document());
    let whole = state(whole);
    let mut states: Vec<State> = parts
        .iter()
        .enumerate()
        .filter(|(_, ranges)| !ranges.is_empty())
        .map(|(number, ranges)| {
            let store = store(&snapshots);
            let part = run(
                contract,
                sources,
                Some(ranges.clone()),
                Some(store),
                1 + number % 2,
            );
            state(part)
        })
        .collect();
    let number = states.len();
    states.rotate_left(turn % number);
    if turn % 2 == 1 {
        states.reverse();
    }
    let text = |state: &State| String::from_utf8(state.render()).expect("it is text");
    let merge = |states: Vec<State>| State::merge_all(states).expect("they do not overlap");
    let whole_text = text(&whole);
    let merged = merge(states.clone());
    prop_assert!(text(&merged) == whole_text, "the merge is not the whole");
    // In another order, and one of them twice.
    let twice = states.iter().rev().chain(&states[..1]).cloned();
    let again = merge(twice.collect());
    prop_assert!(
        text(&again) == whole_text,
        "the order or a twin changes the merge"
    );
    // Pairs first.
    let pairs = states.chunks(2).map(|pair| merge(pair.to_vec()));
    let of_pairs = merge(pairs.collect());
    prop_assert!(
        text(&of_pairs) == whole_text,
        "pairs come to something else"
    );
    // Where no entry is in the other parts, a part is the whole, and equal ranges are merged.
    if text(&states[0]) != whole_text {
        let overlapping = whole.clone().merge(states[0].clone());
        prop_assert!(
            matches!(overlapping, Err(StateError::Overlap { .. })),
            "a part and the whole are merged"
        );
    }
    let outcome = outcome_of(
        contract,
        merged,
        &Settings::default(),
        Some(store(&snapshots)),
        std::time::Duration::ZERO,
        &mut (),
    );
    let told = report(folder.path(), &outcome, contract.document());
    prop_assert!(
        told == wanted,
        "another report: {}",
        difference(&told, &wanted)
    );
    Ok(number)
}

/// The first member in which two reports differ.
fn difference(told: &Value, wanted: &Value) -> String {
    let names = wanted.as_object().expect("a report").keys();
    let mut differing = names.filter(|name| told[*name] != wanted[*name]);
    differing.next().map_or_else(String::new, |name| {
        let text = |value: &Value| {
            value[name]
                .to_string()
                .chars()
                .take(2_000)
                .collect::<String>()
        };
        format!("{name}: {}\nwanted {}", text(told), text(wanted))
    })
}

fn law_of_lines(lines: &[(String, usize)], turn: usize) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().expect("a folder");
    let contract = Contract::from_document(Document::parse("t", DOCUMENT).expect("it is one"));
    let path = folder.path().join("all.ndjson");
    let mut text = String::new();
    for (line, _) in lines {
        let _ = writeln!(text, "{line}");
    }
    write(&path, &text);
    let of_part = |part: usize| {
        let entries = (1..).zip(lines).filter(|(_, (_, of))| *of == part);
        let ranges: Vec<(u64, u64)> = entries.map(|(at, _)| (at, at)).collect();
        Ranges::try_from(ranges).expect("ranges")
    };
    law(&Partition {
        contract: &contract,
        sources: &[RecordingSource::File(path)],
        parts: (0..4).map(of_part).collect(),
        turn,
        accepted: "1-3",
    })?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_merge_to_the_whole(lines in lines(), turn in 0_usize..8) {
        law_of_lines(&lines, turn)?;
    }
}

#[test]
fn what_is_kept_of_a_rule_does_not_depend_on_the_order() {
    use oasgate::finding::{Finding, Position, Severity};
    let all: Vec<(Finding, Position)> = (0..12_000)
        .map(|number: u64| {
            let finding = Finding::new("undeclared-status", Severity::Error, "no")
                .with_discriminator((number % 6_000).to_string());
            let at = Position {
                source: "a".into(),
                entry: number,
            };
            (finding, at)
        })
        .collect();
    let gather = |parts: &[&[(Finding, Position)]]| {
        let mut all = Findings::default();
        for part in parts {
            let mut findings = Findings::default();
            for (finding, at) in *part {
                findings.add_at(finding.clone(), at.clone());
            }
            all.absorb(findings);
        }
        serde_json::to_string(&all).expect("it is JSON")
    };
    let whole = gather(&[&all]);
    for cut in [1, 5_000, 7_777] {
        let (head, tail) = all.split_at(cut);
        assert!(gather(&[tail, head]) == whole, "cut at {cut}");
    }
    let findings: Findings = serde_json::from_str(&whole).expect("it is read");
    assert!(serde_json::to_string(&findings).expect("it is JSON") == whole);
    assert_eq!(findings.len(), 5_000);
    assert_eq!(
        findings.beyond().map(|(_, count)| count).sum::<u64>(),
        2_000
    );
}

/// A number that looks like chance and is the same in every run.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29) ^ number
}

/// Ways to cut a recording, each with the part that an entry goes to: long runs, single entries, one entry alone
/// beside the rest, and runs of every length.
const CUTS: [fn(u64) -> u64; 4] = [
    |entry| entry / 700 % 3,
    |entry| scattered(entry) % 4,
    |entry| u64::from(entry == 7),
    |entry| scattered(entry / (1 + entry / 50)) % 5,
];

/// Beyond the last entry of every recording.
const BEYOND: u64 = 20_000;

/// The parts of a recording of others, cut in one way.
fn parts_merge(spec: &Path, recordings: &Path, cut: usize) {
    let document = Document::open(spec).unwrap_or_else(|error| panic!("{error}"));
    let contract = Contract::from_document(document);
    let sources: Vec<RecordingSource> = recording::files(&[recordings.to_owned()])
        .expect("recordings")
        .into_iter()
        .map(|file| RecordingSource::File(file.path().to_owned()))
        .collect();
    let parts = (0..5).map(|part| {
        let entries = (1..BEYOND).filter(|entry| CUTS[cut](*entry) == part);
        let ranges: Vec<(u64, u64)> = entries.map(|entry| (entry, entry)).collect();
        Ranges::try_from(ranges).expect("ranges")
    });
    let held = law(&Partition {
        contract: &contract,
        sources: &sources,
        parts: parts.collect(),
        turn: cut,
        accepted: "1-40",
    });
    match held {
        Ok(parts) => assert!(parts > 1, "{} is in one part", recordings.display()),
        Err(error) => panic!("{}, cut {cut}: {error}", recordings.display()),
    }
}

#[test]
fn parts_of_the_bundled_recordings_merge_to_the_whole() {
    let vantage = Path::new("tests/recordings/vantage");
    let outside = Path::new("tests/outside");
    // These files are shorter than the runs of the others.
    for cut in [1, 3] {
        parts_merge(Path::new("spec/vantage-data-exports.yaml"), vantage, cut);
    }
    parts_merge(
        &outside.join("corpus/servers/httpbin.json"),
        &outside.join("recordings/servers/httpbin.har.gz"),
        1,
    );
}

/// Every recording of others is cut in two ways.
#[test]
fn parts_of_recordings_of_others_merge_to_the_whole() {
    let Some(shared) = shared() else { return };
    for (spec, recordings, cuts) in [
        ("servers/chromadb.json", "servers/chromadb.har.gz", [1, 3]),
        ("servers/kinto.json", "servers/kinto.har.gz", [0, 3]),
        ("servers/httpbin.json", "servers/httpbin.har.gz", [0, 2]),
        ("datadog/v1.yaml", "datadog-v1/cassettes", [1, 3]),
    ] {
        for cut in cuts {
            parts_merge(
                &shared.join("corpus").join(spec),
                &shared.join("recordings").join(recordings),
                cut,
            );
        }
    }
}
