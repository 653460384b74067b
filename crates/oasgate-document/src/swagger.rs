//! Form fields of Swagger 2.0 get the schema that they mean.
//!
//! In Swagger 2.0 a form is a list of parameters; everything later wants one schema for a body. So
//! each operation with form fields gets a member [`FORM`], an object schema whose properties refer
//! to the parameters. It is written into the value only: the text, and with it every place that a
//! message names, stays as it is.

use serde_json::{Map, Value, json};

use crate::Pointer;

/// The member of an operation that holds the schema of its form.
pub const FORM: &str = "x-oasgate-form";

/// Adds the schema of its form to each operation that has one.
pub(crate) fn add_form_schemas(root: &mut Value) {
    let mut forms = Vec::new();
    let paths = root.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let at = Pointer::root().join("paths").join(path);
        let shared = fields(root, item, &at);
        for (method, operation) in item.as_object().into_iter().flatten() {
            if method.starts_with("x-") || method == "parameters" || !operation.is_object() {
                continue;
            }
            let mut form = shared.clone();
            form.extend(fields(root, operation, &at.join(method)));
            if !form.is_empty() {
                forms.push((path.clone(), method.clone(), schema(&form)));
            }
        }
    }
    for (path, method, form) in forms {
        let operation = root
            .get_mut("paths")
            .and_then(|paths| paths.get_mut(&path))
            .and_then(|item| item.get_mut(&method))
            .and_then(Value::as_object_mut);
        if let Some(operation) = operation {
            operation.insert(FORM.to_owned(), form);
        }
    }
}

/// A form field: its name, whether it is required, and a reference to it.
type Field = (String, bool, String);

fn fields(root: &Value, holder: &Value, at: &Pointer) -> Vec<Field> {
    let list = holder.get("parameters").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, parameter)| {
            let here = at.join("parameters").index(index);
            let (parameter, reference) = match parameter.get("$ref").and_then(Value::as_str) {
                Some(reference) => (Pointer::parse(reference)?.get(root)?, reference.to_owned()),
                None => (parameter, format!("#{}", escaped(&here))),
            };
            if parameter.get("in").and_then(Value::as_str) != Some("formData") {
                return None;
            }
            let name = parameter.get("name")?.as_str()?.to_owned();
            let required = parameter.get("required") == Some(&Value::Bool(true));
            Some((name, required, reference))
        })
        .collect()
}

fn schema(fields: &[Field]) -> Value {
    let required: Vec<&str> = fields
        .iter()
        .filter(|(_, required, _)| *required)
        .map(|(name, ..)| name.as_str())
        .collect();
    let mut schema = json!({ "type": "object" });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["properties"] = Value::Object(
        fields
            .iter()
            .map(|(name, _, reference)| (name.clone(), json!({ "$ref": reference })))
            .collect::<Map<_, _>>(),
    );
    schema
}

/// A pointer as a URI fragment: braces and what else a fragment may not hold are percent-encoded.
fn escaped(pointer: &Pointer) -> String {
    let mut text = String::new();
    for character in pointer.as_str().chars() {
        match character {
            '%' => text.push_str("%25"),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_a_schema_that_refers_to_its_fields() {
        let mut root = json!({
            "swagger": "2.0",
            "parameters": { "File": { "in": "formData", "name": "file", "type": "file", "required": true } },
            "paths": { "/u%/{id}": {
                "parameters": [{ "in": "formData", "name": "shared", "type": "string" }],
                "post": { "parameters": [
                    { "in": "query", "name": "q", "type": "string" },
                    { "$ref": "#/parameters/File" },
                ] },
                "get": {},
            } },
        });
        add_form_schemas(&mut root);
        assert_eq!(
            root["paths"]["/u%/{id}"]["post"][FORM],
            json!({
                "type": "object",
                "required": ["file"],
                "properties": {
                    "shared": { "$ref": "#/paths/~1u%25~1{id}/parameters/0" },
                    "file": { "$ref": "#/parameters/File" },
                },
            })
        );
    }
}
