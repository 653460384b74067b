//! A recipe from the keywords of a schema, for the few schemas that have no canonical form.
//!
//! What keywords say together may be more than they say one by one; the validator refuses what is
//! then wrong. Schemas that hold together are put together once, however many ways lead there: subtypes of
//! subtypes refer to each other, and how deep a value goes is for whoever draws it to decide.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use jsonschema::JsonType;
use serde_json::{Map, Number, Value};

use super::{
    format,
    judge::Judge,
    merge::{add, merge},
    pattern::Pattern,
    recipe::{Items, Members, Node, Recipe, Span, Text, meant},
};
use crate::contract::canonical::{self, Distinctness};

/// How many values of an `enum` are drawn.
const MAX_LISTED: usize = 10_000;

/// How many schemas are put together into one.
const MAX_STEPS: usize = 256;

/// How many schemas are put together of others at all.
const MAX_JOINED: usize = 20_000;

impl Recipe {
    /// From a self-contained schema.
    pub(super) fn of_keywords(root: &Value) -> Self {
        let mut reading = Reading {
            root,
            numbers: HashMap::new(),
            waiting: Vec::new(),
        };
        let mut nodes = vec![reading.schema(root)];
        while let Some((number, source)) = reading.waiting.pop() {
            let node = match source {
                Source::Target(target) => match reading.resolve(&target) {
                    Some(schema) => reading.schema(schema),
                    None => Node::Any,
                },
                Source::Parts(parts) => reading.together(parts),
            };
            while nodes.len() <= number {
                nodes.push(Node::Never);
            }
            nodes[number] = node;
        }
        Self::measured(nodes)
    }
}

/// What a node is read from.
enum Source {
    /// What a reference leads to.
    Target(String),
    /// Schemas that all hold, without `allOf`; a reference is a part of its own.
    Parts(Vec<Map<String, Value>>),
}

struct Reading<'s> {
    root: &'s Value,
    /// The number of each node by its reference, or by the text of its parts.
    numbers: HashMap<String, usize>,
    waiting: Vec<(usize, Source)>,
}

