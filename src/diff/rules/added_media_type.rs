//! `added-media-type`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{
    contract::Content,
    diff::{
        Flow,
        operations::Role,
        positions::{counterpart, responses},
    },
};

documented! {
    /// A body may be sent or comes as one more media type.
    ///
    /// # What it checks
    ///
    /// Media types that only the new document has.
    ///
    /// # Why
    ///
    /// It belongs in a changelog. A client gets what it asks for in `Accept`.
    ///
    /// # Not a finding when
    ///
    /// - the old document had a range that it belongs to.
    pub AddedMediaType = "added-media-type", Note;
}

impl ChangeRule for AddedMediaType {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            let mut look = |flow: Flow, place: &str, old: &Content, new: &Content| {
                for media_type in &new.media_types {
                    if counterpart(media_type, old).is_none() {
                        let name = media_type.range.as_str();
                        changes.push(
                            Change::new(&Self::RULE, format!("{place}: {name} is new"))
                                .of(operation.id())
                                .in_flow(flow)
                                .with_place(format!("{place} {name}"))
                                .at_new(&media_type.address),
                        );
                    }
                }
            };
            if operation.role == Role::Called
                && let (Some(old), Some(new)) =
                    (&operation.old.request_body, &operation.new.request_body)
            {
                look(Flow::Request, "request body", &old.content, &new.content);
            }
            for (old, new) in responses(operation) {
                look(
                    Flow::Response,
                    &format!("response {}", new.key),
                    &old.content,
                    &new.content,
                );
            }
        }
    }
}
