//! The objects of OpenAPI and their members, version by version.
//!
//! Written after the tables of fixed fields in OpenAPI Specification 2.0 §5, 3.0.4 §4.7, 3.1.1 §4.8
//! and 3.2.0 §4. Schema objects are left to `invalid-schema` and to the table of keywords.

use super::laws;
use super::model::{
    Kind::{self, Any, Flag, Free, Integer, ListOf, MapOf, Nested, OrReference, Text, Word},
    Member, Object,
    Version::{V2, V30, V31, V32},
    member,
};

const STRINGS: Kind = ListOf(&Text);

/// The document itself.
pub(super) static ROOT: Object = Object {
    name: "the document",
    members: &[&[
        member("swagger", Text).within(V2, V2).required(),
        member("openapi", Text).from(V30).required(),
        member("$self", Text).from(V32),
        member("info", Nested(&INFO)).required(),
        member("jsonSchemaDialect", Text).from(V31),
        member("host", Text)
            .within(V2, V2)
            .instead("`servers` has the host"),
        member("basePath", Text)
            .within(V2, V2)
            .instead("`servers` has the path"),
        member("schemes", SCHEMES)
            .within(V2, V2)
            .instead("`servers` has the scheme"),
        member("consumes", STRINGS)
            .within(V2, V2)
            .instead("`content` of a request body has the media types"),
        member("produces", STRINGS)
            .within(V2, V2)
            .instead("`content` of a response has the media types"),
        member("servers", ListOf(&Nested(&SERVER))).from(V30),
        member("paths", Nested(&PATHS)).required_to(V30),
        member("webhooks", MapOf(&OrReference(&PATH_ITEM))).from(V31),
        member("components", Nested(&COMPONENTS)).from(V30),
        member("definitions", MapOf(&Kind::Schema))
            .within(V2, V2)
            .instead("`components.schemas` has the schemas"),
        member("parameters", MapOf(&OrReference(&PARAMETER)))
            .within(V2, V2)
            .instead("`components.parameters` has them"),
        member("responses", MapOf(&OrReference(&RESPONSE)))
            .within(V2, V2)
            .instead("`components.responses` has them"),
        member("securityDefinitions", MapOf(&Nested(&SECURITY_SCHEME)))
            .within(V2, V2)
            .instead("`components.securitySchemes` has them"),
        member("security", ListOf(&MapOf(&STRINGS))),
        member("tags", ListOf(&Nested(&TAG))),
        member("externalDocs", Nested(&EXTERNAL_DOCS)),
    ]],
    names: None,
    laws: &[laws::unique_tags],
};

const SCHEMES: Kind = ListOf(&Word(&["http", "https", "ws", "wss"]));

static INFO: Object = Object::new(
    "`info`",
    &[&[
        member("title", Text).required(),
        member("summary", Text).from(V31),
        member("description", Text),
        member("termsOfService", Text),
        member("contact", Nested(&CONTACT)),
        member("license", Nested(&LICENSE)),
        member("version", Text).required(),
    ]],
);

static CONTACT: Object = Object::new(
    "a contact",
    &[&[
        member("name", Text),
        member("url", Text),
        member("email", Text),
    ]],
);

static LICENSE: Object = Object {
    laws: &[laws::license],
    ..Object::new(
        "a license",
        &[&[
            member("name", Text).required(),
            member("identifier", Text).from(V31),
            member("url", Text),
        ]],
    )
};

static SERVER: Object = Object {
    laws: &[laws::named_variables],
    ..Object::new(
        "a server",
        &[&[
            member("url", Text).required(),
            member("description", Text),
            member("name", Text).from(V32),
            member("variables", MapOf(&Nested(&SERVER_VARIABLE))),
        ]],
    )
};

static SERVER_VARIABLE: Object = Object::new(
    "a server variable",
    &[&[
        member("enum", STRINGS),
        member("default", Text).required(),
        member("description", Text),
    ]],
);

static COMPONENTS: Object = Object::new(
    "`components`",
    &[&[
        member("schemas", MapOf(&Kind::Schema)),
        member("responses", MapOf(&OrReference(&RESPONSE))),
        member("parameters", MapOf(&OrReference(&PARAMETER))),
        member("examples", MapOf(&OrReference(&EXAMPLE))),
        member("requestBodies", MapOf(&OrReference(&REQUEST_BODY))),
        member("headers", MapOf(&OrReference(&HEADER))),
        member("securitySchemes", MapOf(&OrReference(&SECURITY_SCHEME))),
        member("links", MapOf(&OrReference(&LINK))),
        member("callbacks", MapOf(&OrReference(&CALLBACK))),
        member("pathItems", MapOf(&OrReference(&PATH_ITEM))).from(V31),
        member("mediaTypes", MapOf(&OrReference(&MEDIA_TYPE))).from(V32),
    ]],
);

static PATHS: Object = Object {
    names: Some(OrReference(&PATH_ITEM)),
    ..Object::new("`paths`", &[])
};

