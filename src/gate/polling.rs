//! Work that goes on in the background, followed to its end; and requests that came too early, sent
//! again.
//!
//! While an operation with a [`PollingRule`] answers "pending", the next request goes where
//! `Location` says, when `Retry-After` says, on the same origin only. Every response on the way is
//! held against the operation.

use http::{Method, header};
use url::Url;

use crate::{
    check::PollingFault,
    exchange::{Body, Exchange, Origin, Request, Response},
    run::{Case, LiveSettings, PollingRule},
    transport::{SendError, Transport, pause},
    wire::http_syntax::RetryAfter,
};

/// How often one request is sent again because the service had too many.
const MAX_REFUSALS: u32 = 5;

/// What sending a case gave: one exchange, or several where it was polled.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) exchanges: Vec<Exchange>,
    /// What was wrong while it was pending.
    pub(crate) faults: Vec<PendingFault>,
    /// The request that got no response, and why.
    pub(crate) failure: Option<(Request, SendError)>,
}

impl Sent {
    /// How many requests went onto the wire.
    pub(crate) fn requests(&self) -> usize {
        let failed = self.failure.as_ref();
        let is_sent = failed.is_some_and(|(_, error)| !matches!(error, SendError::RateLimited(_)));
        self.exchanges.len() + usize::from(is_sent)
    }
}

/// What an operation did wrong while it was pending.
#[derive(Debug)]
pub(crate) struct PendingFault {
    /// Which exchange shows it, by its place among those that were sent.
    pub(crate) exchange: usize,
    pub(crate) fault: PollingFault,
}

/// Sends one request and follows nothing.
pub(crate) async fn send_once<T: Transport>(transport: &T, request: &Request) -> Sent {
    let mut sent = Sent::default();
    match transport.send(request).await {
        Ok(response) => sent.exchanges.push(Exchange {
            request: request.clone(),
            response,
            origin: Origin::Live,
        }),
        Err(error) => sent.failure = Some((request.clone(), error)),
    }
    sent
}

/// Sends a case, and follows it while it is pending.
pub(crate) async fn send<T: Transport>(
    transport: &T,
    case: &Case,
    settings: &LiveSettings,
) -> Sent {
    let mut sent = Sent::default();
    let rule = settings.polling_rule(&case.operation);
    let mut request = case.request.clone();
    let mut polls = 0;
    let mut refusals = 0;
    loop {
        let response = match transport.send(&request).await {
            Ok(response) => response,
            Err(error) => {
                sent.failure = Some((request, error));
                return sent;
            }
        };
        let exchange = Exchange {
            request,
            response,
            origin: Origin::Live,
        };
        // The transport makes everybody wait before the next request, this one too.
        if pause(&exchange.response).is_some() && refusals < MAX_REFUSALS {
            refusals += 1;
            request = exchange.request.clone();
            sent.exchanges.push(exchange);
            continue;
        }
        let pending = rule.filter(|rule| exchange.response.status.as_u16() == rule.status);
        let Some(rule) = pending else {
            sent.exchanges.push(exchange);
            return sent;
        };
        if polls >= rule.most_polls {
            let bound = format!("{} polls", rule.most_polls);
            sent.faults.push(PendingFault {
                exchange: sent.exchanges.len(),
                fault: PollingFault::NeverDone(bound),
            });
            sent.exchanges.push(exchange);
            return sent;
        }
        let at = sent.exchanges.len();
        let next = next_url(rule, &exchange, |fault| {
            let exchange = at;
            sent.faults.push(PendingFault { exchange, fault });
        });
        let wait = wait(rule, &exchange.response);
        let Some(url) = next else {
            sent.exchanges.push(exchange);
            return sent;
        };
        request = next_request(&exchange.request, url);
        sent.exchanges.push(exchange);
        polls += 1;
        tokio::time::sleep(wait).await;
    }
}

/// Where to look next; `None` where that is not known or must not be followed.
fn next_url(
    rule: &PollingRule,
    exchange: &Exchange,
    mut tell: impl FnMut(PollingFault),
) -> Option<Url> {
    if rule.needs_retry_after && !exchange.response.headers.contains_key(header::RETRY_AFTER) {
        tell(PollingFault::NoRetryAfter);
    }
    let Some(location) = exchange.response.headers.get(header::LOCATION) else {
        if rule.needs_location {
            tell(PollingFault::NoLocation);
            return None;
        }
        return Some(exchange.request.url.clone());
    };
    let text = String::from_utf8_lossy(location.as_bytes());
    let url = exchange.request.url.join(&text).ok()?;
    if url.origin() != exchange.request.url.origin() {
        tell(PollingFault::OtherOrigin(text.into_owned()));
        return None;
    }
    Some(url)
}

fn wait(rule: &PollingRule, response: &Response) -> std::time::Duration {
    let retry_after = response.header("retry-after").and_then(RetryAfter::parse);
    retry_after
        .map_or(std::time::Duration::from_secs(1), |after| {
            after.wait(response.header("date"))
        })
        .min(rule.longest_wait)
}

/// The next request: a GET with the same fields, without the body.
fn next_request(last: &Request, url: Url) -> Request {
    let mut headers = last.headers.clone();
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    Request {
        method: Method::GET,
        url,
        headers,
        body: Body::empty(),
        credentials: last.credentials.clone(),
        purpose: None,
    }
}
