//! The reference pages of the guide, made from the code so that none can be out of date.
//!
//! `make reference` writes them; the test here compares what is published with what the code says.

mod command_line;
mod fields;
mod rules;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// From the folder of this package, in which its tests run.
const FOLDER: &str = "../../docs/reference";

/// Asks for the pages to be written.
const WRITE: &str = "OASGATE_WRITE_REFERENCE";

/// Stands at the head of each page.
const MADE: &str = "<!-- Made from the code by `make reference`: change it there. -->";

/// Every page: its file, and its text.
fn pages() -> Vec<(&'static str, String)> {
    let report: Value =
        serde_json::from_str(include_str!("../../../../docs/schemas/report.schema.json"))
            .expect("the schema is JSON");
    vec![
        ("checks.md", rules::checks()),
        ("not-a-finding.md", rules::not_findings()),
        ("lint.md", rules::lint()),
        ("changes.md", rules::changes()),
        (
            "configuration.md",
            fields::page(
                "Configuration",
                "Every key of `oasgate.toml`; each may be left out. [Configuration](../configuration.md) explains \
                 them by example, and [the schema](../schemas/config.schema.json) tells them to editors.",
                &crate::config::schema(),
            ),
        ),
        (
            "report.md",
            fields::page(
                "Report fields",
                "Every member of `--report json=PATH`, after [its schema](../schemas/report.schema.json). Members \
                 may be added within a version: readers ignore those that they do not know.",
                &report,
            ),
        ),
        ("command-line.md", command_line::page()),
    ]
}

/// A page with its title and what stands above all others.
fn titled(title: &str, about: &str, body: &str) -> String {
    let text = format!("# {title}\n\n{MADE}\n\n{about}\n\n{}\n", body.trim_end());
    let lines = text.lines().map(str::trim_end);
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// A text on one line, for a cell of a table.
fn cell(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what `make reference` is for")]
fn the_published_reference_is_that_of_the_code() {
    let is_written = std::env::var_os(WRITE).is_some();
    let mut wrong = Vec::new();
    for (name, text) in pages() {
        let path = PathBuf::from(FOLDER).join(name);
        if is_written {
            std::fs::create_dir_all(FOLDER).expect("it is made");
            std::fs::write(&path, &text).expect("it is written");
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        if published != text {
            let diff = similar::TextDiff::from_lines(&published, &text)
                .unified_diff()
                .to_string();
            wrong.push(format!("{name}:\n{diff}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "the reference is not that of the code: run `make reference`\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_folder_holds_no_page_that_nobody_makes() {
    let made: Vec<_> = pages().into_iter().map(|(name, _)| name).collect();
    for entry in Path::new(FOLDER).read_dir().expect("the folder is there") {
        let name = entry.expect("an entry").file_name();
        assert!(made.iter().any(|one| name == **one), "{}", name.display());
    }
}
