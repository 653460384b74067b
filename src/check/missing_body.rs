//! `missing-body`

use mediatype::MediaTypeBuf;

use super::{Check, ContentType, Rule, Subject, documented};
use crate::{
    contract::{Content, MediaType},
    finding::{Finding, Severity},
    wire::{Parsed, read_body},
};

documented! {
    /// A response came with no body, though the document declares content for it.
    ///
    /// # What it holds
    ///
    /// A response whose every declared media type wants a value, such as JSON, has a body. A success
    /// without it is an error; a declared error without it is a warning.
    ///
    /// # Why
    ///
    /// A client parses what the document promises, and fails on nothing at all.
    ///
    /// # Not a finding when
    ///
    /// - it is a response to HEAD, or one of 1xx, 204, 205, a redirect or 304;
    /// - the declared media types allow `*/*`, or bytes that nobody parses;
    /// - no body at all is a value of a declared media type: an empty text, an empty form, no events;
    /// - the recording did not keep the body.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: Fine, content: { application/json: { schema: { type: object } } } }
    /// response: { status: 200, headers: { content-type: application/json } }
    /// ```
    pub MissingBody = "missing-body", Error;
}

impl Check for MissingBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let status = subject.exchange.response.status;
        if !subject.exchange.response.body.is_known_empty()
            || super::unexpected_body::forbids_body(subject)
            || status == http::StatusCode::RESET_CONTENT
            || status.is_redirection()
        {
            return true;
        }
        let Some(declared) = subject.declared() else {
            return true;
        };
        let came = match subject.content_type() {
            ContentType::Known(came) => declared.content.best(came).map(|one| (one, came)),
            ContentType::Absent | ContentType::Malformed(_) => None,
        };
        match came {
            Some((media_type, came)) => may_be_empty(media_type, came),
            None => {
                let media_types = &declared.content.media_types;
                media_types.is_empty()
                    || media_types.iter().any(|one| !one.range.is_concrete())
                    || may_come_as_nothing(&declared.content)
            }
        }
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let Some(declared) = subject.declared() else {
            return;
        };
        let status = subject.exchange.response.status;
        let severity = if status.is_success() {
            Self::RULE.severity
        } else {
            Severity::Warning
        };
        findings.push(
            subject
                .finding_of(
                    &Self::RULE,
                    severity,
                    format!(
                        "a {} response of {} has no body",
                        status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(declared.address.join("content"))
                .with_label("declares content")
                .with_expected(format!("a body of {}", declared.content.names()))
                .with_actual("no body")
                .with_discriminator(status.as_str())
                .with_help(
                    "send what is declared, or declare a response without content, such as 204",
                ),
        );
    }
}

/// Whether no bytes at all may be one of some bodies.
pub(super) fn may_come_as_nothing(content: &Content) -> bool {
    content.media_types.iter().any(|one| {
        let essence = one.range.essence().parse::<MediaTypeBuf>();
        essence.is_ok_and(|essence| may_be_empty(one, &essence))
    })
}

/// Whether no bytes at all may be a body of this type.
fn may_be_empty(declared: &MediaType, came: &MediaTypeBuf) -> bool {
    if is_xml(came) {
        return false;
    }
    match read_body(declared, came, b"") {
        Ok(Parsed::Value(value)) => {
            (declared.schema.as_ref()).is_none_or(|one| one.is_valid(&value))
        }
        Ok(Parsed::Items(_) | Parsed::Opaque) => true,
        Err(_) => false,
    }
}

/// XML has one element at least (XML 1.0 §2.1).
fn is_xml(media_type: &MediaTypeBuf) -> bool {
    let essence = media_type.essence().to_string().to_ascii_lowercase();
    essence.ends_with("/xml") || essence.ends_with("+xml")
}
