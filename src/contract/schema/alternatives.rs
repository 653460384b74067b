//! How many alternatives a schema comes to when its parts are put together, without doing it.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// How many references are followed into each other.
const MAX_REFERENCES: usize = 64;

/// The most alternatives that any part of a self-contained schema has.
///
/// What holds together multiplies (`allOf`, and keywords beside each other), alternatives add up
/// (`anyOf`, `oneOf`, and what `not` lets be otherwise). Alternatives of `not` and of dependencies overlap, and each is
/// compared with each other one: they count squared. A circle counts as one, and so does what stands behind too many references:
/// each definition is counted by itself too.
pub(super) fn widest(root: &Value) -> u64 {
    let mut count = Count {
        root,
        known: HashMap::new(),
        otherwise: HashMap::new(),
        widest: 1,
        depth: 0,
    };
    count.schema(root);
    count.widest
}

/// How many bytes of alternatives have to be laid beside each other: each list of them once for each other
/// alternative in it, with what they refer to at once.
pub(super) fn beside(root: &Value) -> usize {
    let length = |branch: &Value| {
        let target = branch.get("$ref").and_then(Value::as_str);
        let behind = target
            .and_then(|target| root.pointer(target.strip_prefix('#')?))
            .map_or(0, |schema| schema.to_string().len());
        branch.to_string().len() + behind
    };
    let mut total = 0_usize;
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                for keyword in ["anyOf", "oneOf"] {
                    if let Some(Value::Array(branches)) = members.get(keyword) {
                        let bytes: usize = branches.iter().map(length).sum();
                        let others = branches.len().saturating_sub(1);
                        total = total.saturating_add(bytes.saturating_mul(others));
                    }
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    total
}

struct Count<'s> {
    root: &'s Value,
    /// What is known of the target of each reference.
    known: HashMap<&'s str, u64>,
    /// In how many ways a value may be otherwise than each target.
    otherwise: HashMap<&'s str, u64>,
    widest: u64,
    /// How many references lead to where the counting is.
    depth: usize,
}

impl<'s> Count<'s> {
    /// The alternatives of one schema; those of schemas for other values are only compared.
    fn schema(&mut self, schema: &'s Value) -> u64 {
        let Value::Object(members) = schema else {
            return 1;
        };
        let mut width = 1_u64;
        for (keyword, argument) in members {
            let more = match (keyword.as_str(), argument) {
                ("$ref", Value::String(target)) => self.reference(target),
                ("allOf", Value::Array(parts)) => parts
                    .iter()
                    .map(|part| self.schema(part))
                    .fold(1, u64::saturating_mul),
                ("anyOf" | "oneOf", Value::Array(branches)) => branches
                    .iter()
                    .map(|branch| self.schema(branch))
                    .fold(0, u64::saturating_add)
                    .max(1),
                ("if", condition) => {
                    self.schema(condition);
                    self.branch(members, "then")
                        .saturating_add(self.branch(members, "else"))
                }
                // Counted with `if`.
                ("then" | "else", _) => 1,
                ("not", refused) => {
                    self.schema(refused);
                    overlapping(self.otherwise(refused))
                }
                ("dependentRequired", Value::Object(lists)) => several(lists.len()),
                ("dependentSchemas", Value::Object(schemas)) => schemas
                    .values()
                    .map(|schema| overlapping(self.schema(schema).saturating_add(1)))
                    .fold(1, u64::saturating_mul),
                ("properties" | "patternProperties" | "$defs", Value::Object(schemas)) => {
                    for schema in schemas.values() {
                        self.schema(schema);
                    }
                    1
                }
                ("const" | "enum" | "default" | "examples" | "required", _) => 1,
                (_, Value::Array(schemas)) => {
                    for schema in schemas {
                        self.schema(schema);
                    }
                    1
                }
                (_, one @ Value::Object(_)) => {
                    self.schema(one);
                    1
                }
                _ => 1,
            };
            width = width.saturating_mul(more);
        }
        self.widest = self.widest.max(width);
        width
    }

    /// In how many ways a value may be otherwise than a schema says: one of what holds together is broken, or all of
    /// the alternatives are.
    fn otherwise(&mut self, schema: &'s Value) -> u64 {
        let Value::Object(members) = schema else {
            return 1;
        };
        let mut ways = 0_u64;
        for (keyword, argument) in members {
            let more = match (keyword.as_str(), argument) {
                ("required", Value::Array(names)) => names.len() as u64,
                ("allOf", Value::Array(parts)) => parts
                    .iter()
                    .map(|part| self.otherwise(part))
                    .fold(0, u64::saturating_add),
                ("anyOf" | "oneOf", Value::Array(branches)) => branches
                    .iter()
                    .map(|branch| self.otherwise(branch))
                    .fold(1, u64::saturating_mul),
                ("properties", Value::Object(schemas)) => schemas
                    .values()
                    .map(|schema| self.otherwise(schema))
                    .fold(0, u64::saturating_add),
                ("$ref", Value::String(target)) => self.otherwise_than(target),
                _ => 1,
            };
            ways = ways.saturating_add(more);
        }
        ways.max(1)
    }

