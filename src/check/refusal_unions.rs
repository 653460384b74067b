//! Of what is said of a value that no alternative of a union took, that of the alternative that was meant.
//!
//! A validator answers such a value with the errors of each alternative, one after the other; the first of them are often
//! those of an alternative that the value never was of. `pydantic` writes the alternative into the place
//! (`["body", "trigger", "EventTrigger", "type"]`), `ajv` into the path of the schema, and `zod` gives a list for each.

use serde_json::Value;

/// How many unions within each other are told apart.
const MAX_UNIONS: usize = 8;

/// How many errors are looked at.
const MAX_ERRORS: usize = 200;

/// Kinds of errors that say of a value or its members that it is not of an alternative at all, as `pydantic` calls them.
const NOT_MEANT: [&str; 9] = [
    "enum",
    "extra_forbidden",
    "is_instance_of",
    "literal_error",
    "missing",
    "model_attributes_type",
    "none_required",
    "union_tag_invalid",
    "union_tag_not_found",
];

/// The same as `ajv` and `zod` call them.
const NOT_MEANT_BY_KEYWORD: [&str; 8] = [
    "additionalProperties",
    "const",
    "enum",
    "invalid_literal",
    "invalid_type",
    "required",
    "type",
    "unrecognized_keys",
];

/// What is to be said of errors among which unions are.
pub(super) enum Meant {
    /// This one, at this place.
    Error {
        /// The place, where the error has one, as names in the request.
        place: Vec<String>,
        /// The error.
        error: Value,
    },
    /// None of the alternatives at a place was meant more than the others.
    None {
        /// The place, as names in the request.
        place: Vec<String>,
    },
}

/// One error of `pydantic`, with the steps of its place that are left.
#[derive(Clone)]
struct Located<'e> {
    steps: Vec<Value>,
    error: &'e Value,
}

/// What a list of errors says of the value that was sent; `None` where there is no union among them.
pub(super) fn meant(errors: &[Value], sent: &Value) -> Option<Meant> {
    if let Some(meant) = of_lists(errors) {
        return Some(meant);
    }
    if let Some(meant) = of_schema_paths(errors) {
        return Some(meant);
    }
    let located = errors.iter().take(MAX_ERRORS).map(|error| {
        let steps = error.get("loc")?.as_array()?.clone();
        error.get("msg").map(|_| Located { steps, error })
    });
    let mut located: Vec<Located<'_>> = located.collect::<Option<_>>()?;
    let mut is_narrowed = false;
    for _ in 0..MAX_UNIONS {
        let first = located.first()?;
        let Some(at) = alternative_at(first, sent) else {
            break;
        };
        let prefix = first.steps[..at].to_vec();
        let is_of_union = |one: &Located<'_>| {
            one.steps.len() > at
                && one.steps[..at] == prefix[..]
                && alternative_at(one, sent) == Some(at)
        };
        let all: Vec<Located<'_>> = located
            .iter()
            .filter(|one| is_of_union(one))
            .cloned()
            .collect();
        let mut labels: Vec<&Value> = all.iter().map(|one| &one.steps[at]).collect();
        labels.dedup();
        // Where a tag says which alternative it is, there are no others.
        if labels.len() < 2 {
            break;
        }
        let is_meant = |label: &&&Value| {
            let mut of_it = all.iter().filter(|one| one.steps[at] == ***label);
            of_it.all(|one| !is_of_another(one.error, one.steps.len() - at - 1))
        };
        let mut meant = labels.iter().filter(is_meant);
        let (Some(label), None) = (meant.next(), meant.next()) else {
            return Some(Meant::None {
                place: names(&prefix),
            });
        };
        is_narrowed = true;
        let of_it = all.iter().filter(|one| one.steps[at] == **label);
        located = of_it
            .map(|one| {
                let mut one = one.clone();
                one.steps.remove(at);
                one
            })
            .collect();
    }
    let first = located.first().filter(|_| is_narrowed)?;
    Some(Meant::Error {
        place: names(&first.steps),
        error: first.error.clone(),
    })
}

/// The step of an error's place that names an alternative: nothing of that name was sent there, and it is no member that
/// is missing or one too many.
fn alternative_at(one: &Located<'_>, sent: &Value) -> Option<usize> {
    let mut value = sent;
    for (at, step) in one.steps.iter().enumerate() {
        let inner = match step {
            Value::String(name) => value.get(name.as_str()),
            Value::Number(index) => index
                .as_u64()
                .and_then(|index| value.get(usize::try_from(index).ok()?)),
            _ => None,
        };
        if let Some(inner) = inner {
            value = inner;
            continue;
        }
        // The part of the request itself (`header`), which was not sent as JSON.
        if at == 0 || !step.is_string() {
            return None;
        }
        let is_last = at + 1 == one.steps.len();
        let kind = one.error.get("type").and_then(Value::as_str);
        let is_of_member = kind.is_some_and(|kind| {
            ["missing", "extra_forbidden"].contains(&kind)
                || kind.starts_with("value_error.missing")
        });
        return (!is_last || !is_of_member).then_some(at);
    }
    None
}

