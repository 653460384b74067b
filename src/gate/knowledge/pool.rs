//! Values that came back in responses, by the operation and the place that need them.
//!
//! An id that a service gave out is a better id than any that is made up. Which response gives what to
//! whom is what the contract's [`Graph`] says. Values are taken in as the plan orders the exchanges,
//! never as they arrive, and each place keeps the newest few, so that the pool is a function of the
//! responses alone.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use serde_json::Value;

use super::view::{ExchangeView, Place, plain};
use crate::{
    contract::{
        Contract, Location, Operation, OperationIndex, Schema,
        graph::{Graph, Need, Shape, names_something, words},
    },
    wire,
};

/// How many values of one place are kept.
const MAX_VALUES: usize = 12;
/// How many operations say of a value that it names nothing until none is asked any more.
const MIN_REFUSALS: usize = 2;
/// How many names of that kind are kept.
const MAX_CALLED: usize = 1_000;
/// How long the text of a value may be.
const MAX_TEXT: usize = 200;

/// What responses gave, newest last.
#[derive(Debug)]
pub(crate) struct Pool {
    graph: Arc<Graph>,
    index: HashMap<String, OperationIndex>,
    values: BTreeMap<(OperationIndex, Need), VecDeque<Value>>,
    /// Values that named nothing, by their place in a path, with the operations that said so.
    refused: BTreeMap<(String, String), BTreeSet<String>>,
    /// Values below which a list has shown nothing, by their place in a path.
    childless: BTreeSet<(String, String)>,
    /// Values of path parameters with which a request succeeded, by their place in the path.
    worked: BTreeMap<String, VecDeque<Value>>,
    /// What answers to changes, and paths of what succeeded, call by a name that says what it is of: `project_name`.
    called: BTreeMap<String, VecDeque<Value>>,
}

impl Pool {
    /// An empty pool for a contract.
    pub(crate) fn new(contract: &Contract, graph: Arc<Graph>) -> Self {
        let ids = contract.indexed_operations();
        Self {
            graph,
            index: ids
                .map(|(index, operation)| (operation.id.as_str().to_owned(), index))
                .collect(),
            values: BTreeMap::new(),
            refused: BTreeMap::new(),
            childless: BTreeSet::new(),
            worked: BTreeMap::new(),
            called: BTreeMap::new(),
        }
    }

    /// Takes in what a success gives to others.
    pub(crate) fn take(
        &mut self,
        contract: &Contract,
        base: &str,
        operation: &Operation,
        given: &ExchangeView<'_>,
    ) {
        if !given.exchange.response.status.is_success() {
            return;
        }
        self.note_path(operation, given);
        self.note_called(operation, given);
        let Some(producer) = self.index.get(operation.id.as_str()) else {
            return;
        };
        let edges = self
            .graph
            .edges
            .iter()
            .filter(|edge| edge.producer == *producer);
        for edge in edges {
            let place = place_of(
                contract,
                base,
                contract.operation_at(edge.consumer),
                &edge.need,
            );
            let found = edge
                .sources
                .iter()
                .map(|source| given.values(source, place.as_ref()))
                .find(|values| !values.is_empty());
            let known = self
                .values
                .entry((edge.consumer, edge.need.clone()))
                .or_default();
            // The first of a list is to be the newest.
            for value in found.into_iter().flatten().rev() {
                push(known, value);
            }
        }
    }

    /// Takes a value for a need of an operation that no response gave.
    pub(crate) fn offer(&mut self, consumer: OperationIndex, need: Need, value: &Value) {
        push(
            self.values.entry((consumer, need)).or_default(),
            value.clone(),
        );
    }

