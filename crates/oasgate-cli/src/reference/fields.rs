//! A page of the members that a JSON Schema knows, each with its type and meaning.

use std::fmt::Write as _;

use serde_json::Value;

use super::{cell, titled};

/// Definitions that are a list of names, told once in words.
const LISTS: &[(&str, &str)] = &[("Severities", "rules to severities")];

/// How deep members of members are followed.
const DEEPEST: usize = 8;

pub(super) fn page(title: &str, about: &str, schema: &Value) -> String {
    let mut reader = Reader {
        root: schema,
        open: Vec::new(),
        rows: Vec::new(),
    };
    reader.members(schema, "", 0);
    let mut text = String::from("| member | type | |\n|---|---|---|\n");
    for row in reader.rows {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            row.path,
            cell(&row.kind),
            cell(&row.about)
        );
    }
    titled(title, about, &text)
}

struct Row {
    path: String,
    kind: String,
    about: String,
}

struct Reader<'s> {
    root: &'s Value,
    /// References under way, so that a schema that refers to itself ends.
    open: Vec<&'s str>,
    rows: Vec<Row>,
}

impl<'s> Reader<'s> {
    fn members(&mut self, schema: &'s Value, path: &str, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            let target = self.target(member);
            let about = member["description"]
                .as_str()
                .or_else(|| target["description"].as_str());
            self.rows.push(Row {
                kind: self.kind(member),
                about: about.unwrap_or_default().to_owned(),
                path: path.clone(),
            });
            self.below(member, &path, depth + 1);
        }
    }

    /// The members of what a member holds, itself, in a list or in a map.
    fn below(&mut self, schema: &'s Value, path: &str, depth: usize) {
        if let Some(reference) = schema["$ref"].as_str() {
            if list(reference).is_some() || self.open.contains(&reference) {
                return;
            }
            self.open.push(reference);
            self.below(self.target(schema), path, depth);
            self.open.pop();
            return;
        }
        self.members(schema, path, depth);
        if schema["items"].is_object() {
            self.below(&schema["items"], &format!("{path}[]"), depth);
        }
        if schema["additionalProperties"].is_object() {
            self.below(&schema["additionalProperties"], &format!("{path}.*"), depth);
        }
        for way in ["anyOf", "oneOf"] {
            for one in schema[way].as_array().into_iter().flatten() {
                self.below(one, path, depth);
            }
        }
    }

    fn target(&self, schema: &'s Value) -> &'s Value {
        let reference = schema["$ref"].as_str();
        reference
            .and_then(|reference| self.root.pointer(reference.strip_prefix('#')?))
            .unwrap_or(schema)
    }

    fn kind(&self, schema: &'s Value) -> String {
        if let Some(words) = schema["$ref"].as_str().and_then(list) {
            return words.to_owned();
        }
        let schema = self.target(schema);
        if let Some(value) = schema.get("const") {
            return format!("`{value}`");
        }
        if let Some(values) = schema["enum"].as_array() {
            return choices(values);
        }
        if let Some(ways) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
            let mut kinds: Vec<_> = ways.iter().map(|way| self.kind(way)).collect();
            kinds.dedup();
            return kinds.join(" or ");
        }
        match &schema["type"] {
            Value::String(kind) if kind == "array" => {
                if schema["items"].is_object() {
                    format!("list of {}", self.kind(&schema["items"]))
                } else {
                    "list".to_owned()
                }
            }
            Value::String(kind) if kind == "object" => {
                if schema["additionalProperties"].is_object() {
                    let of = self.kind(&schema["additionalProperties"]);
                    format!("map of {of}")
                } else {
                    "object".to_owned()
                }
            }
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) => {
                let kinds: Vec<_> = kinds.iter().filter_map(Value::as_str).collect();
                kinds.join(" or ")
            }
            _ if schema["properties"].is_object() => "object".to_owned(),
            _ => "any".to_owned(),
        }
    }
}

/// How a definition that is a list of names is told.
fn list(reference: &str) -> Option<&'static str> {
    let name = reference.rsplit('/').next()?;
    LISTS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, words)| *words)
}

/// The values of an enumeration; of many, that there are many.
fn choices(values: &[Value]) -> String {
    const MOST: usize = 16;
    if values.len() > MOST {
        return "the name of a rule".to_owned();
    }
    let shown: Vec<_> = (values.iter())
        .map(|value| match value {
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        })
        .collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_of_lists_maps_and_references_are_told_with_their_way() {
        let schema = json!({
            "properties": {
                "a": { "type": "array", "description": "All | of it.", "items": { "$ref": "#/$defs/one" } },
                "m": { "type": "object", "additionalProperties": { "$ref": "#/$defs/one" } },
            },
            "$defs": { "one": { "properties": {
                "k": { "enum": ["x", "y"] },
                "again": { "$ref": "#/$defs/one" },
            } } },
        });
        let page = page("T", "About.", &schema);
        for line in [
            "| `a` | list of object | All \\| of it. |",
            "| `a[].k` | `x`, `y` |  |",
            "| `a[].again` | object |  |",
            "| `m` | map of object |  |",
            "| `m.*.k` | `x`, `y` |  |",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
        assert!(!page.contains("again.k"), "{page}");
    }
}
