//! An exchange beside what the contract says about it: what every check is given.

use std::{cell::OnceCell, time::Duration};

use http::header::CONTENT_TYPE;
use jsonschema::JsonType;
use mediatype::MediaTypeBuf;
use oasgate_document::{Address, SpecVersion};
use serde_json::Value;

use super::{Breach, Rule};
use crate::{
    contract::{
        Contract, DeclaredResponse, MediaType, Operation, Schema, Tape, Violation,
        effort::{self, Effort},
    },
    exchange::{Body, Evidence, Exchange, quote_redactions},
    finding::{Finding, Severity},
    infer::{Came, Inferred},
    wire::{self, MalformedBody, Parsed, digits_of},
};

/// One exchange and its operation, with what checks share worked out once, when first asked.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// The operation that the request belongs to.
    pub operation: &'a Operation,
    /// What was sent and what came.
    pub exchange: &'a Exchange,
    /// The values of the path's parameters, still percent-encoded.
    pub path_values: &'a [(String, String)],
    /// Why the request was sent.
    pub intent: Intent,
    /// What it breaks on purpose; `None` where it breaks nothing or nobody knows.
    pub breaks: Option<&'a Breach>,
    /// The parameters and properties whose values name resources that were made up.
    pub made_up: &'a [String],
    /// Whether a `format` that is not enforced is a finding.
    pub holds_formats: bool,
    /// What credential the request carried.
    pub credential: Credential,
    /// A response slower than this is a finding.
    pub slow_after: Option<Duration>,
    declared: Option<&'a DeclaredResponse>,
    content_type: ContentType,
    media_type: OnceCell<Option<&'a MediaType>>,
    tape: OnceCell<Option<Tape<'a>>>,
    body: OnceCell<Content>,
    body_verdict: OnceCell<Verdict>,
    body_breaches: OnceCell<Vec<BodyBreach>>,
    header_verdict: OnceCell<Verdict>,
    request_verdict: OnceCell<RequestVerdict>,
    evidence: OnceCell<Evidence>,
}

/// A text that was not held against a pattern, because that would have cost too much.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong {
    /// The pattern.
    pub(super) pattern: Address,
    /// Where the text stands, as a sentence says it.
    pub(super) place: String,
    /// How many bytes it has.
    pub(super) length: usize,
}

/// The first breach of a keyword in a body.
#[derive(Debug)]
pub(super) struct BodyBreach {
    pub(super) violation: Violation,
    /// How many more there are like it.
    pub(super) others: usize,
    /// What all of them look like.
    pub(super) came: Inferred,
}

/// Whether a part of a response is valid, as far as it was looked at.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) is_valid: bool,
    /// What was not looked at, one text for each pattern.
    pub(super) too_long: Vec<TooLong>,
}

/// What is wrong with a request that was recorded, as far as it was looked at.
#[derive(Debug, Default)]
pub(super) struct RequestVerdict {
    pub(super) findings: Vec<Finding>,
    /// What was not looked at, one text for each pattern.
    pub(super) too_long: Vec<TooLong>,
    /// The limit that kept the body from being read.
    pub(super) unread: Option<MalformedBody>,
}

/// The first text that was left for each pattern, with its place in a value, which is called `place` as a whole.
pub(super) fn too_long(effort: &Effort, place: &str, value: &Value) -> Vec<TooLong> {
    let mut found: Vec<TooLong> = Vec::new();
    for one in &effort.undecided {
        if found.iter().all(|known| known.pattern != one.pattern) {
            let at = one.place_in(value);
            found.push(TooLong {
                pattern: one.pattern.clone(),
                place: if at.is_root() {
                    place.to_owned()
                } else {
                    at.to_string()
                },
                length: one.length,
            });
        }
    }
    found
}

/// Why a request was sent, as far as checks must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Nobody knows: it was recorded, or a test brought it.
    Unknown,
    /// To obey the contract.
    Obey,
    /// To break the contract on purpose.
    Break,
    /// To see what a method does that the path does not declare.
    OtherMethod,
}

/// What credential a request carried, as far as checks must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Nobody knows, or the right one.
    Unknown,
    /// None at all.
    Absent,
    /// None at all, and the service is known to answer without, whatever the document says.
    Needless,
    /// One that is made up.
    Wrong,
}

