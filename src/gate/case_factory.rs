//! The only place that makes cases: writes the request, puts the credential in, notes which values are
//! synthetic, and proves that a case obeys or breaks the contract as it claims to.

use std::sync::Arc;

use http::Method;
use oasgate_document::Pointer;
use serde_json::Value;
use url::Url;

use super::synthetic::synthetic_ids;
use crate::{
    check::{Breach, Intent, Part},
    contract::{Location, Operation, Schema},
    exchange::{Request, RequestPurpose},
    run::{Case, CredentialChoice, LiveSettings, Phase},
    wire::{
        self, Parameters, RequestParts, arrives_broken, breaks_on_the_wire, path_values, sent_form,
        write_request,
    },
};

/// Makes the cases of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CaseFactory<'f> {
    settings: &'f LiveSettings,
}

/// What a case is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose<'p> {
    pub(crate) phase: Phase,
    pub(crate) credential: CredentialChoice,
    pub(crate) why: &'p str,
}

impl<'p> Purpose<'p> {
    /// For a phase, with the run's own credential.
    pub(crate) const fn new(phase: Phase, why: &'p str) -> Self {
        Self {
            phase,
            credential: CredentialChoice::Primary,
            why,
        }
    }

    pub(crate) const fn with_credential(self, credential: CredentialChoice) -> Self {
        Self { credential, ..self }
    }
}

impl<'f> CaseFactory<'f> {
    pub(crate) const fn new(settings: &'f LiveSettings) -> Self {
        Self { settings }
    }

    /// A case of these values, meant to obey and not proved to; `None` where they cannot be written.
    pub(crate) fn make(
        self,
        operation: &Arc<Operation>,
        parts: RequestParts,
        purpose: Purpose<'_>,
    ) -> Option<Case> {
        let request = write_request(operation, &self.settings.base, &parts).ok()?;
        Some(self.with_request(operation, request, parts, purpose))
    }

    /// A case with a request that was written before, without a credential.
    pub(crate) fn with_request(
        self,
        operation: &Arc<Operation>,
        mut request: Request,
        parts: RequestParts,
        purpose: Purpose<'_>,
    ) -> Case {
        self.settings
            .credentials
            .apply(operation, &mut request, purpose.credential);
        request.purpose = match purpose.credential {
            CredentialChoice::Omitted | CredentialChoice::Invalid | CredentialChoice::Malformed => {
                Some(RequestPurpose::WrongCredential)
            }
            _ => request.purpose,
        };
        Case {
            operation: Arc::clone(operation),
            request,
            phase: purpose.phase,
            intent: Intent::Obey,
            breaks: None,
            made_up: synthetic_ids(&parts, self.settings),
            parts,
            credential: purpose.credential,
            why: purpose.why.to_owned(),
        }
    }

    /// A request that breaks a rule: `None` unless every reading of what is sent breaks the contract, and
    /// does so by what it is named after.
    pub(crate) fn broken_request(
        self,
        operation: &Operation,
        parts: &RequestParts,
        breach: &Breach,
    ) -> Option<Request> {
        let request = write_request(operation, &self.settings.base, parts).ok()?;
        let is_broken = breaks_on_the_wire(operation, &request, parts)
            && is_named_rightly(operation, &request, breach);
        is_broken.then_some(request)
    }

    /// A case with a request that is known to break a rule on purpose, without a credential.
    pub(crate) fn breaking(
        self,
        operation: &Arc<Operation>,
        mut request: Request,
        parts: RequestParts,
        breach: Breach,
        purpose: Purpose<'_>,
    ) -> Case {
        request.purpose = Some(RequestPurpose::Break);
        Case {
            intent: Intent::Break,
            breaks: Some(breach),
            ..self.with_request(operation, request, parts, purpose)
        }
    }

    /// A case that follows a reference with a GET: whether it obeys is not known.
    pub(crate) fn follow(
        self,
        operation: &Arc<Operation>,
        target: Url,
        purpose: Purpose<'_>,
    ) -> Case {
        let request = Request::new(Method::GET, target);
        Case {
            intent: Intent::Unknown,
            ..self.with_request(operation, request, RequestParts::default(), purpose)
        }
    }

