//! The least widening of one schema object that admits the values that it refused.
//!
//! Only keywords of this object are changed, each as little as it takes: a value joins an `enum`, null joins a
//! type, a bound moves to what came. A keyword that cannot be moved (`pattern`, `format`, `multipleOf`) goes.

use oasgate_document::Pointer;
use serde_json::{Map, Value, json};

use super::Action;
use crate::infer::{Dialect, Inferred};

/// What a keyword refused: its name, the values.
type Refused<'a> = (&'a str, &'a Inferred);

/// The actions that widen the schema object at `at`; none where it cannot be done in the dialect.
pub(super) fn widen(
    at: &Pointer,
    node: &Value,
    refused: &[Refused<'_>],
    dialect: Dialect,
) -> Vec<Action> {
    let Some(schema) = node.as_object() else {
        return Vec::new();
    };
    let mut widening = Widening {
        at,
        schema,
        dialect,
        removed: Vec::new(),
        update: Map::new(),
        has_null: false,
    };
    let values = refused
        .iter()
        .filter(|(keyword, _)| matches!(*keyword, "type" | "enum" | "const" | "nullable"))
        .fold(Inferred::default(), |all, (_, seen)| {
            all.merge((*seen).clone())
        });
    if !values.types().is_empty() && widening.values(&values).is_none() {
        return Vec::new();
    }
    for (keyword, seen) in refused {
        match *keyword {
            "type" | "enum" | "const" | "nullable" => {}
            "required" => widening.required(seen),
            "format" | "pattern" | "multipleOf" | "uniqueItems" => widening.remove(keyword),
            "oneOf" | "anyOf" => widening.alternative(keyword, seen),
            "oneOf twice" => widening.any_of(),
            "additionalProperties" => widening.properties(seen),
            bound => widening.bound(bound, seen),
        }
    }
    widening.actions()
}

/// The schema object at `at` with actions applied to it, as an overlay does (Overlay 1.1 §4.4.3): objects are merged,
/// lists are appended to, all else is replaced.
pub(super) fn applied(
    at: &Pointer,
    schema: &Map<String, Value>,
    actions: &[Action],
) -> Map<String, Value> {
    let mut schema = schema.clone();
    for action in actions {
        match action {
            Action::Remove(node) if node.parent().as_ref() == Some(at) => {
                schema.shift_remove(&node.last().unwrap_or_default());
            }
            Action::Update(node, Value::Object(update)) if node == at => {
                merge(&mut schema, update);
            }
            Action::Remove(_) | Action::Update(..) => {}
        }
    }
    schema
}

fn merge(schema: &mut Map<String, Value>, update: &Map<String, Value>) {
    for (name, new) in update {
        match (schema.get_mut(name), new) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (Some(Value::Array(old)), Value::Array(new)) => old.extend(new.iter().cloned()),
            (Some(old), new) => *old = new.clone(),
            (None, new) => {
                schema.insert(name.clone(), new.clone());
            }
        }
    }
}

struct Widening<'s> {
    at: &'s Pointer,
    schema: &'s Map<String, Value>,
    dialect: Dialect,
    removed: Vec<String>,
    update: Map<String, Value>,
    has_null: bool,
}

