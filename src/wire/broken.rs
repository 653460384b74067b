//! Whether a broken request is broken on the wire: in every way in which a server could read it.
//!
//! A value that travels as text may be read as a number or as a text, as one element or as an array
//! of one, as empty or as absent. A request is broken only where each of these readings breaks its
//! schema.

use mediatype::MediaTypeBuf;
use serde_json::{Map, Value};

use super::{
    Parameters, Parsed, RequestParts, media_type::parse_media_type, open_form::has_open_form,
    read_body, read_text, readings, style::is_undefined, write_body,
};
use crate::{
    contract::{Location, MediaType, Operation, Parameter, RequestBody, Schema},
    exchange::{Body, Request},
};

/// Whether a request breaks its contract in every way in which a server could read it.
pub fn breaks_on_the_wire(operation: &Operation, request: &Request, parts: &RequestParts) -> bool {
    // What has no form is not sent at all, so that nothing of it can be broken.
    let mut turn = 0;
    let mut is_sent = |parameter: &Parameter| {
        let value = parts.get_in_turn(&mut turn, parameter.location, &parameter.name);
        !value.is_some_and(is_undefined)
    };
    let mut readings = path_readings(operation, request).into_iter();
    readings.all(|path| {
        let sent = Parameters::of(operation, request, &path);
        let mut parameters = operation.parameters.iter();
        parameters.any(|parameter| is_sent(parameter) && parameter_breaks(parameter, &sent))
    }) || operation.request_body.as_ref().is_some_and(|declared| {
        // What is deep inside a form is a text too: only the bytes tell what arrives.
        body_breaks(declared, parts.body.as_ref())
            && sent_body_breaks(declared, request) != Some(false)
    })
}

/// Whether a body breaks its contract in every way in which a server could read it, by its bytes;
/// `None` where they cannot be read back.
pub fn sent_body_breaks(declared: &RequestBody, request: &Request) -> Option<bool> {
    let Body::Complete(bytes) = &request.body else {
        return None;
    };
    if bytes.is_empty() {
        return Some(declared.required);
    }
    let (media_type, came) = sent_media_type(declared, request)?;
    match read_body(media_type, &came, bytes) {
        Ok(Parsed::Value(value)) => Some(value_breaks(media_type, &value)),
        Ok(Parsed::Items(_) | Parsed::Opaque) => None,
        Err(_) => Some(true),
    }
}

/// A form as a server reads it, with its media type; `None` for a body that says itself what it means, and
/// for one that cannot be read back.
pub fn sent_form<'d>(
    declared: &'d RequestBody,
    request: &Request,
) -> Option<(&'d MediaType, Value)> {
    let (media_type, came) = sent_media_type(declared, request)?;
    form(media_type, &came, request.body.bytes()).map(|value| (media_type, value))
}

/// A body as a server reads it, with its media type; `None` for one that cannot be read back.
pub fn sent_value<'d>(
    declared: &'d RequestBody,
    request: &Request,
) -> Option<(&'d MediaType, Value)> {
    let (media_type, came) = sent_media_type(declared, request)?;
    match read_body(media_type, &came, request.body.bytes()) {
        Ok(Parsed::Value(value)) => Some((media_type, value)),
        _ => None,
    }
}

fn form(media_type: &MediaType, came: &MediaTypeBuf, bytes: &[u8]) -> Option<Value> {
    if media_type.range.as_str().contains("json") {
        return None;
    }
    match read_body(media_type, came, bytes) {
        Ok(Parsed::Value(value)) => Some(value),
        _ => None,
    }
}

/// Whether a request that was meant to obey may arrive as one that does not: an object without properties
/// and an array without elements leave no trace in a form, nor in a query, and the form of some values is
/// left open.
pub fn arrives_broken(operation: &Operation, request: &Request) -> bool {
    let mut readings = path_readings(operation, request).into_iter();
    readings.any(|path| {
        let sent = Parameters::of(operation, request, &path);
        let mut parameters = operation.parameters.iter();
        parameters
            .any(|parameter| parameter_breaks(parameter, &sent) || has_open_form(parameter, &sent))
    }) || (operation.request_body.as_ref())
        .and_then(|declared| sent_form(declared, request))
        .is_some_and(|(media_type, value)| value_breaks(media_type, &value))
}

