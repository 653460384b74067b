//! A recipe from the keywords of a schema, for the few schemas that have no canonical form.
//!
//! What keywords say together may be more than they say one by one; the validator refuses what is
//! then wrong.

use std::{borrow::Cow, collections::HashMap};

use jsonschema::JsonType;
use serde_json::{Map, Number, Value};

use super::{
    format,
    merge::merge,
    pattern::Pattern,
    recipe::{Items, Members, Node, Recipe, Span, Text, meant},
};
use crate::contract::canonical::Distinctness;

/// How many steps of `$ref` and `allOf` are put together into one schema.
const MOST_STEPS: usize = 64;

/// How deep alternatives of alternatives are written out in each other. Schemas that are derived from each other
/// would be without end.
const MOST_NESTED: usize = 4;

impl Recipe {
    /// From a self-contained schema.
    pub(super) fn of_keywords(root: &Value) -> Self {
        let mut reading = Reading {
            root,
            numbers: HashMap::new(),
            waiting: Vec::new(),
            nested: 0,
        };
        let mut nodes = vec![reading.schema(root)];
        while let Some((number, target)) = reading.waiting.pop() {
            let node = match reading.resolve(&target) {
                Some(schema) => reading.schema(schema),
                None => Node::Any,
            };
            while nodes.len() <= number {
                nodes.push(Node::Never);
            }
            nodes[number] = node;
        }
        Self::measured(nodes)
    }
}

struct Reading<'s> {
    root: &'s Value,
    numbers: HashMap<String, usize>,
    waiting: Vec<(usize, String)>,
    /// How many alternatives are open.
    nested: usize,
}

impl<'s> Reading<'s> {
    fn resolve(&self, reference: &str) -> Option<&'s Value> {
        let fragment = reference.strip_prefix('#')?;
        let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy();
        self.root.pointer(&decoded)
    }

    fn reference(&mut self, target: &str) -> Node {
        let fresh = self.numbers.len() + 1;
        let number = *self.numbers.entry(target.to_owned()).or_insert_with(|| {
            self.waiting.push((fresh, target.to_owned()));
            fresh
        });
        Node::Reference(number)
    }

    fn schema(&mut self, schema: &Value) -> Node {
        match schema {
            Value::Object(members) => self.object_schema(members),
            Value::Bool(false) => Node::Never,
            _ => Node::Any,
        }
    }

    fn object_schema(&mut self, members: &Map<String, Value>) -> Node {
        if let Some(Value::String(target)) = members.get("$ref")
            && members.len() == 1
        {
            return self.reference(target);
        }
        let mut members = without_definitions(members).into_owned();
        for _ in 0..MOST_STEPS {
            if let Some(Value::String(target)) = members.shift_remove("$ref") {
                if let Some(Value::Object(target)) = self.resolve(&target) {
                    members = merge(&members, &without_definitions(target));
                }
            } else if let Some(Value::Array(parts)) = members.shift_remove("allOf") {
                for part in parts.iter().filter_map(Value::as_object) {
                    members = merge(&members, &without_definitions(part));
                }
            } else {
                break;
            }
        }
        if let Some(value) = members.get("const") {
            return Node::Values(vec![value.clone()]);
        }
        if let Some(Value::Array(values)) = members.get("enum") {
            return Node::Values(values.clone());
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(branches)) = members.shift_remove(keyword) {
                if self.nested >= MOST_NESTED {
                    continue;
                }
                self.nested += 1;
                let branches = branches
                    .iter()
                    .filter_map(Value::as_object)
                    .map(|branch| self.object_schema(&merge(&members, branch)))
                    .collect();
                self.nested -= 1;
                return Node::Choice(branches);
            }
        }
        // Both ways out of a condition are tried.
        if let Some(Value::Object(condition)) = members.shift_remove("if") {
            let then = members.shift_remove("then");
            let otherwise = members.shift_remove("else");
            let mut ways = Vec::new();
            let met = merge(&members, &condition);
            for (start, more) in [(met, then), (members.clone(), otherwise)] {
                let whole = match &more {
                    Some(Value::Object(more)) => merge(&start, more),
                    _ => start,
                };
                ways.push(self.by_type(&whole));
            }
            return Node::Choice(ways);
        }
        self.by_type(&members)
    }

    fn by_type(&mut self, members: &Map<String, Value>) -> Node {
        let kinds: Vec<&str> = match members.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => implied(members),
        };
        let nodes: Vec<Node> = kinds
            .iter()
            .filter_map(|kind| {
                Some(match *kind {
                    "null" => Node::Types(vec![JsonType::Null]),
                    "boolean" => Node::Types(vec![JsonType::Boolean]),
                    "integer" => Node::Integer(span(members)),
                    "number" => Node::Number(span(members)),
                    "string" => text(members),
                    "array" => self.array(members),
                    "object" => self.object(members),
                    _ => return None,
                })
            })
            .collect();
        if nodes.is_empty() {
            Node::Any
        } else {
            Node::Choice(nodes)
        }
    }

    fn array(&mut self, members: &Map<String, Value>) -> Node {
        let list = |keyword: &str| members.get(keyword).and_then(Value::as_array);
        let prefix = list("prefixItems").cloned().unwrap_or_default();
        let rest = members
            .get("items")
            .or_else(|| members.get("unevaluatedItems"))
            .cloned()
            .unwrap_or(Value::Bool(true));
        let contains = members.get("contains").cloned();
        Node::Array(Box::new(Items {
            least: size(members, "minItems").unwrap_or(0),
            most: size(members, "maxItems"),
            prefix: prefix.iter().map(|schema| self.schema(schema)).collect(),
            rest: self.schema(&rest),
            contains: contains
                .iter()
                .map(|schema| {
                    let least = size(members, "minContains").unwrap_or(1);
                    (self.schema(schema), least)
                })
                .collect(),
            distinctness: if members.get("uniqueItems") == Some(&Value::Bool(true)) {
                Distinctness::AllDistinct
            } else {
                Distinctness::Unconstrained
            },
            judge: None,
        }))
    }

    fn object(&mut self, members: &Map<String, Value>) -> Node {
        let map = |keyword: &str| members.get(keyword).and_then(Value::as_object);
        let required = members.get("required").and_then(Value::as_array);
        let rest = members
            .get("additionalProperties")
            .or_else(|| members.get("unevaluatedProperties"))
            .cloned()
            .unwrap_or(Value::Bool(true));
        Node::Object(Box::new(Members {
            least: size(members, "minProperties").unwrap_or(0),
            most: size(members, "maxProperties"),
            required: required
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            properties: map("properties")
                .into_iter()
                .flatten()
                .map(|(name, schema)| (name.clone(), self.schema(schema)))
                .collect(),
            patterns: map("patternProperties")
                .into_iter()
                .flatten()
                .filter_map(|(pattern, schema)| {
                    Some((Pattern::parse(pattern)?, self.schema(schema)))
                })
                .collect(),
            rest: self.schema(&rest),
            names: members.get("propertyNames").map(|names| self.schema(names)),
            breaches: Vec::new(),
            judge: None,
        }))
    }
}

