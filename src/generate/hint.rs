//! Values that a document shows for a parameter without saying so.
//!
//! A path parameter `data_export_token` is the `token` of a `DataExport`; the example of the
//! response shows one. Such a value is only ever one among valid ones.

use serde_json::Value;

use crate::contract::{Operation, Parameter, examples_in};

/// The values that the operation's own declared successes show for a parameter, by its name; where they
/// show none, those that its description shows.
pub fn shown_for(operation: &Operation, parameter: &Parameter) -> Vec<Value> {
    let mut found = Vec::new();
    for response in operation
        .responses
        .declared
        .iter()
        .filter(|response| is_success(response.key))
    {
        for media_type in &response.content.media_types {
            for example in &media_type.examples {
                collect(&example.value, &parameter.name, &mut found);
            }
            if let Some(schema) = &media_type.schema {
                for name in schema
                    .property_names()
                    .iter()
                    .filter(|name| speaks_of(&parameter.name, name))
                {
                    let property = schema.property(name);
                    let raw = property.as_ref().map(crate::contract::Schema::raw);
                    found.extend(raw.and_then(|raw| raw.get("example")).cloned());
                }
            }
        }
    }
    if found.is_empty() {
        let description = parameter.description.iter();
        found.extend(description.flat_map(|text| examples_in(text).into_iter().map(Value::from)));
    }
    let schema = parameter.value.schema();
    let mut distinct: Vec<Value> = Vec::new();
    for value in found {
        let is_plain = value.is_string() || value.is_number();
        if is_plain
            && !distinct.contains(&value)
            && schema.is_none_or(|schema| schema.is_valid(&value))
        {
            distinct.push(value);
        }
    }
    distinct
}

fn is_success(key: crate::contract::StatusKey) -> bool {
    use crate::contract::StatusKey;
    match key {
        StatusKey::Exact(status) => status.is_success(),
        StatusKey::Range(class) => class == 2,
        StatusKey::Default => false,
    }
}

/// The values of top-level properties that the parameter's name speaks of.
fn collect(value: &Value, parameter: &str, found: &mut Vec<Value>) {
    let members = value.as_object().into_iter().flatten();
    found.extend(
        members
            .filter(|(name, _)| speaks_of(parameter, name))
            .map(|(_, value)| value.clone()),
    );
}

/// Whether `data_export_token`, `exportToken` or `token` speaks of the property `token`.
fn speaks_of(parameter: &str, property: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let mut words: Vec<String> = vec![String::new()];
        for character in name.chars() {
            if character == '_' || character == '-' {
                words.push(String::new());
                continue;
            }
            if character.is_uppercase() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        }
        words.retain(|word| !word.is_empty());
        words
    };
    let (parameter, property) = (words(parameter), words(property));
    !property.is_empty() && parameter.ends_with(&property)
}

#[cfg(test)]
mod tests {
    use super::speaks_of;

    #[test]
    fn a_name_speaks_of_what_it_ends_with() {
        assert!(speaks_of("data_export_token", "token"));
        assert!(speaks_of("userId", "id"));
        assert!(speaks_of("id", "id"));
        assert!(!speaks_of("valid", "id"));
        assert!(!speaks_of("token_kind", "token"));
    }
}
