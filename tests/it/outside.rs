//! Against what others wrote: documents and recordings beside the project. Where they are not there,
//! a test says so and is skipped.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use oasgate::{
    Contract,
    gate::{self, Interrupt, Outcome, RecordingSource, Replay, Settings},
    recording,
};

/// The small set that stands in the project.
const BUNDLED: &str = "tests/outside";

/// The folder of all outside material; `None`, with a word, where it is not there.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = whole();
    if folder.is_dir() {
        return Some(folder);
    }
    skip(&folder);
    None
}

/// One part of the outside material: of the whole, or of what is bundled; `None`, with a word, where
/// neither has it.
pub(crate) fn part(path: &str) -> Option<PathBuf> {
    let folders = [whole(), PathBuf::from(BUNDLED)];
    let found = folders
        .iter()
        .map(|folder| folder.join(path))
        .find(|one| one.exists());
    if found.is_none() {
        skip(&folders[0].join(path));
    }
    found
}

/// Writes a file that a test reads.
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
pub(crate) fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("it is written");
}

fn whole() -> PathBuf {
    std::env::var_os("OASGATE_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from)
}

/// Says that a test is skipped, on standard error and in the file that `make test` counts.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skip(missing: &Path) {
    eprintln!(
        "skipped: {} is not there (set OASGATE_SHARED)",
        missing.display()
    );
    let Some(list) = std::env::var_os("OASGATE_SKIPPED") else {
        return;
    };
    let name = std::thread::current().name().unwrap_or("?").to_owned();
    let mut options = fs::OpenOptions::new();
    if let Ok(mut list) = options.append(true).create(true).open(list) {
        let _ = writeln!(list, "{name}");
    }
}

fn replay(contract: &Contract, paths: &[PathBuf], workers: usize) -> Outcome {
    let sources: Vec<_> = recording::files(paths)
        .expect("recordings")
        .into_iter()
        .map(|file| RecordingSource::File(file.path().to_owned()))
        .collect();
    let options = Replay {
        entries: None,
        settings: Settings::default(),
        base_path: None,
        hosts: Vec::new(),
        columns: oasgate::recording::Columns::default(),
        workers,
    };
    gate::replay(
        contract,
        &sources,
        &options,
        None,
        &mut (),
        &Interrupt::default(),
    )
    .expect("they open")
}

#[test]
fn recordings_of_others_are_read_to_the_last_exchange() {
    let Some(shared) = shared() else { return };
    let count = |path: &str| {
        let files = recording::files(&[shared.join("recordings").join(path)]).expect("recordings");
        let (mut read, mut unanswered) = (0, 0);
        for file in &files {
            for entry in recording::open(file.path()).expect("it opens") {
                match entry.and_then(|entry| entry.exchange()) {
                    Ok(_) => read += 1,
                    Err(error) if error.message.starts_with("no response was recorded") => {
                        unanswered += 1;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
        (files.len(), read, unanswered)
    };
    assert_eq!(count("datadog-v1/cassettes"), (377, 769, 0));
    let whole = |(files, read, unanswered)| (files, read + unanswered);
    assert_eq!(whole(count("servers/kinto.har.gz")), (1, 5168));
    assert_eq!(whole(count("servers/httpbin.har.gz")), (1, 1126));
    assert_eq!(whole(count("servers/chromadb.har.gz")), (1, 3966));
}

#[test]
fn the_findings_do_not_depend_on_the_number_of_workers() {
    let Some(shared) = shared() else { return };
    let contract = Contract::load(shared.join("corpus/datadog/v1.yaml")).expect("it loads");
    let paths = [shared.join("recordings/datadog-v1/cassettes")];
    let told = |workers| {
        let outcome = replay(&contract, &paths, workers);
        assert_eq!(outcome.held, 769);
        let findings = outcome
            .findings
            .sorted()
            .iter()
            .map(|(finding, count)| format!("{} {count} {:?}", finding.message, finding.evidence))
            .collect::<Vec<_>>();
        (findings, outcome.coverage)
    };
    assert_eq!(told(1), told(4));
}

/// What stands in the project is read whole, and judged alike by one worker and by several.
#[test]
fn the_bundled_recording_is_held_alike_by_any_number_of_workers() {
    let bundled = Path::new(BUNDLED);
    let contract = Contract::load(bundled.join("corpus/servers/httpbin.json")).expect("it loads");
    let paths = [bundled.join("recordings/servers/httpbin.har.gz")];
    let told = |workers| {
        let outcome = replay(&contract, &paths, workers);
        assert_eq!(outcome.held, 1126);
        let findings = outcome.findings.sorted();
        let messages = findings
            .iter()
            .map(|(finding, count)| format!("{} {count}", finding.message));
        (messages.collect::<Vec<_>>(), outcome.coverage)
    };
    let (one, several) = (told(1), told(4));
    assert!(!one.0.is_empty(), "httpbin's document declares little");
    assert_eq!(one, several);
}

/// The macro names its tests without reading the operations; the contract reads them.
#[test]
fn what_a_document_declares_is_what_its_contract_has() {
    let Some(shared) = shared() else { return };
    let (mut compared, mut differing) = (0, Vec::new());
    let folders = ["apis-guru", "servers", "versions"].map(|name| shared.join("corpus").join(name));
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let is_small = fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() < 300_000);
        let Some(contract) = is_small.then(|| Contract::load(&path).ok()).flatten() else {
            continue;
        };
        let declared: Vec<_> = contract
            .document()
            .operations()
            .into_iter()
            .map(|operation| (operation.id, operation.method, operation.path))
            .collect();
        let read: Vec<_> = contract
            .operations()
            .iter()
            .map(|operation| {
                let (id, method) = (operation.id.to_string(), operation.method.to_string());
                (id, method, operation.path.to_string())
            })
            .collect();
        // An operation that cannot be read is a defect, and its test tells of it.
        if contract.defects().is_empty() {
            compared += 1;
            if declared != read {
                differing.push(path);
            }
        }
    }
    assert!(compared > 30, "{compared}");
    assert!(differing.is_empty(), "{differing:?}");
}
