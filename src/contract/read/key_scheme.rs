//! What stands before an API key in `Authorization`: documents of services that want `Token abc` there
//! declare an `apiKey` all the same, and say the rest in prose or by an extension.

use serde_json::{Map, Value};

/// Words that are such a scheme wherever a description quotes them.
const SCHEMES: &[&str] = &["Bearer", "Token", "JWT", "ApiKey", "Api-Key", "Key", "SSWS"];

/// How much of a description is read, in bytes.
const MAX_TEXT: usize = 4_000;

/// How many words stand between `prefix` and what is the prefix at most.
const MAX_BETWEEN: usize = 3;

/// The scheme (RFC 9110 §11.4) that stands before the key, where the document says one.
///
/// `name` is the key under which the scheme object is declared.
pub(super) fn key_scheme(name: &str, scheme: &Map<String, Value>) -> Option<String> {
    let field = scheme.get("name").and_then(Value::as_str)?;
    let is_header = scheme.get("in").and_then(Value::as_str) == Some("header");
    if !is_header || !field.eq_ignore_ascii_case("authorization") {
        return None;
    }
    of_extension(scheme)
        .or_else(|| of_description(scheme.get("description")?.as_str()?))
        .or_else(|| of_name(name))
}

/// `x-fern-header: { prefix: "Token " }` and its like.
fn of_extension(scheme: &Map<String, Value>) -> Option<String> {
    let mut extensions = scheme.iter().filter(|(name, _)| name.starts_with("x-"));
    let prefix = extensions.find_map(|(_, value)| value.get("prefix")?.as_str())?;
    token(prefix.trim()).map(str::to_owned)
}

/// `Authorization: Token <key>`, "`Bearer` followed by a space", "the prefix \"Token\"".
fn of_description(text: &str) -> Option<String> {
    let end = text.floor_char_boundary(MAX_TEXT);
    let words: Vec<&str> = text[..end].split_whitespace().collect();
    let bare = |word: &str| {
        word.trim_matches(|letter: char| !letter.is_alphanumeric())
            .to_owned()
    };
    let is_opened = |word: &str| word.starts_with(['<', '[', '{', '$', '*', '_']);
    let is_quoted = |word: &str| word.starts_with(['`', '"', '\'', '*', '“', '‘']);
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let plain = bare(word);
        let known = SCHEMES
            .iter()
            .any(|scheme| scheme.eq_ignore_ascii_case(&plain));
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        // `Authorization: Splunk abc`: two words behind the field's name.
        let is_of_field = bare(before).eq_ignore_ascii_case("authorization")
            && before
                .trim_end_matches(['`', '"', '\'', '*'])
                .ends_with(':')
            && !next.is_empty()
            && !word.ends_with(['`', '"', '\'', '.', ',', ';']);
        if is_of_field && (known || is_opened(next)) {
            return token(&plain).map(str::to_owned);
        }
        let nearly_before = &words[at.saturating_sub(MAX_BETWEEN)..at];
        let is_prefix = nearly_before
            .iter()
            .any(|before| bare(before).eq_ignore_ascii_case("prefix"))
            || next.starts_with("prefix") && is_quoted(word);
        let is_followed = next == "followed" || is_opened(next) && is_quoted(word);
        // `Prefix value with 'Apikey '`: the space belongs to it.
        let ends_in_space = is_quoted(word) && !next.is_empty() && bare(next).is_empty();
        let is_any_word = is_prefix && ends_in_space;
        let is_it = is_any_word || known && (is_prefix && is_quoted(word) || is_followed);
        if let Some(scheme) = token(&plain).filter(|_| is_it) {
            return Some(scheme.to_owned());
        }
    }
    None
}

/// `Bearer` and `bearerAuth` as the name of the scheme: so documents of 2.0 say what they cannot declare.
fn of_name(name: &str) -> Option<String> {
    let is_bearer = name.to_ascii_lowercase().starts_with("bearer");
    is_bearer.then(|| "Bearer".to_owned())
}

/// A text that is a token (RFC 9110 §5.6.2), as a scheme is.
fn token(text: &str) -> Option<&str> {
    let is_token = !text.is_empty()
        && text.len() <= 40
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_token.then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(name: &str, more: &Value) -> Option<String> {
        let mut scheme = json!({ "type": "apiKey", "in": "header", "name": "Authorization" });
        let members = scheme.as_object_mut().expect("an object");
        members.extend(more.as_object().expect("an object").clone());
        key_scheme(name, members)
    }

    #[test]
    fn what_stands_before_a_key_is_said_by_extension_prose_or_name() {
        let described = |text: &str| of("key", &json!({ "description": text }));
        for (text, scheme) in [
            (
                "Enter `Bearer` followed by a space and then the token.",
                Some("Bearer"),
            ),
            ("Example: \"Authorization: Bearer {token}\"", Some("Bearer")),
            (
                "Token-based authentication with required prefix \"Token\"",
                Some("Token"),
            ),
            ("`Authorization: Token [your-token]`", Some("Token")),
            (
                "Use the header Authorization: GenieKey <key>",
                Some("GenieKey"),
            ),
            ("Type 'Bearer {token}'", Some("Bearer")),
            (
                "Prefix value with 'Apikey ' as in, 'Apikey SECRET'",
                Some("Apikey"),
            ),
            ("The prefix of the key says whose it is", None),
            ("The key of the account, see Authorization: there", None),
            ("Your API key. Tokens are told by mail.", None),
        ] {
            assert_eq!(described(text).as_deref(), scheme, "{text}");
        }
        let extension = json!({ "x-fern-header": { "prefix": "Token " } });
        assert_eq!(of("key", &extension).as_deref(), Some("Token"));
        assert_eq!(of("Bearer", &json!({})).as_deref(), Some("Bearer"));
        assert_eq!(of("ApiKeyAuth", &json!({})), None);
        let elsewhere = json!({ "name": "X-Key", "description": "`Bearer` followed by a space" });
        assert_eq!(of("Bearer", &elsewhere), None);
    }
}
