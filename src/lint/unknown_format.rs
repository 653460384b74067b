//! `unknown-format`

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::contract::{KNOWN_FORMATS, is_known_format};

documented! {
    /// A `format` is nearly one that is known.
    ///
    /// # What it holds
    ///
    /// `format` is one of JSON Schema's or of OpenAPI's registry, or clearly a word of one's own.
    ///
    /// # Why
    ///
    /// A format that nobody knows asserts nothing: `datetime` holds no date.
    ///
    /// # Not a finding when
    ///
    /// - the word is not close to any known one: own formats are allowed.
    pub UnknownFormat = "unknown-format", Note;
}

/// Words that are known to be meant for a known one.
const SLIPS: &[(&str, &str)] = &[
    ("datetime", "date-time"),
    ("date_time", "date-time"),
    ("dateTime", "date-time"),
    ("iso8601", "date-time"),
    ("guid", "uuid"),
    ("url", "uri"),
    ("e-mail", "email"),
    ("ip", "ipv4"),
    ("integer", "int32"),
    ("long", "int64"),
    ("base64", "byte"),
];

impl Lint for UnknownFormat {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        for (at, members) in &subject.schemas {
            let Some(format) = members.get("format").and_then(serde_json::Value::as_str) else {
                continue;
            };
            if is_known_format(format) {
                continue;
            }
            let slip = SLIPS
                .iter()
                .find(|(slip, _)| slip.eq_ignore_ascii_case(format))
                .map(|(_, meant)| *meant);
            let near = slip.or_else(|| {
                KNOWN_FORMATS
                    .iter()
                    .copied()
                    .find(|known| is_misspelt(format, known))
            });
            if let Some(near) = near {
                findings.push(
                    finding(
                        &Self::RULE,
                        format!(
                            "the format `{format}` is not known and asserts nothing; `{near}` is"
                        ),
                    )
                    .at(at.join("format"))
                    .with_discriminator(format),
                );
            }
        }
    }
}

/// Whether a word is a known one but for its case or one slip of the finger. Words that differ in
/// their digits (`int24`) are words of their own.
fn is_misspelt(format: &str, known: &str) -> bool {
    if known.eq_ignore_ascii_case(format) {
        return true;
    }
    let letters = |word: &str| -> String {
        word.chars()
            .filter(|one| !one.is_ascii_digit())
            .collect::<String>()
            .to_ascii_lowercase()
    };
    let (mine, theirs) = (letters(format), letters(known));
    theirs.len() > 4
        && mine != theirs
        && strsim::osa_distance(&format.to_ascii_lowercase(), known) == 1
}