    /// Notes the names in the path of a request that succeeded.
    fn note_path(&mut self, operation: &Operation, given: &ExchangeView<'_>) {
        let named = given.parts.parameters.iter();
        let named = named.filter(|(location, ..)| *location == Location::Path);
        let is_deletion = operation.method == http::Method::DELETE;
        let mut all: Vec<_> = named.collect();
        // What was deleted is there no more.
        all.truncate(all.len() - usize::from(is_deletion && !all.is_empty()));
        for (location, name, value) in all {
            let need = Need::Parameter(*location, name.clone());
            let known = self.worked.entry(place(operation, &need)).or_default();
            push(known, value.clone());
            self.note_named(name, value);
        }
    }

    /// The newest value with which a request succeeded at the same place of the path.
    pub(crate) fn worked(
        &self,
        operation: &Operation,
        need: &Need,
        schema: Option<&Schema>,
    ) -> Option<Value> {
        let worked = self.worked.get(&place(operation, need)).into_iter();
        let called = self.called.get(need.name()).into_iter();
        let mut known = worked
            .flat_map(|known| known.iter().rev())
            .chain(called.flat_map(|known| known.iter().rev()));
        known.find_map(|value| {
            fitting(value, schema).filter(|value| !self.is_refused(operation, need, value))
        })
    }

    /// Notes what the answer to a change calls by a name of several words that ends as that of a key does: it is the same
    /// wherever a path asks for it by that name.
    fn note_called(&mut self, operation: &Operation, given: &ExchangeView<'_>) {
        let is_change = !operation.is_safe() && operation.method != http::Method::DELETE;
        let answer = given.body().filter(|_| is_change);
        for (name, value) in answer.and_then(Value::as_object).into_iter().flatten() {
            if value.is_string() || value.is_number() {
                self.note_named(name, value);
            }
        }
    }

    fn note_named(&mut self, name: &str, value: &Value) {
        let is_telling = names_something(name) && words(name).len() > 1 || name == "username";
        let has_room = self.called.len() < MAX_CALLED || self.called.contains_key(name);
        if is_telling && has_room {
            push(
                self.called.entry(name.to_owned()).or_default(),
                value.clone(),
            );
        }
    }

    /// The values that may stand for a need of an operation, newest first; those that its schema does
    /// not take, and those that were refused, are left out.
    pub(crate) fn values_for(
        &self,
        operation: &Operation,
        need: &Need,
        schema: Option<&Schema>,
    ) -> Vec<Value> {
        let Some(index) = self.index.get(operation.id.as_str()) else {
            return Vec::new();
        };
        let known = self.values.get(&(*index, need.clone()));
        let mut found = Vec::new();
        for value in known.into_iter().flatten().rev() {
            if let Some(value) = fitting(value, schema)
                && !found.contains(&value)
                && !self.is_refused(operation, need, &value)
            {
                found.push(value);
            }
        }
        if !self.childless.is_empty() {
            let place = place(operation, need);
            found.sort_by_cached_key(|value| {
                self.childless.contains(&(place.clone(), plain(value)))
            });
        }
        found
    }

    /// Remembers that a list below what a request names showed nothing, so that another is named before it.
    pub(crate) fn note_childless(&mut self, operation: &Operation, given: &ExchangeView<'_>) {
        let mut parameters = given.parts.parameters.iter();
        let last = parameters.rfind(|(location, ..)| *location == Location::Path);
        if let Some((location, name, value)) = last.filter(|_| self.childless.len() < MAX_CALLED) {
            let need = Need::Parameter(*location, name.clone());
            self.childless
                .insert((place(operation, &need), plain(value)));
        }
    }

    /// Remembers that a value named nothing, so that it is not offered again.
    pub(crate) fn refuse(&mut self, operation: &Operation, need: &Need, value: &Value) {
        let key = (place(operation, need), plain(value));
        let id = operation.id.as_str().to_owned();
        self.refused.entry(key).or_default().insert(id);
    }

