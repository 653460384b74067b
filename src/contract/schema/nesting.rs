//! How deep the schemas of a self-contained schema lead into each other.

use std::collections::HashSet;

use serde_json::Value;

/// The longest way from the root into nested schemas and through references, each definition entered once
/// in the order in which it is met: as deep as whoever goes through all of them that way recurses. Counted
/// are references alone; what is written inside of each other is as deep as a document may be.
pub(super) fn deepest(root: &Value) -> usize {
    let mut entered: HashSet<&str> = HashSet::new();
    let mut deepest = 0;
    // What is still to be looked at, the next one last, each with the references that lead to it.
    let mut open: Vec<(&Value, usize)> = vec![(root, 0)];
    while let Some((value, depth)) = open.pop() {
        deepest = deepest.max(depth);
        match value {
            Value::Array(items) => open.extend(items.iter().rev().map(|item| (item, depth))),
            Value::Object(members) => {
                let target = members.get("$ref").and_then(Value::as_str);
                let inside = members
                    .iter()
                    .filter(|(keyword, _)| keyword.as_str() != "$defs");
                open.extend(inside.rev().map(|(_, member)| (member, depth)));
                if let Some(target) = target
                    && entered.insert(target)
                    && let Some(definition) = target.strip_prefix('#')
                    && let Some(definition) = root.pointer(definition)
                {
                    open.push((definition, depth + 1));
                }
            }
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::deepest;

    #[test]
    fn references_are_counted_and_circles_once() {
        let schema = json!({
            "anyOf": [{ "$ref": "#/$defs/0" }, { "$ref": "#/$defs/1" }],
            "$defs": {
                "0": { "properties": { "a": { "$ref": "#/$defs/1" } } },
                "1": { "items": { "$ref": "#/$defs/2" } },
                "2": { "not": { "$ref": "#/$defs/0" } },
            },
        });
        assert_eq!(deepest(&schema), 3);
        assert_eq!(deepest(&json!(true)), 0);
    }
}
