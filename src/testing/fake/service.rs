//! One request answered: found, held, answered, broken if that is wanted, and remembered.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use tower_service::Service;
use url::Url;

use super::{
    Answer, Call, FakeBody, FakeError, FakeService,
    fault::{Broken, Scene},
    respond::{Asked, respond},
};
use crate::{
    check::{CHECKS, Intent, Subject},
    contract::{Location, Operation, RouteMiss, SecurityKind},
    exchange::{Body, Exchange, Origin, Request, Response},
    finding::Trait,
    report::{Colour, render_finding},
    wire::Parameters,
};

/// What the fake came to: a response, when, and whether it comes at all.
struct Reply {
    broken: Broken,
    delay: Duration,
}

impl<B> Service<http::Request<B>> for FakeService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: fmt::Display,
{
    type Error = FakeError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, FakeError>> + Send>>;
    type Response = http::Response<FakeBody>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FakeError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let fake = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            // A request that breaks off is none.
            let body = body.collect().await.map_err(|_| FakeError)?.to_bytes();
            let Some(url) = absolute(&head) else {
                return Ok(plain(StatusCode::BAD_REQUEST, "the target is no URL"));
            };
            let mut asked = Request::new(head.method, url);
            asked.headers = head.headers;
            asked.body = body.into();
            let reply = fake.reply(asked);
            if !reply.delay.is_zero() {
                tokio::time::sleep(reply.delay).await;
            }
            reply.broken.into_message()
        })
    }
}

/// The URL that a request is for, whichever form its target has.
fn absolute(head: &http::request::Parts) -> Option<Url> {
    let host = head
        .uri
        .authority()
        .map(ToString::to_string)
        .or_else(|| Some(head.headers.get(header::HOST)?.to_str().ok()?.to_owned()))
        .unwrap_or_else(|| "localhost".to_owned());
    let target = head
        .uri
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    format!("http://{host}{target}").parse().ok()
}

/// The part of a URL by which a recorded response is found again.
pub(super) fn target_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn plain(status: StatusCode, text: &str) -> http::Response<FakeBody> {
    let mut message = http::Response::new(FakeBody::whole(Bytes::from(text.to_owned())));
    *message.status_mut() = status;
    message
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    message
}

fn told(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(status);
    response
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response.body = Bytes::from(text.to_owned()).into();
    response
}

impl FakeService {
    fn reply(&self, request: Request) -> Reply {
        let route = match &self.setup.base_path {
            Some(base) => self
                .contract
                .route_under(base, &request.method, &request.url),
            None => self.contract.route(&request.method, &request.url),
        };
        let route = match route {
            Ok(route) => route,
            Err(miss) => return self.lost(request, &miss),
        };
        let operation = route.operation;
        let id = operation.id.as_str();
        let (answer, number) = {
            let mut state = self.state();
            let next = state
                .next
                .get_mut(id)
                .and_then(std::collections::VecDeque::pop_front);
            (next, state.count(id))
        };
        let answer = answer
            .or_else(|| self.setup.by_operation.get(id).cloned())
            .unwrap_or_else(|| self.setup.usual.clone());
        let delay = answer.delay;
        let trouble = self.breaches(operation, &request, &route.path_values);
        let is_head = request.method == Method::HEAD;
        let (mut broken, trouble) = match trouble {
            Some((status, text)) if !self.setup.answers_breaches => {
                (Broken::new(told(status, &text)), Some(text))
            }
            trouble => {
                let (broken, failed) = self.answered(operation, &request, &answer, number);
                let trouble = trouble.map(|(_, text)| text);
                (broken, trouble.or(failed))
            }
        };
        if is_head {
            broken.response.body = Body::empty();
        }
        self.state().add(Call {
            operation: Some(id.to_owned()),
            status: broken.response.status.as_u16(),
            request,
            trouble,
        });
        Reply { broken, delay }
    }

    /// A request that belongs to no operation.
    fn lost(&self, request: Request, miss: &RouteMiss) -> Reply {
        let asked = format!("{} {}", request.method, request.url.path());
        let (status, text) = match miss {
            RouteMiss::Path => (
                StatusCode::NOT_FOUND,
                format!(
                    "{asked} belongs to no operation of {}",
                    self.contract.title()
                ),
            ),
            RouteMiss::Method(methods) => (
                StatusCode::METHOD_NOT_ALLOWED,
                format!("{asked} is not declared; there is {}", methods.join(", ")),
            ),
        };
        let mut response = told(status, &text);
        if let RouteMiss::Method(methods) = miss
            && let Ok(methods) = HeaderValue::from_str(&methods.join(", "))
        {
            response.headers.insert(header::ALLOW, methods);
        }
        self.state().add(Call {
            operation: None,
            status: status.as_u16(),
            request,
            trouble: Some(text),
        });
        Reply {
            broken: Broken::new(response),
            delay: Duration::ZERO,
        }
    }

