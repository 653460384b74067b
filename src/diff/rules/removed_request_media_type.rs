//! `removed-request-media-type`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::{Flow, positions::counterpart, side::Side};

documented! {
    /// A body may no longer be sent as a media type.
    ///
    /// # What it checks
    ///
    /// Each media type of the old request body is declared by the new one, by its key or by a range that it
    /// belongs to. For a webhook or callback the other way round: a new media type that its client does not know.
    ///
    /// # Why
    ///
    /// Requests of that media type are answered with 415.
    ///
    /// # Not a finding when
    ///
    /// - only the spelling or the white space of the key changed.
    pub RemovedRequestMediaType = "removed-request-media-type", Error;
}

impl ChangeRule for RemovedRequestMediaType {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            let (Some(old), Some(new)) = (&operation.old.request_body, &operation.new.request_body)
            else {
                continue;
            };
            let (sender, reader) = match operation.producer(Flow::Request) {
                Side::Old => (old, new),
                Side::New => (new, old),
            };
            for media_type in &sender.content.media_types {
                if counterpart(media_type, &reader.content).is_none()
                    && !reader.content.media_types.is_empty()
                {
                    let change = Change::new(
                        &Self::RULE,
                        format!(
                            "a request body of {} is no longer accepted",
                            media_type.range.as_str()
                        ),
                    )
                    .of(operation.id())
                    .in_flow(Flow::Request)
                    .with_place(format!("request body {}", media_type.range.as_str()))
                    .with_discriminator(media_type.range.as_str());
                    changes.push(change.at_old(&old.address).at_new(&new.address));
                }
            }
        }
    }
}
