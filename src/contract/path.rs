//! A path template such as `/users/{id}`: read, matched and filled in.

use percent_encoding::percent_decode_str;

/// A path template as the document writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    written: String,
    segments: Vec<Vec<Part>>,
}

/// A piece of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// Text, percent-decoded.
    Literal(String),
    /// The value of a path parameter.
    Parameter(String),
}

impl PathTemplate {
    /// Reads a template. What stands behind `?` or `#` is no part of the path.
    pub(super) fn parse(written: &str) -> Self {
        let path = written.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_prefix('/').unwrap_or(path);
        Self {
            written: written.to_owned(),
            segments: split_segments(path).iter().map(|one| parts(one)).collect(),
        }
    }

    /// The template as written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The names of its parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.segments
            .iter()
            .flatten()
            .filter_map(|part| match part {
                Part::Parameter(name) => Some(name.as_str()),
                Part::Literal(_) => None,
            })
    }

    /// The path with each parameter replaced by what `value` writes for it. Literal text stays as
    /// the document writes it.
    pub fn fill(&self, mut value: impl FnMut(&str) -> String) -> String {
        let mut rest = self.written.split(['?', '#']).next().unwrap_or_default();
        let mut filled = String::new();
        while let Some((before, name, after)) = next_parameter(rest) {
            filled.push_str(before);
            filled.push_str(&value(name));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// The raw values of the parameters in a path that was written from this template, below whatever
    /// base path: every way to take it apart, the router's own first, `MAX_READINGS` at most. Routers
    /// differ where two parameters stand in one segment (`{a}-{b}` and `1-2-3`). Empty when the path does
    /// not fit.
    pub fn readings(&self, path: &str) -> Vec<Vec<(String, String)>> {
        let whole: Vec<&str> = path.split('/').collect();
        // An absolute path begins with an empty segment, which no template has.
        let Some(start) = whole
            .len()
            .checked_sub(self.segments.len())
            .filter(|start| *start > 0)
        else {
            return Vec::new();
        };
        let segments = self.segments.iter().zip(&whole[start..]);
        let ways: Vec<_> = segments
            .map(|(parts, segment)| match_all(parts, segment, MAX_READINGS))
            .collect();
        let count = ways.iter().fold(1, |count: usize, ways| {
            MAX_READINGS.min(count.saturating_mul(ways.len()))
        });
        (0..count).map(|number| reading(&ways, number)).collect()
    }

    /// Whether a path may be taken apart in more ways than one: a segment has more than one parameter.
    pub(crate) fn is_ambiguous(&self) -> bool {
        let is_parameter = |part: &&Part| matches!(part, Part::Parameter(_));
        self.segments
            .iter()
            .any(|parts| parts.iter().filter(is_parameter).nth(1).is_some())
    }

    pub(super) fn segments(&self) -> &[Vec<Part>] {
        &self.segments
    }
}

impl std::fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

/// The text before the first `{name}`, the name, and the text behind it.
fn next_parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Segments by `/`, but not by one inside braces.
fn split_segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let mut start = 0;
    let mut inside = false;
    for (at, character) in path.char_indices() {
        match character {
            '{' => inside = true,
            '}' => inside = false,
            '/' if !inside => {
                segments.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    segments.push(&path[start..]);
    segments
}

fn parts(segment: &str) -> Vec<Part> {
    let literal =
        |text: &str| Part::Literal(percent_decode_str(text).decode_utf8_lossy().into_owned());
    let mut parts = Vec::new();
    let mut rest = segment;
    while let Some((before, name, after)) = next_parameter(rest) {
        if !before.is_empty() {
            parts.push(literal(before));
        }
        parts.push(Part::Parameter(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(literal(rest));
    }
    parts
}

/// The most ways in which a path is taken apart.
const MAX_READINGS: usize = 16;

/// How often a segment is tried at most: with many parameters in one segment there are more ways to cut
/// it than anybody waits for.
const MAX_STEPS: usize = 10_000;

/// The values that make a segment out of its parts; `None` when it is made otherwise. Values stay
/// percent-encoded, and none is empty: an empty segment is another route.
pub(super) fn match_segment(parts: &[Part], segment: &str) -> Option<Vec<(String, String)>> {
    if let [Part::Parameter(name)] = parts {
        return (!segment.is_empty()).then(|| vec![(name.clone(), segment.to_owned())]);
    }
    match_all(parts, segment, 1).pop()
}

/// The first `most` ways to make a segment out of its parts.
fn match_all(parts: &[Part], segment: &str, most: usize) -> Vec<Vec<(String, String)>> {
    let mut matching = Matching {
        found: Vec::new(),
        most,
        steps: 0,
    };
    matching.rest(parts, segment, Vec::new());
    matching.found
}

/// One of the ways in which all segments are taken apart together: those of the last segment change first.
fn reading(ways: &[Vec<Vec<(String, String)>>], number: usize) -> Vec<(String, String)> {
    let mut rest = number;
    let mut chosen: Vec<&Vec<(String, String)>> = ways
        .iter()
        .rev()
        .filter_map(|ways| {
            let way = ways.get(rest % ways.len().max(1));
            rest /= ways.len().max(1);
            way
        })
        .collect();
    chosen.reverse();
    chosen.into_iter().flatten().cloned().collect()
}

struct Matching {
    found: Vec<Vec<(String, String)>>,
    most: usize,
    steps: usize,
}

impl Matching {
    fn is_done(&mut self) -> bool {
        self.steps += 1;
        self.found.len() >= self.most || self.steps > MAX_STEPS
    }

    /// Matches what is left of a segment; `before` holds the values in front of it.
    fn rest(&mut self, parts: &[Part], segment: &str, mut before: Vec<(String, String)>) {
        if self.is_done() {
            return;
        }
        match parts.split_first() {
            None if segment.is_empty() => self.found.push(before),
            None => {}
            Some((Part::Literal(text), rest)) => {
                if let Some(behind) = strip_decoded(segment, text) {
                    self.rest(rest, behind, before);
                }
            }
            Some((Part::Parameter(name), [])) if !segment.is_empty() => {
                before.push((name.clone(), segment.to_owned()));
                self.found.push(before);
            }
            // The shortest value that lets the rest match comes first, as most routers have it.
            Some((Part::Parameter(name), rest)) => {
                let ends = segment.char_indices().map(|(at, _)| at).skip(1);
                for end in ends {
                    let mut values = before.clone();
                    values.push((name.clone(), segment[..end].to_owned()));
                    self.rest(rest, &segment[end..], values);
                }
            }
        }
    }
}

/// What follows `text` in a percent-encoded segment that begins with it.
fn strip_decoded<'s>(segment: &'s str, text: &str) -> Option<&'s str> {
    if let Some(rest) = segment.strip_prefix(text) {
        return Some(rest);
    }
    let mut at = 0;
    let bytes = segment.as_bytes();
    for wanted in text.bytes() {
        let (came, length) = match bytes.get(at)? {
            b'%' => (
                u8::from_str_radix(segment.get(at + 1..at + 3)?, 16).ok()?,
                3,
            ),
            other => (*other, 1),
        };
        if came != wanted {
            return None;
        }
        at += length;
    }
    segment.get(at..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(template: &str, segment: &str) -> Option<Vec<(String, String)>> {
        match_segment(&parts(template), segment)
    }

    #[test]
    fn a_segment_may_mix_text_and_parameters() {
        let values = matched("{name}.{ending}", "report.json").expect("it matches");
        assert_eq!(
            values,
            [
                ("name".into(), "report".into()),
                ("ending".into(), "json".into())
            ]
        );
        assert_eq!(matched("v{n}", "v"), None);
        assert_eq!(matched("{a}", ""), None);
    }

    #[test]
    fn text_is_compared_decoded_and_values_stay_encoded() {
        assert!(matched("a b", "a%20b").is_some());
        assert_eq!(
            matched("{x}", "a%2Fb"),
            Some(vec![("x".into(), "a%2Fb".into())])
        );
    }

    #[test]
    fn a_written_path_is_taken_apart_in_every_way() {
        let read = |template: &str, path: &str| -> Vec<Vec<String>> {
            let readings = PathTemplate::parse(template).readings(path);
            let values = |one: Vec<(String, String)>| one.into_iter().map(|(_, value)| value);
            readings
                .into_iter()
                .map(|one| values(one).collect())
                .collect()
        };
        assert_eq!(read("/report/{id}.json", "/v2/report/7.json"), [["7"]]);
        assert_eq!(
            read("/things/{name}:cancel", "/things/a%2Fb:cancel"),
            [["a%2Fb"]]
        );
        assert_eq!(read("/{a}-{b}", "/1-2-3"), [["1", "2-3"], ["1-2", "3"]]);
        assert_eq!(read("/a/{b}", "/x/7"), [[""; 0]; 0]);
        assert_eq!(read("/{a}/{b}", "/7"), [[""; 0]; 0]);
        assert_eq!(
            read("/{a}{b}", &format!("/{}", "x".repeat(99))).len(),
            MAX_READINGS
        );
    }

    #[test]
    fn a_template_is_filled_in() {
        let template = PathTemplate::parse("/a/{b}.{c}?d");
        assert_eq!(template.fill(str::to_uppercase), "/a/B.C");
        assert_eq!(template.parameters().collect::<Vec<_>>(), ["b", "c"]);
    }
}
