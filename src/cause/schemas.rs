//! The causes of bodies that break their schemas: the node of the document, one name, or one habit of the service.

use oasgate_document::{Address, Document, Pointer};

use super::{
    key::{Key, single},
    owner,
};
use crate::finding::Finding;

/// Statuses that are declared, once for failures and once for successes, put all of these right.
pub(super) fn under_default(finding: &Finding) -> Key {
    let status = finding.discriminator.split(' ').next().unwrap_or_default();
    let (id, which) = if status.starts_with('2') {
        ("success", "successes")
    } else {
        ("failure", "failures")
    };
    Key::new(
        format!("schema default {id}"),
        format!("{which} fall under `default`, which describes others"),
        format!("declare the statuses of {which}"),
    )
    .counting("finding")
}

/// Breaches at one schema object are one cause; so are the nulls of one component, because the same
/// omission in the document (or the same missing filter in the service) makes them all.
pub(super) fn schema_mismatch(finding: &Finding, document: &Document) -> Key {
    let Some(at) = &finding.document else {
        return single(finding, document);
    };
    let owner = owner::of(document, at);
    if finding.actual.as_deref() == Some("null") {
        let object = at.parent().and_then(|object| document.get(&object));
        let is_nullable = object.is_some_and(|one| one.get("nullable") == Some(&true.into()));
        if is_nullable && document.version().has_2020_12_schemas() {
            return Key::new(
                "schema nullable".to_owned(),
                "null comes where `nullable: true` stands, which means nothing since OpenAPI 3.1",
                "write `type: [..., 'null']` for `nullable: true`",
            )
            .counting("place");
        }
        if is_nullable && at.pointer.last().as_deref() == Some("enum") {
            return Key::new(
                "schema nullable enum".to_owned(),
                "null comes where `nullable: true` stands beside an `enum` without null",
                "list null in these `enum`s, or send a value",
            )
            .counting("place");
        }
        // What answers null for what it does not have does so wherever it looks for something.
        if finding.instance.as_ref().is_some_and(Pointer::is_root) {
            return Key::new(
                "schema null body".to_owned(),
                "the whole body is null, which the schema does not allow",
                "answer 404 or 204 where there is nothing to show, or let the schemas be null",
            )
            .counting("response");
        }
        // An envelope that each operation writes out anew is still one habit of the service.
        let place = finding.instance.as_ref().map(masked);
        if let Some(place) = place.filter(|place| !owner.is_component && !place.is_empty()) {
            return Key::new(
                format!("schema null at {place}"),
                format!("`{place}` is null, which schemas that are written in place do not allow"),
                format!("let these schemas allow null at `{place}`, or send a value"),
            )
            .counting("schema");
        }
        // What refers to components that are never null does so by one habit.
        let is_whole = at
            .parent()
            .is_some_and(|object| owner::within(document, &object).is_empty());
        let property = finding.instance.as_ref().and_then(Pointer::last);
        if let Some(property) = property.filter(|_| owner.is_component && is_whole) {
            return Key::new(
                format!("schema null reference {property}"),
                format!(
                    "`{property}` is null, which the components that it refers to do not allow"
                ),
                format!("let `{property}` be null where it refers to a component, or send a value"),
            )
            .counting("place");
        }
        return Key::new(
            format!("schema null {}", owner.id),
            format!("{} does not allow the null that comes", owner.name),
            format!(
                "let the schema at {} allow null, or send a value",
                owner.name
            ),
        )
        .counting("property");
    }
    let keyword = at.pointer.last().unwrap_or_default();
    let object = at.parent().unwrap_or_else(|| at.clone());
    let place = owner::within(document, &object);
    let property = finding.instance.as_ref().and_then(Pointer::last);
    if keyword == "format"
        && let Some(property) = property
    {
        let format = document
            .get(at)
            .and_then(|format| format.as_str())
            .unwrap_or_default();
        // What writes the links of a service writes all of them so.
        let is_relative = finding
            .actual
            .as_deref()
            .is_some_and(|came| came.starts_with("\"/"));
        if is_relative && ["iri", "uri", "url"].contains(&format) {
            return Key::new(
                format!("schema format {format} relative"),
                format!("values of `format: {format}` are relative references"),
                "send whole URIs, or say `format: uri-reference`",
            )
            .counting("place");
        }
        return Key::new(
            format!("schema format {format} {property}"),
            format!("`{property}` is not of format {format} in responses"),
            format!("the format of `{property}` in the schemas, or what the service sends for it"),
        )
        .counting("place");
    }
    if keyword == "type"
        && let Some(key) = wrong_type(finding, document)
    {
        return key;
    }
    let kind = match keyword.as_str() {
        "required" | "additionalProperties" | "unevaluatedProperties" | "oneOf" | "anyOf" => {
            keyword.as_str()
        }
        _ => "value",
    };
    let name = match place.as_str() {
        "" => owner.name.clone(),
        place if owner.is_component => format!("{} at {place}", owner.name),
        _ => format!("#{}", object.pointer),
    };
    Key::new(
        format!("schema {kind} {} {place}", owner.id),
        format!("responses break {name}"),
        format!("the schema at {name}, or what the service sends for it"),
    )
}

/// One name that has another type than is declared, in whatever schema: who writes it does so in one place.
fn wrong_type(finding: &Finding, document: &Document) -> Option<Key> {
    let place = finding.instance.as_ref().map(masked)?;
    let mut last = place.rsplit('/').take_while(|token| *token == "*").count();
    last += 1;
    let mut tokens: Vec<&str> = place.rsplit('/').take(last).collect();
    tokens.reverse();
    let name = tokens.join("/");
    let came = finding.actual.as_deref()?;
    let came = came.split_once(": ").map_or(came, |(kind, _)| kind);
    let wanted = finding.expected.as_deref()?;
    let is_named = name.contains(|one: char| one != '*' && one != '/');
    // As the document says it, which has no such `type` where it says `nullable`.
    let object = finding.document.as_ref().and_then(Address::parent);
    let object = object.and_then(|object| document.get(&object));
    let single = object.and_then(|object| object.get("type")?.as_str());
    let declared = match single {
        Some(single) if wanted.contains("null") && single != "null" => {
            format!("`type: {single}` with `nullable: true`")
        }
        _ => format!("`type: {wanted}`"),
    };
    is_named.then(|| {
        Key::new(
            format!("schema type {name} {came} {wanted}"),
            format!("`{name}` is {came} in responses where {declared} is declared"),
            format!("the type of `{name}` in the schemas, or what the service sends for it"),
        )
        .counting("place")
    })
}

/// A place in a body, with `*` for each index of an array.
fn masked(instance: &Pointer) -> String {
    let is_index = |token: &String| token.bytes().all(|byte| byte.is_ascii_digit());
    let tokens = instance.tokens();
    tokens
        .map(|token| format!("/{}", if is_index(&token) { "*" } else { &token }))
        .collect()
}