    /// A case of values that were kept, and of the rule that they broke; `None` where it would not be
    /// what it claims to be any more.
    pub(crate) fn restored(
        self,
        operation: &Arc<Operation>,
        parts: RequestParts,
        breaks: Option<Breach>,
        purpose: Purpose<'_>,
    ) -> Option<Case> {
        let mut request = write_request(operation, &self.settings.base, &parts).ok()?;
        request.purpose = breaks.as_ref().map(|_| RequestPurpose::Break);
        let is_sound = is_sound(operation, &request, &parts, breaks.as_ref());
        is_sound.then(|| Case {
            intent: if breaks.is_some() {
                Intent::Break
            } else {
                Intent::Obey
            },
            breaks,
            ..self.with_request(operation, request, parts, purpose)
        })
    }

    /// The same request, whatever method it has, to the path of these values, without a body's media type.
    pub(crate) fn with_path_of(self, case: &Case, parts: RequestParts) -> Option<Case> {
        let operation = &case.operation;
        let mut request = write_request(operation, &self.settings.base, &parts).ok()?;
        request.method = case.request.method.clone();
        request.purpose = case.request.purpose;
        request.body = case.request.body.clone();
        request.headers.remove(http::header::CONTENT_TYPE);
        self.settings
            .credentials
            .apply(operation, &mut request, case.credential);
        Some(Case {
            request,
            parts,
            ..case.clone()
        })
    }

    /// The same request about another resource: all but its path is as it was. `None` where its path is
    /// what it breaks, or would break.
    pub(crate) fn about(self, case: &Case, parts: RequestParts) -> Option<Case> {
        let part = case.breaks.as_ref().map(|breach| &breach.part);
        if matches!(part, Some(Part::Parameter(Location::Path, _))) {
            return None;
        }
        // What a service calls its own need not be of the form that the document wants.
        let mut path = case.operation.parameters_in(Location::Path);
        let obeys = path.all(|parameter| {
            let value = parts.get(Location::Path, &parameter.name);
            let schema = parameter.value.schema();
            schema.is_none_or(|schema| value.is_some_and(|value| schema.is_valid(value)))
        });
        if !obeys {
            return None;
        }
        let named = write_request(&case.operation, &self.settings.base, &parts).ok()?;
        let mut request = case.request.clone();
        request.url.set_path(named.url.path());
        let mut other = Case {
            request,
            parts,
            ..case.clone()
        };
        // It is there, or is named by this request.
        let is_new = |name: &String| {
            let new = other.parts.get(Location::Path, name);
            new.is_some() && new != case.parts.get(Location::Path, name)
        };
        other.made_up = case
            .made_up
            .iter()
            .filter(|name| !is_new(name))
            .cloned()
            .collect();
        Some(other)
    }

    /// A case with other values; `None` where it would not be what it claims to be.
    pub(crate) fn with_parts(self, case: &Case, parts: RequestParts) -> Option<Case> {
        let operation = &case.operation;
        let mut request = write_request(operation, &self.settings.base, &parts).ok()?;
        if !is_sound(operation, &request, &parts, case.breaks.as_ref()) {
            return None;
        }
        request.purpose = case.request.purpose;
        self.settings
            .credentials
            .apply(operation, &mut request, case.credential);
        let mut synthetic = synthetic_ids(&parts, self.settings);
        // What was known to be there is known under the same name still.
        synthetic.retain(|name| {
            let same = case.parts.get(Location::Path, name);
            case.made_up.contains(name) || same.is_none() || same != parts.get(Location::Path, name)
        });
        Some(Case {
            request,
            made_up: synthetic,
            why: still_true(case, &parts),
            parts,
            ..case.clone()
        })
    }
}

/// What is said of a case whose edges are all replaced by other values.
const OF_LEARNED_VALUES: &str = "values that the run has learned";

