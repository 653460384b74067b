//! What objects require beyond the list of their members: members that exclude each other, and those
//! that another member's value asks for.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::model::Version;

/// Takes a sentence about the object, or about one of its members by name.
type Tell<'t> = &'t mut dyn FnMut(Option<&str>, String);

type Members = Map<String, Value>;

fn text<'m>(object: &'m Members, name: &str) -> Option<&'m str> {
    object.get(name).and_then(Value::as_str)
}

fn exclude(object: &Members, pairs: &[(&str, &str)], tell: Tell<'_>) {
    for (one, other) in pairs {
        if object.contains_key(*one) && object.contains_key(*other) {
            tell(
                Some(other),
                format!("`{other}` does not stand beside `{one}`"),
            );
        }
    }
}

fn demand(object: &Members, names: &[&str], why: &str, tell: Tell<'_>) {
    for name in names {
        if !object.contains_key(*name) {
            tell(None, format!("`{name}` is missing: {why}"));
        }
    }
}

/// Names of tags are unique (3.0.4 §4.7.1).
pub(super) fn unique_tags(object: &Members, _: Version, tell: Tell<'_>) {
    let mut seen = HashSet::new();
    let tags = object.get("tags").and_then(Value::as_array);
    let names = tags
        .into_iter()
        .flatten()
        .filter_map(|tag| tag.get("name")?.as_str());
    for name in names {
        if !seen.insert(name) {
            tell(Some("tags"), format!("two tags are called `{name}`"));
        }
    }
}

/// Name and place tell parameters apart (3.0.4 §4.7.10.1, 2.0 §5.2.5); names of header fields know no case.
pub(super) fn unique_parameters(object: &Members, _: Version, tell: Tell<'_>) {
    let mut seen = HashSet::new();
    let parameters = object.get("parameters").and_then(Value::as_array);
    for parameter in parameters.into_iter().flatten() {
        let word = |key: &str| parameter.get(key).and_then(Value::as_str);
        let (Some(location), Some(name)) = (word("in"), word("name")) else {
            continue;
        };
        let key = match location {
            "header" => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        };
        if !seen.insert((location, key)) {
            tell(
                Some("parameters"),
                format!("two parameters in {location} are called `{name}`"),
            );
        }
    }
}

/// What a server's URL leaves open has a value (3.0.4 §4.7.5).
pub(super) fn named_variables(object: &Members, _: Version, tell: Tell<'_>) {
    let known = object.get("variables").and_then(Value::as_object);
    let mut rest = text(object, "url").unwrap_or_default();
    while let Some((name, behind)) = rest
        .split_once('{')
        .and_then(|(_, inside)| inside.split_once('}'))
    {
        if !known.is_some_and(|known| known.contains_key(name)) {
            tell(
                Some("url"),
                format!("`{name}` is not one of the server's `variables`"),
            );
        }
        rest = behind;
    }
}

/// `identifier` excludes `url` (3.1.1 §4.8.4).
pub(super) fn license(object: &Members, _: Version, tell: Tell<'_>) {
    exclude(object, &[("identifier", "url")], tell);
}

/// `example` excludes `examples` (3.0.4 §4.7.12, §4.7.14, §4.7.21).
pub(super) fn example_or_examples(object: &Members, version: Version, tell: Tell<'_>) {
    if version >= Version::V30 {
        exclude(object, &[("example", "examples")], tell);
    }
}

/// A parameter says what its value is in one way, and is required in a path (3.0.4 §4.7.12, 2.0 §5.2.8).
pub(super) fn parameter(object: &Members, version: Version, tell: Tell<'_>) {
    let location = text(object, "in");
    if location == Some("path") && object.get("required") != Some(&Value::Bool(true)) {
        tell(
            None,
            "`required: true` is missing: a path parameter is always there".to_owned(),
        );
    }
    if version >= Version::V30 {
        serialization(object, tell);
        return;
    }
    match location {
        Some("body") => demand(object, &["schema"], "a body has one", tell),
        Some(_) => demand(
            object,
            &["type"],
            "a parameter outside the body has one",
            tell,
        ),
        None => {}
    }
    list_has_items(object, tell);
}

