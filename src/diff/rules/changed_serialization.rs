//! `changed-serialization`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{
    contract::{Explode, Location, Parameter, Serialization, Style},
    diff::Flow,
};

documented! {
    /// A parameter's value is written in another way.
    ///
    /// # What it checks
    ///
    /// `style`, `explode`, and whether the value is described by `schema` or by `content`.
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
        }
    }
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
