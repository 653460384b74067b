//! Whether a value may come to fit another alternative of a `oneOf` where what stands for a unit accepts more.
//!
//! What is asked about by itself may accept more on the side that reads: then whatever refers to it accepts more too, but
//! for a `oneOf`, which refuses what fits two alternatives. So nothing is proved with alternatives that hold something that
//! stands for a unit, unless no value fits two of them whatever stands there.

use serde_json::{Map, Value, json};

use super::{
    close::Definitions,
    keywords::{each, rebuilt},
    stand_in,
    subsume::{self, Node},
};

/// The longest lists of alternatives that are held against each other.
const MAX_BRANCHES: usize = 64;

/// Whether alternatives of any `oneOf` may overlap where one of them `holds` something that stands for a unit.
pub(super) fn overlaps(definitions: &Definitions, holds: &dyn Fn(&Value) -> bool) -> bool {
    let mut lists: Vec<&[Value]> = Vec::new();
    let mut open: Vec<&Value> = definitions.values().collect();
    while let Some(schema) = open.pop() {
        let Value::Object(members) = schema else {
            continue;
        };
        each(members, &mut |_, _, one| open.push(one));
        if let Some(Value::Array(branches)) = members.get("oneOf") {
            lists.push(branches);
        }
    }
    lists.retain(|branches| branches.len() > 1 && branches.iter().any(holds));
    if lists.iter().any(|branches| branches.len() > MAX_BRANCHES) {
        return true;
    }
    if lists.is_empty() {
        return false;
    }
    let loose: Definitions = definitions
        .iter()
        .map(|(name, schema)| (name.clone(), loosened(schema)))
        .collect();
    lists.into_iter().any(|branches| {
        let held: Vec<(bool, Value)> = branches
            .iter()
            .map(|branch| (holds(branch), loosened(branch)))
            .collect();
        held.iter().enumerate().any(|(number, (holds, one))| {
            held[..number].iter().any(|(other_holds, other)| {
                (*holds || *other_holds)
                    && !subsume::are_apart(Node::of(&loose, one), Node::of(&loose, other))
            })
        })
    })
}

/// A schema that accepts all that another one does, whatever stands for units accepts.
fn loosened(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    if stand_in::are_members(members) {
        return Value::Bool(true);
    }
    let mut out = Map::new();
    for (keyword, value) in rebuilt(members, &mut |_, _, one| loosened(one)) {
        match keyword.as_str() {
            "not" | "if" | "then" | "else" | "contains" | "minContains" | "maxContains" => {}
            "oneOf" => {
                let any = json!({ "anyOf": value });
                if let Value::Array(parts) = out.entry("allOf").or_insert_with(|| json!([])) {
                    parts.push(any);
                }
            }
            "allOf" => match (out.get_mut("allOf"), value) {
                (Some(Value::Array(parts)), Value::Array(more)) => parts.extend(more),
                (_, value) => {
                    out.insert(keyword, value);
                }
            },
            _ => {
                out.insert(keyword, value);
            }
        }
    }
    Value::Object(out)
}
