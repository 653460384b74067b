//! Things that refer to others by an object or by a URL, as services that are made of links do, and deep in a body.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Map, Value, json};

use crate::{
    habits::{Answer, Came, service},
    in_process::{check, settings},
};

const RACKS: &str = r"
openapi: 3.0.3
info: { title: Racks that stand somewhere, version: '1' }
paths:
  /locations:
    get: { operationId: listLocations, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Location' } } } } } } }
    post:
      operationId: addLocation
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [name], additionalProperties: false, properties: { name: { type: string, minLength: 1 } } } } } }
      responses: { '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Location' } } } }, 4XX: { description: No } }
  /locations/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { operationId: getLocation, responses: { '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Location' } } } }, 4XX: { description: No } } }
    delete: { operationId: dropLocation, responses: { '204': { description: Gone }, 4XX: { description: No } } }
  /racks:
    post:
      operationId: addRack
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [location], additionalProperties: false, properties: { location: { type: object, required: [id], properties: { id: { type: integer }, kind: { type: string } } } } } } } }
      responses: { '201': { $ref: '#/components/responses/Made' }, 4XX: { description: No } }
  /racks/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { operationId: getRack, responses: { '200': { $ref: '#/components/responses/Made' }, 4XX: { description: No } } }
    delete: { operationId: dropRack, responses: { '204': { description: Gone }, 4XX: { description: No } } }
  /shelves:
    post:
      operationId: addShelf
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [location], additionalProperties: false, properties: { location: { type: string, format: uri } } } } } }
      responses: { '201': { $ref: '#/components/responses/Made' }, 4XX: { description: No } }
  /shelves/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { operationId: getShelf, responses: { '200': { $ref: '#/components/responses/Made' }, 4XX: { description: No } } }
    delete: { operationId: dropShelf, responses: { '204': { description: Gone }, 4XX: { description: No } } }
components:
  parameters:
    Id: { name: id, in: path, required: true, schema: { type: integer } }
  responses:
    Made: { description: One, content: { application/json: { schema: { type: object, required: [id], properties: { id: { type: integer } } } } } }
  schemas:
    Location: { type: object, required: [id, url], properties: { id: { type: integer }, url: { type: string, format: uri } } }
";

const ROUTES: &[&str] = &[
    "GET /locations",
    "POST /locations",
    "GET /locations/*",
    "DELETE /locations/*",
    "POST /racks",
    "GET /racks/*",
    "DELETE /racks/*",
    "POST /shelves",
    "GET /shelves/*",
    "DELETE /shelves/*",
];

/// What there is, by its id: the collection that it is in.
type All = BTreeMap<i64, String>;

fn location_of(body: &Map<String, Value>) -> Option<i64> {
    match body.get("location").filter(|_| body.len() == 1)? {
        Value::Object(location) => {
            let kind = location.get("kind");
            let id = location.get("id")?.as_i64();
            id.filter(|_| kind.is_none_or(Value::is_string))
        }
        Value::String(url) => url
            .strip_prefix("http://localhost/locations/")?
            .parse()
            .ok(),
        _ => None,
    }
}

fn answer(all: &mut All, came: &Came) -> Answer {
    let kind = came.path[0].as_str();
    let id = came.number(1);
    let shown = |id: i64| match kind {
        "locations" => json!({ "id": id, "url": format!("http://localhost/locations/{id}") }),
        _ => json!({ "id": id }),
    };
    let is_there = all.get(&id).is_some_and(|known| known == kind);
    match came.method.as_str() {
        "GET" if came.path.len() == 1 => {
            let ids = all.iter().filter(|(_, known)| *known == kind);
            (200, Some(ids.map(|(id, _)| shown(*id)).collect()))
        }
        "GET" if is_there => (200, Some(shown(id))),
        "DELETE" if is_there => {
            all.remove(&id);
            (204, None)
        }
        "POST" => {
            let is_wanted = match kind {
                "locations" => came.text("name").is_some_and(|name| !name.is_empty()),
                _ => location_of(&came.body)
                    .is_some_and(|id| all.get(&id).is_some_and(|known| known == "locations")),
            };
            if !is_wanted {
                return (400, None);
            }
            // Ids that nobody guesses.
            let last = all.keys().next_back().copied().unwrap_or(5_000_000);
            all.insert(last + 977, kind.to_owned());
            (201, Some(shown(last + 977)))
        }
        _ => (404, None),
    }
}

/// Every operation of a service is reached, nothing is left there, and nothing is found.
async fn all_is_made(
    document: &str,
    routes: &'static [&'static str],
    answer: fn(&mut All, &Came) -> Answer,
) {
    for seed in 0..3 {
        let all = Arc::new(Mutex::new(All::new()));
        let own = Arc::clone(&all);
        let router = service(routes, move |came| {
            answer(&mut own.lock().expect("no handler panics"), came)
        });
        let outcome = check(document, router, &settings(seed)).await;
        let unreached = outcome.operations.iter();
        let unreached: Vec<&str> = unreached
            .filter(|one| one.unreached.is_some())
            .map(|one| one.id.as_str())
            .collect();
        assert!(unreached.is_empty(), "{seed}: {unreached:?}");
        let left = all.lock().expect("no handler panics");
        assert!(left.is_empty(), "{seed}: {left:?}");
        let told: Vec<_> = outcome.findings.iter().map(|one| &one.message).collect();
        assert!(told.is_empty(), "{seed}: {told:?}");
    }
}

