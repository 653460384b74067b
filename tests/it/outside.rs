//! Against what others wrote: documents and recordings beside the project. Where they are not there,
//! a test says so and is skipped.

use std::path::PathBuf;

use oasgate::{
    Contract,
    gate::{self, Interrupt, Outcome, Replay, Settings, Source},
    recording,
};

/// The folder of outside material; `None`, with a word, where it is not there.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("OASGATE_SHARED")
        .map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    {
        eprintln!(
            "skipped: {} is not there (set OASGATE_SHARED)",
            folder.display()
        );
    }
    None
}

fn replay(contract: &Contract, paths: &[PathBuf], workers: usize) -> Outcome {
    let sources: Vec<_> = recording::files(paths)
        .expect("recordings")
        .into_iter()
        .map(Source::File)
        .collect();
    let options = Replay {
        settings: Settings::default(),
        base_path: None,
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
            for entry in recording::open(file).expect("it opens") {
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
        outcome
            .findings
            .sorted()
            .iter()
            .map(|(finding, count)| format!("{} {count} {:?}", finding.message, finding.evidence))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(1), told(4));
}
