//! What the tests of the parts of this room share: one small contract, and a service that answers what it
//! is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use http::StatusCode;
use oasgate_document::Document;
use serde_json::json;

use super::{
    case_factory::{CaseFactory, Purpose},
    knowledge::context::ResourceContext,
};
use crate::{
    contract::{Contract, Operation, graph::Graph},
    exchange::{Request, Response},
    run::{Case, LiveSettings, Phase},
    transport::{SendError, Transport},
    wire::RequestParts,
};

/// `listPets`, whose `limit` is at most 10, and `addPet`.
pub(super) fn contract() -> Contract {
    let pets = json!({ "description": "Fine", "content": { "application/json": { "schema":
        { "type": "array", "items": { "type": "object" } } } } });
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": { "/pets": {
            "get": { "operationId": "listPets",
                "parameters": [{ "name": "limit", "in": "query",
                                 "schema": { "type": "integer", "maximum": 10 } }],
                "responses": { "200": pets } },
            "post": { "operationId": "addPet", "responses": { "201": { "description": "Fine" } } },
        } },
    });
    Contract::from_document(Document::parse("t", document.to_string()).expect("a document"))
}

/// Things that are created, read and deleted by their id.
pub(super) fn things() -> Contract {
    let thing = json!({ "description": "Fine", "content": { "application/json": { "schema":
        { "type": "object", "properties": { "id": { "type": "integer" } } } } } });
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": {
            "/things": { "post": { "operationId": "addThing", "responses": { "201": thing } } },
            "/things/{id}": {
                "parameters": [{ "name": "id", "in": "path", "required": true,
                                 "schema": { "type": "integer" } }],
                "get": { "operationId": "getThing", "responses": { "200": thing } },
                "delete": { "operationId": "deleteThing",
                            "responses": { "204": { "description": "Gone" } } },
            },
        },
    });
    Contract::from_document(Document::parse("t", document.to_string()).expect("a document"))
}

/// What names resources of a contract.
pub(super) fn context<'c>(
    contract: &'c Contract,
    graph: &'c Graph,
    settings: &'c LiveSettings,
) -> ResourceContext<'c> {
    ResourceContext {
        contract,
        graph,
        settings,
    }
}

pub(super) fn settings() -> LiveSettings {
    LiveSettings::new("http://localhost".parse().expect("a URL"))
}

pub(super) fn operation(contract: &Contract, id: &str) -> Arc<Operation> {
    let mut all = contract.operations().iter();
    let found = all.find(|operation| operation.id.as_str() == id);
    Arc::clone(found.expect("it is there"))
}

/// A case of an operation without any values.
pub(super) fn case(contract: &Contract, id: &str, phase: Phase) -> Case {
    CaseFactory::new(&settings())
        .make(
            &operation(contract, id),
            RequestParts::default(),
            Purpose::new(phase, "a test"),
        )
        .expect("it can be written")
}

/// Answers one after the other; 200 with an empty list when nothing is left.
#[derive(Debug, Default)]
pub(super) struct Script(Mutex<VecDeque<Answer>>);

#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Status(u16),
    Unreachable,
    Broken,
}

impl Script {
    pub(super) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Mutex::new(answers.into_iter().collect()))
    }
}

impl Transport for Script {
    async fn send(&self, _: &Request) -> Result<Response, SendError> {
        let answer = self.0.lock().expect("no test panics here").pop_front();
        let status = match answer.unwrap_or(Answer::Status(200)) {
            Answer::Status(status) => StatusCode::from_u16(status).expect("a status"),
            Answer::Unreachable => {
                return Err(SendError::Unreachable {
                    origin: "http://localhost".to_owned(),
                    reason: "refused".to_owned(),
                });
            }
            Answer::Broken => return Err(SendError::Broken("reset".to_owned())),
        };
        let mut response = Response::new(status);
        let json = "application/json".parse().expect("a field's value");
        response.headers.insert("content-type", json);
        response.body = crate::exchange::Body::Complete("[]".into());
        Ok(response)
    }
}
