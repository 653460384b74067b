//! A request as a `curl` command that a person can paste.

use std::fmt::Write as _;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, HOST, PROXY_AUTHORIZATION};
use url::Url;

use super::{
    CredentialPlace, Request,
    shell::{self, Part, quote, word},
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

/// Words in the names of header fields whose values are credentials.
const SECRET_WORDS: &[&str] = &[
    "apikey",
    "auth",
    "cred",
    "creds",
    "credential",
    "credentials",
    "jwt",
    "passwd",
    "password",
    "secret",
    "session",
    "sid",
    "signature",
    "token",
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
const MAX_BODY: usize = 4096;

/// The command that sends `request` again, on one line, quoted so that `sh` runs nothing that is in it.
/// Credentials appear as environment variables, so that the line can be shown anywhere.
pub fn curl(request: &Request) -> String {
    let mut line = String::from("curl");
    let body = request.body.bytes();
    match &request.method {
        method if *method == http::Method::HEAD && body.is_empty() => line.push_str(" --head"),
        // What curl does by itself.
        method if *method == http::Method::GET && body.is_empty() => {}
        method => {
            let _ = write!(line, " -X {}", quote(method.as_str().as_bytes()));
        }
    }
    let cookies = cookies(request);
    for (name, value) in &request.headers {
        if [HOST, CONTENT_LENGTH].contains(name) || *name == COOKIE && !cookies.is_empty() {
            continue;
        }
        let text = String::from_utf8_lossy(value.as_bytes());
        let masked = masked_header(name.as_str(), &text);
        let name = Part::Text(name.as_str().as_bytes());
        let argument = match (&masked, value.as_bytes()) {
            (Some(Masked { scheme, variable }), _) => {
                let (before, after) = scheme.map_or(("", ""), |scheme| (scheme, " "));
                let scheme = [Part::Text(before.as_bytes()), Part::Text(after.as_bytes())];
                word(&[
                    name,
                    Part::Text(b": "),
                    scheme[0],
                    scheme[1],
                    Part::Variable(variable),
                ])
            }
            // As `name:`, curl leaves the field out.
            (None, []) => word(&[name, Part::Text(b";")]),
            (None, value) => quote(&[name_bytes(name), b": ", value].concat()),
        };
        let _ = write!(line, " -H {argument}");
    }
    for slot in &request.credentials {
        let secret = Part::Variable(&slot.secret);
        let argument = match &slot.place {
            // curl encodes it as the scheme wants.
            CredentialPlace::Basic => format!("-u {}", word(&[secret])),
            CredentialPlace::Bearer => {
                format!(
                    "-H {}",
                    word(&[Part::Text(b"authorization: Bearer "), secret])
                )
            }
            CredentialPlace::Scheme(scheme) => {
                let before = format!("authorization: {scheme} ");
                format!("-H {}", word(&[Part::Text(before.as_bytes()), secret]))
            }
            // With the other cookies.
            CredentialPlace::Header(name) if *name == COOKIE && !cookies.is_empty() => continue,
            CredentialPlace::Header(name) => {
                let name = Part::Text(name.as_str().as_bytes());
                format!("-H {}", word(&[name, Part::Text(b": "), secret]))
            }
            CredentialPlace::Cookie(_) | CredentialPlace::Query(_) => continue,
        };
        let _ = write!(line, " {argument}");
    }
    if !cookies.is_empty() {
        let parts = [&[Part::Text(b"cookie: ")], cookies.as_slice()].concat();
        let _ = write!(line, " -H {}", word(&parts));
    }
    let url = shown_url(request);
    if body.is_empty() {
        let _ = write!(line, " {url}");
    } else if body.len() > MAX_BODY {
        // What stands behind `#` is not read, so it comes last.
        let _ = write!(
            line,
            " --data-binary @body {url} # the body has {} bytes",
            body.len()
        );
    } else if body.contains(&0) {
        // No argument can hold a NUL.
        return format!(
            "printf '{}' | {line} --data-binary @- {url}",
            shell::format(body)
        );
    } else {
        let _ = write!(line, " --data-raw {} {url}", quote(body));
    }
    line
}

fn name_bytes(name: Part<'_>) -> &[u8] {
    match name {
        Part::Text(text) => text,
        Part::Variable(_) => b"",
    }
}

/// What stands in `Cookie`, where a credential is one of the cookies.
fn cookies(request: &Request) -> Vec<Part<'_>> {
    let slots = request.credentials.iter();
    let mut whole = slots.filter(|slot| slot.place.header() == Some(&COOKIE));
    let whole = whole.next().map(|slot| slot.secret.as_str());
    let known = whole.or_else(|| request.headers.contains_key(COOKIE).then_some("COOKIE"));
    let mut parts = Vec::new();
    for slot in &request.credentials {
        if let CredentialPlace::Cookie(name) = &slot.place {
            if parts.is_empty() {
                parts.extend(known.map(Part::Variable));
            }
            if !parts.is_empty() {
                parts.push(Part::Text(b"; "));
            }
            parts.extend([
                Part::Text(name.as_bytes()),
                Part::Text(b"="),
                Part::Variable(&slot.secret),
            ]);
        }
    }
    parts
}

/// The URL as an argument. A secret of ours stands in it as its variable.
fn shown_url(request: &Request) -> String {
    let mut url = masked_url(&request.url);
    // What stands behind `#` is not sent, and a credential behind it would not be either.
    if let Some((before, _)) = url.split_once('#') {
        url.truncate(before.len());
    }
    let mut joint = if url.contains('?') { "&" } else { "?" };
    let mut texts = vec![url];
    let mut secrets = Vec::new();
    for slot in &request.credentials {
        if let CredentialPlace::Query(name) = &slot.place {
            let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
            if let Some(text) = texts.last_mut() {
                let _ = write!(text, "{joint}{name}=");
            }
            secrets.push(slot.secret.as_str());
            texts.push(String::new());
            joint = "&";
        }
    }
    let mut parts = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        parts.push(Part::Text(text.as_bytes()));
        parts.extend(secrets.get(at).map(|secret| Part::Variable(secret)));
    }
    // Brackets and braces are patterns to curl.
    let is_pattern = texts[0].contains(['[', ']', '{', '}']);
    let flag = if is_pattern { "-g " } else { "" };
    format!("{flag}{}", word(&parts))
}