    fn otherwise_than(&mut self, target: &'s str) -> u64 {
        self.followed(target, |count| &mut count.otherwise, Self::otherwise)
    }

    fn branch(&mut self, members: &'s Map<String, Value>, keyword: &str) -> u64 {
        members.get(keyword).map_or(1, |schema| self.schema(schema))
    }

    fn reference(&mut self, target: &'s str) -> u64 {
        self.followed(target, |count| &mut count.known, Self::schema)
    }

    /// What is counted of the target of a reference, once; 1 where references lead in a circle or too far.
    fn followed(
        &mut self,
        target: &'s str,
        known: impl Fn(&mut Self) -> &mut HashMap<&'s str, u64>,
        count: impl Fn(&mut Self, &'s Value) -> u64,
    ) -> u64 {
        if let Some(known) = known(self).get(target) {
            return *known;
        }
        if self.depth >= MAX_REFERENCES {
            return 1;
        }
        known(self).insert(target, 1);
        self.depth += 1;
        let found = self.resolve(target).map_or(1, |schema| count(self, schema));
        self.depth -= 1;
        known(self).insert(target, found);
        found
    }

    /// What a reference leads to, unless it is the whole.
    fn resolve(&self, target: &str) -> Option<&'s Value> {
        let fragment = target.strip_prefix('#').filter(|text| !text.is_empty())?;
        let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy();
        self.root.pointer(&decoded)
    }
}

/// What alternatives count that overlap.
fn overlapping(alternatives: u64) -> u64 {
    alternatives.saturating_mul(alternatives)
}

/// What so many choices count together, each of which is one of two that overlap.
fn several(choices: usize) -> u64 {
    let choices = u32::try_from(choices).unwrap_or(u32::MAX);
    overlapping(2).saturating_pow(choices)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{beside, widest};

    #[test]
    fn alternatives_are_laid_beside_each_other() {
        let branch = json!({ "type": "null" });
        let length = branch.to_string().len();
        assert_eq!(beside(&json!({ "allOf": [branch, branch] })), 0);
        assert_eq!(beside(&json!({ "items": { "oneOf": [branch] } })), 0);
        let list = json!([branch, branch, branch]);
        assert_eq!(
            beside(&json!({ "items": { "oneOf": list } })),
            2 * 3 * length
        );
        let reference = json!({ "$ref": "#/$defs/a" });
        let behind = json!({ "anyOf": [reference, branch], "$defs": { "a": branch } });
        assert_eq!(beside(&behind), reference.to_string().len() + 2 * length);
    }

    fn pairs(count: usize) -> Value {
        let pair = json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
        json!({"properties": {"deep": {"allOf": vec![pair; count]}}})
    }

    #[test]
    fn pairs_that_hold_together_double() {
        assert_eq!(widest(&pairs(3)), 8);
        assert_eq!(widest(&pairs(40)), 1 << 40);
        assert_eq!(widest(&pairs(400)), u64::MAX);
    }

    #[test]
    fn many_alternatives_add_up() {
        let branches: Vec<Value> = (0..300).map(|number| json!({"const": number})).collect();
        assert_eq!(widest(&json!({"oneOf": branches})), 300);
    }

    #[test]
    fn what_is_excluded_or_depends_is_a_choice_whose_sides_overlap() {
        let exclusive = json!({"not": {"required": ["a", "b"]}});
        assert_eq!(widest(&exclusive), 4);
        assert_eq!(widest(&json!({"allOf": vec![exclusive; 8]})), 1 << 16);
        let lists = json!({"a": ["x"], "b": ["y"], "c": ["z"]});
        assert_eq!(widest(&json!({"dependentRequired": lists})), 64);
        let schemas = json!({"a": {"required": ["x"]}, "b": {"required": ["y"]}});
        assert_eq!(widest(&json!({"dependentSchemas": schemas})), 16);
        let branches: Vec<Value> = (0..300).map(|number| json!({"const": number})).collect();
        assert_eq!(widest(&json!({"not": {"anyOf": branches}})), 300);
    }

    #[test]
    fn references_are_followed_and_circles_end() {
        let schema = json!({
            "allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A"}],
            "$defs": {"A": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/A"}, {"type": "null"}]}},
        });
        assert_eq!(widest(&schema), 9);
    }
}