impl<'s> Reading<'s> {
    fn resolve(&self, reference: &str) -> Option<&'s Value> {
        let fragment = reference.strip_prefix('#')?;
        let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy();
        self.root.pointer(&decoded)
    }

    /// The number of the node that is read from something, which `key` names.
    fn number(&mut self, key: String, source: impl FnOnce() -> Source) -> usize {
        let fresh = self.numbers.len() + 1;
        *self.numbers.entry(key).or_insert_with(|| {
            self.waiting.push((fresh, source()));
            fresh
        })
    }

    fn schema(&mut self, schema: &Value) -> Node {
        match schema {
            Value::Object(members) => self.object_schema(members),
            Value::Bool(false) => Node::Never,
            _ => Node::Any,
        }
    }

    fn object_schema(&mut self, members: &Map<String, Value>) -> Node {
        if let Some(target) = lone_reference(members) {
            let number = self.number(target.to_owned(), || Source::Target(target.to_owned()));
            return Node::Reference(number);
        }
        let members = without_definitions(members);
        if is_joined(&members) {
            self.joined(&[&members])
        } else if let Some(values) = values_of(&members) {
            values
        } else {
            self.own(members.into_owned())
        }
    }

    /// What several schemas mean together: a node for itself, read once.
    fn joined(&mut self, schemas: &[&Map<String, Value>]) -> Node {
        let mut parts = Vec::new();
        for schema in schemas {
            take_apart(schema, &mut parts);
        }
        let mut written = Map::new();
        for part in parts.iter().filter(|part| lone_reference(part).is_none()) {
            add(&mut written, part);
        }
        if contradicts_itself(&written) {
            return Node::Never;
        }
        if let [part] = parts.as_slice() {
            return self.object_schema(part);
        }
        if self.numbers.len() >= MAX_JOINED {
            return Node::Any;
        }
        let mut texts: Vec<String> = parts.iter().map(text_of).collect();
        texts.sort_unstable();
        let number = self.number(texts.join("\n"), || Source::Parts(parts));
        Node::Shared(number)
    }

    /// The node of schemas that all hold.
    fn together(&mut self, parts: Vec<Map<String, Value>>) -> Node {
        let mut whole = Map::new();
        let mut seen = HashSet::new();
        let mut open = parts;
        open.reverse();
        for _ in 0..MAX_STEPS {
            let Some(part) = open.pop() else {
                break;
            };
            let Some(target) = lone_reference(&part) else {
                add(&mut whole, &part);
                continue;
            };
            if !seen.insert(target.to_owned()) {
                continue;
            }
            match self.resolve(target) {
                Some(Value::Object(target)) => {
                    let mut inner = Vec::new();
                    take_apart(target, &mut inner);
                    open.extend(inner.into_iter().rev());
                }
                Some(Value::Bool(false)) => return Node::Never,
                _ => {}
            }
        }
        if contradicts_itself(&whole) {
            return Node::Never;
        }
        self.own(whole)
    }

    /// The node of a schema without references and `allOf` of its own.
    fn own(&mut self, mut members: Map<String, Value>) -> Node {
        if let Some(values) = values_of(&members) {
            return values;
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(branches)) = members.shift_remove(keyword) {
                let branches = branches
                    .iter()
                    .map(|branch| self.branch(&members, branch))
                    .collect();
                return Node::Choice(branches);
            }
        }
        // Both ways out of a condition are tried.
        if let Some(Value::Object(condition)) = members.shift_remove("if") {
            let then = members.shift_remove("then");
            let otherwise = members.shift_remove("else");
            let met = merge(&members, &condition);
            let any = Value::Bool(true);
            return Node::Choice(vec![
                self.branch(&met, then.as_ref().unwrap_or(&any)),
                self.branch(&members, otherwise.as_ref().unwrap_or(&any)),
            ]);
        }
        self.by_type(&members)
    }

    /// The node of an alternative and what holds beside it.
    fn branch(&mut self, beside: &Map<String, Value>, branch: &Value) -> Node {
        match branch {
            Value::Object(branch) if beside.is_empty() => self.object_schema(branch),
            Value::Object(branch) if is_joined(beside) || is_joined(branch) => {
                self.joined(&[beside, branch])
            }
            Value::Object(branch) => self.own(merge(beside, branch)),
            Value::Bool(false) => Node::Never,
            _ => self.object_schema(beside),
        }
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

/// The node of a schema that lists its values.
fn values_of(members: &Map<String, Value>) -> Option<Node> {
    if let Some(value) = members.get("const") {
        return Some(Node::Values(vec![value.clone()]));
    }
    let values = members.get("enum")?.as_array()?.iter();
    Some(Node::Values(values.take(MAX_LISTED).cloned().collect()))
}

/// The reference of a schema that says nothing else.
fn lone_reference(members: &Map<String, Value>) -> Option<&str> {
    match members.get("$ref") {
        Some(Value::String(target)) if members.len() == 1 => Some(target),
        _ => None,
    }
}

/// Whether a schema is put together of others.
fn is_joined(members: &Map<String, Value>) -> bool {
    members.contains_key("$ref") || members.contains_key("allOf")
}

/// Adds the parts that a schema is put together of, none twice: its own keywords, its reference, `allOf`.
fn take_apart(members: &Map<String, Value>, parts: &mut Vec<Map<String, Value>>) {
    let mut own = without_definitions(members).into_owned();
    let reference = own.shift_remove("$ref");
    let all = own.shift_remove("allOf");
    let mut push = |part: Map<String, Value>| {
        if !part.is_empty() && !parts.contains(&part) {
            parts.push(part);
        }
    };
    push(own);
    if let Some(reference @ Value::String(_)) = reference {
        push(Map::from_iter([("$ref".to_owned(), reference)]));
    }
    for part in all.as_ref().and_then(Value::as_array).into_iter().flatten() {
        match part {
            Value::Object(part) => take_apart(part, parts),
            Value::Bool(false) => parts.push(Map::from_iter([(
                "enum".to_owned(),
                Value::Array(Vec::new()),
            )])),
            _ => {}
        }
    }
}

fn text_of(part: &Map<String, Value>) -> String {
    serde_json::to_string(part).unwrap_or_default()
}

/// Whether a property must be there and no value is on all its lists, as where one discriminator names two schemas.
fn contradicts_itself(members: &Map<String, Value>) -> bool {
    let required = members.get("required").and_then(Value::as_array);
    let properties = members.get("properties");
    required
        .into_iter()
        .flatten()
        .filter_map(|name| properties?.get(name.as_str()?))
        .any(|property| {
            let mut lists = Vec::new();
            listed(property, &mut lists);
            lists.split_first().is_some_and(|(first, others)| {
                !first
                    .iter()
                    .any(|value| others.iter().all(|list| list.contains(value)))
            })
        })
}

/// The values that a schema lists, a list for each place where it does.
fn listed<'v>(schema: &'v Value, lists: &mut Vec<Vec<&'v Value>>) {
    let Some(members) = schema.as_object() else {
        return;
    };
    lists.extend(members.get("const").map(|value| vec![value]));
    let several = members.get("enum").and_then(Value::as_array);
    lists.extend(several.map(|values| values.iter().collect()));
    let parts = members.get("allOf").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        listed(part, lists);
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
    let patterns: Vec<Pattern> = pattern.into_iter().chain(format).collect();
    // What is drawn for one of two rules may break the other.
    let judge = if patterns.len() > 1 {
        let rules = members.iter().filter(|(keyword, _)| {
            ["pattern", "format", "minLength", "maxLength"].contains(&keyword.as_str())
        });
        let rules = rules.map(|(keyword, value)| (keyword.clone(), value.clone()));
        canonical::canonical(&Value::Object(rules.collect())).map(|own| Judge::of(&own))
    } else {
        None
    };
    Node::Text(Box::new(Text {
        least: size(members, "minLength").unwrap_or(0),
        most: size(members, "maxLength"),
        patterns,
        meant: word("format").and_then(meant),
        samples: Vec::new(),
        judge,
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use oasgate_document::{Allowance, Budget, Stop};

    use super::{Node, Recipe, text};
    use crate::generate::recipe::Members;

    /// The object that a node makes, behind what is shared.
    fn object<'r>(recipe: &'r Recipe, node: &'r Node) -> Option<&'r Members> {
        match node {
            Node::Object(members) => Some(members),
            Node::Shared(number) | Node::Reference(number) => {
                object(recipe, &recipe.nodes[*number])
            }
            Node::Choice(nodes) => match nodes.as_slice() {
                [only] => object(recipe, only),
                _ => None,
            },
            _ => None,
        }
    }

    #[test]
    fn a_text_of_a_pattern_and_a_format_obeys_both() {
        let rules = json!({
            "type": "string", "format": "date-time", "pattern": "^[0-9]{4,}-[01][0-9]-[0-9T:Z-]+$",
        });
        let Node::Text(text) = text(rules.as_object().expect("an object")) else {
            panic!("it makes texts");
        };
        let judge = text
            .judge
            .expect("what is drawn for one may break the other");
        let budget = Budget::new(Allowance::UNLIMITED, &Stop::default());
        assert!(judge.takes(&json!("2026-01-02T03:04:05Z"), &budget));
        assert!(!judge.takes(&json!("20260-01-02T03:04:05Z"), &budget));
        assert!(!judge.takes(&json!("2026-21-02T03:04:05Z"), &budget));
    }

    #[test]
    fn everything_that_is_taken_in_counts() {
        let recipe = Recipe::of_keywords(&json!({
            "allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}],
            "$defs": {
                "A": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
                "B": {"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}},
            }
        }));
        let members = object(&recipe, &recipe.nodes[0]).expect("an object");
        assert_eq!(members.required, ["a", "b"]);
        assert_eq!(members.properties.len(), 2);
    }

    #[test]
    fn a_schema_that_takes_itself_in_again_is_finite() {
        let recipe = Recipe::of_keywords(&json!({
            "$ref": "#/$defs/A",
            "$defs": {
                "A": {
                    "type": "object",
                    "properties": {"next": {"allOf": [{"$ref": "#/$defs/A"}, {"minProperties": 1}]}},
                }
            }
        }));
        assert!(recipe.nodes.len() <= 4, "{}", recipe.nodes.len());
        assert!(!recipe.is_endless());
    }

    /// Bases with a name for each of their subtypes, in a row of so many: each may stand for every one below it.
    fn derived(levels: usize) -> Value {
        let mut definitions = serde_json::Map::new();
        let tag =
            |name: &str| json!({"required": ["kind"], "properties": {"kind": {"enum": [name]}}});
        for level in 0..levels {
            let alternatives: Vec<Value> = (level..levels)
                .map(|below| {
                    let name = format!("T{below}");
                    let form = if below == level { "Own" } else { "T" };
                    json!({"allOf": [{"$ref": format!("#/$defs/{form}{below}")}, tag(&name)]})
                })
                .collect();
            definitions.insert(format!("T{level}"), json!({ "anyOf": alternatives }));
            let own = json!({
                "type": "object",
                "required": [format!("p{level}")],
                "properties": {format!("p{level}"): {"$ref": "#/$defs/T0"}, format!("q{level}"): {"type": "integer"}},
            });
            definitions.insert(format!("Own{level}"), own);
        }
        json!({"$ref": "#/$defs/T0", "$defs": definitions})
    }

    #[test]
    fn subtypes_of_subtypes_are_read_once() {
        let (few, many) = (derived(10), derived(40));
        let nodes = |schema: &Value| Recipe::of_keywords(schema).nodes.len();
        assert!(nodes(&few) < 40, "{}", nodes(&few));
        assert!(nodes(&many) < 160, "{}", nodes(&many));
    }
}
