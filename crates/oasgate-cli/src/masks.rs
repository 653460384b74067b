//! Credentials that a service hands out, or is given, in the bodies of a recorded run.
//!
//! They are known by the names of properties. What was masked once is masked wherever it comes again: in a property that
//! says nothing (`password_repeat`), in a URL (`?invite=`), in a `Location`.

use std::collections::VecDeque;

use oasgate::exchange::Body;
use serde_json::Value;

/// What the names of properties end in whose values prove who asks, letters and digits alone.
const CREDENTIALS: [&str; 12] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "authtoken",
    "clientsecret",
    "idtoken",
    "jwt",
    "passwd",
    "privatekey",
    "refreshtoken",
    "secretkey",
];

/// What the names of others end in, whose values may be words as well.
const OPAQUE: [&str; 2] = ["secret", "token"];

/// What stands before `key` where that proves nothing.
const NO_CREDENTIALS: [&str; 5] = ["foreign", "idempotency", "primary", "public", "sort"];

/// How deep a body is looked through.
const MAX_DEPTH: usize = 32;

/// How many values are remembered: the last ones.
const MAX_SEEN: usize = 500;

/// The least length of a value that is masked wherever it comes: shorter ones are words.
const MIN_SEEN: usize = 12;

/// What stands for a credential.
const MASK: &str = "REDACTED";

/// What a body is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Tokens, whose `key` is the token.
    Tokens,
    /// Anything else.
    Others,
}

impl About {
    /// What a request to a path and its answer are about.
    pub(crate) fn path(path: &str) -> Self {
        const TOKENS: [&str; 4] = ["apikey", "credential", "secret", "token"];
        let mut segments = path.split('/').map(plain);
        let is_of_tokens = segments.any(|segment| {
            let one = segment.strip_suffix('s').unwrap_or(&segment);
            TOKENS.iter().any(|name| one.ends_with(name))
        });
        if is_of_tokens {
            Self::Tokens
        } else {
            Self::Others
        }
    }
}

/// The letters and digits of a name, in lower case.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|one| one.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Masks credentials, and remembers them.
#[derive(Debug, Default)]
pub(crate) struct Masks {
    seen: VecDeque<String>,
}

impl Masks {
    /// A JSON body without the credentials in it; `None` where there are none.
    pub(crate) fn without_credentials(&mut self, about: About, body: &Body) -> Option<Body> {
        let Body::Complete(bytes) = body else {
            return None;
        };
        let mut value: Value = serde_json::from_slice(bytes).ok()?;
        self.mask(about, &mut value, 0)
            .then(|| Body::Complete(value.to_string().into()))
    }

    /// A text without the values that were masked before.
    pub(crate) fn without_seen(&self, text: String) -> String {
        let mut all = self.seen.iter().map(String::as_str);
        let first = all.find(|seen| text.contains(seen));
        let Some(first) = first else { return text };
        all.fold(text.replace(first, MASK), |text, seen| {
            text.replace(seen, MASK)
        })
    }

    /// Masks credentials in a value; whether there were any.
    fn mask(&mut self, about: About, value: &mut Value, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        match value {
            Value::Array(items) => {
                let masked = items
                    .iter_mut()
                    .map(|item| self.mask(about, item, depth + 1));
                masked.filter(|is_masked| *is_masked).count() > 0
            }
            Value::Object(members) => {
                let mut is_masked = false;
                for (name, member) in members {
                    match member {
                        Value::String(text) if is_credential(about, name, text) => {
                            self.remember(text);
                            *member = MASK.into();
                            is_masked = true;
                        }
                        _ => is_masked |= self.mask(about, member, depth + 1),
                    }
                }
                is_masked
            }
            Value::String(text) if is_a_jwt(text) => {
                self.remember(text);
                *value = MASK.into();
                true
            }
            _ => false,
        }
    }

    fn remember(&mut self, text: &str) {
        if text.len() < MIN_SEEN || !is_random(text) || self.seen.iter().any(|one| one == text) {
            return;
        }
        if self.seen.len() == MAX_SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back(text.to_owned());
    }
}

/// Whether the value of a property proves who asks.
fn is_credential(about: About, name: &str, text: &str) -> bool {
    let plain = plain(name);
    let ends_in = |ends: &[&str]| ends.iter().any(|end| plain.ends_with(end));
    // `password_repeat`, and not `password_changed_at`.
    let is_password = plain.ends_with("password")
        || plain.contains("password") && is_a_token(text, 8) && !starts_as_a_date(text);
    let is_key = || {
        let before = plain.strip_suffix("key");
        let before = before.filter(|before| about == About::Tokens || !before.is_empty());
        before.is_some_and(|before| !NO_CREDENTIALS.iter().any(|one| before.ends_with(one)))
            && is_a_token(text, 20)
            && is_random(text)
            && !is_a_uuid(text)
    };
    let is_secret = || {
        is_password || ends_in(&CREDENTIALS) || ends_in(&OPAQUE) && is_a_token(text, 16) || is_key()
    };
    !text.is_empty() && text != MASK && is_secret()
}

