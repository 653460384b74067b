//! One schema object, translated and compiled.
//!
//! References to other schema objects are a keyword of our own that finds its unit when a value
//! first reaches it. Keywords that must see through references (`unevaluated*`, `$dynamicRef`)
//! cannot work that way: a unit that uses one of them is compiled together with what it must see
//! through.

mod own_keyword;
mod together;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock, Weak},
};

use jsonschema::{Draft, Retrieve, ValidationError, ValidationOptions, Validator, json::SerdeJson};
use oasgate_document::{Address, Document, FileId, Pointer};
use serde_json::{Value, json};

use crate::contract::DefectKind;

use super::{
    Direction, SchemaStore, ecma,
    exact::{LIMITS, LISTED, Limit, Listed},
    formats::registered,
    long_enum::LONG_ENUM,
    nullable,
    patterns::{self, Bounded, engine, is_costly},
    store::Formats,
    tape::{OnTape, TapeNode},
    translate::{DISCRIMINATOR, FORMAT, Form, Purpose, Translation},
    type_names::no_type,
};
use own_keyword::{BoundedPattern, Chosen, Format, LongEnum, Own, Reference, Representation};

/// The keyword that stands for `$ref` in a unit.
pub(super) const REFERENCE: &str = "x-oasgate-ref";

/// How many keywords of one unit may be refused before the whole unit is given up.
const MAX_REPAIRS: usize = 200;

/// How many broken keywords of one unit are remembered.
const MAX_KEYWORDS: usize = 1_000;

/// A compiled schema object.
pub(super) struct Unit {
    validator: Validator,
    /// The same for values on tapes, once one was held.
    on_tape: OnceLock<Option<Validator<OnTape>>>,
    store: Weak<SchemaStore>,
    address: Address,
    direction: Direction,
    /// Where each resource of a unit that was compiled together with others comes from.
    resources: Vec<Address>,
    /// The places of keywords that were broken, by their places in the translated schema.
    keywords: RwLock<HashMap<String, Address>>,
}

impl Unit {
    pub(super) fn compile(store: &SchemaStore, address: &Address, direction: Direction) -> Self {
        let (validator, resources) = compiled(store, address, direction);
        Self {
            validator,
            on_tape: OnceLock::new(),
            store: store.weak(),
            address: address.clone(),
            direction,
            resources,
            keywords: RwLock::default(),
        }
    }

