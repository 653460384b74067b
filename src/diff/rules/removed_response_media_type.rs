//! `removed-response-media-type`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::{
    Flow,
    positions::{counterpart, responses},
};

documented! {
    /// A response no longer comes as a media type.
    ///
    /// # What it checks
    ///
    /// Each media type of an old response is still declared for that status, by its key or by one that belongs
    /// to it; a response that had a body still has one. For a webhook or callback it is the client who answers: a media
    /// type that the service no longer reads.
    ///
    /// # Why
    ///
    /// A client that asks for it gets another one, or 406.
    ///
    /// # Not a finding when
    ///
    /// - a range in the old document has a media type of it in the new one.
    pub RemovedResponseMediaType = "removed-response-media-type", Error;
}

impl ChangeRule for RemovedResponseMediaType {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            for (old, new) in responses(operation) {
                for media_type in &old.content.media_types {
                    let is_there = counterpart(media_type, &new.content).is_some()
                        || new.content.media_types.iter().any(|other| {
                            counterpart(other, &old.content)
                                .is_some_and(|known| known.range == media_type.range)
                        });
                    if is_there {
                        continue;
                    }
                    changes.push(
                        Change::new(
                            &Self::RULE,
                            format!(
                                "response {} no longer comes as {}",
                                old.key,
                                media_type.range.as_str()
                            ),
                        )
                        .of(operation.id())
                        .in_flow(Flow::Response)
                        .with_place(format!(
                            "response {} {}",
                            old.key,
                            media_type.range.as_str()
                        ))
                        .with_status(old.key)
                        .with_discriminator(media_type.range.as_str())
                        .at_old(&old.address)
                        .at_new(&new.address),
                    );
                }
            }
        }
    }
}
