//! `changed-serialization`

use std::collections::BTreeSet;

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{
    contract::{Encoding, Explode, Location, MediaType, Parameter, Schema, Serialization, Style},
    diff::{Flow, operations::Matched, positions::contents, side::Side},
};

documented! {
    /// A parameter's value, or a field of a form, is written in another way.
    ///
    /// # What it checks
    ///
    /// `style`, `explode`, and whether the value is described by `schema` or by `content`; of a form, the `encoding` of each
    /// property: its `style` and `explode`, and whether each media type that a part may have is still read.
    ///
    /// # Why
    ///
    /// Clients write `a=1&a=2` where the service now reads `a=1,2`.
    ///
    /// # Not a finding when
    ///
    /// - every value is a plain text, number or boolean, and the style changes nothing about how these are written.
    pub ChangedSerialization = "changed-serialization", Error;
}

impl ChangeRule for ChangedSerialization {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            for (old, new) in operation.parameters() {
                let (Some(old), Some(new)) = (old, new) else {
                    continue;
                };
                if let Some(what) = difference(old, new) {
                    changes.push(
                        Change::new(
                            &Self::RULE,
                            format!("{} parameter `{}`: {what}", old.location, old.name),
                        )
                        .of(operation.id())
                        .in_flow(Flow::Request)
                        .with_place(format!("{} parameter `{}`", old.location, old.name))
                        .at_old(&old.address)
                        .at_new(&new.address),
                    );
                }
            }
            fields(operation, changes);
        }
    }
}

/// Adds what changed in the `encoding` of forms.
fn fields(operation: &Matched, changes: &mut Vec<Change>) {
    let (Some(old), Some(new)) = (&operation.old.request_body, &operation.new.request_body) else {
        return;
    };
    for (before, after) in contents(operation, Flow::Request, &old.content, &new.content) {
        let names: BTreeSet<&String> = before
            .encoding
            .keys()
            .chain(after.encoding.keys())
            .collect();
        for name in names {
            let property =
                |media_type: &MediaType| media_type.schema.as_ref()?.target().property(name);
            let (Some(one), Some(_)) = (property(before), property(after)) else {
                continue;
            };
            let (sender, reader) = match operation.producer(Flow::Request) {
                Side::Old => (before, after),
                Side::New => (after, before),
            };
            let encodings = [sender.encoding.get(name), reader.encoding.get(name)];
            if let Some(what) = encoded_differently(before, &one, encodings) {
                let place = format!("request body {}", before.range.as_str());
                changes.push(
                    Change::new(
                        &ChangedSerialization::RULE,
                        format!("field `{name}`: {what}"),
                    )
                    .of(operation.id())
                    .in_flow(Flow::Request)
                    .with_place(place)
                    .with_discriminator(name.as_str())
                    .at_old(&before.address)
                    .at_new(&after.address),
                );
            }
        }
    }
}

/// What the reader of a form's field no longer reads as its sender writes it.
fn encoded_differently(
    form: &MediaType,
    schema: &Schema,
    [sent, read]: [Option<&Encoding>; 2],
) -> Option<String> {
    if form.range.essence() == "application/x-www-form-urlencoded" {
        let types = schema.types();
        let is_list = types.contains(jsonschema::JsonType::Array);
        let is_object = types.contains(jsonschema::JsonType::Object);
        if !is_list && !is_object {
            return None;
        }
        let [(style, explode), (other, spreads)] = [written(sent), written(read)];
        if style != other {
            return Some(format!(
                "it is written by style {style:?}, and read by {other:?}"
            ));
        }
        return (explode != spreads && explode_shows(style, is_list, is_object)).then(|| {
            let is = |explode: Explode| explode == Explode::Yes;
            format!(
                "it is written with `explode` {}, and read with {}",
                is(explode),
                is(spreads)
            )
        });
    }
    // Without a list, whatever the schema suggests is read.
    let read = read?.content_type.as_deref()?;
    let all = |list: &str| -> Vec<String> {
        let each = list.split(',').map(|one| one.trim().to_ascii_lowercase());
        each.collect()
    };
    let read_types = all(read);
    let lost = all(sent?.content_type.as_deref()?)
        .into_iter()
        .find(|one| !read_types.iter().any(|range| is_within(one, range)))?;
    Some(format!("a part of {lost} is no longer read, only {read}"))
}

/// The style of a form's field, and whether it is spread out.
fn written(encoding: Option<&Encoding>) -> (Style, Explode) {
    let style = encoding.and_then(|one| one.style).unwrap_or(Style::Form);
    let by_style = if style == Style::Form {
        Explode::Yes
    } else {
        Explode::No
    };
    (
        style,
        encoding.and_then(|one| one.explode).unwrap_or(by_style),
    )
}

/// Whether a media type or range belongs to a range.
fn is_within(one: &str, range: &str) -> bool {
    one == range
        || range == "*/*"
        || range
            .strip_suffix('*')
            .is_some_and(|kind| one.starts_with(kind))
}

/// Whether `explode` changes how lists or objects are written in a style (OpenAPI 3.1.1 §4.8.12.4).
const fn explode_shows(style: Style, is_list: bool, is_object: bool) -> bool {
    match style {
        Style::DeepObject => false,
        Style::Simple => is_object,
        _ => is_list || is_object,
    }
}

fn difference(old: &Parameter, new: &Parameter) -> Option<String> {
    match (&old.value, &new.value) {
        (
            Serialization::Styled {
                schema,
                style: was,
                explode: spread,
                ..
            },
            Serialization::Styled {
                style: is,
                explode: spreads,
                ..
            },
        ) => {
            let types = schema.types();
            let is_list = types.contains(jsonschema::JsonType::Array);
            let is_object = types.contains(jsonschema::JsonType::Object);
            let is_nested = is_list || is_object;
            let shows_on_scalars = |style: Style| matches!(style, Style::Matrix | Style::Label);
            let matters = is_nested
                || old.location == Location::Path
                    && was != is
                    && (shows_on_scalars(*was) || shows_on_scalars(*is));
            if !matters {
                None
            } else if was != is {
                Some(format!("it was written by style {was:?}, now by {is:?}"))
            } else if spread != spreads && explode_shows(*was, is_list, is_object) {
                let word = |explode: &Explode| *explode == Explode::Yes;
                Some(format!(
                    "`explode` was {}, now it is {}",
                    word(spread),
                    word(spreads)
                ))
            } else {
                None
            }
        }
        (Serialization::Content(one), Serialization::Content(other)) => {
            (one.range.essence() != other.range.essence()).then(|| {
                format!(
                    "it was written as {}, now as {}",
                    one.range.as_str(),
                    other.range.as_str()
                )
            })
        }
        (Serialization::Styled { .. }, Serialization::Content(media_type)) => Some(format!(
            "it was written by its style, now as {}",
            media_type.range.as_str()
        )),
        (Serialization::Content(media_type), Serialization::Styled { .. }) => Some(format!(
            "it was written as {}, now by its style",
            media_type.range.as_str()
        )),
    }
}