#[tokio::test]
async fn what_refers_by_an_object_or_a_url_is_made() {
    all_is_made(RACKS, ROUTES, answer).await;
}

const ORDERS: &str = r"
openapi: 3.0.3
info: { title: Orders of several products, version: '1' }
paths:
  /products:
    post:
      operationId: addProduct
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [name], properties: { name: { type: string, minLength: 1 } } } } } }
      responses: { '201': { $ref: '#/components/responses/Made' }, 4XX: { description: No } }
  /products/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { operationId: getProduct, responses: { '200': { $ref: '#/components/responses/Made' }, 4XX: { description: No } } }
    delete: { operationId: dropProduct, responses: { '204': { description: Gone }, 4XX: { description: No } } }
  /orders:
    post:
      operationId: addOrder
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [lines], properties: { lines: { type: array, minItems: 1, items: { $ref: '#/components/schemas/Line' } } } } } } }
      responses: { '201': { $ref: '#/components/responses/Made' }, 4XX: { description: No } }
  /orders/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { operationId: getOrder, responses: { '200': { $ref: '#/components/responses/Made' }, 4XX: { description: No } } }
    delete: { operationId: dropOrder, responses: { '204': { description: Gone }, 4XX: { description: No } } }
  /baskets:
    post:
      operationId: addBasket
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [products], properties: { products: { type: array, minItems: 1, items: { type: object, required: [id], properties: { id: { type: integer } } } } } } } } }
      responses: { '201': { $ref: '#/components/responses/Made' }, 4XX: { description: No } }
  /baskets/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    delete: { operationId: dropBasket, responses: { '204': { description: Gone }, 4XX: { description: No } } }
  /reviews:
    post:
      operationId: addReview
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [review], properties: { review: { type: object, required: [product_id, stars], properties: { product_id: { type: integer }, stars: { type: integer } } } } } } } }
      responses: { '201': { $ref: '#/components/responses/Made' }, 4XX: { description: No } }
  /reviews/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    delete: { operationId: dropReview, responses: { '204': { description: Gone }, 4XX: { description: No } } }
components:
  parameters:
    Id: { name: id, in: path, required: true, schema: { type: integer } }
  responses:
    Made: { description: One, content: { application/json: { schema: { type: object, required: [id], properties: { id: { type: integer } } } } } }
  schemas:
    Line: { type: object, required: [product_id, quantity], properties: { product_id: { type: integer }, quantity: { type: integer, minimum: 1, maximum: 99 } } }
";

const OF_PRODUCTS: &[&str] = &[
    "POST /products",
    "GET /products/*",
    "DELETE /products/*",
    "POST /orders",
    "GET /orders/*",
    "DELETE /orders/*",
    "POST /baskets",
    "DELETE /baskets/*",
    "POST /reviews",
    "DELETE /reviews/*",
];

/// The products that a body names; `None` where it is not of the form that the document wants.
fn products_in(kind: &str, body: &Map<String, Value>) -> Option<Vec<i64>> {
    let line = |line: &Value| {
        let quantity = line.get("quantity")?.as_i64()?;
        let is_fine = (1..=99).contains(&quantity);
        line.get("product_id")?.as_i64().filter(|_| is_fine)
    };
    match kind {
        "orders" => body.get("lines")?.as_array()?.iter().map(line).collect(),
        "baskets" => {
            let all = body.get("products")?.as_array()?.iter();
            all.map(|one| one.get("id")?.as_i64()).collect()
        }
        _ => {
            let review = body.get("review")?;
            review.get("stars")?.as_i64()?;
            Some(vec![review.get("product_id")?.as_i64()?])
        }
    }
}

fn answer_of_products(all: &mut All, came: &Came) -> Answer {
    let kind = came.path[0].as_str();
    let id = came.number(1);
    let is_there = |id: i64, wanted: &str| all.get(&id).is_some_and(|known| known == wanted);
    match came.method.as_str() {
        "GET" if is_there(id, kind) => (200, Some(json!({ "id": id }))),
        "DELETE" if is_there(id, kind) => {
            all.remove(&id);
            (204, None)
        }
        "POST" => {
            let is_fine = if kind == "products" {
                came.text("name").is_some_and(|name| !name.is_empty())
            } else {
                let named = products_in(kind, &came.body);
                named.is_some_and(|named| {
                    !named.is_empty() && named.iter().all(|id| is_there(*id, "products"))
                })
            };
            if !is_fine {
                return (422, None);
            }
            let last = all.keys().next_back().copied().unwrap_or(5_000_000);
            all.insert(last + 977, kind.to_owned());
            (201, Some(json!({ "id": last + 977 })))
        }
        _ => (404, None),
    }
}

#[tokio::test]
async fn what_names_others_deep_in_its_body_is_made() {
    all_is_made(ORDERS, OF_PRODUCTS, answer_of_products).await;
}
