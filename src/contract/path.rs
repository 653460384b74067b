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

/// The values that make a segment out of its parts; `None` when it is made otherwise. Values stay
/// percent-encoded, and none is empty: an empty segment is another route.
pub(super) fn match_segment(parts: &[Part], segment: &str) -> Option<Vec<(String, String)>> {
    let Some((first, rest)) = parts.split_first() else {
        return segment.is_empty().then(Vec::new);
    };
    match first {
        Part::Literal(text) => match_segment(rest, strip_decoded(segment, text)?),
        Part::Parameter(name) => {
            let found = |value: &str, mut others: Vec<(String, String)>| {
                others.insert(0, (name.clone(), value.to_owned()));
                others
            };
            if rest.is_empty() {
                return (!segment.is_empty()).then(|| found(segment, Vec::new()));
            }
            // The shortest value that lets the rest match, as most routers do.
            let ends = segment
                .char_indices()
                .map(|(at, _)| at)
                .skip(1)
                .chain([segment.len()]);
            ends.filter(|end| *end > 0).find_map(|end| {
                Some(found(
                    &segment[..end],
                    match_segment(rest, &segment[end..])?,
                ))
            })
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
    fn a_template_is_filled_in() {
        let template = PathTemplate::parse("/a/{b}.{c}?d");
        assert_eq!(template.fill(str::to_uppercase), "/a/B.C");
        assert_eq!(template.parameters().collect::<Vec<_>>(), ["b", "c"]);
    }
}