    pub(super) fn is_valid(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// Whether a value on a tape is valid.
    pub(super) fn accepts(&self, node: TapeNode<'_>) -> bool {
        let compile = || {
            // Whoever validates holds the store.
            let store = self.store.upgrade()?;
            Some(compiled(&store, &self.address, self.direction).0)
        };
        let validator = self.on_tape.get_or_init(compile);
        validator.as_ref().is_some_and(|one| one.is_valid(node))
    }

    pub(super) fn errors<'v>(&'v self, value: &'v Value) -> jsonschema::ErrorIterator<'v> {
        self.validator.iter_errors(value)
    }

    /// The keyword of the document that an error speaks of.
    pub(super) fn keyword_address(
        &self,
        document: &Document,
        error: &ValidationError<'_>,
    ) -> Address {
        if self.resources.is_empty() {
            let path = error.schema_path().as_str();
            let known = self.keywords.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = known.get(path) {
                return known.clone();
            }
            drop(known);
            let pointer = Pointer::parse(path).unwrap_or_default();
            let at = address_below(document, &self.address, &pointer);
            let keywords = self.keywords.write();
            let mut keywords = keywords.unwrap_or_else(PoisonError::into_inner);
            if keywords.len() < MAX_KEYWORDS {
                keywords.insert(path.to_owned(), at.clone());
            }
            return at;
        }
        let location = error
            .absolute_keyword_location()
            .map(|uri| uri.as_str().to_owned())
            .unwrap_or_default();
        let (resource, fragment) = location.split_once('#').unwrap_or((&location, ""));
        let number = resource
            .rsplit('/')
            .next()
            .and_then(|number| number.parse::<usize>().ok());
        let at = number
            .and_then(|number| self.resources.get(number))
            .unwrap_or(&self.address);
        address_below(document, at, &Pointer::parse(fragment).unwrap_or_default())
    }
}

/// A schema object compiled for values of one representation, and where each resource of it comes from where it was
/// compiled together with others.
fn compiled<F: Representation>(
    store: &SchemaStore,
    address: &Address,
    direction: Direction,
) -> (Validator<F>, Vec<Address>) {
    let value = store.document().get(address).unwrap_or(&Value::Bool(true));
    let must_see_through = together::must_see_through_references(value);
    if must_see_through && let Some(together) = together::compile(store, address, direction) {
        return together;
    }
    let mut translated = translate(store, address, direction, &mut |target, _| {
        (
            REFERENCE,
            json!([target.file.index(), target.pointer.as_str()]),
        )
    });
    if must_see_through {
        together::without_what_sees_through(&mut translated);
    }
    let validator = build(store, translated, direction, &|pointer| {
        address_below(store.document(), address, pointer)
    });
    (validator, Vec::new())
}

/// The place in the document of a keyword of a translated schema, whose patterns of names are written anew.
fn address_below(document: &Document, base: &Address, pointer: &Pointer) -> Address {
    let mut is_pattern = false;
    pointer.tokens().fold(base.clone(), |at, token| {
        let patterns = document.get(&at).and_then(Value::as_object);
        if !is_pattern && patterns.is_some_and(|schema| nullable::is_no_step(&token, schema)) {
            return at;
        }
        let pattern = patterns
            .filter(|patterns| is_pattern && !patterns.contains_key(&*token))
            .and_then(|patterns| {
                let is_it = |pattern: &&String| {
                    ecma::plain(pattern)
                        .is_some_and(|plain| plain == token.trim_end_matches("(?:)"))
                };
                patterns.keys().find(is_it)
            });
        is_pattern = token == "patternProperties";
        at.join(pattern.map_or(&*token, String::as_str))
    })
}

fn translate(
    store: &SchemaStore,
    address: &Address,
    direction: Direction,
    reference: &mut dyn FnMut(&Address, Form) -> (&'static str, Value),
) -> Value {
    let value = store.document().get(address).unwrap_or(&Value::Bool(true));
    Translation {
        document: store.document(),
        store: Some(store),
        form: Form::Whole,
        direction,
        purpose: Purpose::Unit,
        reference,
        complain: &mut |at, rule, message| store.complain(at, rule, message),
    }
    .schema(address, value, store.dialect())
}

/// Compiles a translated schema. What the dialect refuses is reported at its place and taken out,
/// so that one impossible pattern does not cost the rest.
fn build<F: Representation>(
    store: &SchemaStore,
    mut schema: Value,
    direction: Direction,
    address_of: &dyn Fn(&Pointer) -> Address,
) -> Validator<F> {
    for _ in 0..MAX_REPAIRS {
        match options(store, direction).build(&schema) {
            Ok(validator) => return validator,
            Err(error) => {
                let pointer = refused(&error);
                let rule = if error.kind().keyword() == "pattern" || is_pattern(&pointer, &error) {
                    DefectKind::InvalidPattern
                } else {
                    DefectKind::InvalidSchema
                };
                let message = refusal(&schema, &pointer, &error);
                let place = remove_keyword(&mut schema, &pointer);
                store.complain(address_of(&place), rule, message);
            }
        }
    }
    options(store, direction)
        .build(&Value::Bool(true))
        .unwrap_or_else(|_| unreachable!("`true` is a schema"))
}

/// What a dialect refuses, as a sentence about the keyword.
fn refusal(schema: &Value, pointer: &Pointer, error: &ValidationError<'_>) -> String {
    let keyword = pointer.last().unwrap_or_default();
    match pointer.get(schema) {
        Some(Value::String(name)) if keyword == "type" => no_type(name),
        Some(_) if !keyword.is_empty() => format!("`{keyword}`: {error}"),
        _ => error.to_string(),
    }
}

fn is_pattern(pointer: &Pointer, error: &ValidationError<'_>) -> bool {
    pointer.last().as_deref() == Some("pattern") && error.instance().is_string()
}

/// Where in the schema the trouble stands: errors of the meta-schema speak of the schema as an
/// instance, errors of compilation name the keyword.
fn refused(error: &ValidationError<'_>) -> Pointer {
    let instance = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
    if instance.is_root() {
        Pointer::parse(error.schema_path().as_str()).unwrap_or_default()
    } else {
        instance
    }
}

/// Takes out the keyword that holds the node at `pointer`; answers where that keyword stood. With
/// nothing to take out, the whole schema becomes `true`.
fn remove_keyword(schema: &mut Value, pointer: &Pointer) -> Pointer {
    let mut at = pointer.clone();
    while let (Some(parent), Some(key)) = (at.parent(), at.last()) {
        if let Some(Value::Object(members)) = schema.pointer_mut(parent.as_str())
            && members.shift_remove(&key).is_some()
        {
            return at;
        }
        at = parent;
    }
    *schema = Value::Bool(true);
    Pointer::root()
}

fn options<F: Representation>(
    store: &SchemaStore,
    direction: Direction,
) -> ValidationOptions<'static, Arc<dyn Retrieve>, F> {
    let formats = store.formats();
    let store = store.weak();
    let chosen_of = Weak::clone(&store);
    let options = LIMITS.iter().fold(engine(), |options, (own, keyword)| {
        options.with_keyword(*own, move |_, value, _| {
            let limit = value
                .as_str()
                .and_then(|digits| Limit::new(keyword, digits));
            let limit = limit.ok_or_else(|| ValidationError::schema("no number"))?;
            Ok(Box::new(Own(limit)))
        })
    });
    let options = LISTED.iter().fold(options, |options, (own, keyword)| {
        options.with_keyword(*own, move |_, value, _| {
            Ok(Box::new(Own(Listed::new(keyword, value))))
        })
    });
    let listed_of = Weak::clone(&store);
    let options = options.with_keyword(LONG_ENUM, move |_, value, _| {
        let holder = reference_target(value)
            .ok_or_else(|| ValidationError::schema("an address is a file and a pointer"))?;
        let store = Weak::clone(&listed_of);
        Ok(Box::new(Own(LongEnum::new(store, &holder))))
    });
    let holds_formats = formats == Formats::Held;
    options
        .with_draft(Draft::Draft202012)
        .should_validate_formats(holds_formats)
        .offline()
        .with_keyword(REFERENCE, move |_, value, _| {
            let target = reference_target(value)
                .ok_or_else(|| ValidationError::schema("a reference is a file and a pointer"))?;
            Ok(Box::new(Own(Reference {
                store: Weak::clone(&store),
                target,
                direction,
                unit: OnceLock::new(),
            })))
        })
        .with_keyword(FORMAT, move |_, value, _| {
            let format = value.as_str().and_then(registered);
            let format = format.ok_or_else(|| ValidationError::schema("no registered format"))?;
            Ok(Box::new(Own(Format {
                format: holds_formats.then_some(format),
                direction,
            })))
        })
        .with_keyword(patterns::BOUNDED, |_, value, _| {
            let pattern = BoundedPattern::of(value);
            let pattern = pattern.ok_or_else(|| ValidationError::schema("no pattern"))?;
            Ok(Box::new(Own(pattern)))
        })
        .with_keyword(DISCRIMINATOR, move |_, value, _| {
            let at = reference_target(value)
                .ok_or_else(|| ValidationError::schema("an address is a file and a pointer"))?;
            Ok(Box::new(Own(Chosen {
                store: Weak::clone(&chosen_of),
                at,
                direction,
                discriminator: OnceLock::new(),
            })))
        })
}

/// A validator of a schema that is no part of the document, such as a canonical form, whose costly patterns are tried
/// within a bound.
pub(crate) fn compiled_alone(mut schema: Value) -> Validator {
    bound_patterns(&mut schema);
    let options = || {
        engine::<SerdeJson>()
            .should_validate_formats(true)
            .offline()
            .with_keyword(patterns::BOUNDED, |_, value, _| {
                let pattern = BoundedPattern::of(value);
                let pattern = pattern.ok_or_else(|| ValidationError::schema("no pattern"))?;
                Ok(Box::new(Own(pattern)))
            })
    };
    options()
        .build(&schema)
        .or_else(|_| options().build(&Value::Bool(true)))
        .unwrap_or_else(|_| unreachable!("`true` is a schema"))
}

/// Puts the keyword with a bound in the place of `pattern` where the pattern is costly.
fn bound_patterns(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let costly = members.get("pattern").and_then(Value::as_str);
            let costly =
                costly.filter(|pattern| is_costly(pattern) && Bounded::new(pattern).is_some());
            if let Some(value) =
                costly.map(|pattern| patterns::bounded(&Address::default(), pattern))
            {
                members.shift_remove("pattern");
                members.insert(patterns::BOUNDED.to_owned(), value);
            }
            for (keyword, member) in members {
                if !matches!(keyword.as_str(), "const" | "enum") {
                    bound_patterns(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(bound_patterns),
        _ => {}
    }
}

fn reference_target(value: &Value) -> Option<Address> {
    let [file, pointer] = value.as_array()?.as_slice() else {
        return None;
    };
    let file = FileId::from_index(usize::try_from(file.as_u64()?).ok()?);
    Some(Address {
        file,
        pointer: Pointer::parse(pointer.as_str()?)?,
    })
}
