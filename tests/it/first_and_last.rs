//! What a run does to a service without being told: lists that were read first are read once more in the end, and what
//! differs is named.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::{
    habits::service,
    in_process::{check, settings},
};

const PETS: &str = r"
openapi: 3.0.3
info: { title: Pets and what is done in passing, version: '1' }
paths:
  /pets:
    get: { operationId: listPets, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Pet' } } } } } } }
    post:
      operationId: addPet
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }
      responses: { '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }, 4XX: { description: No } }
  /pets/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get: { operationId: getPet, responses: { '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }, 4XX: { description: No } } }
    delete: { operationId: dropPet, responses: { '204': { description: Gone }, 4XX: { description: No } } }
  /visits:
    get: { operationId: listVisits, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Visit' } } } } } } }
    post:
      operationId: addVisit
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Visit' } } } }
      responses: { '200': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Visit' } } } }, 4XX: { description: No } }
  /mood:
    post:
      operationId: note
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [word], additionalProperties: false, properties: { word: { type: string } } } } } }
      responses: { '204': { description: Noted }, 4XX: { description: No } }
components:
  schemas:
    Pet: { type: object, required: [name], additionalProperties: false, properties: { id: { type: integer, readOnly: true }, name: { type: string } } }
    Visit: { type: object, required: [day], additionalProperties: false, properties: { day: { type: string } } }
";

#[tokio::test]
async fn what_lists_show_in_the_end_and_did_not_before_is_named() {
    let routes = &[
        "GET /pets",
        "POST /pets",
        "GET /pets/*",
        "DELETE /pets/*",
        "GET /visits",
        "POST /visits",
        "POST /mood",
    ];
    let pets = BTreeMap::from([1, 2, 3].map(|id| (id, format!("pet {id}"))));
    let state = Arc::new(Mutex::new((pets, Vec::<String>::new())));
    let router = service(routes, move |came| {
        let mut state = state.lock().expect("no handler panics");
        let (pets, visits) = &mut *state;
        let shown = |(id, name): (&i64, &String)| json!({ "id": id, "name": name });
        let id = came.number(1);
        let only = |name: &str| came.text(name).map(str::to_owned);
        match came.route().as_str() {
            "GET /pets" => (200, Some(pets.iter().map(shown).collect())),
            "GET /visits" => {
                let visits = visits.iter().map(|day| json!({ "day": day }));
                (200, Some(visits.collect()))
            }
            "POST /pets" => {
                let Some(name) = only("name") else {
                    return (400, None);
                };
                let id = pets.keys().last().map_or(1, |last| last + 1);
                pets.insert(id, name.clone());
                (201, Some(json!({ "id": id, "name": name })))
            }
            "POST /visits" => {
                let Some(day) = only("day") else {
                    return (400, None);
                };
                visits.push(day.clone());
                (200, Some(json!({ "day": day })))
            }
            // What nobody would think of: one pet is gone, and another has a new name.
            "POST /mood" => {
                if only("word").is_none() {
                    return (400, None);
                }
                pets.remove(&1);
                pets.insert(2, "another".to_owned());
                (204, None)
            }
            "GET /pets/*" => pets
                .get_key_value(&id)
                .map_or((404, None), |one| (200, Some(shown(one)))),
            _ => (
                if pets.remove(&id).is_some() { 204 } else { 404 },
                None::<Value>,
            ),
        }
    });
    let outcome = check(PETS, router, &settings(1)).await;
    let told = |words: &str| outcome.notices.iter().any(|one| one.contains(words));
    assert!(
        told("GET /visits shows what it did not before the run"),
        "{:?}",
        outcome.notices
    );
    assert!(told("without a name"), "{:?}", outcome.notices);
    let gone = "gone from GET /pets since the run began, by it or by others: /pets/1";
    assert!(told(gone), "{:?}", outcome.notices);
    assert!(
        told("changed in GET /pets since the run began, by it or by others: 2 (name)"),
        "{:?}",
        outcome.notices
    );
    // All that it made has been deleted.
    assert!(!told("GET /pets shows"), "{:?}", outcome.notices);
}
