//! What stands in a request for a secret until the request goes onto the wire.
//!
//! A request is planned, shown, written down and kept with placeholders in it; the secrets
//! themselves are put in by the transport at the last moment. So nothing that a run writes can hold
//! one.

use std::borrow::Cow;

/// What every placeholder begins with.
const MARK: &str = "oasgate-secret-";

/// The place of the secret with this name: `oasgate-secret-API_TOKEN`.
pub fn placeholder(name: &str) -> String {
    format!("{MARK}{}", variable(name))
}

/// A name as an environment variable may be called: letters, digits and `_`.
pub fn variable(name: &str) -> String {
    name.chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}

/// Whether a text has the place of a secret in it.
pub fn has_placeholder(text: &str) -> bool {
    text.contains(MARK)
}

/// The text with something in the place of each secret, which `put` is asked for by name.
pub fn fill(text: &str, mut put: impl FnMut(&str) -> String) -> Cow<'_, str> {
    if !has_placeholder(text) {
        return Cow::Borrowed(text);
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        let end = after
            .find(|one: char| !one.is_ascii_alphanumeric() && one != '_')
            .unwrap_or(after.len());
        filled.push_str(before);
        filled.push_str(&put(&after[..end]));
        rest = &after[end..];
    }
    filled.push_str(rest);
    Cow::Owned(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_filled_and_the_rest_is_kept() {
        let text = format!("a={}; b={}", placeholder("ONE"), placeholder("my-two"));
        assert_eq!(
            fill(&text, |name| format!("<{name}>")),
            "a=<ONE>; b=<MY_TWO>"
        );
        assert_eq!(fill("nothing", |_| unreachable!()), "nothing");
    }
}
