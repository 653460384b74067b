//! Small pieces of HTTP syntax that checks and the gate read.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use jsonschema::Validator;
use serde_json::{Value, json};

/// Whether a text is a URI reference, relative or absolute (RFC 3986 §4.1).
pub fn is_uri_reference(text: &str) -> bool {
    static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| {
        jsonschema::options()
            .should_validate_formats(true)
            .build(&json!({ "format": "uri-reference" }))
            .ok()
    });
    VALIDATOR
        .as_ref()
        .is_none_or(|validator| validator.is_valid(&Value::String(text.to_owned())))
}

/// `Retry-After` (RFC 9110 §10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// So long after the response.
    Delay(Duration),
    /// At this time.
    Date(SystemTime),
}

impl RetryAfter {
    /// Reads the field; `None` when it is neither seconds nor an HTTP date.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // More seconds than fit are for ever.
            return Some(Self::Delay(Duration::from_secs(
                text.parse().unwrap_or(u64::MAX),
            )));
        }
        httpdate::parse_http_date(text).ok().map(Self::Date)
    }

    /// How long to wait, by the clock of the service: its `Date` field, when there is one.
    pub fn wait(self, date: Option<&str>) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::Date(until) => date
                .and_then(|date| httpdate::parse_http_date(date).ok())
                .and_then(|now| until.duration_since(now).ok())
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nonsense_is_not() {
        assert_eq!(
            RetryAfter::parse(" 120 "),
            Some(RetryAfter::Delay(Duration::from_secs(120)))
        );
        assert!(matches!(
            RetryAfter::parse("Fri, 31 Dec 1999 23:59:59 GMT"),
            Some(RetryAfter::Date(_))
        ));
        for nonsense in ["soon", "-1", "1.5", "", "2025-03-27T20:46:31Z"] {
            assert_eq!(RetryAfter::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_date_is_counted_from_the_date_of_the_response() {
        let until = RetryAfter::parse("Fri, 31 Dec 1999 23:59:59 GMT").expect("it is a date");
        assert_eq!(
            until.wait(Some("Fri, 31 Dec 1999 23:59:49 GMT")),
            Duration::from_secs(10)
        );
        assert_eq!(
            until.wait(Some("Sat, 01 Jan 2000 00:00:00 GMT")),
            Duration::ZERO
        );
        assert_eq!(until.wait(None), Duration::ZERO);
    }

    #[test]
    fn a_relative_reference_is_one() {
        assert!(is_uri_reference("/v2/x?y#z"));
        assert!(is_uri_reference("../x"));
        assert!(!is_uri_reference("http://exa mple/"));
        assert!(!is_uri_reference("ht!tp://[::1"));
    }
}