/// Whether an error that stands so many steps below a value says that it is not of an alternative at all: by its own type,
/// or by the members that it has and what tags they hold.
fn is_of_another(error: &Value, depth: usize) -> bool {
    let kind = error
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    depth <= 1 && NOT_MEANT.contains(&kind) || depth == 0 && kind.ends_with("_type")
}

fn names(steps: &[Value]) -> Vec<String> {
    let names = steps.iter().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

/// The steps of a place that is an array of names and numbers, or a pointer.
fn steps_of(place: &Value) -> Vec<String> {
    match place {
        Value::Array(steps) => names(steps),
        Value::String(text) => {
            let steps = text.split(['/', '.']).filter(|step| !step.is_empty());
            let steps = steps.filter(|step| step.parse::<usize>().is_err());
            steps.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// What is meant where each alternative has a list of its own, as `zod` writes it: `unionErrors`, or `errors` of an
/// `invalid_union`.
fn of_lists(errors: &[Value]) -> Option<Meant> {
    let first = errors.first()?;
    if first.get("code").and_then(Value::as_str) != Some("invalid_union") {
        return None;
    }
    let lists = ["unionErrors", "errors"]
        .iter()
        .find_map(|name| first.get(*name)?.as_array())?;
    let place = first.get("path").map(steps_of).unwrap_or_default();
    let of_each = lists.iter().filter_map(|list| {
        let inner = ["issues", "errors"]
            .iter()
            .find_map(|name| list.get(*name)?.as_array());
        inner.or_else(|| list.as_array())
    });
    let is_meant = |list: &&Vec<Value>| {
        !list.is_empty()
            && !list.iter().any(|error| {
                let code = error
                    .get("code")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                NOT_MEANT_BY_KEYWORD.contains(&code)
            })
    };
    let mut meant = of_each.filter(is_meant);
    let (Some(list), None) = (meant.next(), meant.next()) else {
        return Some(Meant::None { place });
    };
    let error = list.first()?.clone();
    // In the older form inner places begin at the root, in the newer one at the union.
    let inner = error.get("path").map(steps_of).unwrap_or_default();
    let place = if inner.starts_with(&place) {
        inner
    } else {
        place.into_iter().chain(inner).collect()
    };
    Some(Meant::Error { place, error })
}

/// What is meant where each error tells its keyword, as `ajv` does: `"schemaPath": "#/properties/x/anyOf/0/type"`.
fn of_schema_paths(errors: &[Value]) -> Option<Meant> {
    let path_of = |error: &Value| {
        error
            .get("schemaPath")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let (union, _) = alternative_in(&path_of(errors.first()?)?)?;
    let of_union: Vec<(usize, &Value)> = errors
        .iter()
        .take(MAX_ERRORS)
        .filter_map(|error| {
            let (other, index) = alternative_in(&path_of(error)?)?;
            (other == union).then_some((index, error))
        })
        .collect();
    let mut labels: Vec<usize> = of_union.iter().map(|(index, _)| *index).collect();
    labels.dedup();
    if labels.len() < 2 {
        return None;
    }
    let keyword = |error: &Value| {
        error
            .get("keyword")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let is_meant = |label: &&usize| {
        let mut of_it = of_union.iter().filter(|(index, _)| index == *label);
        of_it.all(|(_, error)| !NOT_MEANT_BY_KEYWORD.contains(&keyword(error).as_str()))
    };
    let place = |error: &Value| {
        let place = ["instancePath", "dataPath"]
            .iter()
            .find_map(|name| error.get(*name));
        place.map(steps_of).unwrap_or_default()
    };
    let mut meant = labels.iter().filter(is_meant);
    let error = match (meant.next(), meant.next()) {
        (Some(label), None) => of_union.iter().find(|(index, _)| index == label),
        _ => None,
    };
    if let Some((_, error)) = error {
        return Some(Meant::Error {
            place: place(error),
            error: (*error).clone(),
        });
    }
    // That of the union itself stands behind those of its alternatives.
    let of_itself = errors
        .iter()
        .find(|error| path_of(error).is_some_and(|path| path == union));
    let shortest = of_union
        .iter()
        .map(|(_, error)| place(error))
        .min_by_key(Vec::len);
    Some(Meant::None {
        place: of_itself.map(place).or(shortest).unwrap_or_default(),
    })
}

/// The union and the number of the alternative in the path of a keyword of a schema, the outermost one.
fn alternative_in(path: &str) -> Option<(String, usize)> {
    let unions = ["/anyOf/", "/oneOf/"].iter();
    let ends = unions.filter_map(|union| Some(path.find(union)? + union.len()));
    let end = ends.min()?;
    let index = path[end..].split('/').next()?.parse().ok()?;
    Some((path[..end - 1].to_owned(), index))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(errors: &Value, sent: &Value) -> Option<String> {
        let errors = errors.as_array().expect("a list");
        Some(match meant(errors, sent)? {
            Meant::Error { place, error } => {
                let said = ["msg", "message"]
                    .iter()
                    .find_map(|name| error[*name].as_str());
                format!("{}: {}", place.join("."), said.unwrap_or_default())
            }
            Meant::None { place } => format!("none of {}", place.join(".")),
        })
    }

    #[test]
    fn the_alternative_that_has_the_tag_is_meant() {
        let errors = json!([
            { "type": "literal_error", "loc": ["body", "trigger", "Event", "type"], "msg": "Input should be 'event'" },
            { "type": "missing", "loc": ["body", "trigger", "Event", "posture"], "msg": "Field required" },
            { "type": "value_error", "loc": ["body", "trigger", "function-after[check(), Compound]"], "msg": "Value error, too many" },
        ]);
        let sent = json!({ "body": { "trigger": { "type": "compound" } } });
        assert_eq!(
            told(&errors, &sent).as_deref(),
            Some("body.trigger: Value error, too many")
        );
    }

    #[test]
    fn a_member_that_only_one_alternative_has_tells_which_is_meant() {
        let errors = json!([
            { "type": "missing", "loc": ["body", "schedule", "Interval", "interval"], "msg": "Field required" },
            { "type": "value_error", "loc": ["body", "schedule", "Cron", "cron"], "msg": "Value error, no cron" },
        ]);
        let sent = json!({ "body": { "schedule": { "cron": "m" } } });
        assert_eq!(
            told(&errors, &sent).as_deref(),
            Some("body.schedule.cron: Value error, no cron")
        );
    }

    #[test]
    fn where_no_alternative_is_meant_none_is_told() {
        let errors = json!([
            { "type": "string_type", "loc": ["body", "x", "str"], "msg": "Input should be a string" },
            { "type": "int_type", "loc": ["body", "x", "int"], "msg": "Input should be an integer" },
        ]);
        let sent = json!({ "body": { "x": {} } });
        assert_eq!(told(&errors, &sent).as_deref(), Some("none of body.x"));
    }

    #[test]
    fn unions_within_each_other_are_told_apart_one_by_one() {
        let errors = json!([
            { "type": "literal_error", "loc": ["body", "t", "Event", "type"], "msg": "Input should be 'event'" },
            { "type": "list_type", "loc": ["body", "t", "Compound", "of", "list"], "msg": "a list" },
            { "type": "too_short", "loc": ["body", "t", "Compound", "of", "str"], "msg": "too short" },
        ]);
        let sent = json!({ "body": { "t": { "type": "compound", "of": "" } } });
        // What is said of the inner alternatives says nothing of the outer ones.
        assert_eq!(
            told(&errors, &sent).as_deref(),
            Some("body.t.of: too short")
        );
    }

    #[test]
    fn errors_of_members_are_no_union() {
        let errors = json!([
            { "type": "missing", "loc": ["body", "a"], "msg": "Field required" },
            { "type": "missing", "loc": ["body", "b"], "msg": "Field required" },
            { "type": "int_parsing", "loc": ["query", "limit"], "msg": "an integer" },
        ]);
        assert_eq!(told(&errors, &json!({ "body": {} })), None);
        // A tag tells which alternative it is: there are no others.
        let errors = json!([
            { "type": "missing", "loc": ["body", "t", "event", "posture"], "msg": "Field required" },
            { "type": "missing", "loc": ["body", "t", "event", "within"], "msg": "Field required" },
        ]);
        assert_eq!(
            told(&errors, &json!({ "body": { "t": { "type": "event" } } })),
            None
        );
    }

    #[test]
    fn lists_and_paths_of_schemas_tell_alternatives_as_well() {
        let errors = json!([{ "code": "invalid_union", "path": ["x"], "message": "Invalid input", "unionErrors": [
            { "issues": [{ "code": "invalid_type", "path": ["x"], "message": "Expected number" }] },
            { "issues": [{ "code": "too_small", "path": ["x"], "message": "too short" }] },
        ] }]);
        assert_eq!(told(&errors, &Value::Null).as_deref(), Some("x: too short"));
        let errors = json!([
            { "keyword": "type", "instancePath": "/x", "schemaPath": "#/properties/x/anyOf/0/type", "message": "must be number" },
            { "keyword": "minLength", "instancePath": "/x", "schemaPath": "#/properties/x/anyOf/1/minLength", "message": "too short" },
            { "keyword": "anyOf", "instancePath": "/x", "schemaPath": "#/properties/x/anyOf", "message": "must match a schema in anyOf" },
        ]);
        assert_eq!(told(&errors, &Value::Null).as_deref(), Some("x: too short"));
    }
}
