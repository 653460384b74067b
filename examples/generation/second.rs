//! A second validator: what `boon` says of the schemas of a document.
//!
//! It compiles a schema with all that it refers to in a time that grows with the square of that. So each
//! component is a resource of its own, and what was compiled for one schema is there for the next.

use std::{collections::HashMap, error::Error, panic::AssertUnwindSafe};

use boon::{Compiler, Draft, Format, SchemaIndex, Schemas};
use oasgate::contract::{Contract, Direction};
use serde_json::Value;

use super::registry::registry;

/// Schemas of one document and direction as the second validator reads them.
pub(crate) struct Second {
    schemas: Schemas,
    compiler: Compiler,
    /// Where the schema with a name is, if it is there for all to share.
    resources: HashMap<String, String>,
}

impl Second {
    /// No schemas yet.
    pub(crate) fn new() -> Self {
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler.register_format(Format {
            name: "uri-template",
            func: uri_template,
        });
        Self {
            schemas: Schemas::new(),
            compiler,
            resources: HashMap::new(),
        }
    }

    /// The named schemas of a document.
    pub(crate) fn of(contract: &Contract, direction: Direction) -> Self {
        let mut second = Self::new();
        for format in registry(direction) {
            second.compiler.register_format(format);
        }
        let names = contract.schema_names();
        for name in &names {
            let Some(schema) = contract.schema(name, direction) else {
                continue;
            };
            let mut bare = schema.to_bare_schema();
            // A schema that refers to what has no name, or one named after such a thing, stays whole.
            let definitions = bare.get("$defs").and_then(Value::as_object);
            let is_plain = definitions
                .into_iter()
                .flatten()
                .all(|(definition, _)| names.contains(&definition.as_str()));
            if !is_plain {
                continue;
            }
            if let Value::Object(members) = &mut bare {
                members.shift_remove("$defs");
            }
            apart(&mut bare);
            let at = resource(&escaped(name));
            if second.compiler.add_resource(&at, bare).is_ok() {
                second.resources.insert((*name).to_owned(), at);
            }
        }
        second
    }

    /// The schema of a name; `None` where it cannot be read.
    pub(crate) fn named(
        &mut self,
        name: &str,
        whole: impl FnOnce() -> Value,
    ) -> Option<SchemaIndex> {
        let at = self.resources.get(name).cloned();
        let at = at.or_else(|| {
            let at = format!("mem:///whole/{}", self.resources.len());
            self.compiler.add_resource(&at, whole()).ok()?;
            self.resources.insert(name.to_owned(), at.clone());
            Some(at)
        })?;
        let (compiler, schemas) = (&mut self.compiler, &mut self.schemas);
        // It panics on some patterns that it cannot read.
        std::panic::catch_unwind(AssertUnwindSafe(|| compiler.compile(&at, schemas).ok())).ok()?
    }

    /// What is wrong with a value; `None` where nothing is.
    pub(crate) fn objection(&self, schema: SchemaIndex, value: &Value) -> Option<String> {
        let error = self.schemas.validate(value, schema).err()?;
        let mut innermost = &error;
        while let Some(cause) = innermost.causes.first() {
            innermost = cause;
        }
        Some(innermost.to_string())
    }
}

/// RFC 6570 §2. What `boon` itself reads is cut at each `/` first, so that `/users{/name}` is a brace that
/// does not close.
fn uri_template(value: &Value) -> Result<(), Box<dyn Error>> {
    let Value::String(text) = value else {
        return Ok(());
    };
    let mut rest = text.as_str();
    while let Some((literal, behind)) = rest.split_once('{') {
        let (expression, behind) = behind.split_once('}').ok_or("a brace is not closed")?;
        let variables = expression.trim_start_matches(['+', '#', '.', '/', ';', '?', '&']);
        if literal.contains('}') || variables.is_empty() || variables.contains(['{', '/', ' ']) {
            return Err("no expression".into());
        }
        rest = behind;
    }
    if rest.contains('}') {
        return Err("a brace is not opened".into());
    }
    Ok(())
}

/// References to definitions as references to resources.
fn apart(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(text) if key == "$ref" => {
                        if let Some(name) = text.strip_prefix("#/$defs/") {
                            *text = resource(name);
                        }
                    }
                    other => apart(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(apart),
        _ => {}
    }
}

fn resource(token: &str) -> String {
    format!("mem:///named/{token}")
}

/// A name as references to definitions write it.
fn escaped(name: &str) -> String {
    use std::fmt::Write as _;
    let token = name.replace('~', "~0").replace('/', "~1");
    token.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_graphic() && !b"\"#%<>[\\]^`{|}".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
