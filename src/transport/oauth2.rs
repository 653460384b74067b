//! Access tokens by OAuth 2's client credentials (RFC 6749 §4.4).

use std::{fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, header};
use serde_json::Value;
use url::Url;

use super::{
    Issued, NoSecret, SecretSource, Transport,
    disguise::{Disguises, ShortValues},
};
use crate::exchange::{Request, Response, masked_url};

/// How a client proves itself to a token endpoint (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// By HTTP basic: every server must take it.
    #[default]
    Basic,
    /// By fields of the form.
    Body,
}

/// What is asked of a token endpoint.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Where tokens are given out.
    pub token_url: Url,
    /// Who asks.
    pub client_id: String,
    /// What proves it.
    pub client_secret: String,
    /// What the token is to be good for; empty for what the server gives unasked.
    pub scopes: Vec<String>,
    /// Further fields of the form, such as `audience`.
    pub fields: Vec<(String, String)>,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("token_url", &masked_url(&self.token_url))
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A token endpoint, reached over a transport.
#[derive(Debug)]
pub struct TokenEndpoint<T> {
    transport: T,
    ask: ClientCredentials,
}

impl<T: Transport> TokenEndpoint<T> {
    /// Asks over `transport`.
    ///
    /// # Errors
    ///
    /// When the URL would carry the client's secret over a network in the clear.
    pub fn new(transport: T, ask: ClientCredentials) -> Result<Self, NoSecret> {
        let is_loopback = match ask.token_url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if ask.token_url.scheme() == "https" || is_loopback {
            Ok(Self { transport, ask })
        } else {
            Err(NoSecret(format!(
                "the token URL {} is not https, and a client secret is not sent in the clear",
                masked_url(&ask.token_url)
            )))
        }
    }

    fn request(&self) -> Request {
        let ask = &self.ask;
        let mut request = Request::new(Method::POST, ask.token_url.clone());
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !ask.scopes.is_empty() {
            form.append_pair("scope", &ask.scopes.join(" "));
        }
        for (name, value) in &ask.fields {
            form.append_pair(name, value);
        }
        let headers = &mut request.headers;
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        match ask.client_auth {
            ClientAuth::Body => {
                form.append_pair("client_id", &ask.client_id);
                form.append_pair("client_secret", &ask.client_secret);
            }
            ClientAuth::Basic => {
                let user = basic_user(&ask.client_id, &ask.client_secret);
                // Base64 is always fit for a header field.
                if let Ok(mut value) =
                    HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(user)))
                {
                    value.set_sensitive(true);
                    headers.insert(header::AUTHORIZATION, value);
                }
            }
        }
        request.body = form.finish().into();
        request
    }

    async fn ask(&self) -> Result<Issued, NoSecret> {
        let at = &self.ask.token_url;
        // What is sent may come back in the reason.
        let mut disguises = Disguises::default();
        for secret in self.hidden() {
            disguises.learn(&secret);
        }
        let no = |why: String| {
            let why = disguises.hide(&why, ShortValues::Hidden);
            NoSecret(format!("no access token from {}: {why}", masked_url(at)))
        };
        let response = self
            .transport
            .send(&self.request())
            .await
            .map_err(|error| no(error.to_string()))?;
        read(&response).map_err(no)
    }
}

impl<T: Transport> SecretSource for TokenEndpoint<T> {
    fn issue(&self) -> BoxFuture<'_, Result<Issued, NoSecret>> {
        Box::pin(self.ask())
    }

    fn hidden(&self) -> Vec<String> {
        let ask = &self.ask;
        vec![
            ask.client_secret.clone(),
            format!("{}:{}", ask.client_id, ask.client_secret),
            basic_user(&ask.client_id, &ask.client_secret),
        ]
    }
}

/// Both are form-encoded before they are joined (RFC 6749 §2.3.1).
fn basic_user(id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("{}:{}", encoded(id), encoded(secret))
}

/// The longest answer that is looked at, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// The longest token that is taken, in bytes: no server takes a longer header field, and all that is written is searched
/// for every form of it.
const MAX_TOKEN: usize = 64 << 10;

/// Reads what a token endpoint answered (RFC 6749 §5).
fn read(response: &Response) -> Result<Issued, String> {
    let status = response.status;
    if response.body.bytes().len() > MAX_ANSWER {
        return Err(format!(
            "{status}: the answer is longer than {MAX_ANSWER} bytes"
        ));
    }
    let body: Value = serde_json::from_slice(response.body.bytes()).unwrap_or(Value::Null);
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    if !status.is_success() {
        let error = text("error").unwrap_or("it does not say why");
        let more = text("error_description").map(|more| format!(" ({more})"));
        return Err(format!("{status}: {error}{}", more.unwrap_or_default()));
    }
    if let Some(kind) = text("token_type").filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(format!("the token is of type {kind:?}, not a bearer token"));
    }
    let value = text("access_token")
        .filter(|token| !token.is_empty())
        .ok_or("the response has no access_token")?;
    if value.len() > MAX_TOKEN {
        return Err(format!("the access_token is longer than {MAX_TOKEN} bytes"));
    }
    let lifetime = body.get("expires_in").and_then(|lifetime| {
        // Some servers write the number as text.
        lifetime
            .as_f64()
            .or_else(|| lifetime.as_str()?.trim().parse().ok())
    });
    Ok(Issued {
        value: value.to_owned(),
        lifetime: lifetime.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    })
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn answered(status: u16, body: &str) -> Result<Issued, String> {
        let mut response = Response::new(StatusCode::from_u16(status).expect("a status"));
        response.body = body.to_owned().into();
        read(&response)
    }

    #[test]
    fn a_token_and_its_lifetime_are_read() {
        for (body, seconds) in [
            (
                r#"{"access_token":"abc","token_type":"Bearer","expires_in":3600}"#,
                Some(3600),
            ),
            (r#"{"access_token":"abc","expires_in":"60"}"#, Some(60)),
            (r#"{"access_token":"abc"}"#, None),
            (r#"{"access_token":"abc","expires_in":-1}"#, None),
        ] {
            let issued = answered(200, body).expect("a token");
            assert_eq!(issued.value, "abc");
            assert_eq!(issued.lifetime, seconds.map(Duration::from_secs), "{body}");
        }
    }

    #[test]
    fn an_answer_or_a_token_that_is_too_long_is_none() {
        let of = |length: usize| {
            let body = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(length));
            answered(200, &body).map(|issued| issued.value.len())
        };
        assert_eq!(of(MAX_TOKEN), Ok(MAX_TOKEN));
        for (length, told) in [(MAX_TOKEN + 1, "access_token"), (MAX_ANSWER, "answer")] {
            let why = of(length).expect_err("it is too long");
            assert!(why.contains(&format!("the {told} is longer than")), "{why}");
        }
    }

    #[test]
    fn a_refusal_is_told_as_the_server_tells_it() {
        for (status, body, told) in [
            (
                401,
                r#"{"error":"invalid_client","error_description":"who?"}"#,
                "401 Unauthorized: invalid_client (who?)",
            ),
            (302, "", "302 Found: it does not say why"),
            (200, "<html>", "the response has no access_token"),
            (
                200,
                r#"{"access_token":"abc","token_type":"mac"}"#,
                "the token is of type \"mac\", not a bearer token",
            ),
        ] {
            assert_eq!(answered(status, body).map(|_| ()), Err(told.to_owned()));
        }
    }
}
