//! Which findings are one cause, and in which order causes are told.

use oasgate_document::{Address, Document, Pointer};

use super::*;
use crate::finding::{Finding, Findings, Severity};

const YAML: &str = "openapi: 3.0.3
info: { title: Shop, version: '1' }
paths:
  /users:
    get:
      operationId: listUsers
      responses: { '200': { description: Fine, content: { application/json: { schema: { $ref: '#/components/schemas/User' } } } } }
    post:
      operationId: addUser
      responses: { '200': { description: Fine, content: { application/json: { schema: { type: object, properties: { code: { type: string } } } } } } }
  /teams:
    get:
      operationId: listTeams
      responses: { '200': { description: Fine, content: { application/json: { schema: { properties: { code: { type: string } }, type: object } } } } }
components:
  schemas:
    User:
      type: object
      required: [id, name]
      properties: { id: { type: integer }, name: { type: string } }
";

fn document() -> Document {
    Document::parse("shop.yaml", YAML).expect("it is a document")
}

fn finding(rule: &'static str, operation: &str, pointer: &str, discriminator: &str) -> Finding {
    Finding::new(rule, Severity::Error, format!("{rule} of {operation}"))
        .with_operation(operation)
        .at(Address::in_root(
            Pointer::parse(pointer).expect("a pointer"),
        ))
        .with_discriminator(discriminator)
}

/// The findings of each cause, by operation and discriminator.
fn grouped(findings: Vec<Finding>) -> Vec<Vec<String>> {
    let mut all = Findings::default();
    for finding in findings {
        all.add(finding);
    }
    let name = |one: &Finding| {
        let operation = one.operation.as_deref().unwrap_or("-");
        format!("{} {operation} {}", one.rule, one.discriminator)
    };
    causes(&all, &document())
        .iter()
        .map(|cause| {
            let mut members: Vec<_> = cause.findings.iter().map(|(one, _)| name(one)).collect();
            members.sort();
            members
        })
        .collect()
}

#[test]
fn one_component_is_one_cause_however_many_operations_refer_to_it() {
    let required = "/components/schemas/User/required";
    let groups = grouped(vec![
        finding("schema-mismatch", "listUsers", required, "200 required id"),
        finding("schema-mismatch", "addUser", required, "200 required name"),
        finding(
            "schema-mismatch",
            "addUser",
            "/components/schemas/User/properties/id/type",
            "200 type",
        ),
    ]);
    let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1]);
}

#[test]
fn copies_of_one_inline_schema_are_one_cause() {
    let at = |path: &str| {
        format!("/paths/{path}/responses/200/content/application~1json/schema/properties/code/type")
    };
    let groups = grouped(vec![
        finding(
            "schema-mismatch",
            "addUser",
            &at("~1users/post"),
            "200 type",
        ),
        finding(
            "schema-mismatch",
            "listTeams",
            &at("~1teams/get"),
            "200 type",
        ),
    ]);
    assert_eq!(groups.len(), 1, "{groups:?}");
}

#[test]
fn the_nulls_of_a_component_are_one_cause() {
    let null = |name: &str| {
        let pointer = format!("/components/schemas/User/properties/{name}/type");
        finding("schema-mismatch", "listUsers", &pointer, "200 type").with_actual("null")
    };
    assert_eq!(grouped(vec![null("id"), null("name")]).len(), 1);
}

#[test]
fn bodies_that_are_null_are_one_cause_whatever_their_schemas() {
    let null = |operation: &str, pointer: &str| {
        finding("schema-mismatch", operation, pointer, "200 type")
            .with_instance(Pointer::root())
            .with_actual("null")
    };
    let user = "/components/schemas/User/type";
    let inline = "/paths/~1teams/get/responses/200/content/application~1json/schema/type";
    let groups = grouped(vec![null("listUsers", user), null("listTeams", inline)]);
    assert_eq!(groups.len(), 1, "{groups:?}");
}