/// Whether a value of a media type is still one once it has travelled.
pub fn travels(media_type: &MediaType, value: &Value) -> bool {
    write_body(media_type, value)
        .and_then(|(name, bytes)| form(media_type, &name.parse().ok()?, &bytes))
        .is_none_or(|value| !value_breaks(media_type, &value))
}

fn sent_media_type<'d>(
    declared: &'d RequestBody,
    request: &Request,
) -> Option<(&'d MediaType, MediaTypeBuf)> {
    let field = request.headers.get(http::header::CONTENT_TYPE)?;
    let came = parse_media_type(field.to_str().ok()?)?;
    Some((declared.content.best(&came)?, came))
}

/// A body that is not what its media type says, or is of another media type than any that is declared.
#[derive(Clone, Debug)]
pub struct MalformedRequest {
    /// The request.
    pub request: Request,
    /// The keyword it breaks: `json`, `contentType`, or `required` where nothing is sent.
    pub keyword: &'static str,
    /// The rule in words: `JSON, cut off`.
    pub rule: &'static str,
}

/// A valid request with its JSON body broken in each way that every parser must refuse (RFC 8259), and
/// sent as media types that the operation does not declare. Empty for a body that is no JSON.
pub fn malformed_requests(operation: &Operation, request: &Request) -> Vec<MalformedRequest> {
    let Some(declared) = &operation.request_body else {
        return Vec::new();
    };
    let bytes = request.body.bytes();
    let is_json = sent_media_type(declared, request)
        .is_some_and(|(media_type, _)| media_type.range.as_str().contains("json"));
    let (Some(last), true) = (bytes.last(), is_json) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut add = |keyword, rule, bytes: Vec<u8>| {
        let mut request = request.clone();
        request.body = bytes.into();
        found.push(MalformedRequest {
            request,
            keyword,
            rule,
        });
    };
    let is_closed = matches!(last, b'}' | b']' | b'"');
    if is_closed {
        add("json", "JSON, cut off", bytes[..bytes.len() - 1].to_vec());
    }
    // Outside of a text, where no replacement makes it a character that may stand there.
    add("json", "JSON, not UTF-8", [b"\xff", bytes].concat());
    if matches!(last, b'}' | b']') {
        let inside = &bytes[..bytes.len() - 1];
        add(
            "json",
            "JSON, a stray comma",
            [inside, b",", &[*last]].concat(),
        );
    }
    add("json", "JSON, text behind it", [bytes, b" x"].concat());
    if declared.required {
        add("required", "required", Vec::new());
        for (name, rule) in [
            ("text/plain", "a declared media type, not text/plain"),
            (
                "application/xml",
                "a declared media type, not application/xml",
            ),
        ] {
            let is_declared = name
                .parse()
                .is_ok_and(|name: MediaTypeBuf| declared.content.best(&name).is_some());
            if !is_declared && let Ok(value) = http::HeaderValue::from_str(name) {
                let mut request = request.clone();
                request.headers.insert(http::header::CONTENT_TYPE, value);
                found.push(MalformedRequest {
                    request,
                    keyword: "contentType",
                    rule,
                });
            }
        }
    }
    found
}

/// A valid request with a property of its JSON body named twice: parsers may take either, so that it
/// breaks nothing for certain, and services stumble over it. `None` for another body.
pub fn with_duplicate_key(request: &Request) -> Option<Request> {
    let Value::Object(members) = serde_json::from_slice(request.body.bytes()).ok()? else {
        return None;
    };
    let (name, value) = members.iter().next()?;
    let twice = serde_json::json!({ name: value }).to_string();
    let whole = serde_json::to_string(&members).ok()?;
    let mut request = request.clone();
    // `{"a":1,` before `"a":1,"b":2}`.
    request.body = format!("{},{}", twice.strip_suffix('}')?, whole.strip_prefix('{')?).into();
    Some(request)
}

/// The raw texts of the path parameters in a request that was written for the operation, as the router
/// reads them.
pub fn path_values(operation: &Operation, request: &Request) -> Vec<(String, String)> {
    path_readings(operation, request).swap_remove(0)
}

/// Every way in which the path of a request that was written for the operation may be taken apart; one
/// without values where it does not fit.
fn path_readings(operation: &Operation, request: &Request) -> Vec<Vec<(String, String)>> {
    let readings = operation.path.readings(request.url.path());
    if readings.is_empty() {
        vec![Vec::new()]
    } else {
        readings
    }
}