/// A header says what its value is in one way (3.0.4 §4.7.21, 2.0 §5.2.14).
pub(super) fn header(object: &Members, version: Version, tell: Tell<'_>) {
    if version >= Version::V30 {
        serialization(object, tell);
    } else {
        demand(object, &["type"], "a header has one", tell);
        list_has_items(object, tell);
    }
}

/// Items of 2.0 have a type (2.0 §5.2.9).
pub(super) fn items(object: &Members, _: Version, tell: Tell<'_>) {
    demand(object, &["type"], "items have one", tell);
    list_has_items(object, tell);
}

fn list_has_items(object: &Members, tell: Tell<'_>) {
    if text(object, "type") == Some("array") {
        demand(object, &["items"], "an array has them", tell);
    }
}

fn serialization(object: &Members, tell: Tell<'_>) {
    exclude(object, &[("schema", "content")], tell);
    match object.get("content").and_then(Value::as_object) {
        Some(content) if content.len() != 1 => tell(
            Some("content"),
            format!("`content` has one media type here, not {}", content.len()),
        ),
        Some(_) => {}
        // The members of 2.0 that stand here instead are told each.
        None if object.contains_key("schema") || object.contains_key("type") => {}
        None => tell(None, "`schema` is missing, and `content` too".to_owned()),
    }
}

/// There is a response (3.0.4 §4.7.16).
pub(super) fn some_response(object: &Members, version: Version, tell: Tell<'_>) {
    if version <= Version::V31 && object.keys().all(|name| name.starts_with("x-")) {
        tell(None, "one response at least is declared".to_owned());
    }
}

/// One of the forms of an example (3.0.4 §4.7.19, 3.2.0 §4.19).
pub(super) fn example(object: &Members, _: Version, tell: Tell<'_>) {
    let excluding = [
        ("value", "externalValue"),
        ("value", "dataValue"),
        ("value", "serializedValue"),
        ("externalValue", "serializedValue"),
    ];
    exclude(object, &excluding, tell);
}

/// A link names its operation in one way (3.0.4 §4.7.20).
pub(super) fn link(object: &Members, _: Version, tell: Tell<'_>) {
    exclude(object, &[("operationId", "operationRef")], tell);
    if !object.contains_key("operationId") && !object.contains_key("operationRef") {
        tell(
            None,
            "`operationId` is missing, and `operationRef` too".to_owned(),
        );
    }
}

/// Each kind of scheme has members of its own (3.0.4 §4.7.27, 2.0 §5.2.18).
pub(super) fn security_scheme(object: &Members, version: Version, tell: Tell<'_>) {
    let kind = text(object, "type");
    match kind {
        Some("apiKey") => demand(object, &["name", "in"], "an API key has it", tell),
        Some("http") => demand(object, &["scheme"], "`type: http` has one", tell),
        Some("openIdConnect") => {
            demand(
                object,
                &["openIdConnectUrl"],
                "`type: openIdConnect` has one",
                tell,
            );
        }
        Some("oauth2") if version >= Version::V30 => {
            demand(object, &["flows"], "`type: oauth2` has them", tell);
        }
        Some("oauth2") => {
            demand(object, &["flow", "scopes"], "`type: oauth2` has it", tell);
            flow(object, text(object, "flow").unwrap_or_default(), tell);
        }
        _ => {}
    }
}

/// Each flow has the URLs that it goes by (3.0.4 §4.7.29).
pub(super) fn flows(object: &Members, _: Version, tell: Tell<'_>) {
    for (name, value) in object {
        if let Value::Object(members) = value {
            flow(members, name, &mut |_, message| {
                tell(Some(name), message);
            });
        }
    }
}

fn flow(object: &Members, name: &str, tell: Tell<'_>) {
    let urls: &[&str] = match name {
        "implicit" => &["authorizationUrl"],
        "password" | "clientCredentials" | "application" => &["tokenUrl"],
        "authorizationCode" | "accessCode" => &["authorizationUrl", "tokenUrl"],
        "deviceAuthorization" => &["deviceAuthorizationUrl", "tokenUrl"],
        _ => &[],
    };
    demand(object, urls, &format!("the flow `{name}` has one"), tell);
}
