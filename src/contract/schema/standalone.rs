//! A schema as a file of its own, with everything it refers to under `$defs`.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use oasgate_document::{Address, Document, Pointer};
use serde_json::{Map, Value, json};

use crate::contract::DefectKind;

use super::{
    Schema,
    for_generation::also,
    recursive,
    translate::{Form, Purpose, Translation},
};

/// The name that a component has; `None` for a schema that is no component.
pub(super) fn component_name(address: &Address) -> Option<String> {
    let pointer = address.pointer.as_str();
    let token = pointer
        .strip_prefix("/components/schemas/")
        .or_else(|| pointer.strip_prefix("/definitions/"))?;
    (!token.contains('/')).then(|| address.pointer.last().unwrap_or_default())
}

/// The schema with its annotations.
pub(super) fn standalone(schema: &Schema) -> Value {
    bundle(schema, Purpose::Publication)
}

/// The schema without annotations.
pub(super) fn bare(schema: &Schema) -> Value {
    bundle(schema, Purpose::Validation)
}

/// The schema for generating values.
pub(super) fn for_generation(schema: &Schema) -> Value {
    bundle(schema, Purpose::Generation)
}

/// How many definitions a bounded schema may have.
const MAX_DEFINITIONS: usize = 40;

/// The schema without annotations, where it does not refer to too much. `None` where it does and
/// uses a keyword for which allowing more elsewhere may mean allowing less here.
pub(super) fn bounded(schema: &Schema) -> Option<Value> {
    bounded_by(schema, &|_| {})
}

/// As [`bounded`], of what `trim` leaves of the schema itself.
pub(super) fn bounded_by(schema: &Schema, trim: &dyn Fn(&mut Value)) -> Option<Value> {
    let bare = bundle_up_to(schema, Purpose::Validation, MAX_DEFINITIONS, trim);
    let is_cut = bare
        .get("$defs")
        .and_then(Value::as_object)
        .is_some_and(|all| all.len() >= MAX_DEFINITIONS);
    if is_cut {
        let text = bare.to_string();
        if ["\"not\":", "\"oneOf\":", "\"if\":", "\"maxContains\":"]
            .iter()
            .any(|word| text.contains(word))
        {
            return None;
        }
    }
    Some(bare)
}

/// One schema object by itself.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    /// JSON Schema 2020-12 with its annotations; a reference is `#` and its number in `references`.
    pub(crate) schema: Value,
    /// The schema objects that it refers to, once each.
    pub(crate) references: Vec<Address>,
    /// Whether something that it refers to was not read: it stands as what allows everything.
    pub(crate) is_partial: bool,
}

/// The schema object without what it refers to.
pub(super) fn own(schema: &Schema) -> Own {
    let store = &schema.store;
    let at = store.target(&schema.address);
    let mut references: Vec<Address> = Vec::new();
    let mut is_partial = store.document().get(&at).is_none();
    let value = store.document().get(&at).unwrap_or(&Value::Bool(true));
    let translated = Translation {
        document: store.document(),
        store: None,
        form: Form::Whole,
        direction: schema.direction,
        purpose: Purpose::Publication,
        reference: &mut |target, _| {
            let target = store.target(target);
            let known = references.iter().position(|known| *known == target);
            let number = known.unwrap_or_else(|| {
                references.push(target);
                references.len() - 1
            });
            ("$ref", json!(format!("#{number}")))
        },
        complain: &mut |at, rule, message| {
            is_partial |=
                rule == DefectKind::UnresolvedReference && is_unread(store.document(), &at);
            store.complain(at, rule, message);
        },
    }
    .schema(&at, value, store.dialect());
    Own {
        schema: translated,
        references,
        is_partial,
    }
}

/// Whether the reference at an address leads to nothing that was read.
pub(crate) fn is_unread(document: &Document, at: &Address) -> bool {
    let reference = document.get(at).and_then(Value::as_str);
    let holder = at.parent();
    reference
        .zip(holder)
        .is_none_or(|(reference, holder)| document.resolve_at(&holder, reference).is_err())
}

fn bundle(schema: &Schema, purpose: Purpose) -> Value {
    bundle_up_to(schema, purpose, usize::MAX, &|_| {})
}

