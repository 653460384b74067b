//! `stack-trace-leak`

use std::{borrow::Cow, sync::LazyLock};

use aho_corasick::packed::Searcher;
use regex::Regex;
use serde_json::Value;

use super::{Check, Content, Rule, Subject, documented};
use crate::{finding::Finding, wire::Parsed};

documented! {
    /// A response shows where in the service's own code something went wrong.
    ///
    /// # What it holds
    ///
    /// No body holds three frames of one runtime's stack trace (CWE-209, CWE-497).
    ///
    /// # Why
    ///
    /// Paths, versions and names of functions tell an attacker where to look.
    ///
    /// # Not a finding when
    ///
    /// - the schema of the response, or its media type, says that traces are its content;
    /// - a success shows it in a property that the document declares: it is data;
    /// - the request sent the same lines: they are an echo.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses: { '500': { description: Oh, content: { text/plain: {} } } }
    /// response:
    ///   status: 500
    ///   headers: { content-type: text/plain }
    ///   body: "Error: x\n at a (/srv/app.js:3:7)\n at b (/srv/app.js:9:1)\n at Layer.handle (/srv/node_modules/express/lib/router.js:95:5)"
    /// ```
    pub StackTraceLeak = "stack-trace-leak", Warning, [Inferred];
}

/// How many frames of one runtime are a trace.
const FRAMES: usize = 3;

/// How much of a body is looked at, in bytes.
const MAX_BYTES: usize = 1 << 18;

/// What a frame looks like in each runtime: the place in the source, not only the name.
const RUNTIMES: &[(&str, &str)] = &[
    ("Python", r#"File "[^"\n]+", line [0-9]+, in [\w<>.]+"#),
    (
        "Java",
        r"\bat (?:[\w$]+[./])+[\w$<>]+\((?:[\w$]+\.(?:java|kt|scala|groovy):[0-9]+|Native Method|Unknown Source)\)",
    ),
    (
        "Node.js",
        r"\bat (?:[^\s(][^\n(]* )?\(?(?:file://|node:|[A-Za-z]:\\|/)[^\s:()]*:[0-9]+:[0-9]+\)?",
    ),
    (
        ".NET",
        r"\bat [\w.`<>\[\]+]+\([^)\n]*\) in [^\n]+:line [0-9]+",
    ),
    ("Ruby", r"[A-Za-z0-9_./-]+\.rb:[0-9]+:in [`'][^'\n]+'"),
    ("PHP", r"#[0-9]+ (?:/|[A-Za-z]:\\)[^\s(]+\.php\([0-9]+\): "),
    ("Go", r"(?:/|[A-Za-z]:)[^\s:]+\.go:[0-9]+ \+0x[0-9a-f]+"),
    ("Rust", r"\bat \.?/?[^\s:]+\.rs:[0-9]+:[0-9]+"),
];

static FRAME: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    RUNTIMES
        .iter()
        .filter_map(|(runtime, pattern)| Some((*runtime, Regex::new(pattern).ok()?)))
        .collect()
});

/// What stands in every frame of some runtime, as it is and in JSON and HTML.
const MARKS: &[&str] = &["at ", ", line ", ".rb:", ".php(", ".go:"];

/// `None` where the machine has no means to look for several texts at once.
static MARK: LazyLock<Option<Searcher>> = LazyLock::new(|| Searcher::new(MARKS));

impl Check for StackTraceLeak {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        leaked(subject).is_none()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Some(runtime) = leaked(subject) else {
            return;
        };
        let status = subject.exchange.response.status;
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!("{} shows a stack trace of {runtime}", subject.operation.id),
                )
                .at(subject.operation.address.clone())
                .with_expected("a message without the service's own code")
                .with_actual(status.to_string())
                .with_discriminator(runtime)
                .with_help("log the trace, and answer with a name for it"),
        );
    }
}

