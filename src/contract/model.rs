//! What a contract is made of: operations, parameters, bodies, responses, headers, links, security.
//!
//! Plain data, normalised: references are followed, path-level parameters and servers are merged
//! into their operations, defaults are filled in. Each part knows its [`Address`] in the document.

use std::fmt;

use http::{Method, StatusCode};
use indexmap::IndexMap;
use oasgate_document::Address;
use serde_json::Value;

use super::{HostPattern, Schema, path::PathTemplate};

/// The id of an operation: its `operationId`, else `GET /path`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub(super) String);

impl OperationId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One method on one path template.
#[derive(Clone, Debug)]
pub struct Operation {
    /// How it is named in findings, configuration and commands.
    pub id: OperationId,
    /// The method; 3.2 allows any token.
    pub method: Method,
    /// The path template below the server's base path.
    pub path: PathTemplate,
    /// `summary`, if given.
    pub summary: Option<String>,
    /// `description`, if given.
    pub description: Option<String>,
    /// `tags`, in order.
    pub tags: Vec<String>,
    /// Whether it is declared deprecated.
    pub deprecated: bool,
    /// Path-level and own parameters, the own ones winning; headers that `OpenAPI` says to ignore
    /// (`Accept`, `Content-Type`, `Authorization`) are left out.
    pub parameters: Vec<Parameter>,
    /// The request body, if one is declared.
    pub request_body: Option<RequestBody>,
    /// The declared responses.
    pub responses: Responses,
    /// The alternatives, any one of which suffices; empty when no security is required.
    pub security: Vec<SecurityRequirement>,
    /// Whether the document says that no credential is asked for: by an empty `security` of the
    /// operation, or by none in a document that has requirements elsewhere.
    pub is_open: bool,
    /// The servers that apply, most specific level only.
    pub servers: Vec<Server>,
    /// The operation object.
    pub address: Address,
}

impl Operation {
    /// Whether the method is safe (RFC 9110 §9.2.1), so that it may be sent to a service that matters.
    ///
    /// A GET whose name says that it removes or ends something, as `GET /pads/{id}/delete`, is none: what it would do
    /// to a service that means it cannot be undone.
    pub fn is_safe(&self) -> bool {
        (self.method.is_safe() || self.method.as_str() == "QUERY") && !self.is_called_a_removal()
    }

    /// The parameters of one location.
    pub fn parameters_in(&self, location: Location) -> impl Iterator<Item = &Parameter> {
        self.parameters
            .iter()
            .filter(move |parameter| parameter.location == location)
    }

    /// Whether a security scheme of the operation has its key under this name.
    pub(crate) fn has_api_key(&self, location: Location, name: &str) -> bool {
        let mut schemes = self.security.iter().flat_map(|one| &one.schemes);
        schemes.any(|scheme| {
            matches!(
                &scheme.kind,
                Some(SecurityKind::ApiKey { location: at, name: key, .. }) if *at == location && key == name
            )
        })
    }

    /// Hands over every schema that the operation names, in the document's order.
    pub fn each_schema(&self, take: &mut dyn FnMut(&Schema)) {
        let content = |content: &Content, take: &mut dyn FnMut(&Schema)| {
            for media_type in &content.media_types {
                media_type
                    .schema
                    .iter()
                    .chain(&media_type.item_schema)
                    .for_each(&mut *take);
            }
        };
        for parameter in &self.parameters {
            parameter.value.schema().into_iter().for_each(&mut *take);
        }
        if let Some(body) = &self.request_body {
            content(&body.content, take);
        }
        for response in &self.responses.declared {
            content(&response.content, take);
            for header in &response.headers {
                header.value.schema().into_iter().for_each(&mut *take);
            }
        }
    }

    /// The names that a user may give values for: parameters, and properties of the body.
    pub fn value_names(&self) -> Vec<String> {
        let parameters = self.parameters.iter().map(|one| one.name.clone());
        let media_types = self.request_body.iter();
        let properties = media_types
            .flat_map(|body| &body.content.media_types)
            .filter_map(|media_type| media_type.schema.as_ref())
            .flat_map(Schema::property_names);
        parameters.chain(properties).collect()
    }

    /// Whether every security alternative demands a credential.
    pub fn requires_credential(&self) -> bool {
        !self.security.is_empty() && self.security.iter().all(|one| !one.schemes.is_empty())
    }
}

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// In a segment of the path.
    Path,
    /// As a pair of the query.
    Query,
    /// The whole query as one value (`OpenAPI` 3.2 `in: querystring`).
    QueryString,
    /// As a header field.
    Header,
    /// In the `Cookie` field.
    Cookie,
}

impl Location {
    /// The word `OpenAPI` uses for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::QueryString => "querystring",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a value is written into text (`OpenAPI` 3.1.1 §4.8.12.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// `;a=1;b=2`
    Matrix,
    /// `.1.2`
    Label,
    /// `1,2`
    Simple,
    /// `a=1&a=2`
    Form,
    /// `a=1%202`
    SpaceDelimited,
    /// `a=1|2`
    PipeDelimited,
    /// `a[b]=1`
    DeepObject,
    /// Swagger 2.0's `collectionFormat: tsv`.
    TabDelimited,
    /// 3.2's `style: cookie`.
    Cookie,
}