/// Bundles what `trim` leaves of the schema itself; definitions beyond `most` are `true`.
fn bundle_up_to(
    schema: &Schema,
    purpose: Purpose,
    most: usize,
    trim: &dyn Fn(&mut Value),
) -> Value {
    let store = &schema.store;
    let root = store.target(&schema.address);
    let mut names: IndexMap<(Address, Form), String> = IndexMap::new();
    let mut taken = HashMap::new();
    names.insert((root.clone(), Form::Whole), String::new());
    let mut definitions = Map::new();
    let mut top = Value::Bool(true);
    let mut done = 0;
    while let Some(((at, form), name)) = names
        .get_index(done)
        .map(|(at, name)| (at.clone(), name.clone()))
    {
        if done > most {
            definitions.insert(name, Value::Bool(true));
            done += 1;
            continue;
        }
        let value = store.document().get(&at).unwrap_or(&Value::Bool(true));
        let mut reference = |target: &Address, form: Form| {
            let target = (store.target(target), form);
            let name = if let Some(known) = names.get(&target) {
                known.clone()
            } else {
                let fresh = fresh_name(&target.0, &mut taken);
                names.insert(target, fresh.clone());
                fresh
            };
            if name.is_empty() {
                "#".to_owned()
            } else {
                reference_to(&name)
            }
        };
        let mut translated = Translation {
            document: store.document(),
            store: Some(store),
            form,
            direction: schema.direction,
            purpose,
            reference: &mut |target, form| ("$ref", json!(reference(target, form))),
            complain: &mut |at, rule, message| store.complain(at, rule, message),
        }
        .schema(&at, value, store.dialect());
        if purpose == Purpose::Generation {
            settle_dynamic(&mut translated, &mut |dynamic| {
                let target = dynamic_target(store.document(), &root, &at, dynamic)?;
                Some(reference(&target, Form::Whole))
            });
        }
        if done == 0 {
            trim(&mut translated);
            let mut kept = HashSet::new();
            references(&translated, &mut kept);
            names.retain(|_, name| name.is_empty() || kept.contains(reference_to(name).as_str()));
            top = translated;
        } else {
            definitions.insert(name, translated);
        }
        done += 1;
    }
    let mut out = Map::new();
    if purpose == Purpose::Publication {
        out.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        if let Some(name) = component_name(&root) {
            out.insert("title".to_owned(), json!(name));
        }
    }
    match top {
        Value::Object(members) => out.extend(members),
        Value::Bool(false) => {
            out.insert("not".to_owned(), json!({}));
        }
        _ => {}
    }
    if !definitions.is_empty() {
        definitions.sort_keys();
        out.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Value::Object(out)
}

/// The references in a translated schema.
fn references<'s>(schema: &'s Value, found: &mut HashSet<&'s str>) {
    match schema {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members
                .values()
                .for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Writes dynamic references as plain ones to where they lead from the root of the bundle.
fn settle_dynamic(schema: &mut Value, find: &mut dyn FnMut(&str) -> Option<String>) {
    match schema {
        Value::Object(members) => {
            let target = members
                .get("$dynamicRef")
                .and_then(Value::as_str)
                .and_then(&mut *find);
            if let Some(target) = target {
                members.shift_remove("$dynamicRef");
                also(members, json!({ "$ref": target }));
            }
            members
                .values_mut()
                .for_each(|member| settle_dynamic(member, find));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| settle_dynamic(item, find)),
        _ => {}
    }
}

/// The `if` that a node stands in.
fn condition_of(pointer: &Pointer) -> Option<Pointer> {
    let mut condition = Pointer::root();
    for token in pointer.tokens() {
        condition.push(&token);
        if token == "if" {
            return Some(condition);
        }
    }
    None
}

/// Where a dynamic reference leads: to the outermost schema of its name that the way from the root passes
/// (JSON Schema 2020-12 §8.2.3.2). One that the root does not hold is left where the reference itself leads.
fn dynamic_target(
    document: &Document,
    root: &Address,
    at: &Address,
    reference: &str,
) -> Option<Address> {
    if reference == recursive::REFERENCE {
        let outermost = recursive::resource(document, root);
        let is_anchored = recursive::is_anchored(document, &outermost);
        return Some(if is_anchored {
            outermost
        } else {
            recursive::resource(document, at)
        });
    }
    let plain = document.resolve_at(at, reference).ok()?;
    let is_dynamic = |at: &Address| {
        let name = document.get(at)?.get("$dynamicAnchor")?.as_str()?;
        reference
            .ends_with(&format!("#{name}"))
            .then(|| name.to_owned())
    };
    let Some(name) = is_dynamic(&plain) else {
        return Some(plain);
    };
    let is_on_the_way = |one: &Address| {
        one.pointer.starts_with(&root.pointer)
            && is_dynamic(one).is_some()
            // What `if` asks is left before what it decides.
            && condition_of(&one.pointer).is_none_or(|left| at.pointer.starts_with(&left))
    };
    let alike = document.anchored(root.file, &name);
    Some(alike.into_iter().find(is_on_the_way).unwrap_or(plain))
}

/// The component's name, else the last word of the pointer; numbered where it is taken.
fn fresh_name(address: &Address, taken: &mut HashMap<String, usize>) -> String {
    let wanted = component_name(address)
        .or_else(|| address.pointer.last())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "schema".to_owned());
    let mut name = wanted.clone();
    while taken.contains_key(&name) {
        // Each name knows the number that was given to it last.
        let number = taken.entry(wanted.clone()).or_insert(1);
        *number += 1;
        name = format!("{wanted}{number}");
    }
    taken.insert(name.clone(), 1);
    name
}

/// A reference to a definition, its name escaped for a pointer in a URI fragment.
fn reference_to(name: &str) -> String {
    let token = name.replace('~', "~0").replace('/', "~1");
    let encoded = percent_encoding::utf8_percent_encode(&token, FRAGMENT);
    format!("#/$defs/{encoded}")
}

/// What must be encoded in a fragment (RFC 3986 §3.5).
const FRAGMENT: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