    /// The response that is wanted, and why it could not be made where it could not.
    fn answered(
        &self,
        operation: &Operation,
        request: &Request,
        answer: &Answer,
        number: usize,
    ) -> (Broken, Option<String>) {
        let id = operation.id.as_str();
        let asked = Asked {
            operation,
            target: target_of(&request.url),
            seed: self.setup.seed,
            number,
            recorded: self.setup.recorded.get(id).map_or(&[], Vec::as_slice),
        };
        let response = match respond(&asked, answer) {
            Ok(response) => response,
            Err(text) => {
                let text = format!("the fake cannot answer {id}: {text}");
                let response = told(StatusCode::NOT_IMPLEMENTED, &text);
                return (Broken::new(response), Some(text));
            }
        };
        let Some(fault) = answer.fault else {
            return (Broken::new(response), None);
        };
        let scene = Scene::new(operation, self.setup.seed, number);
        match fault.apply(&scene, response) {
            Ok(broken) => (broken, None),
            Err(why) => {
                let text = format!("{id} cannot be answered with {}: {why}", fault.name);
                let response = told(StatusCode::NOT_IMPLEMENTED, &text);
                (Broken::new(response), Some(text))
            }
        }
    }

    /// How a request breaks the contract, with the status that says so.
    fn breaches(
        &self,
        operation: &Operation,
        request: &Request,
        path_values: &[(String, String)],
    ) -> Option<(StatusCode, String)> {
        if !has_credential(operation, request) {
            let text = format!("{} wants a credential, and none came", operation.id);
            return Some((StatusCode::UNAUTHORIZED, text));
        }
        let mut lines = Vec::new();
        let sent = Parameters::of(operation, request, path_values);
        // The check lets these pass, since a recorder may have taken them out; here nobody has.
        for parameter in operation.parameters.iter().filter(|parameter| {
            parameter.required && matches!(parameter.location, Location::Header | Location::Cookie)
        }) {
            if matches!(sent.read(parameter), Ok(None)) {
                lines.push(format!(
                    "the request breaks {}: the required {} `{}` is missing",
                    operation.id, parameter.location, parameter.name
                ));
            }
        }
        let exchange = Exchange {
            request: request.clone(),
            response: Response::new(StatusCode::OK),
            origin: Origin::InHand,
        };
        let subject = Subject::new(&self.contract, operation, &exchange, path_values)
            .with_intent(Intent::Unknown);
        let mut findings = Vec::new();
        let check = CHECKS
            .iter()
            .find(|check| check.rule().has(Trait::OfRequest));
        if let Some(check) = check {
            check.explain(&subject, &mut findings);
        }
        let document = self.contract.document();
        lines.extend(findings.into_iter().map(|mut finding| {
            // There was no response that could be shown.
            finding.evidence = None;
            render_finding(&finding, document, Colour::None)
        }));
        (!lines.is_empty()).then(|| (StatusCode::BAD_REQUEST, lines.join("\n")))
    }
}

/// Whether one of the operation's security alternatives is there, as far as a request can show that.
fn has_credential(operation: &Operation, request: &Request) -> bool {
    let has_field = |name: &str| request.headers.contains_key(name);
    operation.security.is_empty()
        || operation.security.iter().any(|alternative| {
            alternative.schemes.iter().all(|scheme| match &scheme.kind {
                Some(SecurityKind::ApiKey { location, name, .. }) => match location {
                    Location::Header => has_field(name),
                    Location::Cookie => request
                        .headers
                        .get_all(header::COOKIE)
                        .iter()
                        .filter_map(|value| value.to_str().ok())
                        .flat_map(|text| text.split(';'))
                        .any(|pair| pair.trim().starts_with(&format!("{name}="))),
                    _ => request.url.query_pairs().any(|(known, _)| known == *name),
                },
                Some(SecurityKind::MutualTls) | None => true,
                Some(_) => has_field(header::AUTHORIZATION.as_str()),
            })
        })
}