/// One parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name as on the wire; a header's is compared without case.
    pub name: String,
    /// Where it travels.
    pub location: Location,
    /// Whether a request without it breaks the contract; always so in a path.
    pub required: bool,
    /// Whether it is declared deprecated.
    pub deprecated: bool,
    /// Whether `name=` stands for a value of its own.
    pub allow_empty_value: bool,
    /// What it carries and how.
    pub value: Serialization,
    /// Values that the document shows for it, most specific first.
    pub examples: Vec<Example>,
    /// `description`, if given.
    pub description: Option<String>,
    /// The parameter object.
    pub address: Address,
}

impl Parameter {
    /// Whether the path of an operation names it and the document does not declare it.
    pub(crate) fn is_undeclared(&self, operation: &Operation) -> bool {
        self.address == operation.address
    }

    /// The same parameter with the formats of its schema ignored.
    pub(crate) fn without_formats(&self) -> Self {
        let mut parameter = self.clone();
        match &mut parameter.value {
            Serialization::Styled { schema, .. } => *schema = schema.without_formats(),
            Serialization::Content(media_type) => media_type.ignore_formats(),
        }
        parameter
    }
}

/// How a parameter or header carries its value.
#[derive(Clone, Debug)]
pub enum Serialization {
    /// By `schema` and `style`.
    Styled {
        /// What the value must be.
        schema: Schema,
        /// How it is written.
        style: Style,
        /// Whether arrays and objects are spread out.
        explode: Explode,
        /// Whether reserved characters stay unescaped.
        reserved: Reserved,
    },
    /// By `content`: text of a media type.
    Content(MediaType),
}

impl Serialization {
    /// The schema of the value, if one is declared.
    pub fn schema(&self) -> Option<&Schema> {
        match self {
            Self::Styled { schema, .. } => Some(schema),
            Self::Content(media_type) => media_type.schema.as_ref(),
        }
    }
}

/// `explode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Explode {
    /// One pair for each element or property.
    Yes,
    /// One pair for the whole value.
    No,
}

/// `allowReserved`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reserved {
    /// RFC 3986 reserved characters are left as they are.
    Allowed,
    /// They are percent-encoded.
    Escaped,
}

/// A value that the document shows.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its key under `examples`; `None` for `example`.
    pub name: Option<String>,
    /// The value.
    pub value: Value,
    /// The node that holds the value.
    pub address: Address,
}

/// What a request may carry.
#[derive(Clone, Debug)]
pub struct RequestBody {
    /// Whether a request without it breaks the contract.
    pub required: bool,
    /// By media type, in the document's order.
    pub content: Content,
    /// The request body object.
    pub address: Address,
}

impl RequestBody {
    /// The same body with the formats of its schemas ignored.
    pub(crate) fn without_formats(&self) -> Self {
        let mut body = self.clone();
        let media_types = body.content.media_types.iter_mut();
        media_types.for_each(MediaType::ignore_formats);
        body
    }
}

/// Media types by their key as written.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// In the document's order.
    pub media_types: Vec<MediaType>,
}

impl Content {
    /// The entry whose key is `range`, as written.
    pub fn entry(&self, range: &str) -> Option<&MediaType> {
        self.media_types
            .iter()
            .find(|one| one.range.as_str() == range)
    }

    /// The entry that names `came` most precisely.
    pub(crate) fn best(&self, came: &mediatype::MediaTypeBuf) -> Option<&MediaType> {
        if let [only] = self.media_types.as_slice() {
            return only.range.matches(came).map(|_| only);
        }
        self.media_types
            .iter()
            .rev()
            .filter_map(|one| Some((one.range.matches(came)?, one)))
            .max_by_key(|(specificity, _)| *specificity)
            .map(|(_, one)| one)
    }

    /// The keys, as a sentence lists them.
    pub fn names(&self) -> String {
        if self.media_types.is_empty() {
            return "no content".to_owned();
        }
        let names: Vec<_> = self
            .media_types
            .iter()
            .map(|one| one.range.as_str())
            .collect();
        names.join(", ")
    }
}

/// One entry of a `content` map.
#[derive(Clone, Debug)]
pub struct MediaType {
    /// The key as written: a media type or a range (`application/*`).
    pub range: super::MediaRange,
    /// What the content must be; `None` when nothing is said.
    pub schema: Option<Schema>,
    /// 3.2: what each item of a sequential media type (JSON lines, SSE) must be.
    pub item_schema: Option<Schema>,
    /// Values that the document shows.
    pub examples: Vec<Example>,
    /// How single properties of a form or multipart body are written.
    pub encoding: IndexMap<String, Encoding>,
    /// The media type object.
    pub address: Address,
}

impl MediaType {
    fn ignore_formats(&mut self) {
        let schemas = [&mut self.schema, &mut self.item_schema].into_iter();
        for schema in schemas.flatten() {
            *schema = schema.without_formats();
        }
    }
}

