//! What a service answers is hostile text: made visible before a person sees it.

use std::{borrow::Cow, fmt::Write as _};

/// The text with control characters, terminal escapes and direction overrides written out as
/// `\u{1b}`. Line breaks and tabs become `\n` and `\t`, so that one message stays one line.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hostile if is_hostile(hostile) => shown.extend(hostile.escape_unicode()),
            harmless => shown.push(harmless),
        }
    }
    Cow::Owned(shown)
}

/// Characters that a terminal acts upon, or that change how others are shown.
fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How a report writes a character in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// JSON.
    Json,
    /// XML.
    Xml,
    /// Text that people read.
    Text,
    /// Commands of GitHub Actions, which begin lines.
    Commands,
    /// A page, which no job prints.
    Page,
}

/// A report without what a CI system would act upon when a job prints it, whoever wrote that.
pub(super) fn harmless_in_logs(report: Vec<u8>, syntax: Syntax) -> Vec<u8> {
    // Every report is UTF-8.
    let report = match String::from_utf8(report) {
        Ok(text) => text,
        Err(error) => return error.into_bytes(),
    };
    let harmless = match syntax {
        Syntax::Page => report,
        // JSON and XML have two of them in a row nowhere but in a text.
        Syntax::Json => harmless_json(&report),
        Syntax::Xml => report.replace("##", "#&#35;"),
        Syntax::Commands => without_hash_commands(&report),
        Syntax::Text => harmless_text(&report).into_owned(),
    };
    harmless.into_bytes()
}

/// A JSON text without what a CI system or a terminal would act upon when a job prints it.
pub fn harmless_json(text: &str) -> String {
    let harmless = text.replace("##", "#\\u0023");
    // JSON itself escapes the controls of ASCII, but for DEL.
    let is_seen = |one: char| one < '\u{7f}' || !is_hostile(one);
    if harmless.chars().all(is_seen) {
        return harmless;
    }
    let mut shown = String::with_capacity(harmless.len() + 8);
    for one in harmless.chars() {
        if is_seen(one) {
            shown.push(one);
            continue;
        }
        for unit in one.encode_utf16(&mut [0; 2]) {
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

/// Plain text without commands of CI systems: `##[error]` and `##vso[...]` anywhere in a line (Azure
/// Pipelines, GitHub Actions), `::error` at its beginning (GitHub Actions).
pub fn harmless_text(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    if text.contains("::") {
        let lines = text.split_inclusive('\n').map(|line| {
            let begins = line.trim_start();
            match begins.strip_prefix("::") {
                Some(behind) => format!("{}: :{behind}", &line[..line.len() - begins.len()]),
                None => line.to_owned(),
            }
        });
        shown = Cow::Owned(lines.collect());
    }
    if shown.contains("##") {
        shown = Cow::Owned(without_hash_commands(&shown));
    }
    shown
}

/// The text with a space in each `##` that begins a command.
fn without_hash_commands(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    let mut at = 0;
    while let Some(found) = text[at..].find("##") {
        let behind = &text[at + found + 2..];
        let word_end = behind.trim_start_matches(|one: char| one.is_ascii_alphanumeric());
        shown.push_str(&text[at..=at + found]);
        if word_end.starts_with('[') {
            shown.push(' ');
        }
        at += found + 1;
    }
    shown.push_str(&text[at..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::{Syntax, harmless_in_logs, harmless_text, is_hostile, visible};

    #[test]
    fn commands_of_ci_systems_are_text() {
        for (text, shown) in [
            ("##[error]x", "# #[error]x"),
            ("a ##vso[task.setvariable]x", "a # #vso[task.setvariable]x"),
            ("###[x", "## #[x"),
            ("  ::error::x\n::set-output", "  : :error::x\n: :set-output"),
            ("a::b ## Heading", "a::b ## Heading"),
        ] {
            assert_eq!(harmless_text(text), shown);
            assert!(!harmless_text(text).contains("##["));
        }
    }

    #[test]
    fn a_report_says_the_same_in_another_way() {
        let text = "##vso[x] ###[y] \"& ä\u{9b}31m\u{85}\u{2028}\u{7f}\u{e0001}";
        let json = serde_json::to_vec(text).expect("JSON");
        let harmless = harmless_in_logs(json, Syntax::Json);
        assert_eq!(
            serde_json::from_slice::<String>(&harmless).ok().as_deref(),
            Some(text)
        );
        let harmless = String::from_utf8_lossy(&harmless);
        assert!(
            !harmless.contains("##") && harmless.contains('ä'),
            "{harmless}"
        );
        assert!(!harmless.contains(is_hostile), "{harmless}");
        let xml = harmless_in_logs(b"<a>##[x]</a>".to_vec(), Syntax::Xml);
        assert_eq!(xml, b"<a>#&#35;[x]</a>");
    }

    #[test]
    fn escapes_and_overrides_are_made_visible() {
        assert_eq!(
            visible("\u{1b}[2J\u{7}x\n\u{202e}"),
            "\\u{1b}[2J\\u{7}x\\n\\u{202e}"
        );
        assert_eq!(visible("plain ä €"), "plain ä €");
        assert_eq!(visible("\u{9b}31m"), "\\u{9b}31m");
    }
}
