//! Operations that hand out or verify credentials, known by what they do: generated credentials are
//! rightly refused there, whatever form they have.

use crate::contract::Operation;

/// Words that name signing in wherever they stand in a name.
const STRONG: &[&str] = &[
    "authenticate",
    "authorize",
    "login",
    "logon",
    "otp",
    "signin",
    "sso",
    "verify",
];

/// Words that do so as the whole of a path's last segment.
const WHOLE: &[&str] = &[
    "auth",
    "authentication",
    "authorization",
    "oauth",
    "oauth2",
    "refresh",
    "session",
    "sessions",
    "token",
    "verification",
];

/// Two words that mean the same as one.
const PAIRS: &[(&str, &str)] = &[
    ("log", "in"),
    ("log", "on"),
    ("sign", "in"),
    ("change", "password"),
    ("check", "password"),
    ("forgot", "password"),
    ("reset", "password"),
];

/// Properties of a request that only a grant has, and of a response that hands a credential out.
const GRANTS: &[&str] = &[
    "granttype",
    "refreshtoken",
    "clientsecret",
    "oldpassword",
    "currentpassword",
];
const ISSUED: &[&str] = &[
    "accesstoken",
    "idtoken",
    "refreshtoken",
    "jwt",
    "sessiontoken",
    "authtoken",
];

/// Whether an operation hands out credentials or verifies them.
pub(super) fn handles_credentials(operation: &Operation) -> bool {
    !operation.method.is_safe()
        && (is_named_so(operation) || takes_a_grant(operation) || issues_a_credential(operation))
}

/// What is done to a credential that is revoked.
const REVOKES: &[&str] = &[
    "blacklist",
    "change",
    "expire",
    "invalidate",
    "recreate",
    "regenerate",
    "renew",
    "reset",
    "revoke",
    "roll",
    "rotate",
];

/// What counts as a credential there.
const REVOKED: &[&str] = &[
    "credential",
    "credentials",
    "key",
    "keys",
    "password",
    "secret",
    "secrets",
    "session",
    "sessions",
    "token",
    "tokens",
];

/// Who makes the request.
const ONESELF: &[&str] = &["account", "current", "currentuser", "me", "myself", "self"];

/// Whether an operation may revoke the credential that its own request carries: it signs out, renews a
/// token or deletes the account. What names another resource in its path is about that one. A safe method may sign out
/// all the same: `GET /logout` is what many frameworks have.
pub(crate) fn may_revoke_credential(operation: &Operation) -> bool {
    if operation.path.parameters().next().is_some() {
        return false;
    }
    let segments = operation.path.as_str().split('/').rev();
    let mut segments = segments.filter(|segment| !segment.is_empty()).map(words);
    let last = segments.next().unwrap_or_default();
    let before = segments.next().unwrap_or_default();
    let id = words(operation.id.as_str());
    let has =
        |words: &[String], some: &[&str]| words.iter().any(|word| some.contains(&word.as_str()));
    let signs_out = |words: &[String]| {
        let is_pair =
            |pair: &[String]| ["log", "sign"].contains(&pair[0].as_str()) && pair[1] == "out";
        has(words, &["logout", "signout", "logoff"]) || words.windows(2).any(is_pair)
    };
    let renews = |words: &[String]| has(words, REVOKES) && has(words, REVOKED);
    let both: Vec<String> = before.iter().chain(&last).cloned().collect();
    let is_own = has(&last, ONESELF) || last == ["current", "user"];
    let is_deletion = operation.method == http::Method::DELETE;
    if signs_out(&last) || signs_out(&id) {
        return true;
    }
    if operation.method.is_safe() {
        return false;
    }
    renews(&both)
        || renews(&id)
        || is_deletion && (is_own || has(&last, REVOKED))
        || has(&before, ONESELF) && last == ["password"]
}

fn is_named_so(operation: &Operation) -> bool {
    let last = operation
        .path
        .as_str()
        .rsplit('/')
        .find(|segment| !segment.is_empty() && !segment.starts_with('{'));
    // Only the end of a path says what is done: `/auth/users` is about users.
    let is_path = last.is_some_and(|last| {
        let words = words(last);
        says_so(&words) || matches!(words.as_slice(), [only] if WHOLE.contains(&only.as_str()))
    });
    let id = operation.id.as_str();
    // An id that was made from method and path says no more than the path.
    is_path || !id.contains('/') && says_so(&words(id))
}

fn says_so(words: &[String]) -> bool {
    let is_pair = |pair: &[String]| {
        PAIRS
            .iter()
            .any(|(one, other)| pair[0] == *one && pair[1] == *other)
            || PAIRS.iter().any(|(one, other)| {
                *other == "password" && pair[0] == "password" && pair[1] == *one
            })
    };
    words.iter().any(|word| STRONG.contains(&word.as_str())) || words.windows(2).any(is_pair)
}

fn takes_a_grant(operation: &Operation) -> bool {
    let is_grant = |name: &str| GRANTS.contains(&plain(name).as_str());
    let bodies = operation
        .request_body
        .iter()
        .flat_map(|body| &body.content.media_types);
    operation.parameters.iter().any(|one| is_grant(&one.name))
        || bodies
            .filter_map(|media_type| media_type.schema.as_ref())
            .any(|schema| schema.property_names().iter().any(|name| is_grant(name)))
}

fn issues_a_credential(operation: &Operation) -> bool {
    let successes = operation.responses.declared.iter().filter(|response| {
        matches!(response.key, crate::contract::StatusKey::Exact(status) if status.is_success())
    });
    successes
        .flat_map(|response| &response.content.media_types)
        .filter_map(|media_type| media_type.schema.as_ref())
        .any(|schema| {
            let names = schema.property_names();
            names
                .iter()
                .any(|name| ISSUED.contains(&plain(name).as_str()))
        })
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace(['_', '-'], "")
}

/// The words of a name, in lower case: `sign-in`, `signIn` and `sign_in` have the same.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        let starts = letter.is_uppercase() && was_lower;
        if starts || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        was_lower = letter.is_lowercase() || letter.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use serde_json::json;

    use super::*;
    use crate::contract::Contract;

    fn may_revoke(method: &str, path: &str) -> bool {
        let operation = json!({ "responses": { "200": { "description": "Fine" } } });
        let document = json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "paths": { path: { method: operation } },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        may_revoke_credential(&Contract::from_document(document).operations()[0])
    }

    #[test]
    fn what_may_revoke_the_credential_in_use_is_known_by_its_words() {
        for (method, path) in [
            ("post", "/logout"),
            ("post", "/auth/sign-out"),
            ("post", "/current-user/reset-token/"),
            ("put", "/api-keys/rotate"),
            ("delete", "/session"),
            ("delete", "/me"),
            ("delete", "/users/me"),
            ("put", "/account/password"),
            ("get", "/logout"),
        ] {
            assert!(may_revoke(method, path), "{method} {path}");
        }
        for (method, path) in [
            ("get", "/api-keys/rotate"),
            ("post", "/tokens"),
            ("post", "/tokens/{id}/revoke"),
            ("delete", "/users/{id}"),
            ("put", "/me/settings"),
            ("post", "/keyboards/reset"),
        ] {
            assert!(!may_revoke(method, path), "{method} {path}");
        }
    }
}
