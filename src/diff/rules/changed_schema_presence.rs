//! `changed-schema-presence`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{
    contract::MediaType,
    diff::{
        Flow,
        isolate::Side,
        positions::{contents, responses},
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
    /// - it is the reader who describes less, or the sender who describes more.
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
                    .is_some_and(|schema| !accepts_all(schema.target().raw()));
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

/// Whether a schema says nothing.
fn accepts_all(schema: &serde_json::Value) -> bool {
    match schema {
        serde_json::Value::Object(members) => members.is_empty(),
        other => other.as_bool() == Some(true),
    }
}
