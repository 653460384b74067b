//! Puts secrets into requests at the last moment, for their own origin alone.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, StatusCode, header};
use url::{Origin, Url};

use super::{Secret, SendError, Transport};
use crate::exchange::{CredentialPlace, CredentialSlot, Request, Response, is_credential};

/// A transport that knows secrets. What it is given to send has their names beside it, and so has what
/// everybody else sees of it. To another origin than its own, nothing that proves who asks
/// is sent.
#[derive(Debug)]
pub struct Authorized<T> {
    inner: T,
    secrets: BTreeMap<String, Secret>,
    origin: Origin,
}

/// The values that went into one request, by name.
type Used = BTreeMap<String, Arc<str>>;

impl<T: Transport> Authorized<T> {
    /// Sends over `inner`; the secrets are for the origin of `base` alone.
    pub fn new(inner: T, base: &Url, secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self {
            inner,
            secrets: secrets
                .into_iter()
                .map(|secret| (secret.name().to_owned(), secret))
                .collect(),
            origin: base.origin(),
        }
    }

    /// The request as it goes onto the wire, and what was put into it.
    async fn ready(&self, request: &Request) -> Result<(Request, Used), SendError> {
        if request.url.origin() != self.origin {
            return Ok((bare(request), Used::new()));
        }
        let mut used = Used::new();
        for CredentialSlot { secret: name, .. } in &request.credentials {
            let Some(secret) = self.secrets.get(name) else {
                return Err(SendError::NoCredential(format!("{name} is not known")));
            };
            let value = secret
                .value()
                .await
                .map_err(|error| SendError::NoCredential(error.to_string()))?;
            used.insert(name.clone(), value);
        }
        Ok((with(request, &used)?, used))
    }

    /// Another value for one that was refused, where one is to be had.
    async fn renew(&self, used: &Used) -> Result<Option<Used>, SendError> {
        let mut renewed = used.clone();
        let mut is_new = false;
        for (name, refused) in used {
            if let Some(secret) = self.secrets.get(name)
                && let Some(value) = secret
                    .renewed(refused)
                    .await
                    .map_err(|error| SendError::NoCredential(error.to_string()))?
            {
                renewed.insert(name.clone(), value);
                is_new = true;
            }
        }
        Ok(is_new.then_some(renewed))
    }
}

impl<T: Transport> Transport for Authorized<T> {
    async fn send(&self, request: &Request) -> Result<Response, SendError> {
        let is_plain = request.credentials.is_empty() && request.url.origin() == self.origin;
        if is_plain {
            return self.inner.send(request).await;
        }
        let (ready, used) = self.ready(request).await?;
        let response = self.inner.send(&ready).await?;
        if response.status != StatusCode::UNAUTHORIZED || used.is_empty() {
            return Ok(response);
        }
        let Some(renewed) = self.renew(&used).await? else {
            return Ok(response);
        };
        let response = self.inner.send(&with(request, &renewed)?).await?;
        for name in used.keys() {
            if let Some(secret) = self.secrets.get(name) {
                secret.renewal_helped(response.status != StatusCode::UNAUTHORIZED);
            }
        }
        Ok(response)
    }

    async fn probe_framing(&self, request: &Request) -> Option<Result<Response, SendError>> {
        match self.ready(request).await {
            Ok((ready, _)) => self.inner.probe_framing(&ready).await,
            Err(error) => Some(Err(error)),
        }
    }
}

/// The request with the values of its credentials in their places, and without their names.
fn with(request: &Request, used: &Used) -> Result<Request, SendError> {
    let mut ready = request.clone();
    for CredentialSlot { secret, place } in std::mem::take(&mut ready.credentials) {
        let value = used.get(&secret).map_or("", |value| &**value);
        match place {
            CredentialPlace::Bearer => {
                insert(
                    &mut ready,
                    header::AUTHORIZATION,
                    &format!("Bearer {value}"),
                )?;
            }
            CredentialPlace::Basic => {
                let user = STANDARD.encode(value);
                insert(&mut ready, header::AUTHORIZATION, &format!("Basic {user}"))?;
            }
            CredentialPlace::Scheme(scheme) => {
                insert(
                    &mut ready,
                    header::AUTHORIZATION,
                    &format!("{scheme} {value}"),
                )?;
            }
            CredentialPlace::Header(name) => insert(&mut ready, name, value)?,
            CredentialPlace::Query(name) => {
                ready.url.query_pairs_mut().append_pair(&name, value);
            }
            CredentialPlace::Cookie(name) => {
                let known = ready.headers.get(header::COOKIE).cloned();
                let known = known.as_ref().and_then(|known| known.to_str().ok());
                let known = known.map_or_else(String::new, |known| format!("{known}; "));
                insert(
                    &mut ready,
                    header::COOKIE,
                    &format!("{known}{name}={value}"),
                )?;
            }
        }
    }
    Ok(ready)
}

fn insert(request: &mut Request, name: HeaderName, text: &str) -> Result<(), SendError> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        SendError::NoCredential("it holds a character that no header field can carry".to_owned())
    })?;
    value.set_sensitive(true);
    request.headers.insert(name, value);
    Ok(())
}

