//! Values that obey their schema and whose form on the wire the standards leave open.
//!
//! No standard says whether `?tag=` is an empty text or no tag, or how a query writes a number that needs
//! an exponent (OpenAPI 3.1.1 Appendix B); beyond 2^53 not every reader of numbers is exact (RFC 8259 §6).
//! A service that refuses such a request has not broken its contract, unless the document asks for the
//! value by name.

use oasgate_document::Pointer;
use serde_json::{Number, Value};

use super::Parameters;
use crate::{
    contract::{Constraint, Location, Operation, Parameter},
    exchange::Request,
};

/// The greatest integer up to which all are exact in a double: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The most digits of a decimal fraction that every reader takes in: those of a double.
const MAX_DIGITS: usize = 17;

/// Formats whose values go beyond 2^53 (OpenAPI's format registry).
const WIDE_FORMATS: &[&str] = &["int64", "uint64", "decimal", "decimal128"];

/// Whether a parameter of a request has a value whose form is left open and which the document does not
/// ask for.
pub(super) fn has_open_form(parameter: &Parameter, sent: &Parameters<'_>) -> bool {
    let Ok(Some(value)) = sent.read(parameter) else {
        return false;
    };
    let Some(schema) = parameter.value.schema() else {
        return false;
    };
    let mut open = Vec::new();
    collect(parameter, &value, &Pointer::root(), &mut open);
    if open.is_empty() {
        return false;
    }
    let constraints = schema.constraints(&value);
    open.iter().any(|(at, value)| {
        let is_shown = parameter
            .examples
            .iter()
            .any(|example| shows(&example.value, value));
        let is_asked_for = constraints
            .iter()
            .filter(|constraint| constraint.instance == *at)
            .any(|constraint| asks_for(constraint, value));
        !is_shown && !is_asked_for
    })
}

/// Whether a header or cookie of a request carries text beyond ASCII, which recipients treat as opaque and
/// may refuse (RFC 9110 §5.5).
pub fn has_wide_field(operation: &Operation, request: &Request) -> bool {
    let mut declared = operation
        .parameters_in(Location::Header)
        .flat_map(|parameter| request.headers.get_all(parameter.name.as_str()));
    declared.any(|value| !value.as_bytes().is_ascii())
}

/// The nodes of a value whose form is left open.
fn collect(parameter: &Parameter, value: &Value, at: &Pointer, open: &mut Vec<(Pointer, Value)>) {
    match value {
        Value::String(text) => {
            let is_open = text.is_empty()
                && parameter.location != Location::Path
                && !parameter.allow_empty_value;
            if is_open {
                open.push((at.clone(), value.clone()));
            }
        }
        Value::Number(number) if !is_portable(number) && !is_beyond_int64(number) => {
            open.push((at.clone(), value.clone()));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(parameter, item, &at.index(index), open);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                collect(parameter, member, &at.join(name), open);
            }
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Whether a number is an integer that unsigned 64 bits hold and signed ones do not: its digits are plain, and services
/// that do not look at what they read fail over them. That one refuses it says nothing.
fn is_beyond_int64(number: &Number) -> bool {
    number.is_u64() && !number.is_i64()
}

/// Whether every reader makes the same of a number's digits.
fn is_portable(number: &Number) -> bool {
    let Some(value) = number.as_f64() else {
        return false;
    };
    let digits = super::style::digits(number);
    let significant = digits.bytes().filter(u8::is_ascii_digit).count();
    if digits.contains('.') {
        value.abs() <= MAX_EXACT && significant <= MAX_DIGITS
    } else {
        value.abs() <= MAX_EXACT
    }
}

fn shows(shown: &Value, value: &Value) -> bool {
    shown == value
        || match shown {
            Value::Array(items) => items.iter().any(|item| shows(item, value)),
            Value::Object(members) => members.values().any(|member| shows(member, value)),
            _ => false,
        }
}

/// Whether a keyword names the value, or reaches beyond the numbers that all readers share.
fn asks_for(constraint: &Constraint, value: &Value) -> bool {
    let bound = constraint.bound();
    match constraint.keyword.as_str() {
        "enum" => bound.as_array().is_some_and(|all| all.contains(value)),
        "const" => bound == value,
        "format" => {
            value.is_number()
                && bound
                    .as_str()
                    .is_some_and(|name| WIDE_FORMATS.contains(&name))
        }
        "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" => {
            value.is_number() && bound.as_f64().is_some_and(|bound| bound.abs() > MAX_EXACT)
        }
        "multipleOf" => value.is_number() && value == bound,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use serde_json::json;

    use super::super::{RequestParts, arrives_broken, write_request};
    use crate::contract::{Contract, Location};

    #[test]
    fn an_integer_beyond_64_signed_bits_is_sent_and_one_that_readers_round_is_not() {
        let document = "openapi: 3.0.3\ninfo: { title: t, version: '1' }\npaths: { /a: { get: { parameters: [{ \
             name: skip, in: query, schema: { type: integer, minimum: 0 } }], responses: {} } } }";
        let document = Document::parse("t", document.to_owned()).expect("a document");
        let contract = Contract::from_document(document);
        let operation = &contract.operations()[0];
        let arrives = |value| {
            let mut parts = RequestParts::default();
            parts.set(Location::Query, "skip", value);
            let base = "http://localhost/".parse().expect("it is a URL");
            let request = write_request(operation, &base, &parts).expect("it can be written");
            !arrives_broken(operation, &request)
        };
        assert!(arrives(json!(u64::MAX)));
        assert!(arrives(json!(7)));
        assert!(!arrives(json!(1_i64 << 60)));
        assert!(!arrives(json!(1e300)));
    }
}