/// The runtime whose trace the body shows against the document.
fn leaked(subject: &Subject<'_>) -> Option<&'static str> {
    let bytes = subject.exchange.response.body.bytes();
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    // Every frame has a place, and every place a digit behind a mark.
    if bytes.len() < 40 || !has_marks(bytes) || is_trace_by_name(subject) {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let runtime = trace_in(&plain(&text))?;
    let sent = String::from_utf8_lossy(subject.exchange.request.body.bytes());
    if trace_in(&plain(&sent)) == Some(runtime) {
        return None;
    }
    let is_data = subject.exchange.response.status.is_success() && stands_in_declared(subject);
    (!is_data).then_some(runtime)
}

/// Whether there are as many marks as a trace has frames.
fn has_marks(bytes: &[u8]) -> bool {
    let marks = MARK.as_ref();
    marks.is_none_or(|marks| marks.find_iter(bytes).nth(FRAMES - 1).is_some())
}

fn trace_in(text: &str) -> Option<&'static str> {
    FRAME
        .iter()
        .find(|(_, frame)| frame.find_iter(text).nth(FRAMES - 1).is_some())
        .map(|(runtime, _)| *runtime)
}

/// The text without the escapes of JSON and HTML.
fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', '&']) {
        return Cow::Borrowed(text);
    }
    let text = text
        .replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\\"", "\"");
    Cow::Owned(
        text.replace("&quot;", "\"")
            .replace("&#34;", "\"")
            .replace("&#x27;", "'")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">"),
    )
}

/// Whether the media type, or a property that the schema declares, is named for traces.
fn is_trace_by_name(subject: &Subject<'_>) -> bool {
    let is_named = |name: &str| {
        let name = name.to_lowercase();
        ["stack", "trace", "backtrace", "frames"]
            .iter()
            .any(|word| name.contains(word))
    };
    let Some(media_type) = subject.media_type() else {
        return false;
    };
    is_named(media_type.range.as_str())
        || media_type.schema.as_ref().is_some_and(|schema| {
            // `traceId` names a request, and shows no code.
            let is_trace = |name: &String| is_named(name) && !name.to_lowercase().ends_with("id");
            schema.property_names().iter().any(is_trace)
        })
}

/// Whether the trace stands in a property that the document declares, or in a body that is text by
/// declaration.
fn stands_in_declared(subject: &Subject<'_>) -> bool {
    let Some(schema) = subject
        .media_type()
        .and_then(|media_type| media_type.schema.as_ref())
    else {
        return false;
    };
    let Content::Read(Parsed::Value(value)) = subject.body() else {
        return true;
    };
    let undeclared = schema.undeclared(value);
    !undeclared
        .iter()
        .filter_map(|at| at.get(value))
        .any(|value: &Value| {
            let text = value.to_string();
            trace_in(&plain(&text)).is_some()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(FRAME.len(), RUNTIMES.len());
    }

    #[test]
    fn every_frame_has_a_mark() {
        let frames = [
            ("Python", "  File \"/srv/app.py\", line 3, in get\n"),
            ("Java", "\tat com.example.Api.get(Api.java:12)\n"),
            ("Node.js", "    at get (/srv/app.js:3:7)\n"),
            (".NET", "   at Api.Get() in /srv/Api.cs:line 3\n"),
            ("Ruby", "app/api.rb:3:in `get'\n"),
            ("PHP", "#0 /srv/api.php(3): get()\n"),
            ("Go", "\t/srv/api.go:3 +0x1d\n"),
            ("Rust", "             at ./src/api.rs:3:5\n"),
        ];
        assert_eq!(frames.len(), RUNTIMES.len());
        for (runtime, frame) in frames {
            let trace = frame.repeat(FRAMES);
            assert_eq!(trace_in(&trace), Some(runtime));
            let in_json = Value::from(trace.as_str()).to_string();
            let in_html = trace.replace('"', "&quot;");
            for text in [trace, in_json, in_html] {
                assert!(has_marks(text.as_bytes()), "{text}");
            }
        }
        assert!(!has_marks(
            br#"{"created_at":"2025-03-27T20:46:31Z","status":"completed"}"#
        ));
    }
}
