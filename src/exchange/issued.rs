//! Tokens that a service has issued, in sentences about the things that it shows: a name or a path of a token is the token.

use std::borrow::Cow;

/// The least length of what may be a token.
const MIN_TOKEN: usize = 16;

/// What the collections of tokens are called, in lower case.
const COLLECTIONS: [&str; 4] = ["invite", "invitation", "secret", "token"];

/// What stands for a token.
const MASK: &str = "REDACTED";

/// A sentence without the tokens in it: JSON Web Tokens, and what stands behind the name of a collection of tokens in a
/// path, as in `/invite-link/tokens/db689d20bf38`.
pub(crate) fn without_issued(text: &str) -> Cow<'_, str> {
    let is_end = |one: char| one.is_whitespace() || ",()'\"`".contains(one);
    let mut shown = String::new();
    let mut is_changed = false;
    for word in text.split_inclusive(is_end) {
        let bare = word.trim_end_matches(is_end);
        let mut before = "";
        for (number, segment) in bare.split('/').enumerate() {
            if number > 0 {
                shown.push('/');
            }
            if begins_a_jwt(segment) || is_of_tokens(before) && may_be_a_token(segment) {
                is_changed = true;
                shown.push_str(MASK);
            } else {
                shown.push_str(segment);
            }
            before = segment;
        }
        shown.push_str(&word[bare.len()..]);
    }
    if is_changed {
        Cow::Owned(shown)
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a text is a JSON Web Token (RFC 7519), or the beginning of one.
fn begins_a_jwt(text: &str) -> bool {
    let is_plain = |one: u8| one.is_ascii_alphanumeric() || b"-_.=\xe2\x80\xa6".contains(&one);
    text.len() >= MIN_TOKEN && text.starts_with("eyJ") && text.bytes().all(is_plain)
}

fn is_of_tokens(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase();
    let one = segment.trim_end_matches('s');
    COLLECTIONS.iter().any(|name| one.ends_with(name))
}

fn may_be_a_token(segment: &str) -> bool {
    segment.len() >= MIN_TOKEN && segment.bytes().any(|one| one.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::without_issued;

    #[test]
    fn tokens_do_not_show_in_sentences() {
        for (text, shown) in [
            (
                "left: /api/invite-link/tokens/db689d20bf389a95d97f0ddb (404), /users/db689d20bf389a95d97f0ddb",
                "left: /api/invite-link/tokens/REDACTED (404), /users/db689d20bf389a95d97f0ddb",
            ),
            (
                "GET /api/token/ shows: eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2…, b",
                "GET /api/token/ shows: REDACTED, b",
            ),
            (
                "GET /tokens/{token_id} and /tokens/7",
                "GET /tokens/{token_id} and /tokens/7",
            ),
        ] {
            assert_eq!(without_issued(text), shown);
        }
    }
}