    /// Whether a value named nothing when it was sent: to the operation itself, or to two others whose paths share the
    /// place, unless one has succeeded with it. One alone may look for another name than the others.
    pub(crate) fn is_refused(&self, operation: &Operation, need: &Need, value: &Value) -> bool {
        let place = place(operation, need);
        let has_worked = || {
            let known = self.worked.get(&place);
            known.is_some_and(|known| known.iter().any(|one| plain(one) == plain(value)))
        };
        let by = self.refused.get(&(place.clone(), plain(value)));
        by.is_some_and(|by| {
            by.contains(operation.id.as_str()) || by.len() >= MIN_REFUSALS && !has_worked()
        })
    }
}

fn push(values: &mut VecDeque<Value>, value: Value) {
    let text = plain(&value);
    if value.is_null() || value.is_boolean() || text.is_empty() || text.len() > MAX_TEXT {
        return;
    }
    values.retain(|known| *known != value);
    values.push_back(value);
    if values.len() > MAX_VALUES {
        values.pop_front();
    }
}

/// A value as a schema takes it: an id that is a number in a body may be a text in a path.
pub(crate) fn fitting(value: &Value, schema: Option<&Schema>) -> Option<Value> {
    let Some(schema) = schema else {
        return Some(value.clone());
    };
    if schema.is_valid(value) {
        return Some(value.clone());
    }
    if value.is_object() || value.is_array() {
        return None;
    }
    let read = wire::read_text(&plain(value), Some(schema));
    schema.is_valid(&read).then_some(read)
}

/// Where a path parameter's value stands in a path.
fn place_of<'p>(
    contract: &'p Contract,
    base: &'p str,
    consumer: &Operation,
    need: &Need,
) -> Option<Place<'p>> {
    let Need::Parameter(Location::Path, name) = need else {
        return None;
    };
    let shape = Shape::of(consumer);
    let segment = (0..shape.len()).find(|at| shape.key_at(consumer, *at) == Some(name))?;
    Some(Place {
        contract,
        base,
        shape: Cow::Owned(shape),
        segment,
    })
}