/// The raw texts of the path parameters where a path can be taken apart in several ways (`{name}.{ending}` and
/// `a.b.json`): the first way that obeys the contract. `None` where there is one way alone, or none obeys.
pub fn path_that_obeys(operation: &Operation, request: &Request) -> Option<Vec<(String, String)>> {
    if !operation.path.is_ambiguous() {
        return None;
    }
    let readings = operation.path.readings(request.url.path());
    if readings.len() < 2 {
        return None;
    }
    readings.into_iter().find(|path| {
        let sent = Parameters::of(operation, request, path);
        let mut parameters = operation.parameters_in(Location::Path);
        !parameters.any(|parameter| parameter_breaks(parameter, &sent))
    })
}

/// Whether every reading of a parameter, as it was sent, breaks the contract.
pub fn parameter_breaks(parameter: &Parameter, sent: &Parameters<'_>) -> bool {
    let value = match sent.read(parameter) {
        Ok(None) => return parameter.required && !sent.is_rightly_empty(parameter),
        Err(_) => return true,
        Ok(Some(value)) => value,
    };
    let Some(schema) = parameter.value.schema() else {
        return false;
    };
    let is_empty = matches!(&value, Value::String(text) if text.is_empty())
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(Map::is_empty);
    // An empty value may be taken for an absent one, and one in another style is not seen at all.
    if (is_empty || sent.may_be_overlooked(parameter)) && !parameter.required {
        return false;
    }
    !obeys_as_text(&value, schema)
}

/// Whether one of the readings of a value that travelled as text obeys a schema.
pub fn obeys_as_text(value: &Value, schema: &Schema) -> bool {
    let is_obeyed = |value: &Value| {
        schema.is_valid(value) || schema.is_valid(&Value::Array(vec![value.clone()]))
    };
    let element = match value.as_array().map(Vec::as_slice) {
        // A list of one is its element.
        Some([only]) => Some(only),
        _ => None,
    };
    [Some(value), element].into_iter().flatten().any(|value| {
        is_obeyed(value)
            || plain_text(value).is_some_and(|text| readings(&text).iter().any(is_obeyed))
    })
}

fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn body_breaks(declared: &RequestBody, body: Option<&(String, Value)>) -> bool {
    let Some((range, value)) = body else {
        return declared.required;
    };
    declared
        .content
        .entry(range)
        .is_some_and(|media_type| value_breaks(media_type, value))
}