/// The `Content-Type` of a response.
#[derive(Clone, Debug)]
pub enum ContentType {
    /// There is none.
    Absent,
    /// It is no media type; the text as it came.
    Malformed(String),
    /// It is one.
    Known(MediaTypeBuf),
}

/// The body of a response, read as far as it can be.
#[derive(Debug)]
pub enum Content {
    /// There is none.
    Empty,
    /// It was not recorded, was cut, or its type is not known: nothing can be said.
    Unknown,
    /// It was read.
    Read(Parsed),
    /// It is not what its content type says.
    Malformed(MalformedBody),
}

impl<'a> Subject<'a> {
    /// Puts an exchange beside its operation.
    pub fn new(
        contract: &'a Contract,
        operation: &'a Operation,
        exchange: &'a Exchange,
        path_values: &'a [(String, String)],
    ) -> Self {
        Self {
            contract,
            operation,
            exchange,
            path_values,
            intent: Intent::Unknown,
            breaks: None,
            made_up: &[],
            holds_formats: false,
            credential: Credential::Unknown,
            slow_after: None,
            declared: operation.responses.get(exchange.response.status),
            content_type: content_type(exchange),
            media_type: OnceCell::new(),
            tape: OnceCell::new(),
            body: OnceCell::new(),
            body_verdict: OnceCell::new(),
            body_breaches: OnceCell::new(),
            header_verdict: OnceCell::new(),
            request_verdict: OnceCell::new(),
            evidence: OnceCell::new(),
        }
    }

    /// Says why the request was sent.
    #[must_use]
    pub fn with_intent(mut self, intent: Intent) -> Self {
        self.intent = intent;
        self
    }

    /// Says what the request breaks on purpose.
    #[must_use]
    pub fn with_breach(mut self, breaks: Option<&'a Breach>) -> Self {
        self.breaks = breaks;
        self
    }

    /// Names the parameters and properties whose values name resources that were made up.
    #[must_use]
    pub fn with_made_up(mut self, names: &'a [String]) -> Self {
        self.made_up = names;
        self
    }

    /// Says whether a `format` that is not enforced is a finding.
    #[must_use]
    pub fn with_formats_held(mut self, holds_formats: bool) -> Self {
        self.holds_formats = holds_formats;
        self
    }

    /// Says what credential the request carried.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// Sets the limit for `slow-response`.
    #[must_use]
    pub fn with_slow_after(mut self, limit: Option<Duration>) -> Self {
        self.slow_after = limit;
        self
    }

    /// Whether the request lacks what the operation asks for, so that a refusal may be about that.
    pub(super) fn lacks_credential(&self) -> bool {
        let is_there = [Credential::Unknown, Credential::Needless].contains(&self.credential);
        !is_there && self.operation.requires_credential()
    }