/// Whether a text may be a token, and not a word.
fn is_a_token(text: &str, least: usize) -> bool {
    text.len() >= least && !text.contains(char::is_whitespace)
}

/// Whether a text has letters and digits, and nothing that a path or a sentence has.
fn is_random(text: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
    let is_plain = |one: u8| one.is_ascii_alphanumeric() || b"-_.=+".contains(&one);
    has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && text.bytes().all(is_plain)
}

fn is_a_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
}

fn starts_as_a_date(text: &str) -> bool {
    let start = text.as_bytes().first_chunk::<5>();
    start.is_some_and(|start| start[4] == b'-' && start[..4].iter().all(u8::is_ascii_digit))
}

/// Whether a text is a JSON Web Token (RFC 7519): three parts in base64url, the first of which begins as an object does.
fn is_a_jwt(text: &str) -> bool {
    let is_part = |part: &str| {
        let mut letters = part.bytes();
        !part.is_empty() && letters.all(|one| one.is_ascii_alphanumeric() || b"-_".contains(&one))
    };
    text.starts_with("eyJ") && text.split('.').count() == 3 && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_bodies_are_not_recorded() {
        let masked = |body: &str| {
            let body =
                Masks::default().without_credentials(About::Others, &body.to_owned().into())?;
            Some(String::from_utf8_lossy(body.bytes()).into_owned())
        };
        let given =
            r#"{"access_token":"abc","expires_in":3,"user":{"name":"Ann","password":"pw"}}"#;
        let written = r#"{"access_token":"REDACTED","expires_in":3,"user":{"name":"Ann","password":"REDACTED"}}"#;
        assert_eq!(masked(given).as_deref(), Some(written));
        let named = r#"{"secret":"whsec-0123456789abcdef","admin_password":"pw","next_token":"b"}"#;
        let written = r#"{"secret":"REDACTED","admin_password":"REDACTED","next_token":"b"}"#;
        assert_eq!(masked(named).as_deref(), Some(written));
        let jwt = r#"["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"]"#;
        assert_eq!(masked(jwt).as_deref(), Some(r#"["REDACTED"]"#));
        for plain in [
            r#"{"token":"comma","tokens":3}"#,
            r#"{"name":"eyJ.b"}"#,
            "no JSON",
            "",
        ] {
            assert_eq!(masked(plain), None, "{plain}");
        }
    }

    #[test]
    fn keys_and_repeated_passwords_are_masked() {
        let mut masks = Masks::default();
        let mut masked = |body: &str| {
            let body = masks.without_credentials(About::Others, &body.to_owned().into())?;
            Some(String::from_utf8_lossy(body.bytes()).into_owned())
        };
        let given =
            r#"{"adminkey":"6af72c35881d473a9277d6130a759857","password_repeat":"m3nd8WAQjM"}"#;
        let written = r#"{"adminkey":"REDACTED","password_repeat":"REDACTED"}"#;
        assert_eq!(masked(given).as_deref(), Some(written));
        for plain in [
            r#"{"public_key":"6af72c35881d473a9277d6130a759857"}"#,
            r#"{"item_key":"0b8e3a52-94c7-4f0e-8b1d-0d9a3d0c5f11"}"#,
            r#"{"key":"6af72c35881d473a9277d6130a759857"}"#,
            r#"{"object_key":"exports/2026/a-long-name.parquet"}"#,
            r#"{"password_changed_at":"2026-11-27T10:00:00Z"}"#,
        ] {
            assert_eq!(masked(plain), None, "{plain}");
        }
    }

    #[test]
    fn the_key_of_a_token_is_masked() {
        let body = r#"{"results":[{"key":"144ac4e5f65ec0c4923109e555f58cbf9d48dfbd"}]}"#;
        let masked = |path| {
            let body = body.to_owned().into();
            Masks::default()
                .without_credentials(About::path(path), &body)
                .is_some()
        };
        assert!(masked("/users/tokens/") && masked("/api-keys"));
        assert!(!masked("/objects/7"));
    }

    #[test]
    fn what_was_masked_once_is_masked_wherever_it_comes() {
        let mut masks = Masks::default();
        let body = r#"{"secret":"4a7ad6476a721d30110d2fde38ba38d0","password":"hunter"}"#;
        assert!(
            masks
                .without_credentials(About::Others, &body.to_owned().into())
                .is_some()
        );
        let line = "/new-user?invite=4a7ad6476a721d30110d2fde38ba38d0 and hunter".to_owned();
        assert_eq!(
            masks.without_seen(line),
            "/new-user?invite=REDACTED and hunter"
        );
    }
}
