//! Annotations of GitHub Actions: printed by a job, they stand beside the lines of a pull request.

use std::fmt::Write as _;

use oasgate_document::Document;

use super::escape::visible;
use crate::{
    finding::{Finding, Severity},
    run::Outcome,
};

pub(super) fn render(outcome: &Outcome, document: &Document) -> Vec<u8> {
    let mut text = String::new();
    for (finding, _) in outcome.findings.sorted() {
        if finding.severity > Severity::Note {
            annotation(&mut text, finding, document);
        }
    }
    if let Some(reason) = outcome.end.failure(outcome.header.wording) {
        // Writing to memory does not fail.
        let _ = writeln!(text, "::error title=oasgate::{}", message(&reason));
    }
    text.into_bytes()
}

fn annotation(text: &mut String, finding: &Finding, document: &Document) {
    let place = finding
        .document
        .as_ref()
        .and_then(|at| document.locate_key(at).or_else(|| document.locate(at)));
    let place = place.map_or_else(String::new, |place| {
        let file = property(place.file.as_ref());
        format!("file={file},line={},col={},", place.line, place.column)
    });
    let mut lines = vec![finding.message.as_str()];
    lines.extend(finding.help.iter().map(|help| help.text.as_str()));
    lines.extend(
        finding
            .evidence
            .iter()
            .map(|evidence| evidence.curl.as_str()),
    );
    let _ = writeln!(
        text,
        "::{} {place}title={}::{}",
        if finding.severity == Severity::Error {
            "error"
        } else {
            "warning"
        },
        property(finding.rule.as_str()),
        message(&lines.join("\n"))
    );
}

/// What stands behind the second `::`. A line break would begin another command.
fn message(text: &str) -> String {
    text.split('\n')
        .map(|line| visible(line).replace('%', "%25").replace('\r', "%0D"))
        .collect::<Vec<_>>()
        .join("%0A")
}

/// The value of a property, which ends at a comma or a colon.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