#[test]
fn one_name_of_another_type_is_one_cause_in_whatever_schema() {
    let number = |operation: &str, pointer: &str, instance: &str| {
        finding("schema-mismatch", operation, pointer, "200 type")
            .with_instance(Pointer::parse(instance).expect("a pointer"))
            .with_expected("string")
            .with_actual("a number: 7")
    };
    let user = "/components/schemas/User/properties/name/type";
    let inline =
        "/paths/~1users/get/responses/200/content/application~1json/schema/properties/name/type";
    let groups = grouped(vec![
        number("listUsers", user, "/3/name"),
        number("listTeams", inline, "/name"),
        number("addUser", user, "/code"),
    ]);
    let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1]);
}

#[test]
fn what_is_said_of_nullable_is_of_the_version_of_the_document() {
    let title = |version: &str, schema: &str, keyword: &str, actual: &str| {
        let text = format!(
            "openapi: {version}\ninfo: {{ title: T, version: '1' }}\npaths: {{}}\ncomponents: {{ schemas: {{ S: {schema} }} }}\n"
        );
        let document = Document::parse("t.yaml", text).expect("it is a document");
        let at = format!("/components/schemas/S/{keyword}");
        let finding = finding("schema-mismatch", "get", &at, &format!("200 {keyword}"))
            .with_instance(Pointer::parse("/done").expect("a pointer"))
            .with_expected("null or boolean")
            .with_actual(actual);
        let mut all = Findings::default();
        all.add(finding);
        causes(&all, &document)[0].summary.clone()
    };
    let plain = "{ type: boolean, nullable: true }";
    let said = title("3.1.0", plain, "type", "null");
    assert!(said.contains("nothing since OpenAPI 3.1"), "{said}");
    let listed = "{ type: string, nullable: true, enum: [a] }";
    let said = title("3.0.1", listed, "enum", "null");
    assert!(said.contains("`enum` without null"), "{said}");
    let said = title("3.0.1", plain, "type", "a number: 7");
    assert!(
        said.contains("`type: boolean` with `nullable: true` is declared"),
        "{said}"
    );
    let said = title(
        "3.1.0",
        "{ type: ['null', boolean] }",
        "type",
        "a number: 7",
    );
    assert!(
        said.contains("`type: null or boolean` is declared"),
        "{said}"
    );
}

#[test]
fn what_a_database_refuses_is_one_cause_whatever_the_statement() {
    let failed = |operation: &str, said: &str| {
        let at = format!("/paths/~1{operation}/post/responses");
        let mut one = finding("server-error", operation, &at, &format!("500 {said}"));
        one.message = format!("{operation} answered 500 Internal Server Error: {said}");
        one
    };
    let reason = "a row violates the constraint fields_fkey";
    let groups = grouped(vec![
        failed(
            "addField",
            &format!("insert into \"fields\" failed: {reason}"),
        ),
        failed("setField", &format!("update \"fields\" failed: {reason}")),
        failed(
            "addTag",
            "insert into \"tags\" failed: a row violates the constraint tags_fkey",
        ),
    ]);
    let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1]);
}

#[test]
fn parts_that_are_not_there_are_one_cause_where_one_thing_would_mend_them() {
    let failed = |operation: &str, said: &str| {
        let at = format!("/paths/~1{operation}/get/responses");
        let mut one = finding("server-error", operation, &at, &format!("503 {said}"));
        one.message = format!("{operation} answered 503 Service Unavailable: {said}");
        one
    };
    let mend = "pass a database to enable this";
    let groups = grouped(vec![
        failed("a", &format!("Schedules not available: {mend}")),
        failed("b", &format!("Service Accounts not available: {mend}")),
        failed("c", "Schedules not available: the queue is full"),
    ]);
    let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1]);
}

