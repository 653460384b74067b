//! A request as a `curl` command that a person can paste.

use std::fmt::Write as _;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, HOST, PROXY_AUTHORIZATION};
use url::Url;

use super::{
    Request,
    placeholder::{fill, has_placeholder},
};

/// Header fields whose values are credentials and are shown as a variable instead.
const SECRET_HEADERS: &[&str] = &[
    "api-key",
    "apikey",
    "dd-api-key",
    "dd-application-key",
    "x-access-token",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "private-token",
];

/// Query parameters whose values are credentials.
const SECRET_QUERY: &[&str] = &[
    "access_token",
    "api_key",
    "apikey",
    "application_key",
    "auth",
    "client_secret",
    "key",
    "password",
    "refresh_token",
    "secret",
    "signature",
    "token",
    "x-amz-signature",
];

/// The longest body that is written into the command; a longer one is named by its length.
const LONGEST_BODY: usize = 4096;

/// The command that sends `request` again, quoted for a POSIX shell. Credentials appear as
/// environment variables, so that the line can be shown anywhere.
pub fn curl(request: &Request) -> String {
    let mut line = String::from("curl");
    if request.method == http::Method::HEAD {
        line.push_str(" --head");
    } else if request.method != http::Method::GET {
        let _ = write!(line, " -X {}", quote(request.method.as_str()));
    }
    for (name, value) in &request.headers {
        if [HOST, CONTENT_LENGTH].contains(name) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        if let Some(user) = value
            .strip_prefix("Basic ")
            .filter(|user| has_placeholder(user))
        {
            // curl encodes it as the scheme wants.
            let _ = write!(line, " -u {}", with_variables(user));
        } else if has_placeholder(&value) {
            let _ = write!(line, " -H {}", with_variables(&format!("{name}: {value}")));
        } else if let Some(masked) = masked_header(name.as_str(), &value) {
            // Double quotes, so that the shell puts the variable in.
            let _ = write!(line, " -H \"{name}: {masked}\"");
        } else {
            let _ = write!(line, " -H {}", quote(&format!("{name}: {value}")));
        }
    }
    let body = request.body.bytes();
    if !body.is_empty() {
        match std::str::from_utf8(body) {
            Ok(text) if text.len() <= LONGEST_BODY => {
                let _ = write!(line, " --data-raw {}", quote(text));
            }
            _ => {
                line.push_str(" --data-binary @body");
                // What stands behind `#` is not read, so it comes last.
                let url = shown_url(&request.url);
                return format!("{line} {url} # the body has {} bytes", body.len());
            }
        }
    }
    let _ = write!(line, " {}", shown_url(&request.url));
    line
}

/// The URL as an argument. A secret of ours stands in it as its variable.
fn shown_url(url: &Url) -> String {
    let shown = masked(url, |value| !has_placeholder(value));
    if has_placeholder(&shown) {
        with_variables(&shown)
    } else {
        quote(&shown)
    }
}

/// A text in double quotes, so that the shell puts in the variables that stand for secrets.
fn with_variables(text: &str) -> String {
    let mut escaped = String::new();
    for one in text.chars() {
        if matches!(one, '"' | '$' | '`' | '\\') {
            escaped.push('\\');
        }
        escaped.push(one);
    }
    format!("\"{}\"", fill(&escaped, |name| format!("${name}")))
}

/// The URL with user info dropped and the values of credential parameters masked.
pub fn masked_url(url: &Url) -> String {
    masked(url, |_| true)
}

/// The URL with those credentials masked whose value `hides` answers for.
fn masked(url: &Url, hides: fn(&str) -> bool) -> String {
    let mut shown = url.clone();
    // Both fail only for URLs that cannot have user info, where there is nothing to hide.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    let Some(query) = url.query() else {
        return shown.into();
    };
    let secret = |pair| secret_pair(pair, hides);
    if query.split('&').any(|pair| secret(pair).is_some()) {
        let masked: Vec<_> = query
            .split('&')
            .map(|pair| secret(pair).map_or(pair.to_owned(), |name| format!("{name}=REDACTED")))
            .collect();
        shown.set_query(Some(&masked.join("&")));
    }
    shown.into()
}