impl Widening<'_> {
    fn remove(&mut self, keyword: &str) {
        if self.schema.contains_key(keyword) && !self.removed.iter().any(|known| known == keyword) {
            self.removed.push(keyword.to_owned());
        }
    }

    fn set(&mut self, keyword: &str, value: Value) {
        self.update.insert(keyword.to_owned(), value);
    }

    /// Admits values that `type`, `enum` or `const` refused; `None` where the dialect has no way.
    fn values(&mut self, values: &Inferred) -> Option<()> {
        let types: Vec<&str> = match self.schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let nullable = self.schema.get("nullable") == Some(&Value::Bool(true));
        let admits = |kind: &str| {
            types.is_empty()
                || types.contains(&kind)
                || kind == "integer" && types.contains(&"number")
                || kind == "null" && nullable && self.dialect == Dialect::OpenApi30
        };
        let new: Vec<&str> = values
            .types()
            .into_iter()
            .filter(|kind| !admits(kind))
            .collect();
        let is_null = values.types().contains(&"null");
        if !new.is_empty() {
            self.types(&types, &new, values)?;
        }
        if is_null {
            self.has_null = true;
        }
        self.enumeration(values);
        Some(())
    }

    fn types(&mut self, old: &[&str], new: &[&str], values: &Inferred) -> Option<()> {
        let mut wider: Vec<&str> = old.to_vec();
        for kind in new {
            // `integer` becomes `number`, which says both.
            if *kind == "number" {
                wider.retain(|known| *known != "integer");
            }
            wider.push(kind);
        }
        match self.dialect {
            Dialect::JsonSchema => {
                self.remove("type");
                self.set("type", json!(wider));
            }
            Dialect::OpenApi30 => {
                if new.contains(&"null") {
                    self.set("nullable", json!(true));
                    wider.retain(|kind| *kind != "null");
                }
                match wider.as_slice() {
                    same if same == old => {}
                    [only] => {
                        self.remove("type");
                        self.set("type", json!(only));
                    }
                    several => {
                        // Two `anyOf` of one object cannot be joined without changing what each says.
                        if self.schema.contains_key("anyOf") {
                            return None;
                        }
                        self.remove("type");
                        let nullable = values.types().contains(&"null")
                            || self.schema.get("nullable") == Some(&Value::Bool(true));
                        let each = several.iter().map(|kind| {
                            let mut one = json!({ "type": kind });
                            if nullable {
                                one["nullable"] = json!(true);
                            }
                            one
                        });
                        self.set("anyOf", each.collect());
                    }
                }
            }
            Dialect::Swagger2 => {
                wider.retain(|kind| *kind != "null");
                match wider.as_slice() {
                    [only] if !new.contains(&"null") => {
                        self.remove("type");
                        self.set("type", json!(only));
                    }
                    _ => return None,
                }
            }
        }
        Some(())
    }

    /// Adds the values to `enum`, or takes it away where there are too many.
    fn enumeration(&mut self, values: &Inferred) {
        let known: Vec<Value> = match (self.schema.get("enum"), self.schema.get("const")) {
            (Some(Value::Array(known)), _) => known.clone(),
            (_, Some(only)) => vec![only.clone()],
            _ => return,
        };
        let Some(values) = values.values() else {
            self.remove("enum");
            self.remove("const");
            return;
        };
        let new: Vec<Value> = values
            .into_iter()
            .filter(|value| !known.contains(value))
            .collect();
        if self.schema.contains_key("const") {
            self.remove("const");
            let mut all = known;
            all.extend(new);
            self.set("enum", json!(all));
        } else if !new.is_empty() {
            self.set("enum", json!(new));
        }
    }

    /// Requires no more what was missing from one of the values.
    fn required(&mut self, seen: &Inferred) {
        let Some(Value::Array(required)) = self.schema.get("required") else {
            return;
        };
        let left: Vec<&Value> = required
            .iter()
            .filter(|name| name.as_str().is_some_and(|name| seen.always_has(name)))
            .collect();
        if left.len() == required.len() {
            return;
        }
        // Single names cannot be taken out of a list (Overlay 1.1 §4.4.3): the list is written anew.
        let left = json!(left);
        self.remove("required");
        if left.as_array().is_some_and(|left| !left.is_empty()) {
            self.set("required", left);
        }
    }

    /// Moves a bound to what came.
    fn bound(&mut self, keyword: &str, seen: &Inferred) {
        match (keyword, seen.bound(keyword)) {
            ("exclusiveMinimum" | "exclusiveMaximum", _) => self.remove(keyword),
            (_, Some(bound)) if self.schema.contains_key(keyword) => self.set(keyword, bound),
            _ => {}
        }
    }

    /// Names the properties that a closed object did not.
    fn properties(&mut self, seen: &Inferred) {
        let known = self.schema.get("properties").and_then(Value::as_object);
        let new: Map<String, Value> = seen
            .member_names()
            .into_iter()
            .filter(|name| !known.is_some_and(|known| known.contains_key(*name)))
            .filter_map(|name| Some((name.to_owned(), seen.member(name)?.to_schema(self.dialect))))
            .collect();
        if new.is_empty() {
            self.remove("additionalProperties");
        } else {
            self.set("properties", Value::Object(new));
        }
    }

    /// Adds an alternative for what none of them accepts. In a `oneOf` it accepts nothing that another does.
    fn alternative(&mut self, keyword: &str, seen: &Inferred) {
        let Some(Value::Array(alternatives)) = self.schema.get(keyword) else {
            return;
        };
        let mut new = seen.to_schema(self.dialect);
        if keyword == "oneOf" {
            new["not"] = json!({ "anyOf": alternatives });
        }
        self.set(keyword, json!([new]));
    }

    /// Alternatives that overlap are `anyOf`.
    fn any_of(&mut self) {
        if let (Some(alternatives), false) =
            (self.schema.get("oneOf"), self.schema.contains_key("anyOf"))
        {
            let alternatives = alternatives.clone();
            self.remove("oneOf");
            self.remove("discriminator");
            self.set("anyOf", alternatives);
        }
    }

    fn actions(self) -> Vec<Action> {
        let mut actions: Vec<Action> = self
            .removed
            .iter()
            .map(|keyword| Action::Remove(self.at.join(keyword)))
            .collect();
        let mut update = self.update;
        // `nullable` alone does not let null through an `enum` (OpenAPI 3.0.3, proposal of 2019-10-31).
        if self.has_null
            && self.dialect == Dialect::OpenApi30
            && !update.contains_key("nullable")
            && self.schema.contains_key("type")
            && self.schema.get("nullable") != Some(&Value::Bool(true))
        {
            update.insert("nullable".to_owned(), json!(true));
        }
        if !update.is_empty() {
            actions.push(Action::Update(self.at.clone(), Value::Object(update)));
        }
        actions
    }
}