#[test]
fn the_type_of_no_content_is_one_cause_in_all_that_is_said_of_it() {
    let at = "/paths/~1users/get";
    let mut refused = finding("rejected-valid", "listUsers", at, "415");
    refused.message =
        "listUsers refuses with 415 a request without content: no content-type".to_owned();
    let mut misused = finding("misused-status", "listUsers", at, "415");
    misused.message = "listUsers answers 415 to a request without content".to_owned();
    let mut unreached = finding("unreached", "listUsers", at, "unreached");
    unreached.message =
        "listUsers was never answered with a declared success: only 415 came back".to_owned();
    assert_eq!(grouped(vec![refused, misused, unreached]).len(), 1);
}

#[test]
fn relative_references_are_one_cause_whatever_they_are_called() {
    let yaml = "openapi: 3.1.0
info: { title: T, version: '1' }
components: { schemas: { S: { properties: { href: { format: uri }, next: { format: uri } } } } }
";
    let document = Document::parse("t.yaml", yaml).expect("it is a document");
    let broken = |name: &str, came: &str| {
        let at = format!("/components/schemas/S/properties/{name}/format");
        finding("schema-mismatch", "get", &at, "200 format")
            .with_instance(Pointer::parse(&format!("/{name}")).expect("a pointer"))
            .with_actual(came)
    };
    let mut all = Findings::default();
    all.add(broken("href", "\"/a/1\""));
    all.add(broken("next", "\"/a?page=2\""));
    assert_eq!(causes(&all, &document).len(), 1);
    let mut all = Findings::default();
    all.add(broken("href", "\"/a/1\""));
    all.add(broken("next", "\"no link\""));
    assert_eq!(causes(&all, &document).len(), 2);
}

#[test]
fn a_property_that_is_wanted_is_named() {
    let mut wanted = finding(
        "rejected-valid",
        "addPool",
        "/paths/~1pools/post",
        "422 pool",
    );
    wanted.message =
        "addPool refuses with 422 a request that obeys the document: body.pool: Field required"
            .to_owned();
    let mut all = Findings::default();
    all.add(wanted);
    let said = causes(&all, &document())[0].summary.clone();
    assert!(said.contains("such as `pool`: Field required"), "{said}");
}

#[test]
fn what_falls_under_a_default_that_describes_others_is_one_cause_for_each_status() {
    let under = |operation: &str, status: &str| {
        let pointer = "/components/schemas/User/required";
        finding(
            "schema-mismatch",
            operation,
            pointer,
            &format!("{status} required default"),
        )
    };
    let groups = grouped(vec![
        under("listUsers", "201"),
        under("addUser", "201"),
        under("addUser", "400"),
    ]);
    let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1]);
}

#[test]
fn an_undeclared_status_of_the_whole_service_is_one_cause_and_another_status_another() {
    let status = |operation: &str, path: &str, status: &str| {
        finding(
            "undeclared-status",
            operation,
            &format!("/paths/{path}/responses"),
            status,
        )
    };
    let groups = grouped(vec![
        status("listUsers", "~1users/get", "400"),
        status("listTeams", "~1teams/get", "400"),
        status("listTeams", "~1teams/get", "409"),
    ]);
    let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1]);
}

#[test]
fn a_crash_and_its_undeclared_status_are_one_cause_of_one_path() {
    let of = |rule: &'static str, operation: &str, path: &str, status: &str| {
        finding(rule, operation, &format!("/paths/{path}/responses"), status)
    };
    let groups = grouped(vec![
        of("server-error", "listUsers", "~1users/get", "500"),
        of("undeclared-status", "listUsers", "~1users/get", "500"),
        of("server-error", "addUser", "~1users/post", "500"),
        of("server-error", "listTeams", "~1teams/get", "500"),
    ]);
    let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [3, 1]);
    let down = grouped(vec![
        of("server-error", "listUsers", "~1users/get", "503"),
        of("server-error", "listTeams", "~1teams/get", "503"),
    ]);
    assert_eq!(down.len(), 1);
}