fn value_breaks(media_type: &MediaType, value: &Value) -> bool {
    let Some(schema) = &media_type.schema else {
        return false;
    };
    if schema.is_valid(value) {
        return false;
    }
    if media_type.range.as_str().contains("json") {
        return true;
    }
    // A form carries texts, and an absent property where a value is empty.
    let Value::Object(members) = value else {
        return false;
    };
    let mut as_texts = Map::new();
    let mut without_empty = Map::new();
    let finder = schema.property_finder();
    for (name, member) in members {
        let property = finder.find(name);
        let read = match plain_text(member) {
            Some(text) => read_text(&text, property.as_ref()),
            None => member.clone(),
        };
        if plain_text(member).is_none_or(|text| !text.is_empty()) {
            without_empty.insert(name.clone(), read.clone());
        }
        as_texts.insert(name.clone(), read);
    }
    !schema.is_valid(&Value::Object(as_texts)) && !schema.is_valid(&Value::Object(without_empty))
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use url::Url;

    use super::*;
    use crate::contract::Contract;

    fn written(document: &Value, body: &Value) -> (Contract, Request) {
        let contract = Contract::from_document(
            Document::parse("case", document.to_string()).expect("a document"),
        );
        let operation = &contract.operations()[0];
        let base = Url::parse("http://localhost").expect("a URL");
        let parts = RequestParts {
            body: Some(("application/json".to_owned(), body.clone())),
            ..RequestParts::default()
        };
        let request = super::super::write_request(operation, &base, &parts).expect("a request");
        (contract, request)
    }

    fn document(required: bool) -> Value {
        serde_json::json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": { "/things": { "post": {
                "requestBody": {
                    "required": required,
                    "content": { "application/json": { "schema": {} } },
                },
                "responses": {},
            } } },
        })
    }

    #[test]
    fn of_several_ways_to_take_a_path_apart_one_that_obeys_counts() {
        let parameter = |name: &str, schema: Value| serde_json::json!({ "name": name, "in": "path", "required": true, "schema": schema });
        let document = serde_json::json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": { "/{name}.{ending}": { "get": {
                "parameters": [
                    parameter("name", serde_json::json!({ "type": "string" })),
                    parameter("ending", serde_json::json!({ "enum": ["json"] })),
                ],
                "responses": {},
            } } },
        });
        let contract = Contract::from_document(
            Document::parse("case", document.to_string()).expect("a document"),
        );
        let operation = &contract.operations()[0];
        let found = |path: &str| {
            let url = Url::parse("http://localhost").and_then(|base| base.join(path));
            let request = Request::new(http::Method::GET, url.expect("a URL"));
            path_that_obeys(operation, &request)
        };
        let values = found("/a.b.json").expect("a way");
        assert_eq!(values[0], ("name".to_owned(), "a.b".to_owned()));
        // The only way is the router's, whatever it breaks.
        assert_eq!(found("/a.json"), None);
        assert_eq!(found("/a.b.xml"), None);
    }

    #[test]
    fn a_path_value_is_read_where_it_is_a_part_of_its_segment() {
        for (path, sent, values) in [
            ("/report/{id}.json", "/report/7.json", vec![("id", "7")]),
            (
                "/things/{name}:cancel",
                "/things/a:cancel",
                vec![("name", "a")],
            ),
            (
                "/reports/{year}-{month}",
                "/reports/2026-11",
                vec![("year", "2026"), ("month", "11")],
            ),
        ] {
            let parameters: Vec<Value> = values
                .iter()
                .map(|(name, _)| {
                    serde_json::json!({ "name": name, "in": "path", "required": true,
                                        "schema": { "type": "string", "minLength": 1 } })
                })
                .collect();
            let document = serde_json::json!({
                "openapi": "3.1.0",
                "info": { "title": "t", "version": "1" },
                "paths": { path: { "get": { "parameters": parameters, "responses": {} } } },
            });
            let document = Document::parse("case", document.to_string()).expect("a document");
            let contract = Contract::from_document(document);
            let operation = &contract.operations()[0];
            let url = Url::parse("http://localhost").and_then(|base| base.join(sent));
            let request = Request::new(http::Method::GET, url.expect("a URL"));
            let raw = path_values(operation, &request);
            let read: Vec<(&str, &str)> = raw
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(read, values, "{path}");
            let sent = Parameters::of(operation, &request, &raw);
            for parameter in &operation.parameters {
                assert!(!parameter_breaks(parameter, &sent), "{path}");
            }
        }
    }

    #[test]
    fn what_is_no_json_is_none_for_any_parser() {
        for body in [
            serde_json::json!({ "a": "b" }),
            serde_json::json!({}),
            serde_json::json!([1]),
            serde_json::json!("x"),
            serde_json::json!(7),
        ] {
            let (contract, request) = written(&document(true), &body);
            let found = malformed_requests(&contract.operations()[0], &request);
            for one in found.iter().filter(|one| one.keyword == "json") {
                let bytes = one.request.body.bytes();
                let lossy = String::from_utf8_lossy(bytes);
                assert!(
                    serde_json::from_str::<Value>(&lossy).is_err(),
                    "{}: {lossy}",
                    one.rule
                );
            }
            let types = found.iter().filter(|one| one.keyword == "contentType");
            assert_eq!(types.count(), 2);
        }
    }

    #[test]
    fn an_optional_body_may_be_empty_or_overlooked() {
        let (contract, request) = written(&document(false), &serde_json::json!({ "a": 1 }));
        let found = malformed_requests(&contract.operations()[0], &request);
        let rules: Vec<_> = found.iter().map(|one| one.rule).collect();
        assert_eq!(
            rules,
            [
                "JSON, cut off",
                "JSON, not UTF-8",
                "JSON, a stray comma",
                "JSON, text behind it"
            ]
        );
    }

    #[test]
    fn a_key_is_named_twice() {
        let (_, request) = written(&document(true), &serde_json::json!({ "a": "x", "b": 2 }));
        let twice = with_duplicate_key(&request).expect("an object");
        assert_eq!(twice.body.bytes(), br#"{"a":"x","a":"x","b":2}"#);
        let (_, request) = written(&document(true), &serde_json::json!({}));
        assert!(with_duplicate_key(&request).is_none());
    }
}