fn secret_pair(pair: &str, hides: fn(&str) -> bool) -> Option<&str> {
    let (name, value) = pair.split_once('=')?;
    let is_secret =
        SECRET_QUERY.contains(&name.to_ascii_lowercase().as_str()) || has_placeholder(value);
    (is_secret && hides(value)).then_some(name)
}

/// The text that stands for a credential header; `None` when the header is none.
fn masked_header(name: &str, value: &str) -> Option<String> {
    if name == AUTHORIZATION || name == PROXY_AUTHORIZATION {
        let scheme = value
            .split(' ')
            .next()
            .filter(|scheme| value.len() > scheme.len());
        return Some(scheme.map_or("$TOKEN".to_owned(), |scheme| format!("{scheme} $TOKEN")));
    }
    if name == COOKIE {
        return Some("$COOKIE".to_owned());
    }
    SECRET_HEADERS
        .contains(&name)
        .then(|| "$API_KEY".to_owned())
}

/// Whether a header field, named in lower case, carries a credential.
pub fn is_credential(name: &str) -> bool {
    masked_header(name, "").is_some() || name == "set-cookie"
}

/// A text as one argument. One with line breaks or other controls is written with escapes
/// (`$'...'`, POSIX.1-2024 §2.2.4), so that what is shown on one line can be pasted.
fn quote(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut quoted = String::from("$'");
    for one in text.chars() {
        match one {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\'' | '\\' => quoted.extend(['\\', one]),
            one if one.is_control() => {
                let mut bytes = [0; 4];
                for byte in one.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            one => quoted.push(one),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};

    use super::*;

    fn request(url: &str) -> Request {
        Request::new(
            Method::GET,
            Url::parse(url).expect("a test writes good URLs"),
        )
    }

    #[test]
    fn a_credential_never_shows() {
        let mut request = request("https://me:hunter2@api.test/x?api_key=hunter2&page=1");
        request
            .headers
            .insert("authorization", HeaderValue::from_static("Bearer hunter2"));
        request
            .headers
            .insert("x-api-key", HeaderValue::from_static("hunter2"));
        request
            .headers
            .insert("cookie", HeaderValue::from_static("session=hunter2"));
        let line = curl(&request);
        assert!(!line.contains("hunter2"), "{line}");
        assert!(
            line.contains("Bearer $TOKEN") && line.contains("page=1"),
            "{line}"
        );
    }

    #[test]
    fn a_secret_of_ours_is_a_variable_to_be_set() {
        let secret = crate::exchange::placeholder("API_TOKEN");
        let mut request = request(&format!("http://api.test/x?api_key={secret}&q=a$b"));
        let value = |text: String| HeaderValue::from_str(&text).expect("it is visible");
        request
            .headers
            .insert("authorization", value(format!("Basic {secret}")));
        request.headers.insert("x-company", value(secret));
        assert_eq!(
            curl(&request),
            r#"curl -u "$API_TOKEN" -H "x-company: $API_TOKEN" "http://api.test/x?api_key=$API_TOKEN&q=a\$b""#
        );
        assert_eq!(
            masked_url(&request.url),
            "http://api.test/x?api_key=REDACTED&q=a$b"
        );
    }

    #[test]
    fn a_quote_does_not_end_the_argument() {
        let mut request = request("http://api.test/x");
        request.method = Method::POST;
        request.body = "it's".into();
        assert_eq!(
            curl(&request),
            r"curl -X 'POST' --data-raw 'it'\''s' 'http://api.test/x'"
        );
    }

    #[test]
    fn line_breaks_can_be_pasted() {
        let mut request = request("http://api.test/x");
        request.method = Method::POST;
        request.body = "a\r\nit's\u{1b}\\".into();
        assert_eq!(
            curl(&request),
            r"curl -X 'POST' --data-raw $'a\r\nit\'s\033\\' 'http://api.test/x'"
        );
    }

    #[test]
    fn a_long_body_is_named_behind_the_url() {
        let mut request = request("http://api.test/x");
        request.method = Method::POST;
        request.body = vec![b'x'; LONGEST_BODY + 1].into();
        assert_eq!(
            curl(&request),
            "curl -X 'POST' --data-binary @body 'http://api.test/x' # the body has 4097 bytes"
        );
    }
}