/// One entry of an `encoding` map.
#[derive(Clone, Debug)]
pub struct Encoding {
    /// The media types a part may have, if said.
    pub content_type: Option<String>,
    /// The style of a form field, if said.
    pub style: Option<Style>,
    /// Whether a form field is spread out, if said.
    pub explode: Option<Explode>,
    /// Whether reserved characters stay.
    pub reserved: Reserved,
    /// Header fields of a multipart part.
    pub headers: Vec<Header>,
}

/// Which statuses a response object speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusKey {
    /// One status.
    Exact(StatusCode),
    /// All statuses of one class, by its first digit: `4XX`.
    Range(u8),
    /// Every other status.
    Default,
}

impl fmt::Display for StatusKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(status) => write!(f, "{}", status.as_u16()),
            Self::Range(class) => write!(f, "{class}XX"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The declared responses of an operation.
#[derive(Clone, Debug)]
pub struct Responses {
    /// In the document's order.
    pub declared: Vec<DeclaredResponse>,
    /// The responses object, or the operation where there is none.
    pub address: Address,
}

impl Responses {
    /// The response that speaks of `status`: an exact key beats a range, a range beats `default`
    /// (`OpenAPI` 3.1.1 §4.8.16).
    pub fn get(&self, status: StatusCode) -> Option<&DeclaredResponse> {
        let class = u8::try_from(status.as_u16() / 100).unwrap_or(u8::MAX);
        let by_key = |key| self.declared.iter().find(|response| response.key == key);
        by_key(StatusKey::Exact(status))
            .or_else(|| by_key(StatusKey::Range(class)))
            .or_else(|| by_key(StatusKey::Default))
    }
}

/// One response object.
#[derive(Clone, Debug)]
pub struct DeclaredResponse {
    /// Which statuses it speaks of.
    pub key: StatusKey,
    /// `description`; empty when missing.
    pub description: String,
    /// What it may carry; empty when no content is declared.
    pub content: Content,
    /// Its header fields; `Content-Type` is left out, as `OpenAPI` says.
    pub headers: Vec<Header>,
    /// Its links, by name.
    pub links: Vec<Link>,
    /// The response object.
    pub address: Address,
    /// Where the operation declares it: the entry under `responses`, before references are followed.
    pub entry: Address,
}

/// A header field of a response or of a part.
#[derive(Clone, Debug)]
pub struct Header {
    /// The field name as written; compared without case.
    pub name: String,
    /// Whether a response without it breaks the contract.
    pub required: bool,
    /// What it carries and how.
    pub value: Serialization,
    /// Values that the document shows.
    pub examples: Vec<Example>,
    /// The header object.
    pub address: Address,
}

/// A link from a response to another operation (`OpenAPI` 3.1.1 §4.8.20).
#[derive(Clone, Debug)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Where it leads, if that operation exists.
    pub operation: Option<OperationId>,
    /// Parameter values: constants or runtime expressions, by name (`path.id` qualified names as written).
    pub parameters: IndexMap<String, Value>,
    /// The request body: a constant or a runtime expression.
    pub request_body: Option<Value>,
    /// The link object.
    pub address: Address,
}

/// One security alternative: all of its schemes are needed together.
#[derive(Clone, Debug)]
pub struct SecurityRequirement {
    /// The schemes; empty when anonymous access suffices.
    pub schemes: Vec<SecurityScheme>,
    /// The requirement object.
    pub address: Address,
}

/// A security scheme as an operation needs it.
#[derive(Clone, Debug)]
pub struct SecurityScheme {
    /// Its key under `securitySchemes`.
    pub name: String,
    /// What kind it is; `None` when the document does not define it, or not so that it can be read.
    pub kind: Option<SecurityKind>,
    /// Whether the document defines it, in whatever form.
    pub is_defined: bool,
    /// The scopes asked for.
    pub scopes: Vec<String>,
}

/// The kinds of security scheme.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SecurityKind {
    /// A key in a header, a query pair or a cookie.
    ApiKey {
        /// Where it travels.
        location: Location,
        /// The field's name.
        name: String,
        /// What stands before the key in `Authorization`, where the document says so: `Token`.
        scheme: Option<String>,
    },
    /// An HTTP authentication scheme, in lower case: `bearer`, `basic`.
    Http {
        /// The scheme.
        scheme: String,
    },
    /// OAuth 2.
    OAuth2 {
        /// The client-credentials token URL, if that flow is offered.
        token_url: Option<String>,
    },
    /// `OpenID` Connect discovery.
    OpenIdConnect {
        /// The discovery URL.
        url: String,
    },
    /// A client certificate.
    MutualTls,
}

/// One server, its variables put in with their defaults.
#[derive(Clone, Debug)]
pub struct Server {
    /// The URL as written.
    pub url: String,
    /// The path part, every enumerated variable value tried: `/v2`; empty when there is none.
    pub base_paths: Vec<String>,
    /// The hosts that it names, every enumerated variable value tried; empty when it says nothing of hosts.
    pub hosts: Vec<HostPattern>,
    /// The server object.
    pub address: Address,
}
