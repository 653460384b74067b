//! A shape as text that people read and that diffs well, and back.
//!
//! ```text
//! body: object
//!   created_at: string(date-time)
//!   files: array
//!     []: string(uri)
//!   note?: string | null
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::shape::{Number, Object, Presence, Shape, Text};

/// A shape's text that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the shape: {reason}")]
pub struct MalformedShape {
    /// The line within the shape, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_node(f, "body", self, 0)
    }
}

fn write_node(f: &mut fmt::Formatter<'_>, label: &str, shape: &Shape, depth: usize) -> fmt::Result {
    writeln!(
        f,
        "{:indent$}{label}: {}",
        "",
        kinds(shape),
        indent = depth * 2
    )?;
    match &shape.object {
        Some(Object::Names(names)) => {
            for (name, (presence, shape)) in names {
                let mark = if *presence == Presence::Sometimes {
                    "?"
                } else {
                    ""
                };
                write_node(f, &format!("{}{mark}", quoted(name)), shape, depth + 1)?;
            }
        }
        Some(Object::Map(values)) => write_node(f, "{}", values, depth + 1)?,
        None => {}
    }
    match &shape.array {
        Some(items) if **items != Shape::default() => write_node(f, "[]", items, depth + 1),
        _ => Ok(()),
    }
}

fn kinds(shape: &Shape) -> String {
    let mut kinds = Vec::new();
    match shape.object {
        Some(Object::Names(_)) => kinds.push("object".to_owned()),
        Some(Object::Map(_)) => kinds.push("map".to_owned()),
        None => {}
    }
    if shape.array.is_some() {
        kinds.push("array".to_owned());
    }
    if let Some(text) = &shape.string {
        let formats: Vec<_> = text.formats.iter().map(String::as_str).collect();
        let mut kind = if formats == [super::formats::TEXT] {
            "string".to_owned()
        } else {
            format!("string({})", formats.join(", "))
        };
        if let Some(values) = &text.values {
            let values: Vec<_> = values.iter().map(|value| json(value)).collect();
            kind = format!("{kind} {{{}}}", values.join(", "));
        }
        kinds.push(kind);
    }
    match shape.number {
        Some(Number::Integer) => kinds.push("integer".to_owned()),
        Some(Number::Any) => kinds.push("number".to_owned()),
        None => {}
    }
    if shape.boolean {
        kinds.push("boolean".to_owned());
    }
    if shape.null {
        kinds.push("null".to_owned());
    }
    if kinds.is_empty() {
        "nothing".to_owned()
    } else {
        kinds.join(" | ")
    }
}

fn json(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// A name as it is where it can be told from the rest of its line, else as JSON.
fn quoted(name: &str) -> String {
    let is_plain = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '$' | '@' | '/')
    };
    if !name.is_empty() && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        json(name)
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl FromStr for Shape {
    type Err = MalformedShape;

    fn from_str(text: &str) -> Result<Self, MalformedShape> {
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if !line.trim().is_empty() {
                lines.push(Line::read(line, index + 1)?);
            }
        }
        let Some((first, rest)) = lines.split_first() else {
            return Err(MalformedShape {
                line: 1,
                reason: "there is none".to_owned(),
            });
        };
        if first.depth != 0 || first.label != Label::Name("body".to_owned(), Presence::Always) {
            return Err(first.wrong("a shape begins with `body:`"));
        }
        let (shape, used) = node(first, rest)?;
        match rest.get(used) {
            Some(line) => Err(line.wrong("it stands below nothing")),
            None => Ok(shape),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Label {
    Name(String, Presence),
    Items,
    Values,
}

struct Line<'t> {
    number: usize,
    depth: usize,
    label: Label,
    kinds: &'t str,
}

impl<'t> Line<'t> {
    fn wrong(&self, reason: &str) -> MalformedShape {
        MalformedShape {
            line: self.number,
            reason: reason.to_owned(),
        }
    }

    fn read(line: &'t str, number: usize) -> Result<Self, MalformedShape> {
        let wrong = |reason: &str| MalformedShape {
            line: number,
            reason: reason.to_owned(),
        };
        let text = line.trim_start_matches(' ');
        let spaces = line.len() - text.len();
        if !spaces.is_multiple_of(2) {
            return Err(wrong("the indentation is not a multiple of two spaces"));
        }
        let (name, rest) = if text.starts_with('"') {
            let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
            let name = stream
                .next()
                .and_then(Result::ok)
                .ok_or_else(|| wrong("the name in quotes does not end"))?;
            (name, &text[stream.byte_offset()..])
        } else {
            let end = text
                .find([':', '?'])
                .ok_or_else(|| wrong("there is no `:`"))?;
            (text[..end].to_owned(), &text[end..])
        };
        let (presence, rest) = match rest.strip_prefix('?') {
            Some(rest) => (Presence::Sometimes, rest),
            None => (Presence::Always, rest),
        };
        let kinds = rest
            .strip_prefix(':')
            .ok_or_else(|| wrong("there is no `:` behind the name"))?
            .trim();
        let label = match name.as_str() {
            "[]" if !text.starts_with('"') => Label::Items,
            "{}" if !text.starts_with('"') => Label::Values,
            _ => Label::Name(name, presence),
        };
        Ok(Self {
            number,
            depth: spaces / 2,
            label,
            kinds,
        })
    }
}

/// The node of a line and those below it; how many lines these are.
fn node(line: &Line<'_>, rest: &[Line<'_>]) -> Result<(Shape, usize), MalformedShape> {
    let mut shape = read_kinds(line)?;
    let mut used = 0;
    while let Some(below) = rest.get(used).filter(|below| below.depth > line.depth) {
        if below.depth != line.depth + 1 {
            return Err(below.wrong("it is indented too far"));
        }
        let (child, lines) = node(below, &rest[used + 1..])?;
        used += 1 + lines;
        match (&below.label, &mut shape) {
            (
                Label::Items,
                Shape {
                    array: Some(items), ..
                },
            ) => **items = child,
            (
                Label::Values,
                Shape {
                    object: Some(Object::Map(values)),
                    ..
                },
            ) => **values = child,
            (
                Label::Name(name, presence),
                Shape {
                    object: Some(Object::Names(names)),
                    ..
                },
            ) => {
                names.insert(name.clone(), (*presence, child));
            }
            _ => return Err(below.wrong("the line above has no such part")),
        }
    }
    Ok((shape, used))
}