/// Where a value stands: for a path parameter, the shape of the path up to it.
fn place(operation: &Operation, need: &Need) -> String {
    let path = operation.path.as_str();
    match need {
        Need::Parameter(Location::Path, name) => {
            let end = path
                .find(&format!("{{{name}}}"))
                .map_or(path.len(), |at| at + name.len() + 2);
            path.get(..end).unwrap_or(path).to_owned()
        }
        other => format!("{:?} {other}", Shape::of(operation)),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use oasgate_document::Document;
    use serde_json::json;

    use super::*;
    use crate::exchange::{Exchange, Origin, Request, Response};

    fn contract() -> Contract {
        let pet = json!({ "description": "Fine", "content": { "application/json": { "schema":
            { "type": "object", "properties": { "id": { "type": "integer" } } } } } });
        let pets = json!({ "description": "Fine", "content": { "application/json": { "schema":
            { "type": "array", "items": { "type": "object",
              "properties": { "id": { "type": "integer" } } } } } } });
        let document = json!({
            "openapi": "3.0.3",
            "info": { "title": "t", "version": "1" },
            "paths": {
                "/pets": {
                    "get": { "operationId": "listPets", "responses": { "200": pets } },
                    "post": { "operationId": "addPet", "responses": { "201": pet } } },
                "/pets/{petId}": { "get": { "operationId": "getPet",
                    "parameters": [{ "name": "petId", "in": "path", "required": true,
                                     "schema": { "type": "integer" } }],
                    "responses": { "200": pet } } },
            },
        });
        Contract::from_document(Document::parse("t", document.to_string()).expect("it is one"))
    }

    fn take(pool: &mut Pool, contract: &Contract, operation: &str, body: &Value, location: &str) {
        let operation = contract.operation(operation).expect("it is there");
        let url = "http://localhost/v1/pets".parse().expect("a URL");
        let mut response = Response::new(StatusCode::OK);
        if !location.is_empty() {
            let value = location.parse().expect("a field's value");
            response.headers.insert("location", value);
        }
        let exchange = Exchange {
            request: Request::new(operation.method.clone(), url),
            response,
            origin: Origin::Live,
        };
        let parts = wire::RequestParts::default();
        let given = ExchangeView::with_body(&exchange, &parts, Some(body));
        pool.take(contract, "/v1", &operation, &given);
    }

    fn offered(pool: &Pool, contract: &Contract) -> Vec<Value> {
        let operation = contract.operation("getPet").expect("it is there");
        let parameter = &operation.parameters[0];
        let need = Need::Parameter(parameter.location, parameter.name.clone());
        pool.values_for(&operation, &need, parameter.value.schema())
    }

    #[test]
    fn the_ids_of_a_list_are_offered_in_its_order() {
        let contract = contract();
        let mut pool = Pool::new(&contract, Arc::new(Graph::of(&contract)));
        take(
            &mut pool,
            &contract,
            "listPets",
            &json!([{ "id": 7 }, { "id": 8 }]),
            "",
        );
        assert_eq!(offered(&pool, &contract), [json!(7), json!(8)]);
    }

    #[test]
    fn what_was_made_is_offered_first() {
        let contract = contract();
        let mut pool = Pool::new(&contract, Arc::new(Graph::of(&contract)));
        take(&mut pool, &contract, "listPets", &json!([{ "id": 7 }]), "");
        take(
            &mut pool,
            &contract,
            "addPet",
            &json!({ "id": 9 }),
            "/v1/pets/9",
        );
        assert_eq!(offered(&pool, &contract), [json!(9), json!(7)]);
    }

    #[test]
    fn a_location_gives_the_id_too() {
        let contract = contract();
        let mut pool = Pool::new(&contract, Arc::new(Graph::of(&contract)));
        take(&mut pool, &contract, "addPet", &json!({}), "/v1/pets/9");
        assert_eq!(offered(&pool, &contract), [json!(9)]);
    }

    #[test]
    fn a_refused_value_is_not_offered_again() {
        let contract = contract();
        let mut pool = Pool::new(&contract, Arc::new(Graph::of(&contract)));
        take(&mut pool, &contract, "listPets", &json!([{ "id": 7 }]), "");
        let operation = contract.operation("getPet").expect("it is there");
        let need = Need::Parameter(Location::Path, "petId".to_owned());
        pool.refuse(&operation, &need, &json!(7));
        assert!(offered(&pool, &contract).is_empty());
    }

    #[test]
    fn a_name_that_says_what_it_is_of_is_the_same_wherever_it_is_asked_for() {
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": {
                "/projects/create": { "post": { "operationId": "addProject",
                    "responses": { "200": { "description": "Made", "content": { "application/json": {} } } } } },
                "/project/{project_name}/secrets": { "get": { "operationId": "listSecrets",
                    "parameters": [{ "name": "project_name", "in": "path", "required": true,
                                     "schema": { "type": "string" } }],
                    "responses": { "200": { "description": "All" } } } },
            },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        let contract = Contract::from_document(document);
        let mut pool = Pool::new(&contract, Arc::new(Graph::of(&contract)));
        let made = json!({ "project_name": "blue", "name": "red" });
        take(&mut pool, &contract, "addProject", &made, "");
        let operation = contract.operation("listSecrets").expect("it is there");
        let need = Need::Parameter(Location::Path, "project_name".to_owned());
        assert_eq!(pool.worked(&operation, &need, None), Some(json!("blue")));
    }

    #[test]
    fn the_newest_few_are_kept() {
        let contract = contract();
        let mut pool = Pool::new(&contract, Arc::new(Graph::of(&contract)));
        for id in 0..100 {
            take(&mut pool, &contract, "addPet", &json!({ "id": id }), "");
        }
        let offered = offered(&pool, &contract);
        assert_eq!(offered.len(), MAX_VALUES);
        assert_eq!(offered[0], json!(99));
    }
}
