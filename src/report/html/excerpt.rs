//! The lines of the document that a finding is about, with those around it.
//!
//! Five thousand findings speak of a few hundred nodes: each is looked up and written once.

use std::{collections::HashMap, ops::Range};

use askama::Template;
use oasgate_document::{Address, Document};

use crate::report::visible;

/// How many lines are shown before and after the one that is meant.
const AROUND: usize = 2;

/// How much of a line is shown, in bytes; a document may be one line of two megabytes.
const WIDEST: usize = 160;

#[derive(Template)]
#[template(path = "excerpt.html")]
struct Excerpt {
    place: String,
    lines: Vec<Line>,
}

struct Line {
    /// Its number, set flush right.
    number: String,
    text: String,
    is_marked: bool,
}

/// Excerpts of one document, as HTML.
pub(super) struct Excerpts<'d> {
    document: &'d Document,
    written: HashMap<Address, Option<String>>,
}

impl<'d> Excerpts<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self {
            document,
            written: HashMap::new(),
        }
    }

    /// The lines around a node; `None` where it stands nowhere.
    pub(super) fn of(&mut self, at: &Address) -> Option<String> {
        if let Some(known) = self.written.get(at) {
            return known.clone();
        }
        let text = self.write(at);
        self.written.insert(at.clone(), text.clone());
        text
    }

    fn write(&self, at: &Address) -> Option<String> {
        let place = self
            .document
            .locate_key(at)
            .or_else(|| self.document.locate(at))?;
        let text = self.document.source_of(at)?.text();
        let meant = place.span.start.min(text.len());
        let number = usize::try_from(place.line).unwrap_or(usize::MAX);
        let excerpt = Excerpt {
            place: visible(&place.to_string()).into_owned(),
            lines: lines(text, meant, number),
        };
        excerpt.render().ok()
    }
}

/// The line that holds the byte `meant`, which has this number, and those around it.
fn lines(text: &str, meant: usize, number: usize) -> Vec<Line> {
    let line = line_at(text, meant);
    let mut before = Vec::new();
    let mut start = line.start;
    while before.len() < AROUND && start > 0 {
        let above = line_at(text, start - 1);
        start = above.start;
        before.push(above);
    }
    let mut after = Vec::new();
    let mut end = line.end;
    while after.len() < AROUND && end + 1 < text.len() {
        let below = line_at(text, end + 1);
        end = below.end;
        after.push(below);
    }
    let first = number.saturating_sub(before.len());
    before
        .into_iter()
        .rev()
        .chain([line.clone()])
        .chain(after)
        .enumerate()
        .map(|(at, range)| Line {
            number: format!("{:>5}", first + at),
            is_marked: range == line,
            text: window(text, &range, meant),
        })
        .collect()
}

/// The line that holds a byte, without its end.
fn line_at(text: &str, at: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let start = bytes[..at]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |found| found + 1);
    let end = bytes[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |found| at + found);
    start..end
}

/// A line, or the part of it around what is meant.
fn window(text: &str, line: &Range<usize>, meant: usize) -> String {
    let (from, to) = if line.len() <= WIDEST {
        (line.start, line.end)
    } else if line.contains(&meant) {
        (
            meant.saturating_sub(WIDEST / 2).max(line.start),
            (meant + WIDEST / 2).min(line.end),
        )
    } else {
        (line.start, line.start + WIDEST)
    };
    let (from, to) = (text.floor_char_boundary(from), text.ceil_char_boundary(to));
    let shown: String = text[from..to]
        .chars()
        .map(|one| if one == '\t' { ' ' } else { one })
        .collect();
    let (cut_before, cut_after) = (from > line.start, to < line.end);
    format!(
        "{}{}{}",
        if cut_before { "…" } else { "" },
        visible(shown.trim_end_matches('\r')),
        if cut_after { "…" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_is_meant_stands_between_its_neighbours() {
        let text = "one\ntwo\nthree\nfour\nfive\nsix";
        let shown = lines(text, text.find("four").unwrap_or_default() + 2, 4);
        let told: Vec<_> = shown
            .iter()
            .map(|line| (line.number.trim(), line.text.as_str(), line.is_marked))
            .collect();
        assert_eq!(
            told,
            [
                ("2", "two", false),
                ("3", "three", false),
                ("4", "four", true),
                ("5", "five", false),
                ("6", "six", false)
            ]
        );
        let first = lines("only", 0, 1);
        assert_eq!(first.len(), 1);
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let text = format!("{}MEANT{}", "ä".repeat(5_000), "ü".repeat(5_000));
        let shown = lines(&text, 10_000, 1);
        assert!(shown[0].text.contains("MEANT") && shown[0].text.len() < 400);
        assert!(shown[0].text.starts_with('…') && shown[0].text.ends_with('…'));
    }
}