fn read_kinds(line: &Line<'_>) -> Result<Shape, MalformedShape> {
    let mut shape = Shape::default();
    let mut rest = line.kinds;
    while !rest.is_empty() {
        let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
        rest = rest[word.len()..].trim_start();
        match word.as_str() {
            "object" => shape.object = Some(Object::Names(BTreeMap::new())),
            "map" => shape.object = Some(Object::Map(Box::default())),
            "array" => shape.array = Some(Box::default()),
            "integer" => shape.number = Some(Number::Integer),
            "number" => shape.number = Some(Number::Any),
            "boolean" => shape.boolean = true,
            "null" => shape.null = true,
            "nothing" => {}
            "string" => {
                let mut text = Text {
                    formats: BTreeSet::from([super::formats::TEXT.to_owned()]),
                    values: None,
                };
                if let Some(inside) = rest.strip_prefix('(') {
                    let (formats, after) = inside
                        .split_once(')')
                        .ok_or_else(|| line.wrong("the list of formats does not end"))?;
                    text.formats = formats
                        .split(',')
                        .map(|format| format.trim().to_owned())
                        .collect();
                    rest = after.trim_start();
                }
                if let Some(inside) = rest.strip_prefix('{') {
                    let (values, after) = read_values(inside)
                        .ok_or_else(|| line.wrong("the list of values does not end"))?;
                    text.values = Some(values);
                    rest = after.trim_start();
                }
                shape.string = Some(text);
            }
            other => return Err(line.wrong(&format!("{other:?} is not a type"))),
        }
        if rest.is_empty() {
            break;
        }
        rest = rest
            .strip_prefix('|')
            .ok_or_else(|| line.wrong("types are divided by `|`"))?
            .trim_start();
    }
    Ok(shape)
}

/// JSON strings up to the closing brace, and what follows it.
fn read_values(text: &str) -> Option<(BTreeSet<String>, &str)> {
    let mut values = BTreeSet::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some((values, after));
        }
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        values.insert(stream.next()?.ok()?);
        rest = rest[stream.byte_offset()..].trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::Pointer;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shape_reads_like_a_page() {
        let one = json!({"id": 1, "files": ["https://a.test/1.csv"], "note": null, "status": "done", "odd name": []});
        let two = json!({"id": 2, "files": [], "status": "pending", "odd name": []});
        let values_at = [Pointer::root().join("status")];
        let shape = Shape::of(&one, &values_at).merge(Shape::of(&two, &values_at));
        let text = shape.to_string();
        assert_eq!(
            text,
            "body: object\n  files: array\n    []: string(uri)\n  id: integer\n  note?: null\n  \"odd name\": array\n  status: string {\"done\", \"pending\"}\n"
        );
        assert_eq!(text.parse(), Ok(shape));
    }

    #[test]
    fn a_slip_of_the_hand_is_told_with_its_line() {
        let told = |text: &str| text.parse::<Shape>().map_err(|error| error.to_string());
        assert_eq!(
            told("body: object\n  a: strnig\n"),
            Err("line 2 of the shape: \"strnig\" is not a type".to_owned())
        );
        assert_eq!(
            told("body: null\n  a: null\n"),
            Err("line 2 of the shape: the line above has no such part".to_owned())
        );
        assert_eq!(
            told("a: null"),
            Err("line 1 of the shape: a shape begins with `body:`".to_owned())
        );
    }
}