/// The request without anything that proves who asks.
fn bare(request: &Request) -> Request {
    let mut bare = request.clone();
    bare.credentials.clear();
    bare.headers = request
        .headers
        .iter()
        .filter(|(name, value)| !is_credential(name.as_str()) && !value.is_sensitive())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    bare
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    };

    use futures_util::future::BoxFuture;
    use http::Method;

    use super::*;
    use crate::transport::{Issued, NoSecret, SecretSource};

    /// Keeps what it is sent, and answers 401 while the right value is missing.
    #[derive(Default)]
    struct Wire {
        wants: &'static str,
        sent: Mutex<Vec<String>>,
    }

    impl Transport for Wire {
        async fn send(&self, request: &Request) -> Result<Response, SendError> {
            let authorization = request.headers.get("authorization");
            let authorization = authorization.map_or("", |value| value.to_str().expect("text"));
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.push(format!("{} {authorization}", request.url));
            let is_right = authorization.ends_with(self.wants);
            Ok(Response::new(if is_right {
                StatusCode::OK
            } else {
                StatusCode::UNAUTHORIZED
            }))
        }
    }

    struct Counter(AtomicU32);

    impl SecretSource for Counter {
        fn issue(&self) -> BoxFuture<'_, Result<Issued, NoSecret>> {
            let value = self.0.fetch_add(1, Ordering::Relaxed).to_string();
            Box::pin(std::future::ready(Ok(Issued {
                value,
                lifetime: None,
            })))
        }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn request(target: &str, places: impl IntoIterator<Item = CredentialPlace>) -> Request {
        let mut request = Request::new(Method::GET, url(target));
        let slot = |place| CredentialSlot {
            secret: "T".to_owned(),
            place,
        };
        request.credentials = places.into_iter().map(slot).collect();
        request
    }

    fn query() -> CredentialPlace {
        CredentialPlace::Query("key".to_owned())
    }

    fn sent(transport: Authorized<Wire>) -> Vec<String> {
        transport
            .inner
            .sent
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    #[tokio::test]
    async fn a_secret_goes_in_as_its_place_wants_it() {
        let secret = Secret::new("T", "me:a&b");
        let transport = Authorized::new(Wire::default(), &url("http://api.test/"), [secret]);
        let request = request("http://api.test/x", [query(), CredentialPlace::Basic]);
        transport.send(&request).await.expect("a response");
        assert_eq!(
            sent(transport),
            ["http://api.test/x?key=me%3Aa%26b Basic bWU6YSZi"]
        );
    }

    #[tokio::test]
    async fn no_text_of_a_request_asks_for_a_secret() {
        let secret = Secret::new("T", "hunter22");
        let transport = Authorized::new(Wire::default(), &url("http://api.test/"), [secret]);
        for text in ["oasgate-secret-T", "$T", "${T}", "T", "REDACTED"] {
            let mut request = request(&format!("http://api.test/{text}?id={text}"), [query()]);
            request.credentials.clear();
            let value = HeaderValue::from_str(text).expect("it is visible");
            request.headers.insert("authorization", value);
            transport.send(&request).await.expect("a response");
        }
        assert!(
            sent(transport)
                .iter()
                .all(|line| !line.contains("hunter22"))
        );
    }

    #[tokio::test]
    async fn another_origin_gets_nothing() {
        let secret = Secret::new("T", "hunter22");
        let transport = Authorized::new(Wire::default(), &url("https://api.test/"), [secret]);
        for origin in [
            "http://api.test",
            "https://api.test:444",
            "https://evil.test",
            "https://api.test.evil.test",
        ] {
            let target = format!("{origin}/x?a=1");
            let mut request = request(&target, [query(), CredentialPlace::Bearer]);
            let cookie = HeaderValue::from_static("session=1");
            request.headers.insert("cookie", cookie);
            transport.send(&request).await.expect("a response");
        }
        for line in sent(transport) {
            assert!(line.ends_with("/x?a=1 "), "{line}");
        }
    }

    #[tokio::test]
    async fn a_refusal_brings_a_new_value_once() {
        let wire = Wire {
            wants: "1",
            ..Wire::default()
        };
        let secret = Secret::from_source("T", Counter(AtomicU32::new(0)));
        let transport = Authorized::new(wire, &url("http://api.test/"), [secret]);
        let request = request("http://api.test/", [CredentialPlace::Bearer]);
        let response = transport.send(&request).await.expect("a response");
        assert_eq!(response.status, StatusCode::OK);
        // A wrong credential that was sent on purpose is nobody's to renew.
        let mut wrong = request.clone();
        wrong.credentials.clear();
        let value = HeaderValue::from_static("Bearer wrong");
        wrong.headers.insert("authorization", value);
        transport.send(&wrong).await.expect("a response");
        assert_eq!(
            sent(transport),
            [
                "http://api.test/ Bearer 0",
                "http://api.test/ Bearer 1",
                "http://api.test/ Bearer wrong"
            ]
        );
    }
}
