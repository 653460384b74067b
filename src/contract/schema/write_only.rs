//! Properties in a value that are for requests only.

use std::collections::HashSet;

use jsonschema::json::{Array as _, Json, Node as _, Object as _, SerdeJson};
use oasgate_document::{Address, Pointer};
use serde_json::{Map, Value};

use super::{
    Schema, objects,
    structure::{InForce, in_force, walk_all},
    tape::{OnTape, Tape},
};

/// What may be `writeOnly` anywhere below a schema, so that most values need no closer look.
#[derive(Debug, Default)]
pub(super) struct WriteOnlyNames {
    properties: HashSet<String>,
    /// Whether something without a name of its own is, such as each element of an array.
    is_unnamed: bool,
}

/// The keywords whose schemas are for values that these do not name.
const UNNAMED: [&str; 6] = [
    "additionalProperties",
    "contains",
    "items",
    "patternProperties",
    "prefixItems",
    "unevaluatedProperties",
];

impl WriteOnlyNames {
    fn of(schema: &Schema) -> Self {
        let mut found = Self::default();
        let is_write_only = |at: &Address| {
            let mut schemas = InForce::new();
            in_force(schema, at, None, 0, &mut schemas);
            let mut all = schemas.iter();
            all.any(|(_, members)| is_marked(members))
        };
        objects::each(
            &schema.store,
            vec![schema.address.clone()],
            &mut |at, members| {
                let properties = members.get("properties").and_then(Value::as_object);
                for name in properties.iter().flat_map(|all| all.keys()) {
                    if !found.properties.contains(name)
                        && is_write_only(&at.join("properties").join(name))
                    {
                        found.properties.insert(name.clone());
                    }
                }
                for keyword in UNNAMED {
                    let at = at.join(keyword);
                    found.is_unnamed |= match members.get(keyword) {
                        Some(Value::Object(map)) if keyword == "patternProperties" => {
                            map.keys().any(|pattern| is_write_only(&at.join(pattern)))
                        }
                        Some(Value::Object(_)) => is_write_only(&at),
                        Some(Value::Array(list)) => {
                            (0..list.len()).any(|index| is_write_only(&at.index(index)))
                        }
                        _ => false,
                    };
                }
            },
        );
        found
    }

    fn may_be_in<F: Json>(&self, value: &F::Node<'_>) -> bool {
        if self.is_unnamed {
            return true;
        }
        if self.properties.is_empty() {
            return false;
        }
        if let Some(members) = value.as_object() {
            members.members().any(|(name, member)| {
                self.properties.contains(name.as_ref()) || self.may_be_in::<F>(&member)
            })
        } else if let Some(items) = value.as_array() {
            items.elements().any(|item| self.may_be_in::<F>(&item))
        } else {
            false
        }
    }
}

fn is_marked(members: &Map<String, Value>) -> bool {
    members.get("writeOnly") == Some(&Value::Bool(true))
}

fn hidden(schema: &Schema) -> &WriteOnlyNames {
    let find = || (schema.store).write_only(&schema.address, || WriteOnlyNames::of(schema));
    schema.at_hand.write_only.get_or_init(find)
}

/// Whether a property of a value on a tape may be `writeOnly`.
pub(super) fn may_show_write_only(schema: &Schema, tape: &Tape<'_>) -> bool {
    hidden(schema).may_be_in::<OnTape>(&tape.root())
}

/// Each property in `value` whose schema is `writeOnly`.
pub(super) fn write_only(schema: &Schema, value: &Value) -> Vec<(Pointer, Address)> {
    if !hidden(schema).may_be_in::<SerdeJson>(&value) {
        return Vec::new();
    }
    let mut found = Vec::new();
    walk_all(schema, value, &mut |node| {
        if !node.place.pointer.is_root()
            && let Some((at, _)) = node.schemas.iter().find(|(_, members)| is_marked(members))
        {
            found.push((node.place.pointer.clone(), at.join("writeOnly")));
        }
    });
    found
}