/// A schema without its definitions: what is referred to is found in the root, of which they may be the greatest part
/// by far.
fn without_definitions(members: &Map<String, Value>) -> Cow<'_, Map<String, Value>> {
    if !members.contains_key("$defs") {
        return Cow::Borrowed(members);
    }
    let own = members.iter().filter(|(keyword, _)| *keyword != "$defs");
    Cow::Owned(
        own.map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect(),
    )
}

fn size(members: &Map<String, Value>, keyword: &str) -> Option<usize> {
    let bound = members.get(keyword)?.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size that is too great is cut to the greatest"
    )]
    Some(bound.max(0.0) as usize)
}

fn span(members: &Map<String, Value>) -> Span {
    let bound = |keyword: &str| members.get(keyword).and_then(Value::as_f64);
    let (low, above) = (bound("minimum"), bound("exclusiveMinimum"));
    let (high, below) = (bound("maximum"), bound("exclusiveMaximum"));
    let multiple = members.get("multipleOf").and_then(Value::as_number);
    Span {
        least: above.or(low),
        most: below.or(high),
        excludes_least: above.is_some(),
        excludes_most: below.is_some(),
        multiples: multiple.cloned().into_iter().collect::<Vec<Number>>(),
        not_multiples: Vec::new(),
    }
}

fn text(members: &Map<String, Value>) -> Node {
    let word = |keyword: &str| members.get(keyword).and_then(Value::as_str);
    let pattern = word("pattern").and_then(Pattern::parse);
    let format = word("format")
        .and_then(format::named)
        .and_then(|format| Pattern::parse(&format!("^(?:{})$", format.pattern)));
    Node::Text(Box::new(Text {
        least: size(members, "minLength").unwrap_or(0),
        most: size(members, "maxLength"),
        patterns: pattern.into_iter().chain(format).collect(),
        meant: word("format").and_then(meant),
        samples: Vec::new(),
        judge: None,
    }))
}

/// The types that the keywords of a schema without `type` speak of; all types where they speak of
/// none.
fn implied(members: &Map<String, Value>) -> Vec<&'static str> {
    const SPEAKING: &[(&str, &[&str])] = &[
        (
            "object",
            &[
                "properties",
                "required",
                "additionalProperties",
                "patternProperties",
                "propertyNames",
                "minProperties",
                "maxProperties",
                "unevaluatedProperties",
                "dependentRequired",
                "dependentSchemas",
            ],
        ),
        (
            "array",
            &[
                "items",
                "prefixItems",
                "contains",
                "minItems",
                "maxItems",
                "uniqueItems",
                "unevaluatedItems",
            ],
        ),
        ("string", &["pattern", "minLength", "maxLength", "format"]),
        (
            "number",
            &[
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "multipleOf",
            ],
        ),
    ];
    let spoken: Vec<_> = SPEAKING
        .iter()
        .filter(|(_, keywords)| {
            keywords
                .iter()
                .any(|keyword| members.contains_key(*keyword))
        })
        .map(|(kind, _)| *kind)
        .collect();
    if spoken.is_empty() {
        vec![
            "string", "integer", "number", "boolean", "null", "array", "object",
        ]
    } else {
        spoken
    }
}