static PATH_ITEM: Object = Object {
    laws: &[laws::unique_parameters],
    ..Object::new(
        "a path item",
        &[&[
            member("$ref", Text),
            member("summary", Text).from(V30),
            member("description", Text).from(V30),
            member("get", Nested(&OPERATION)),
            member("put", Nested(&OPERATION)),
            member("post", Nested(&OPERATION)),
            member("delete", Nested(&OPERATION)),
            member("options", Nested(&OPERATION)),
            member("head", Nested(&OPERATION)),
            member("patch", Nested(&OPERATION)),
            member("trace", Nested(&OPERATION)).from(V30),
            member("query", Nested(&OPERATION)).from(V32),
            member("additionalOperations", MapOf(&Nested(&OPERATION))).from(V32),
            member("servers", ListOf(&Nested(&SERVER))).from(V30),
            member("parameters", ListOf(&OrReference(&PARAMETER))),
        ]],
    )
};

static OPERATION: Object = Object {
    laws: &[laws::unique_parameters],
    ..Object::new(
        "an operation",
        &[&[
            member("tags", STRINGS),
            member("summary", Text),
            member("description", Text),
            member("externalDocs", Nested(&EXTERNAL_DOCS)),
            member("operationId", Text),
            member("consumes", STRINGS)
                .within(V2, V2)
                .instead("`content` of the request body has the media types"),
            member("produces", STRINGS)
                .within(V2, V2)
                .instead("`content` of each response has the media types"),
            member("schemes", SCHEMES)
                .within(V2, V2)
                .instead("`servers` has the scheme"),
            member("parameters", ListOf(&OrReference(&PARAMETER))),
            member("requestBody", OrReference(&REQUEST_BODY))
                .from(V30)
                .instead("a parameter `in: body` has the body"),
            member("responses", Nested(&RESPONSES)).required_to(V30),
            member("callbacks", MapOf(&OrReference(&CALLBACK))).from(V30),
            member("deprecated", Flag),
            member("security", ListOf(&MapOf(&STRINGS))),
            member("servers", ListOf(&Nested(&SERVER))).from(V30),
        ]],
    )
};

static EXTERNAL_DOCS: Object = Object::new(
    "external documentation",
    &[&[member("description", Text), member("url", Text).required()]],
);

/// What a parameter, header or list of items of Swagger 2.0 says of its value in place of a schema.
static INLINE_SCHEMA: [Member; 17] = [
    member("type", Any).within(V2, V2).instead(IN_SCHEMA),
    member("format", Text).within(V2, V2).instead(IN_SCHEMA),
    member("items", Nested(&ITEMS))
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("collectionFormat", Text)
        .within(V2, V2)
        .instead("`style` and `explode` say how a list travels"),
    member("default", Any).within(V2, V2).instead(IN_SCHEMA),
    member("enum", ListOf(&Any))
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("pattern", Text).within(V2, V2).instead(IN_SCHEMA),
    member("maximum", Kind::Number)
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("exclusiveMaximum", Flag)
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("minimum", Kind::Number)
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("exclusiveMinimum", Flag)
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("maxLength", Integer)
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("minLength", Integer)
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("maxItems", Integer)
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("minItems", Integer)
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("uniqueItems", Flag)
        .within(V2, V2)
        .instead(IN_SCHEMA),
    member("multipleOf", Kind::Number)
        .within(V2, V2)
        .instead(IN_SCHEMA),
];

const IN_SCHEMA: &str = "it belongs inside `schema`";

/// How a value travels and what it is, for parameters and headers alike.
static SERIALIZED: [Member; 7] = [
    member("description", Text),
    member("deprecated", Flag).from(V30),
    member("style", Text).from(V30),
    member("explode", Flag).from(V30),
    member("content", MapOf(&OrReference(&MEDIA_TYPE))).from(V30),
    member("example", Any).from(V30),
    member("examples", MapOf(&OrReference(&EXAMPLE))).from(V30),
];

static PARAMETER: Object = Object {
    laws: &[laws::parameter, laws::example_or_examples],
    ..Object::new(
        "a parameter",
        &[
            &[
                member("name", Text).required(),
                member("in", Text).required(),
                member("required", Flag),
                member("allowEmptyValue", Flag),
                member("allowReserved", Flag).from(V30),
                member("schema", Kind::Schema),
            ],
            &SERIALIZED,
            &INLINE_SCHEMA,
        ],
    )
};

static HEADER: Object = Object {
    laws: &[laws::header, laws::example_or_examples],
    ..Object::new(
        "a header",
        &[
            &[
                member("required", Flag).from(V30),
                member("allowEmptyValue", Flag).from(V30),
                member("allowReserved", Flag).from(V30),
                member("schema", Kind::Schema).from(V30),
            ],
            &SERIALIZED,
            &INLINE_SCHEMA,
        ],
    )
};

static ITEMS: Object = Object {
    laws: &[laws::items],
    ..Object::new("items", &[&INLINE_SCHEMA])
};

static REQUEST_BODY: Object = Object::new(
    "a request body",
    &[&[
        member("description", Text),
        member("content", MapOf(&OrReference(&MEDIA_TYPE))).required(),
        member("required", Flag),
    ]],
);

