//! `changed-schema-presence`

use serde_json::Value;

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{
    contract::{MediaType, is_assertion},
    diff::{
        Flow,
        keywords::position,
        positions::{contents, responses},
        side::Side,
    },
};

documented! {
    /// A value is described where it was not, or no longer.
    ///
    /// # What it checks
    ///
    /// A media type whose request body has a schema that it did not have, or whose response no longer has one.
    ///
    /// # Why
    ///
    /// Without a schema any value may be sent: the new service refuses some of them, or the new response may be
    /// anything.
    ///
    /// # Not a finding when
    ///
    /// - it is the reader who describes less, or the sender who describes more;
    /// - the schema says of octets that they are a text of format `binary`, or nothing but a title.
    pub ChangedSchemaPresence = "changed-schema-presence", Error;
}

impl ChangeRule for ChangedSchemaPresence {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            let mut look = |flow: Flow, place: String, old: &MediaType, new: &MediaType| {
                let (sender, reader) = match operation.producer(flow) {
                    Side::Old => (old, new),
                    Side::New => (new, old),
                };
                let is_read = reader
                    .schema
                    .as_ref()
                    .is_some_and(|schema| !accepts_all(reader, schema.target().raw()));
                if sender.schema.is_none() && is_read {
                    changes.push(
                        Change::new(
                            &Self::RULE,
                            format!(
                                "{place}: any value may be sent, and not every one is accepted"
                            ),
                        )
                        .of(operation.id())
                        .in_flow(flow)
                        .with_place(place)
                        .at_old(&old.address)
                        .at_new(&new.address),
                    );
                }
            };
            if let (Some(old), Some(new)) =
                (&operation.old.request_body, &operation.new.request_body)
            {
                for (old, new) in contents(operation, Flow::Request, &old.content, &new.content) {
                    let place = format!("request body {}", old.range.as_str());
                    look(Flow::Request, place, old, new);
                }
            }
            for (before, after) in responses(operation) {
                for (old, new) in
                    contents(operation, Flow::Response, &before.content, &after.content)
                {
                    let place = format!("response {} {}", before.key, old.range.as_str());
                    look(Flow::Response, place, old, new);
                }
            }
        }
    }
}

/// Whether a schema says nothing about the bytes of a media type. That octets are a text of format `binary` is how 3.0
/// writes what 3.1 leaves out.
fn accepts_all(media_type: &MediaType, schema: &Value) -> bool {
    let Value::Object(members) = schema else {
        return schema.as_bool() == Some(true);
    };
    let essence = media_type.range.essence();
    let is_octets = !essence.contains("json") && !essence.starts_with("text/");
    members
        .iter()
        .all(|(keyword, value)| match keyword.as_str() {
            "type" => is_octets && value == "string",
            "format" => is_octets && value == "binary",
            "contentEncoding" | "contentMediaType" => is_octets,
            other => !is_assertion(other) && position(other).is_none() && other != "$ref",
        })
        && (!members.contains_key("type")
            || members.contains_key("format")
            || members.contains_key("contentMediaType"))
}
