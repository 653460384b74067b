//! Cases that were refused for the version that they name, or for want of one: sent again, one after another, each with the
//! version that a read shows right before it.

use std::ops::ControlFlow;

use http::{StatusCode, header};
use serde_json::Value;

use super::{Driver, second_look::Later};
use crate::{
    check::Part,
    contract::Location,
    gate::case_factory::CaseFactory,
    run::{Case, RunStatus},
    transport::Transport,
};

/// Answers that ask for the version of what is there, or for another one (RFC 9110 §15.5.13, RFC 6585 §3).
const WANT_A_VERSION: [StatusCode; 2] = [
    StatusCode::PRECONDITION_FAILED,
    StatusCode::PRECONDITION_REQUIRED,
];

/// How many cases of one operation are sent again.
const MAX_AGAIN: usize = 40;

impl<T: Transport> Driver<'_, T> {
    /// Sends those of some cases again that were answered 412 or 428, and takes in what came.
    pub(super) async fn with_fresh_versions(
        &mut self,
        cases: &[Case],
        statuses: &mut [Option<StatusCode>],
        later: &mut Later,
    ) -> ControlFlow<RunStatus> {
        for (case, status) in cases.iter().zip(statuses) {
            // A read and the case itself.
            let wants_a_version = status.is_some_and(|status| WANT_A_VERSION.contains(&status));
            if !wants_a_version || self.executor.budget.left() < 2 {
                continue;
            }
            let asked = self
                .versions_asked
                .entry(case.operation.id.clone())
                .or_default();
            *asked += 1;
            if *asked > MAX_AGAIN {
                continue;
            }
            if let Some(again) = self.with_version_now(case).await {
                let answers = self.send_all(&[again], later).await?;
                *status = answers.into_iter().next().unwrap_or(*status);
            }
        }
        ControlFlow::Continue(())
    }

    /// A case with the version that what it names has now; `None` where it wants none, or nothing shows it.
    async fn with_version_now(&mut self, case: &Case) -> Option<Case> {
        let context = self.context;
        let mut fields = case.operation.parameters_in(Location::Header);
        let field = fields.find(|one| one.name.eq_ignore_ascii_case("if-match"))?;
        let sent = case.parts.get(Location::Header, &field.name);
        let part = Part::Parameter(Location::Header, field.name.clone());
        if case
            .breaks
            .as_ref()
            .is_some_and(|breach| breach.part == part)
        {
            return None;
        }
        let (_, operation, request) = self.read_of_named(case)?;
        let exchange = self.look_with(operation, request).await?;
        let version = exchange.response.headers.get(header::ETAG)?.to_str().ok()?;
        let version = Value::from(version);
        if sent == Some(&version) {
            return None;
        }
        let mut parts = case.parts.clone();
        parts.set(Location::Header, &field.name, version);
        CaseFactory::new(context.settings).with_parts(case, parts)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use oasgate_document::Document;
    use serde_json::json;

    use super::*;
    use crate::{
        contract::Contract,
        exchange::{Body, Request, Response},
        gate::{
            case_factory::Purpose,
            fixture::{operation, settings},
            trial::driven,
        },
        run::Phase,
        transport::SendError,
        wire::RequestParts,
    };

    /// One thing, which is changed where the request names its version.
    #[derive(Default)]
    struct Versioned(AtomicU32);

    impl Transport for Versioned {
        async fn send(&self, request: &Request) -> Result<Response, SendError> {
            let version = format!("\"{}\"", self.0.load(Ordering::Relaxed));
            let named = request.headers.get(header::IF_MATCH);
            let is_change = request.method == http::Method::PATCH;
            let is_named = named.is_some_and(|named| named.as_bytes() == version.as_bytes());
            if is_change && !is_named {
                return Ok(Response::new(StatusCode::PRECONDITION_FAILED));
            }
            if is_change {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
            let mut response = Response::new(StatusCode::OK);
            let version = version.parse().expect("a field's value");
            response.headers.insert(header::ETAG, version);
            let json = "application/json".parse().expect("a field's value");
            response.headers.insert("content-type", json);
            response.body = Body::Complete("{}".into());
            Ok(response)
        }
    }

    #[tokio::test]
    async fn what_names_an_old_version_is_sent_again_with_the_one_that_is_there() {
        let thing = json!({ "description": "Fine", "content": { "application/json": { "schema": { "type": "object" } } } });
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": { "/things/{id}": {
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
                "get": { "operationId": "getThing", "responses": { "200": thing } },
                "patch": { "operationId": "changeThing",
                    "parameters": [{ "name": "If-Match", "in": "header", "schema": { "type": "string" } }],
                    "responses": { "200": thing, "412": { "description": "No" } } },
            } },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        let (contract, mut settings) = (Contract::from_document(document), settings());
        settings.existing = crate::run::Existing::Touch;
        let mut parts = RequestParts::default();
        parts.set(Location::Path, "id", Value::from("a"));
        parts.set(Location::Header, "If-Match", Value::from("\"77\""));
        let purpose = Purpose::new(Phase::Edges, "a test");
        let changes = operation(&contract, "changeThing");
        let case = CaseFactory::new(&settings).make(&changes, parts, purpose);
        let cases = vec![case.expect("it can be written"); 3];
        let service = Versioned::default();
        driven(&contract, &settings, &service, async |driver| {
            let ControlFlow::Continue(statuses) = driver.round(&cases).await else {
                panic!("the run ended");
            };
            assert_eq!(statuses, [Some(StatusCode::OK); 3]);
        })
        .await;
        assert_eq!(service.0.load(Ordering::Relaxed), 3);
    }
}