static MEDIA_TYPE: Object = Object {
    laws: &[laws::example_or_examples],
    ..Object::new(
        "a media type",
        &[&[
            // The schema that the OpenAPI Initiative publishes for 3.2 has it.
            member("description", Text).from(V32),
            member("schema", Kind::Schema),
            member("itemSchema", Kind::Schema).from(V32),
            member("example", Any),
            member("examples", MapOf(&OrReference(&EXAMPLE))),
            member("encoding", MapOf(&Nested(&ENCODING))),
            member("prefixEncoding", ListOf(&Nested(&ENCODING))).from(V32),
            member("itemEncoding", Nested(&ENCODING)).from(V32),
        ]],
    )
};

static ENCODING: Object = Object::new(
    "an encoding",
    &[&[
        member("contentType", Text),
        member("headers", MapOf(&OrReference(&HEADER))),
        member("style", Text),
        member("explode", Flag),
        member("allowReserved", Flag),
        member("encoding", MapOf(&Nested(&ENCODING))).from(V32),
        member("prefixEncoding", ListOf(&Nested(&ENCODING))).from(V32),
        member("itemEncoding", Nested(&ENCODING)).from(V32),
    ]],
);

static RESPONSES: Object = Object {
    names: Some(OrReference(&RESPONSE)),
    laws: &[laws::some_response],
    ..Object::new("`responses`", &[])
};

static RESPONSE: Object = Object::new(
    "a response",
    &[&[
        member("summary", Text).from(V32),
        member("description", Text).required_to(V31),
        member("schema", Kind::Schema)
            .within(V2, V2)
            .instead("it belongs inside `content`, below a media type"),
        member("headers", MapOf(&OrReference(&HEADER))),
        member("examples", Free)
            .within(V2, V2)
            .instead("they belong inside `content`, below a media type"),
        member("content", MapOf(&OrReference(&MEDIA_TYPE)))
            .from(V30)
            .instead("`schema` and `produces` say what comes"),
        member("links", MapOf(&OrReference(&LINK))).from(V30),
    ]],
);

static CALLBACK: Object = Object {
    names: Some(OrReference(&PATH_ITEM)),
    ..Object::new("a callback", &[])
};

static EXAMPLE: Object = Object {
    laws: &[laws::example],
    ..Object::new(
        "an example",
        &[&[
            member("summary", Text),
            member("description", Text),
            member("value", Any),
            member("dataValue", Any).from(V32),
            member("serializedValue", Text).from(V32),
            member("externalValue", Text),
        ]],
    )
};

static LINK: Object = Object {
    laws: &[laws::link],
    ..Object::new(
        "a link",
        &[&[
            member("operationRef", Text),
            member("operationId", Text),
            member("parameters", Free),
            member("requestBody", Any),
            member("description", Text),
            member("server", Nested(&SERVER)),
        ]],
    )
};

static TAG: Object = Object::new(
    "a tag",
    &[&[
        member("name", Text).required(),
        member("summary", Text).from(V32),
        member("description", Text),
        member("externalDocs", Nested(&EXTERNAL_DOCS)),
        member("parent", Text).from(V32),
        member("kind", Text).from(V32),
    ]],
);

static SECURITY_SCHEME: Object = Object {
    laws: &[laws::security_scheme],
    ..Object::new(
        "a security scheme",
        &[&[
            member("type", Text).required(),
            member("description", Text),
            member("name", Text),
            member("in", Text),
            member("scheme", Text).from(V30),
            member("bearerFormat", Text).from(V30),
            member("flows", Nested(&FLOWS)).from(V30),
            member("openIdConnectUrl", Text).from(V30),
            member("oauth2MetadataUrl", Text).from(V32),
            member("deprecated", Flag).from(V32),
            member(
                "flow",
                Word(&["implicit", "password", "application", "accessCode"]),
            )
            .within(V2, V2)
            .instead(IN_FLOWS),
            member("authorizationUrl", Text)
                .within(V2, V2)
                .instead(IN_FLOWS),
            member("tokenUrl", Text).within(V2, V2).instead(IN_FLOWS),
            member("scopes", Nested(&SCOPES))
                .within(V2, V2)
                .instead(IN_FLOWS),
        ]],
    )
};

/// Those of Swagger 2.0 may have extensions (2.0 §5.2.19), those of 3.x are a map of texts alone.
static SCOPES: Object = Object {
    names: Some(Text),
    ..Object::new("`scopes`", &[])
};

const IN_FLOWS: &str = "it belongs inside `flows`";

static FLOWS: Object = Object {
    laws: &[laws::flows],
    ..Object::new(
        "`flows`",
        &[&[
            member("implicit", Nested(&FLOW)),
            member("password", Nested(&FLOW)),
            member("clientCredentials", Nested(&FLOW)),
            member("authorizationCode", Nested(&FLOW)),
            member("deviceAuthorization", Nested(&FLOW)).from(V32),
        ]],
    )
};

static FLOW: Object = Object::new(
    "an OAuth flow",
    &[&[
        member("authorizationUrl", Text),
        member("deviceAuthorizationUrl", Text).from(V32),
        member("tokenUrl", Text),
        member("refreshUrl", Text),
        member("scopes", MapOf(&Text)).required(),
    ]],
);