    /// The response object that speaks of the status, if any does.
    pub fn declared(&self) -> Option<&'a DeclaredResponse> {
        self.declared
    }

    /// Where the document speaks of the response: the declared one, or the responses where none is declared.
    pub(super) fn response_address(&self) -> &'a Address {
        let responses = &self.operation.responses;
        self.declared
            .map_or(&responses.address, |declared| &declared.entry)
    }

    /// The response's content type.
    pub fn content_type(&self) -> &ContentType {
        &self.content_type
    }

    /// The declared media type that fits what came, the most specific one. Where a body came
    /// without a content type and only one media type is declared, that one: the body is held
    /// against it all the same, since its type is another finding.
    pub fn media_type(&self) -> Option<&'a MediaType> {
        *self.media_type.get_or_init(|| self.find_media_type())
    }

    fn find_media_type(&self) -> Option<&'a MediaType> {
        let declared = self.declared?;
        match &self.content_type {
            ContentType::Known(came) => declared.content.best(came),
            ContentType::Absent => match declared.content.media_types.as_slice() {
                [only] if only.range.is_concrete() => Some(only),
                _ => None,
            },
            ContentType::Malformed(_) => None,
        }
    }

    /// The response's body where it is JSON of which nothing is to be said but what it holds: then
    /// [`Subject::body`] is the same value, which costs much more to make.
    pub(crate) fn tape(&self) -> Option<&Tape<'a>> {
        let read = || match (&self.exchange.response.body, &self.content_type) {
            (Body::Complete(bytes), ContentType::Known(known)) if !bytes.is_empty() => {
                wire::tape(known, bytes)
            }
            _ => None,
        };
        self.tape.get_or_init(read).as_ref()
    }

    /// The same beside its schema.
    pub(super) fn tape_and_schema(&self) -> Option<(&Tape<'a>, &'a Schema)> {
        let schema = self.media_type()?.schema.as_ref()?;
        Some((self.tape()?, schema))
    }

    /// The response's body, read by its own content type.
    pub fn body(&self) -> &Content {
        self.body.get_or_init(|| self.read_body())
    }

    /// Whether a body came, as far as is known.
    pub fn has_body(&self) -> bool {
        !self.exchange.response.body.bytes().is_empty()
    }

    /// The response's body, as far as a document could declare it.
    pub fn came(&self) -> Came {
        if !self.has_body() {
            return Came::default();
        }
        let ContentType::Known(came) = &self.content_type else {
            return Came::unreadable();
        };
        let essence = came.essence().to_string();
        match self.body() {
            Content::Read(Parsed::Value(value)) => Came::body(&essence, Some(Inferred::of(value))),
            Content::Malformed(_) => Came::unreadable(),
            _ => Came::body(&essence, None),
        }
    }

    /// A finding of `rule` about this exchange.
    pub fn finding(&self, rule: &Rule, message: impl Into<String>) -> Finding {
        self.finding_of(rule, rule.severity, message)
    }

    /// A finding of `rule` with another severity than the rule's own.
    pub fn finding_of(
        &self,
        rule: &Rule,
        severity: Severity,
        message: impl Into<String>,
    ) -> Finding {
        Finding::new(rule.id, severity, message)
            .with_operation(self.operation.id.as_str())
            .with_evidence(self.evidence().clone())
    }

    /// Whether the body was held against what the document says of it: it came, was read, and is of a type
    /// that is parsed where there is a schema.
    pub fn is_held(&self) -> bool {
        if !self.body_verdict().too_long.is_empty() {
            return false;
        }
        if self.tape().is_some() {
            return true;
        }
        let has_schema = self
            .media_type()
            .is_some_and(|one| one.schema.is_some() || one.item_schema.is_some());
        match self.body() {
            Content::Read(Parsed::Value(_)) => true,
            Content::Read(Parsed::Opaque) => !has_schema,
            Content::Read(Parsed::Items(_)) => !self.leaves_items_alone(),
            Content::Empty | Content::Unknown | Content::Malformed(_) => false,
        }
    }

    /// Whether a sequence came beside whose `schema` the document says nothing of its items: before 3.2 no
    /// rule says what such a schema is about.
    pub(super) fn leaves_items_alone(&self) -> bool {
        self.media_type().is_some_and(|media_type| {
            media_type.item_schema.is_none()
                && self.schema_of_all(media_type).is_none()
                && media_type.schema.is_some()
        })
    }

    /// The schema of a sequence as the array of all its items (OpenAPI 3.2.0 §4.14.1.1). A schema of texts
    /// speaks of the text.
    pub(super) fn schema_of_all(&self, media_type: &'a MediaType) -> Option<&'a Schema> {
        let version = self.contract.document().version();
        media_type.schema.as_ref().filter(|schema| {
            matches!(version, SpecVersion::OpenApi32(_))
                && (!schema.types().contains(JsonType::String)
                    || schema.types().contains(JsonType::Array))
        })
    }

    /// Hands over each value in the body with the schema it must be valid under: the whole body, or each item
    /// of a sequential media type and all of them.
    pub(super) fn each_value(
        &self,
        media_type: &'a MediaType,
        parsed: &Parsed,
        take: &mut dyn FnMut(&'a Schema, &Value),
    ) {
        let digits = digits_of(parsed.values(), self.exchange.response.body.bytes());
        digits.during(|| self.each_value_as_read(media_type, parsed, take));
    }

    fn each_value_as_read(
        &self,
        media_type: &'a MediaType,
        parsed: &Parsed,
        take: &mut dyn FnMut(&'a Schema, &Value),
    ) {
        match parsed {
            Parsed::Value(value) => {
                if let Some(schema) = &media_type.schema {
                    take(schema, value);
                }
            }
            Parsed::Items(items) => {
                if let Some(schema) = &media_type.item_schema {
                    for item in items {
                        take(schema, item);
                    }
                }
                if let Some(schema) = self.schema_of_all(media_type) {
                    take(schema, &Value::Array(items.clone()));
                }
            }
            Parsed::Opaque => {}
        }
    }

    /// Whether the body is valid under its schema. All values of it are paid for together.
    pub(super) fn body_verdict(&self) -> &Verdict {
        self.body_verdict.get_or_init(|| {
            let mut verdict = Verdict {
                is_valid: true,
                too_long: Vec::new(),
            };
            let Some(media_type) = self.media_type() else {
                return verdict;
            };
            let schema = media_type.schema.as_ref();
            let is_surely_valid =
                |tape| schema.is_none_or(|schema| schema.surely_accepts_tape(tape));
            if self.tape().is_some_and(is_surely_valid) {
                return verdict;
            }
            let Content::Read(parsed) = self.body() else {
                return verdict;
            };
            effort::during(|| {
                self.each_value(media_type, parsed, &mut |schema, value| {
                    let (is_valid, effort) =
                        effort::during(|| verdict.is_valid && schema.is_valid(value));
                    verdict.is_valid = is_valid;
                    verdict
                        .too_long
                        .extend(too_long(&effort, "the body", value));
                });
            });
            verdict
        })
    }

    /// What a report may show of the exchange: the same for all of its findings.
    fn evidence(&self) -> &Evidence {
        self.evidence.get_or_init(|| Evidence::of(self.exchange))
    }

    /// What is wrong with the body, worked out when it is first asked.
    pub(super) fn body_breaches(&self, find: impl FnOnce() -> Vec<BodyBreach>) -> &[BodyBreach] {
        self.body_breaches.get_or_init(find)
    }

    /// Whether the header fields are valid, worked out when it is first asked.
    pub(super) fn header_verdict(&self, find: impl FnOnce() -> Verdict) -> &Verdict {
        self.header_verdict.get_or_init(find)
    }

    /// What is wrong with the request, worked out when it is first asked.
    pub(super) fn request_verdict(&self, find: impl FnOnce() -> RequestVerdict) -> &RequestVerdict {
        self.request_verdict.get_or_init(find)
    }

    fn read_body(&self) -> Content {
        let bytes = match &self.exchange.response.body {
            Body::Complete(bytes) if bytes.is_empty() => return Content::Empty,
            Body::Complete(bytes) => bytes,
            Body::Cut { .. } | Body::NotRecorded => return Content::Unknown,
        };
        let assumed;
        let content_type = match (&self.content_type, self.media_type()) {
            (ContentType::Known(known), _) => known,
            (ContentType::Absent, Some(only)) => match only.range.essence().parse() {
                Ok(essence) => {
                    assumed = essence;
                    &assumed
                }
                Err(_) => return Content::Unknown,
            },
            _ => return Content::Unknown,
        };
        let read = |bytes: &[u8]| match self.media_type() {
            Some(declared) => wire::read_body(declared, content_type, bytes),
            None => wire::parse_body(content_type, bytes),
        };
        match read(bytes) {
            Ok(parsed) => Content::Read(parsed),
            Err(_) if self.exchange.origin.kept().is_some() && is_torn(bytes) => {
                let mended = std::str::from_utf8(bytes).ok().and_then(quote_redactions);
                let parsed = mended.and_then(|text| read(text.as_bytes()).ok());
                parsed.map_or(Content::Unknown, Content::Read)
            }
            // Without a content type the guess may be wrong, and a wrong guess is no breach.
            Err(_) if matches!(self.content_type, ContentType::Absent) => Content::Unknown,
            Err(malformed) => Content::Malformed(malformed),
        }
    }
}

/// Whether a recorder's placeholder stands in JSON where a value belongs.
pub(super) fn is_torn(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.trim_start().starts_with(['{', '[']) && quote_redactions(text).is_some()
    })
}

fn content_type(exchange: &Exchange) -> ContentType {
    let Some(value) = exchange.response.headers.get(CONTENT_TYPE) else {
        return ContentType::Absent;
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    let known = wire::parse_media_type(&text).map(ContentType::Known);
    known.unwrap_or_else(|| ContentType::Malformed(text.into_owned()))
}
