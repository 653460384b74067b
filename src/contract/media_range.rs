//! Media types as documents name them and responses carry them.

use std::fmt;

use mediatype::MediaTypeBuf;

/// A key of a `content` map: a media type or a range, with the parameters the document names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRange {
    written: String,
    main: String,
    sub: String,
    parameters: Vec<(String, String)>,
}

/// How precisely a range names a media type; greater is more precise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity(u8, isize);

impl MediaRange {
    /// Reads a key; `None` when it is no media type or range.
    pub fn parse(written: &str) -> Option<Self> {
        let mut parts = written.split(';');
        let (main, sub) = match parts.next()?.trim() {
            "*" => ("*", "*"),
            essence => essence.split_once('/')?,
        };
        if main.is_empty() || sub.is_empty() || main.contains(' ') || sub.contains(' ') {
            return None;
        }
        let parameters = parts
            .filter_map(|parameter| parameter.split_once('='))
            .map(|(name, value)| {
                (
                    name.trim().to_ascii_lowercase(),
                    value.trim().trim_matches('"').to_owned(),
                )
            })
            .collect();
        Some(Self {
            written: written.to_owned(),
            main: main.to_ascii_lowercase(),
            sub: sub.to_ascii_lowercase(),
            parameters,
        })
    }

    /// The key as written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Type and subtype in lower case, without parameters.
    pub fn essence(&self) -> String {
        format!("{}/{}", self.main, self.sub)
    }

    /// Whether it names one media type and not a range.
    pub fn is_concrete(&self) -> bool {
        self.main != "*" && self.sub != "*" && self.any_with_suffix().is_none()
    }

    /// The suffix of a range such as `application/*+json`. RFC 9110 §12.5.1 knows no such range; ASP.NET
    /// Core writes it for all that RFC 6839 calls JSON by its suffix.
    pub(crate) fn any_with_suffix(&self) -> Option<&str> {
        self.sub.strip_prefix("*+")
    }

    /// How precisely this range names `media_type`; `None` when it does not. Compared without case
    /// and without parameters other than those the range itself names. One that the media type does
    /// not carry makes the match less precise; one that differs makes it none: many services
    /// leave parameters out, and none sends a version by accident.
    pub(crate) fn matches(&self, media_type: &MediaTypeBuf) -> Option<Specificity> {
        let is = |wanted: &str, came: &str| wanted == "*" || wanted.eq_ignore_ascii_case(came);
        let is_sub = match media_type.suffix() {
            _ if self.sub == "*" => true,
            suffix if self.any_with_suffix().is_some() => {
                let suffix = suffix.map(|suffix| suffix.as_str().to_ascii_lowercase());
                suffix.as_deref() == self.any_with_suffix()
            }
            None => is(&self.sub, media_type.subty().as_str()),
            Some(suffix) => self.sub.rsplit_once('+').is_some_and(|(sub, wanted)| {
                sub.eq_ignore_ascii_case(media_type.subty().as_str())
                    && wanted.eq_ignore_ascii_case(suffix.as_str())
            }),
        };
        if !is_sub || !is(&self.main, media_type.ty().as_str()) {
            return None;
        }
        let mut agreement = 0;
        for (name, wanted) in &self.parameters {
            use mediatype::ReadParams as _;
            let came = media_type
                .params()
                .find(|(came, _)| came.as_str().eq_ignore_ascii_case(name));
            match came {
                None => agreement -= 1,
                Some((_, came)) if came.unquoted_str().eq_ignore_ascii_case(wanted) => {
                    agreement += 1
                }
                Some(_) => return None,
            }
        }
        let sub = match self.any_with_suffix() {
            _ if self.sub == "*" => 0,
            Some(_) => 1,
            None => 2,
        };
        let precision = u8::from(self.main != "*") + sub;
        Some(Specificity(precision, agreement))
    }
}

impl fmt::Display for MediaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specificity(range: &str, media_type: &str) -> Option<Specificity> {
        let came = media_type.parse().expect("a test writes good media types");
        MediaRange::parse(range).and_then(|range| range.matches(&came))
    }

    #[test]
    fn the_most_precise_range_wins() {
        let came = "application/json; charset=utf-8";
        assert!(specificity("application/json", came) > specificity("application/*", came));
        assert!(specificity("application/*", came) > specificity("*/*", came));
        assert_eq!(specificity("text/*", came), None);
    }

    #[test]
    fn a_range_may_name_a_suffix_alone() {
        let came = "application/vnd.api+json; charset=utf-8";
        assert!(specificity("application/*+json", came) > specificity("application/*", came));
        assert!(
            specificity("application/vnd.api+json", came) > specificity("application/*+json", came)
        );
        assert_eq!(specificity("application/*+json", "application/json"), None);
        assert_eq!(specificity("application/*+json", "text/x+json"), None);
        assert_eq!(specificity("application/*+json", "application/x+xml"), None);
    }

    #[test]
    fn case_and_unnamed_parameters_do_not_matter() {
        assert!(specificity("Application/JSON", "application/json;charset=utf-8").is_some());
        assert!(specificity("application/vnd.api+json", "application/vnd.api+JSON").is_some());
        assert!(specificity("application/json;v=2", "application/json; V=1").is_none());
        assert!(specificity("application/json;v=2", "application/json; v=2").is_some());
        let without = specificity("application/json;v=2", "application/json");
        assert!(without.is_some() && without < specificity("application/json", "application/json"));
    }
}
