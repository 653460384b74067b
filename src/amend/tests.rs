//! What is suggested for what was found.

use oasgate_document::{Address, Document, Pointer};
use serde_json::json;

use super::*;
use crate::finding::{Finding, Findings, Severity};

const V30: &str = "openapi: 3.0.3
info: { title: Shop, version: '1' }
paths:
  /it's:
    get:
      responses:
        '200': { description: Fine }
components:
  schemas:
    Pet:
      type: object
      required: [id, name]
      properties:
        id: { type: integer, maximum: 10 }
        name: { type: string, enum: [a, b] }
        tag: { oneOf: [{ $ref: '#/components/schemas/Pet' }] }
";

fn document(text: &str) -> Document {
    Document::parse("shop.yaml", text).expect("it is a document")
}

fn mismatch(pointer: &str, discriminator: &str, came: &[Value]) -> Finding {
    let came = came
        .iter()
        .map(Inferred::of)
        .fold(Inferred::default(), Inferred::merge);
    Finding::new("schema-mismatch", Severity::Error, "no")
        .at(Address::in_root(
            Pointer::parse(pointer).expect("a pointer"),
        ))
        .with_discriminator(discriminator)
        .with_came(Came::value(came))
}

fn suggested(text: &str, findings: Vec<Finding>) -> Vec<Action> {
    let mut all = Findings::default();
    for finding in findings {
        all.add(finding);
    }
    amendments(&all, &document(text), &|_, _| 0)
        .into_iter()
        .flat_map(|amendment| amendment.actions)
        .collect()
}

fn at(pointer: &str) -> Pointer {
    Pointer::parse(pointer).expect("a pointer")
}

const NAME: &str = "/components/schemas/Pet/properties/name";

#[test]
fn a_null_and_a_new_value_join_an_enum() {
    let findings = vec![
        mismatch(&format!("{NAME}/type"), "200 type", &[json!(null)]),
        mismatch(
            &format!("{NAME}/enum"),
            "200 enum",
            &[json!("c"), json!("d")],
        ),
    ];
    assert_eq!(
        suggested(V30, findings.clone()),
        [Action::Update(
            at(NAME),
            json!({ "nullable": true, "enum": ["c", "d", null] })
        )]
    );
    let v31 = V30.replace("3.0.3", "3.1.0");
    assert_eq!(
        suggested(&v31, findings),
        [
            Action::Remove(at(&format!("{NAME}/type"))),
            Action::Update(
                at(NAME),
                json!({ "type": ["string", "null"], "enum": ["c", "d", null] })
            ),
        ]
    );
}

#[test]
fn a_missing_property_is_required_no_more_and_a_bound_moves() {
    let pet = "/components/schemas/Pet";
    let findings = vec![
        mismatch(
            &format!("{pet}/required"),
            "200 required name",
            &[json!({ "id": 1 })],
        ),
        mismatch(
            &format!("{pet}/properties/id/maximum"),
            "200 maximum",
            &[json!(12), json!(15)],
        ),
    ];
    assert_eq!(
        suggested(V30, findings),
        [
            Action::Remove(at(&format!("{pet}/required"))),
            Action::Update(at(pet), json!({ "required": ["id"] })),
            Action::Update(
                at(&format!("{pet}/properties/id")),
                json!({ "maximum": 15 })
            ),
        ]
    );
}

#[test]
fn what_is_the_services_fault_gets_no_suggestion() {
    let crash = Finding::new("undeclared-status", Severity::Error, "no")
        .at(Address::in_root(at("/paths/~1it's/get/responses")))
        .with_discriminator("500")
        .with_came(Came::body("text/html", None));
    let broken = Finding::new("undeclared-status", Severity::Error, "no")
        .at(Address::in_root(at("/paths/~1it's/get/responses")))
        .with_discriminator("404")
        .with_came(Came::unreadable());
    assert_eq!(suggested(V30, vec![crash, broken]), []);
}

#[test]
fn what_a_5xx_says_and_a_body_that_comes_now_and_then_get_no_suggestion() {
    let crash = mismatch(NAME, "500 type", &[json!(1)]);
    assert_eq!(suggested(V30, vec![crash]), []);
    let body = || {
        Finding::new("undeclared-body", Severity::Warning, "no")
            .with_operation("get")
            .at(Address::in_root(at("/paths/~1it's/get/responses/200")))
            .with_discriminator("200")
            .with_came(Came::body(
                "application/json",
                Some(Inferred::of(&json!(1))),
            ))
    };
    let suggested = |came: u64| {
        let mut all = Findings::default();
        all.add(body());
        amendments(&all, &document(V30), &|_, _| came).len()
    };
    assert_eq!((suggested(1), suggested(2)), (1, 0));
}

#[test]
fn a_property_of_a_base_says_nothing_of_what_subtypes_have_under_its_name() {
    let text = "openapi: 3.0.3
info: { title: Shop, version: '1' }
paths: {}
components:
  schemas:
    Pet: { type: object, properties: { kind: { type: string } } }
    Cat: { allOf: [{ $ref: '#/components/schemas/Pet' }, { properties: { lives: { type: integer } } }] }
    Kitten: { allOf: [{ $ref: '#/components/schemas/Cat' }], properties: { age: { type: integer } } }
";
    let undeclared = |name: &str| {
        let instance = Pointer::root().join(name);
        Finding::new("undeclared-property", Severity::Note, "no")
            .at(Address::in_root(at("/components/schemas/Pet")))
            .with_instance(instance)
            .with_discriminator(name)
            .with_came(Came::value(Inferred::of(&json!("x"))))
    };
    let added = |name: &str, schema: Value| {
        let update = json!({ "properties": { name: schema } });
        [Action::Update(at("/components/schemas/Pet"), update)]
    };
    for (name, schema) in [
        ("lives", json!({})),
        ("age", json!({})),
        ("colour", json!({ "type": "string" })),
    ] {
        assert_eq!(suggested(text, vec![undeclared(name)]), added(name, schema));
    }
}