/// Why a case is sent, without the edges in whose places other values stand now: `limit: the least; body: /name: empty`.
fn still_true(case: &Case, parts: &RequestParts) -> String {
    const OF_EDGES: [Phase; 2] = [Phase::Edges, Phase::Pairs];
    if !OF_EDGES.contains(&case.phase) {
        return case.why.clone();
    }
    let is_replaced = |edge: &&str| {
        let parameters = case.parts.parameters.iter();
        let mut replaced =
            parameters.filter(|(location, name, value)| parts.get(*location, name) != Some(value));
        // An edge of the whole body, such as "nothing optional", is one whatever a member is.
        let is_of_body = |text: &str| {
            let pointer = text.split(": ").next().filter(|text| text.starts_with('/'));
            let at = |parts: &RequestParts| {
                let (_, body) = parts.body.as_ref()?;
                Pointer::parse(pointer?)?.get(body).cloned()
            };
            at(&case.parts) != at(parts)
        };
        edge.strip_prefix("body: ").is_some_and(is_of_body)
            || replaced.any(|(location, name, _)| {
                let part = Part::Parameter(*location, name.clone());
                edge.strip_prefix(&part.to_string())
                    .is_some_and(|rest| rest.starts_with(": "))
            })
    };
    let mut edges: Vec<&str> = case.why.split("; ").collect();
    let all = edges.len();
    edges.retain(|edge| !is_replaced(edge));
    match edges.len() {
        0 => OF_LEARNED_VALUES.to_owned(),
        left if left == all => case.why.clone(),
        _ => edges.join("; "),
    }
}

/// Whether a request is what it claims to be: valid in every part, or broken on the wire in the part and
/// by the keyword that it is named after.
fn is_sound(
    operation: &Operation,
    request: &Request,
    parts: &RequestParts,
    breaks: Option<&Breach>,
) -> bool {
    match breaks {
        None => obeys(operation, parts) && !arrives_broken(operation, request),
        Some(breach) => {
            breaks_on_the_wire(operation, request, parts)
                && part_breaks(operation, request, &breach.part)
                && is_meant(operation, parts, breach)
        }
    }
}

/// Whether every value is valid and everything that is required is there.
fn obeys(operation: &Operation, parts: &RequestParts) -> bool {
    let parameters = operation.parameters.iter().all(|parameter| {
        match parts.get(parameter.location, &parameter.name) {
            Some(value) => parameter
                .value
                .schema()
                .is_none_or(|schema| schema.is_valid(value)),
            None => !parameter.required,
        }
    });
    let body = match (&operation.request_body, &parts.body) {
        (None, _) => true,
        (Some(declared), None) => !declared.required,
        (Some(declared), Some((range, value))) => declared
            .content
            .entry(range)
            .and_then(|media_type| media_type.schema.as_ref())
            .is_none_or(|schema| schema.is_valid(value)),
    };
    parameters && body
}

/// Whether a value breaks the very keyword that it is meant to break, at the very place or through an
/// alternative around it.
fn is_meant(operation: &Operation, parts: &RequestParts, breach: &Breach) -> bool {
    if breach.is_left_out() {
        return true;
    }
    let (schema, value) = match &breach.part {
        Part::Parameter(location, name) => (
            operation
                .parameters_in(*location)
                .find(|parameter| parameter.name == *name)
                .and_then(|parameter| parameter.value.schema()),
            parts.get(*location, name),
        ),
        Part::Body => {
            let body = parts.body.as_ref();
            let schema = body.and_then(|(range, _)| {
                let content = &operation.request_body.as_ref()?.content;
                content.entry(range)?.schema.as_ref()
            });
            (schema, body.map(|(_, value)| value))
        }
    };
    let (Some(schema), Some(value)) = (schema, value) else {
        return false;
    };
    schema.violations(value).iter().any(|one| {
        let is_it = one.keyword == breach.keyword && one.instance == breach.pointer;
        is_it || (is_alternative(&one.keyword) && breach.pointer.starts_with(&one.instance))
    })
}

/// Whether what breaks below this keyword is told by the keyword itself: which of the alternatives was
/// meant cannot be known.
fn is_alternative(keyword: &str) -> bool {
    ["anyOf", "oneOf", "not", "if"].contains(&keyword)
}

