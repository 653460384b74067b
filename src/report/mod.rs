//! One file for each format, fed by the gate's events and by nothing else.
//!
//! A report is written once, from the outcome of a run. [`Terminal`] is for people;
//! the others are named on the command line as `json=PATH`, and are written beside
//! and renamed, so that a reader never sees half of one. To add a format, write its file and its
//! line in [`REPORTS`].

mod changes;
mod escape;
mod github;
mod gitlab;
mod html;
mod json;
#[cfg(feature = "junit")]
mod junit;
mod markdown;
mod merge;
mod parts;
mod rules;
mod sarif;
mod source_line;
mod terminal;
mod wfc;
mod witness;
mod write;

use std::{fmt, path::PathBuf, str::FromStr};

use crate::{
    did_you_mean::hint,
    run::{Listener, Outcome},
};
use oasgate_document::Document;

pub use crate::words::count;
pub use changes::{Changes, terminal as changes_terminal};
use escape::{Syntax, harmless_in_logs};
pub use escape::{harmless_json, harmless_text, visible};
pub use merge::{JoinedEnd, MergeError, Merged, merge};
pub use terminal::{Colour, Detail, Terminal, render_finding};
pub use witness::{UnknownKind, unwitnessed, unwitnessed_of, witness_kinds};
pub use write::{ReportError, probe, write_atomically};

/// A format that is written to a file.
pub struct Kind {
    /// The word on the command line.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    render: fn(&Outcome, &Document) -> Vec<u8>,
}

/// Every format that is written to a file.
pub const REPORTS: &[Kind] = &[
    Kind {
        name: "json",
        about: "everything, for programs (docs/schemas/report.schema.json)",
        render: json::render,
    },
    #[cfg(feature = "junit")]
    Kind {
        name: "junit",
        about: "test suites, for CI systems",
        render: junit::render,
    },
    Kind {
        name: "sarif",
        about: "places in files, for code scanning",
        render: sarif::render,
    },
    Kind {
        name: "github",
        about: "annotations, printed by a job of GitHub Actions (github=-)",
        render: github::render,
    },
    Kind {
        name: "html",
        about: "one page that people read: causes, what was seen, findings; opens without a network",
        render: html::render,
    },
    Kind {
        name: "gitlab",
        about: "a code quality report, for GitLab's merge requests",
        render: gitlab::render,
    },
    Kind {
        name: "wfc",
        about: "a report of Web Fuzzing Commons, to compare fuzzers",
        render: wfc::render,
    },
    Kind {
        name: "markdown",
        about: "a summary, for a job's page or a comment",
        render: markdown::render,
    },
];

/// A format and where it goes: `json=report.json`; `-` is standard output.
#[derive(Clone)]
pub struct ReportSpec {
    kind: &'static Kind,
    path: PathBuf,
}

impl fmt::Debug for ReportSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.kind.name, self.path.display())
    }
}

/// A text that names no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSpec {
    /// There is no `=`.
    #[error("{0:?} is not FORMAT=PATH, such as json=report.json")]
    NoPath(String),
    /// The format is not known.
    #[error("{name:?} is not a report format{hint}; there are {}", REPORTS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", "))]
    UnknownFormat {
        /// The word.
        name: String,
        /// The nearest known one.
        hint: String,
    },
}

impl FromStr for ReportSpec {
    type Err = MalformedSpec;

    fn from_str(text: &str) -> Result<Self, MalformedSpec> {
        let (name, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or_else(|| MalformedSpec::NoPath(text.to_owned()))?;
        let kind = REPORTS
            .iter()
            .find(|kind| kind.name == name)
            .ok_or_else(|| MalformedSpec::UnknownFormat {
                name: name.to_owned(),
                hint: hint(name, REPORTS.iter().map(|kind| kind.name)),
            })?;
        Ok(Self {
            kind,
            path: path.into(),
        })
    }
}

impl ReportSpec {
    /// Whether the report takes standard output, where nothing else may then be written.
    pub fn is_standard_output(&self) -> bool {
        self.path.as_os_str() == "-"
    }

    /// Finds out before a run whether the report can be written after it.
    ///
    /// # Errors
    ///
    /// When its folder is not there or cannot be written to.
    pub fn probe(&self) -> Result<(), ReportError> {
        if self.is_standard_output() {
            Ok(())
        } else {
            write::probe(&self.path)
        }
    }

    fn syntax(&self) -> Syntax {
        match self.kind.name {
            "json" | "sarif" => Syntax::Json,
            "junit" => Syntax::Xml,
            "github" => Syntax::Commands,
            "html" => Syntax::Page,
            _ => Syntax::Text,
        }
    }

    /// Writes the report of a run.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write(&self, outcome: &Outcome, document: &Document) -> Result<(), ReportError> {
        let report = (self.kind.render)(outcome, document);
        write::write_atomically(&self.path, &harmless_in_logs(report, self.syntax()))
    }
}

/// Several listeners as one.
impl Listener for Vec<Box<dyn Listener>> {
    fn on(&mut self, event: &crate::run::Event<'_>, document: &Document) {
        for listener in self {
            listener.on(event, document);
        }
    }
}

#[cfg(test)]
mod tests;
