//! `unknown-keyword`

use super::{Finding, Lint, Rule, Subject, documented, finding, keywords, structure::Version};
use crate::finding::Severity;

documented! {
    /// A keyword of a schema is nearly one that is known, or is none that OpenAPI 3.0 allows.
    ///
    /// # What it holds
    ///
    /// The keywords of each schema object are those of OpenAPI and JSON Schema. Another word is a
    /// warning where it is one slip away from a keyword, and in Swagger 2.0 and OpenAPI 3.0, whose
    /// schema objects allow no other, a note.
    ///
    /// # Why
    ///
    /// What is not known asserts nothing: `maxLenght: 3` takes every string.
    ///
    /// # Not a finding when
    ///
    /// - the keyword is an extension (`x-`), or of an older draft of JSON Schema;
    /// - the keyword belongs to another version: that is `other-version-keyword`;
    /// - the document is of OpenAPI 3.1 or later and the word is near none: it is an annotation.
    pub UnknownKeyword = "unknown-keyword", Warning;
}

impl Lint for UnknownKeyword {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let is_closed = Version::of(subject.document().version()) < Version::V31;
        for (at, members) in keywords::schema_objects(subject) {
            if is_closed && members.contains_key("$ref") {
                continue;
            }
            for name in members.keys() {
                if name.starts_with("x-")
                    || keywords::named(name).is_some()
                    || keywords::is_older(name)
                {
                    continue;
                }
                let near = keywords::names().find(|known| is_misspelt(name, known));
                let at = at.join(name);
                if let Some(near) = near {
                    let message = format!("`{name}` is not a keyword; `{near}` is");
                    findings.push(finding(&Self::RULE, message).at(at));
                } else if is_closed {
                    let mut one = finding(&Self::RULE, format!("`{name}` is not a keyword")).at(at);
                    one.severity = Severity::Note;
                    findings.push(one.with_help("a name of your own begins with `x-`"));
                }
            }
        }
    }
}

/// Whether a word is a keyword but for its case or a slip of the finger, two in a long word.
fn is_misspelt(word: &str, keyword: &str) -> bool {
    let allowed = match keyword.len() {
        0..=4 => 0,
        5..=9 => 1,
        _ => 2,
    };
    word.eq_ignore_ascii_case(keyword)
        || word.len().abs_diff(keyword.len()) <= allowed
            && strsim::osa_distance(word, keyword) <= allowed
}