/// Whether the part that is meant to be broken is.
fn part_breaks(operation: &Operation, request: &Request, part: &Part) -> bool {
    match part {
        Part::Parameter(location, name) => {
            let path = path_values(operation, request);
            operation
                .parameters_in(*location)
                .find(|parameter| parameter.name == *name)
                .is_some_and(|parameter| {
                    wire::parameter_breaks(parameter, &Parameters::of(operation, request, &path))
                })
        }
        Part::Body => operation
            .request_body
            .as_ref()
            .is_some_and(|body| wire::sent_body_breaks(body, request).unwrap_or(true)),
    }
}

/// Whether a request still breaks the rule that it is named after once it has travelled: 7 in place
/// of a text arrives as the text 7, which may break another rule.
fn is_named_rightly(operation: &Operation, request: &Request, breach: &Breach) -> bool {
    let is_meant = |keyword: &str| keyword == breach.keyword || is_alternative(keyword);
    let is_broken = |schema: &Schema, value: &Value| {
        schema
            .violations(value)
            .iter()
            .any(|violation| is_meant(&violation.keyword))
    };
    let is_there = |schema: &Schema, value: &Value| {
        schema.violations(value).iter().any(|violation| {
            is_meant(&violation.keyword) && breach.pointer.starts_with(&violation.instance)
        })
    };
    let Part::Parameter(location, name) = &breach.part else {
        let body = operation.request_body.as_ref();
        return body
            .and_then(|body| sent_form(body, request))
            .and_then(|(media_type, value)| Some((media_type.schema.as_ref()?, value)))
            .is_none_or(|(schema, value)| is_there(schema, &value));
    };
    let parameter = operation
        .parameters
        .iter()
        .find(|one| one.location == *location && one.name == *name);
    let path = path_values(operation, request);
    let sent = Parameters::of(operation, request, &path);
    let Some((schema, Ok(Some(value)))) =
        parameter.and_then(|one| Some((one.value.schema()?, sent.read(one))))
    else {
        return true;
    };
    is_broken(schema, &value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        contract::Contract,
        gate::fixture::{contract, operation, settings},
    };

    fn limit(value: Value) -> RequestParts {
        let mut parts = RequestParts::default();
        parts.set(Location::Query, "limit", value);
        parts
    }

    fn too_much() -> Breach {
        Breach {
            part: Part::Parameter(Location::Query, "limit".to_owned()),
            pointer: oasgate_document::Pointer::default(),
            keyword: "maximum".to_owned(),
            rule: "at most 10".to_owned(),
        }
    }

    #[test]
    fn a_credential_that_was_typed_as_a_field_is_no_text_of_the_request() {
        let contract = contract();
        let mut settings = settings();
        let field = |name: &'static str, value: &'static str| {
            (
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )
        };
        settings.credentials.headers = vec![
            field("authorization", "Bearer hunter22"),
            field("cookie", "sid=hunter22"),
            field("x-api-key", "hunter22"),
            field("x-plain", "seen"),
        ];
        let factory = CaseFactory::new(&settings);
        let list = operation(&contract, "listPets");
        let case = |credential| {
            let purpose = Purpose::new(Phase::Auth, "a test").with_credential(credential);
            let case = factory.make(&list, limit(json!(3)), purpose);
            case.expect("a case").request
        };
        let sent = case(CredentialChoice::Primary);
        assert!(!format!("{sent:?}").contains("hunter22"), "{sent:?}");
        assert_eq!(
            crate::exchange::curl(&sent),
            r#"curl -H 'x-plain: seen' -H "authorization: Bearer $HEADER_AUTHORIZATION" -H "cookie: $HEADER_COOKIE" -H "x-api-key: $HEADER_X_API_KEY" 'http://localhost/pets?limit=3'"#
        );
        let names: Vec<_> = settings.credentials.secrets();
        let names: Vec<&str> = names.iter().map(crate::transport::Secret::name).collect();
        let slots: Vec<&str> = sent
            .credentials
            .iter()
            .map(|slot| slot.secret.as_str())
            .collect();
        assert_eq!(names, slots);
        assert!(case(CredentialChoice::Omitted).credentials.is_empty());
    }

    #[test]
    fn a_case_that_obeys_takes_no_values_that_break() {
        let (contract, settings) = (contract(), settings());
        let (factory, list) = (
            CaseFactory::new(&settings),
            operation(&contract, "listPets"),
        );
        let purpose = Purpose::new(Phase::Random, "a test");
        let case = factory
            .make(&list, limit(json!(3)), purpose)
            .expect("a case");
        let other = factory
            .with_parts(&case, limit(json!(4)))
            .expect("it obeys");
        assert_eq!(other.request.url.query(), Some("limit=4"));
        assert!(factory.with_parts(&case, limit(json!(11))).is_none());
        assert!(factory.with_parts(&case, limit(json!("x"))).is_none());
    }

    #[test]
    fn a_case_does_not_name_the_edge_that_another_value_has_replaced() {
        let (contract, settings) = (contract(), settings());
        let (factory, list) = (
            CaseFactory::new(&settings),
            operation(&contract, "listPets"),
        );
        let why = |why: &str, phase: Phase, value: Value| {
            let case = factory.make(&list, limit(json!(3)), Purpose::new(phase, why));
            let case = case.expect("a case");
            factory
                .with_parts(&case, limit(value))
                .expect("it obeys")
                .why
        };
        let pair = "query limit: the least; body: /name: empty";
        assert_eq!(why(pair, Phase::Pairs, json!(4)), "body: /name: empty");
        assert_eq!(why(pair, Phase::Pairs, json!(3)), pair);
        let one = "query limit: the least";
        assert_eq!(why(one, Phase::Edges, json!(4)), OF_LEARNED_VALUES);
        assert_eq!(why("a test", Phase::Random, json!(4)), "a test");
    }

    #[test]
    fn a_case_that_breaks_a_rule_takes_no_values_that_obey_or_break_another() {
        let (contract, settings) = (contract(), settings());
        let (factory, list) = (
            CaseFactory::new(&settings),
            operation(&contract, "listPets"),
        );
        let purpose = Purpose::new(Phase::Regressions, "a test");
        let restored = |value| factory.restored(&list, limit(value), Some(too_much()), purpose);
        let case = restored(json!(11)).expect("it breaks the rule");
        assert_eq!(case.intent, Intent::Break);
        assert!(restored(json!(10)).is_none());
        assert!(restored(json!("x")).is_none());
        assert!(factory.with_parts(&case, limit(json!(12))).is_some());
        assert!(factory.with_parts(&case, limit(json!(2))).is_none());
    }

    #[test]
    fn a_case_that_breaks_every_alternative_is_restored() {
        let document = json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "paths": { "/pets": { "post": {
                "operationId": "addPet",
                "requestBody": { "content": { "application/json": { "schema": {
                    "type": "object",
                    "properties": { "price": { "anyOf": [{ "type": "number" }, { "type": "null" }] } },
                } } } },
                "responses": { "201": { "description": "Fine" } },
            } } },
        });
        let document = oasgate_document::Document::parse("t", document.to_string());
        let contract = Contract::from_document(document.expect("a document"));
        let settings = settings();
        let (factory, add) = (CaseFactory::new(&settings), operation(&contract, "addPet"));
        let breach = Breach {
            part: Part::Body,
            pointer: oasgate_document::Pointer::parse("/price").expect("a pointer"),
            keyword: "type".to_owned(),
            rule: "type number".to_owned(),
        };
        let restored = |price: Value| {
            let parts = RequestParts {
                body: Some(("application/json".to_owned(), json!({ "price": price }))),
                ..RequestParts::default()
            };
            let purpose = Purpose::new(Phase::Regressions, "a test");
            factory.restored(&add, parts, Some(breach.clone()), purpose)
        };
        assert!(restored(json!("dear")).is_some());
        assert!(restored(json!(null)).is_none());
        assert!(restored(json!(7)).is_none());
    }
}