const V20: &str = "swagger: '2.0'
info: { title: Shop, version: '1' }
produces: [application/json]
paths:
  /cats:
    get:
      operationId: listCats
      responses:
        '200': { description: Fine, schema: { type: object } }
        '404': { $ref: '#/responses/Gone' }
  /dogs:
    get:
      produces: [text/css]
      responses: { '200': { description: Fine } }
responses:
  Gone: { description: Gone }
";

fn undeclared_type(content: &str, operation: &str, media_type: &str, is_json: bool) -> Finding {
    let body = is_json.then(|| Inferred::of(&json!({ "a": 1 })));
    Finding::new("undeclared-content-type", Severity::Error, "no")
        .at(Address::in_root(at(content)))
        .with_operation(operation)
        .with_discriminator(format!("200 {media_type}"))
        .with_came(Came::body(media_type, body))
}

#[test]
fn an_undeclared_media_type_of_swagger_2_joins_the_list_of_its_operation() {
    let (cats, dogs) = ("/paths/~1cats/get", "/paths/~1dogs/get");
    let actions = suggested(
        V20,
        vec![
            undeclared_type(
                &format!("{cats}/responses/200/content"),
                "listCats",
                "application/xml",
                false,
            ),
            undeclared_type("/responses/Gone/content", "listCats", "text/html", false),
            undeclared_type(
                &format!("{dogs}/responses/200/content"),
                "GET /dogs",
                "application/json",
                true,
            ),
        ],
    );
    assert_eq!(
        actions,
        [
            Action::Update(
                at(cats),
                json!({ "produces": ["application/json", "application/xml", "text/html"] })
            ),
            Action::Update(at(dogs), json!({ "produces": ["application/json"] })),
        ]
    );
}

#[test]
fn what_no_overlay_answers_is_told_with_the_reason() {
    let mut all = Findings::default();
    let content = "/paths/~1cats/get/responses/200/content";
    all.add(undeclared_type(content, "listCats", "text/html", false));
    let document = document(V20);
    assert_eq!(amendments(&all, &document, &|_, _| 0), []);
    let told: Vec<_> = unanswered(&all, &document).into_iter().collect();
    assert_eq!(told, [(Unanswered::OneSchema("text/html".to_owned()), 1)]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn what_would_have_to_change_in_another_file_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("shop.yaml");
    std::fs::write(
        &spec,
        V30.replace(
            "{ $ref: '#/components/schemas/Pet' }",
            "{ $ref: 'pets.yaml#/Dog' }",
        ),
    )
    .expect("it is written");
    std::fs::write(folder.path().join("pets.yaml"), "Dog: { type: string }\n")
        .expect("it is written");
    let document = Document::open(&spec).expect("it is a document");
    let tag = at("/components/schemas/Pet/properties/tag/oneOf/0");
    let (dog, _) = document
        .follow(&Address::in_root(tag))
        .expect("it is there");
    let finding = mismatch("/type", "200 type", &[json!(1)]).at(dog.join("type"));
    let mut all = Findings::default();
    all.add(finding);
    assert_eq!(amendments(&all, &document, &|_, _| 0), []);
    let told = unanswered(&all, &document);
    let reason = told.keys().next().expect("a reason").to_string();
    assert!(reason.contains("pets.yaml"), "{reason}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn the_overlay_is_an_overlay_that_adds_the_response() {
    let mut all = Findings::default();
    all.add(
        Finding::new("undeclared-status", Severity::Error, "404: \"no\"")
            .at(Address::in_root(at("/paths/~1it's/get/responses")))
            .with_discriminator("404")
            .with_came(Came::body(
                "application/json",
                Some(Inferred::of(&json!({ "why": "x" }))),
            )),
    );
    let document = document(V30);
    let text = overlay(&amendments(&all, &document, &|_, _| 0), &document)
        .expect("there is something to say");
    let folder = tempfile::tempdir().expect("a folder");
    let (spec, path) = (
        folder.path().join("shop.yaml"),
        folder.path().join("overlay.yaml"),
    );
    std::fs::write(&spec, V30).expect("it is written");
    std::fs::write(&path, &text).expect("it is written");
    let options = oasgate_document::Options {
        overlays: vec![path],
        ..Default::default()
    };
    let amended =
        Document::open_with(&spec, &options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(amended.problems().is_empty(), "{:?}", amended.problems());
    let schema = at("/paths/~1it's/get/responses/404/content/application~1json/schema");
    assert_eq!(
        amended.get(&Address::in_root(schema.clone())),
        Some(
            &json!({ "properties": { "why": { "type": "string" } }, "required": ["why"], "type": "object" })
        )
    );
    let place = amended
        .locate_key(&Address::in_root(schema))
        .expect("a place")
        .to_string();
    assert!(place.contains("overlay.yaml:"), "{place}");
}