#[test]
fn what_a_reader_of_bodies_lets_through_is_one_cause() {
    let groups = grouped(vec![
        finding(
            "accepted-invalid",
            "addUser",
            "/paths/~1users/post",
            "body  contentType",
        ),
        finding(
            "accepted-invalid",
            "addTeam",
            "/paths/~1teams/post",
            "body  contentType",
        ),
        finding(
            "accepted-invalid",
            "addTeam",
            "/paths/~1teams/post",
            "body  json",
        ),
        finding(
            "accepted-invalid",
            "addTeam",
            "/paths/~1teams/post",
            "body /name type",
        ),
    ]);
    let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1, 1]);
}

#[test]
fn paths_that_are_not_declared_are_told_by_where_they_leave_the_document() {
    let unknown = |path: &str| {
        Finding::new("unknown-operation", Severity::Warning, "no")
            .with_discriminator(format!("GET {}", path.replace(['1', '7', '8'], "*")))
            .with_expected("a path of the document")
            .with_actual(format!("GET {path}"))
    };
    let groups = grouped(
        [
            "/v2/roles",
            "/v2/powers/1",
            "/users/7/pets",
            "/users/8/toys",
            "/",
            "/teams/1",
        ]
        .map(unknown)
        .to_vec(),
    );
    let mut sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    sizes.sort_unstable();
    // Below `/v2`, `/users/*`, `/teams/*`, and the root itself.
    assert_eq!(sizes, [1, 1, 2, 2], "{groups:?}");
}

#[test]
fn harm_comes_before_formalities_and_errors_before_warnings() {
    let at = "/paths/~1users/get";
    let mut warning = finding("server-error", "listUsers", at, "500");
    warning.severity = Severity::Warning;
    let groups = grouped(vec![
        finding("missing-allow", "listUsers", at, ""),
        finding("missing-allow", "addUser", at, ""),
        finding("accepted-invalid", "listUsers", at, "query limit type"),
        finding("ignored-auth", "listUsers", at, "no"),
        warning,
    ]);
    let first: Vec<_> = groups
        .iter()
        .map(|members| members[0].split(' ').next().unwrap_or_default())
        .collect();
    assert_eq!(
        first,
        [
            "ignored-auth",
            "accepted-invalid",
            "missing-allow",
            "server-error"
        ]
    );
}

#[test]
fn the_causes_of_two_halves_are_those_of_the_whole() {
    let at = "/components/schemas/User/required";
    let make = |operation: &str, name: &str| {
        finding(
            "schema-mismatch",
            operation,
            at,
            &format!("200 required {name}"),
        )
    };
    let ids = |findings: Vec<Finding>| {
        let mut all = Findings::default();
        for one in findings {
            all.add(one);
        }
        let document = document();
        causes(&all, &document)
            .iter()
            .map(|cause| cause.id.clone())
            .collect::<BTreeSet<_>>()
    };
    let mut halves = ids(vec![make("listUsers", "id")]);
    halves.extend(ids(vec![make("addUser", "name")]));
    assert_eq!(
        halves,
        ids(vec![make("listUsers", "id"), make("addUser", "name")])
    );
}

#[test]
fn of_causes_alike_the_surest_comes_first() {
    let mut all = Findings::default();
    let at = |operation: &str| format!("/paths/~1users/{operation}");
    let inferred = finding("use-after-delete", "listUsers", &at("get"), "1");
    let again = finding("missing-after-create", "addUser", &at("post"), "2");
    let stated = finding("accepted-invalid", "listTeams", "/paths/~1teams/get", "3");
    all.add_counted(again, 2);
    all.add(inferred);
    all.add(stated);
    let certainties: Vec<_> = causes(&all, &document())
        .iter()
        .map(|cause| (cause.example().rule.to_string(), cause.certainty))
        .collect();
    assert_eq!(
        certainties,
        [
            ("accepted-invalid".to_owned(), Certainty::Stated),
            ("missing-after-create".to_owned(), Certainty::Repeated),
            ("use-after-delete".to_owned(), Certainty::Inferred),
        ]
    );
}