/// The URL of a request as a report shows it: without credentials, of which the names are kept.
pub(super) fn shown(request: &Request) -> String {
    let mut url = request.url.clone();
    for slot in &request.credentials {
        if let CredentialPlace::Query(name) = &slot.place {
            url.query_pairs_mut().append_pair(name, "REDACTED");
        }
    }
    masked_url(&url)
}

/// The URL with user info dropped and the values of credential parameters masked.
pub fn masked_url(url: &Url) -> String {
    let mut shown = url.clone();
    // Both fail only for URLs that cannot have user info, where there is nothing to hide.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    let Some(query) = url.query() else {
        return shown.into();
    };
    if query.split('&').any(|pair| secret_pair(pair).is_some()) {
        let masked: Vec<_> = query
            .split('&')
            .map(|pair| {
                secret_pair(pair).map_or(pair.to_owned(), |name| format!("{name}=REDACTED"))
            })
            .collect();
        shown.set_query(Some(&masked.join("&")));
    }
    shown.into()
}

fn secret_pair(pair: &str) -> Option<&str> {
    let (name, value) = pair.split_once('=')?;
    let is_secret = SECRET_QUERY.contains(&name.to_ascii_lowercase().as_str());
    (is_secret && !value.is_empty()).then_some(name)
}

/// What stands for the value of a credential header.
struct Masked<'v> {
    /// A scheme of `Authorization` that everybody knows.
    scheme: Option<&'v str>,
    variable: &'static str,
}

/// Schemes of `Authorization`, in lower case; another word may be the credential itself.
const SCHEMES: &[&str] = &[
    "apikey",
    "aws4-hmac-sha256",
    "basic",
    "bearer",
    "digest",
    "hmac",
    "negotiate",
    "token",
];

/// What stands for a credential header; `None` when the header is none.
fn masked_header<'v>(name: &str, value: &'v str) -> Option<Masked<'v>> {
    if name == AUTHORIZATION || name == PROXY_AUTHORIZATION {
        let scheme = value.split_once(' ').map(|(scheme, _)| scheme);
        let is_known = |scheme: &&str| SCHEMES.contains(&scheme.to_ascii_lowercase().as_str());
        let scheme = scheme.filter(is_known);
        return Some(Masked {
            scheme,
            variable: "TOKEN",
        });
    }
    let variable = if name == COOKIE {
        "COOKIE"
    } else if names_a_credential(name) {
        "API_KEY"
    } else {
        return None;
    };
    Some(Masked {
        scheme: None,
        variable,
    })
}

/// Whether the name of a header field says that its value is a credential: `x-api-key`, `x-session-token`.
fn names_a_credential(name: &str) -> bool {
    SECRET_HEADERS.contains(&name)
        || name
            .split(['-', '_', '.'])
            .any(|word| SECRET_WORDS.contains(&word))
}

/// Whether a header field, named in lower case, carries a credential.
pub fn is_credential(name: &str) -> bool {
    masked_header(name, "").is_some() || name == "set-cookie"
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, Method};

    use super::*;
    use crate::exchange::CredentialSlot;

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
        let mut request = request("http://api.test/x?q=a$b");
        let slot = |place| CredentialSlot {
            secret: "API_TOKEN".to_owned(),
            place,
        };
        request.credentials = vec![
            slot(CredentialPlace::Basic),
            slot(CredentialPlace::Header(HeaderName::from_static(
                "x-company",
            ))),
            slot(CredentialPlace::Query("api_key".to_owned())),
            slot(CredentialPlace::Cookie("sid".to_owned())),
        ];
        assert_eq!(
            curl(&request),
            r#"curl -u "$API_TOKEN" -H "x-company: $API_TOKEN" -H "cookie: sid=$API_TOKEN" 'http://api.test/x?q=a$b&api_key='"$API_TOKEN""#
        );
        assert_eq!(shown(&request), "http://api.test/x?q=a$b&api_key=REDACTED");
    }

    #[test]
    fn nothing_in_a_recorded_credential_is_run() {
        for value in [
            "$(touch PWNED)",
            "$(touch PWNED) x",
            "`touch PWNED` x",
            "\"; touch PWNED; x",
        ] {
            let mut request = request("http://api.test/x");
            let value = HeaderValue::from_str(value).expect("it is visible");
            request.headers.insert("authorization", value);
            assert_eq!(
                curl(&request),
                r#"curl -H "authorization: $TOKEN" 'http://api.test/x'"#
            );
        }
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
            r#"curl -X 'POST' --data-raw "$(printf 'a\015\012it'\''s\033\\')" 'http://api.test/x'"#
        );
    }

    #[test]
    fn a_long_body_is_named_behind_the_url() {
        let mut request = request("http://api.test/x");
        request.method = Method::POST;
        request.body = vec![b'x'; MAX_BODY + 1].into();
        assert_eq!(
            curl(&request),
            "curl -X 'POST' --data-binary @body 'http://api.test/x' # the body has 4097 bytes"
        );
    }
}
