//! `limit-reached`

use http::header::CONTENT_LENGTH;

use super::{
    Check, Content, Rule, Subject, documented, header_mismatch, request_mismatch, subject::TooLong,
};
use crate::{
    exchange::{Body, CutReason, is_stream, may_be_endless},
    finding::{Finding, Remedy, Severity},
    wire::MalformedBody,
};

documented! {
    /// A response went on past a limit, and was cut off or left unchecked there.
    ///
    /// # What it holds
    ///
    /// A response ends, within the size and time that this run allows. The limits guard the gate
    /// against a response without end and against one that unpacks to more than memory holds. A JSON body
    /// is read up to a million values, and 127 levels deep. A text that a pattern would take too long for, as
    /// thousands of counted letters or look-around may on a long text, is not held against it.
    ///
    /// # Why
    ///
    /// What fills the gate's memory fills a client's, and what was not looked at must not look as if it had been.
    /// That a recorded request was too large to be looked at is a note, and that a stream of events or lines showed
    /// nothing whole while it was waited for, or that text of what is called a stream went on.
    ///
    /// # Not a finding when
    ///
    /// - the response ended by itself, at whatever size below the limit;
    /// - it is a stream of events or lines of JSON that has no length: what came within the time is read as far as
    ///   its last whole item.
    ///
    /// Raise the limit where a service is meant to send more.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: Fine, content: { text/plain: {} } }
    /// response: { status: 200, headers: { content-type: text/plain }, body: 'la la la', cut: limit }
    /// ```
    pub LimitReached = "limit-reached", Error, [NotShrunk];
}

/// The limit that kept the body from being read: what there is too much of, and how much is read.
fn unread(subject: &Subject<'_>) -> Option<(&'static str, usize)> {
    if subject.tape().is_some() {
        return None;
    }
    match subject.body() {
        Content::Malformed(malformed) => beyond(malformed),
        _ => None,
    }
}

fn beyond(malformed: &MalformedBody) -> Option<(&'static str, usize)> {
    match malformed {
        MalformedBody::TooLarge { limit } => Some(("values", *limit)),
        MalformedBody::TooDeep { limit } => Some(("levels", *limit)),
        _ => None,
    }
}

/// The texts of the response that no pattern was tried on.
fn too_long<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = &'s TooLong> {
    let body = &subject.body_verdict().too_long;
    body.iter()
        .chain(&header_mismatch::verdict(subject).too_long)
}

/// What of a recorded request was not looked at.
fn of_request(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let verdict = request_mismatch::verdict(subject);
    let note = |message: String| {
        let id = &subject.operation.id;
        let message = format!("a request of {id} is not checked: {message}");
        subject.finding_of(&LimitReached::RULE, Severity::Note, message)
    };
    if let Some((what, limit)) = verdict.unread.as_ref().and_then(beyond) {
        let body = subject.operation.request_body.as_ref();
        let finding = note("its body is too large".to_owned())
            .with_expected(format!("at most {limit} {what}"))
            .with_actual("more")
            .with_discriminator(format!("request {what}"));
        findings.push(match body {
            Some(body) => finding.at(body.address.clone()),
            None => finding,
        });
    }
    for one in &verdict.too_long {
        let message = format!("{} is too long for its pattern", one.place);
        findings.push(of_text(note(message), one, "request pattern"));
    }
}

fn of_text(finding: Finding, text: &TooLong, discriminator: &str) -> Finding {
    finding
        .at(text.pattern.clone())
        .with_expected("a text that the pattern can be tried on within some million steps")
        .with_actual(format!("{} bytes", text.length))
        .with_discriminator(discriminator)
}

/// Whether an operation is called a stream, and answers with text that has no length.
fn is_called_a_stream(subject: &Subject<'_>) -> bool {
    let operation = subject.operation;
    let names = [operation.last_segment(), operation.id.as_str()];
    let is_called_so = |name: &&str| {
        let name = name.to_lowercase();
        let mut words = name.split(|one: char| !one.is_alphanumeric());
        words.any(|word| ["follow", "stream", "tail", "watch"].contains(&word))
    };
    let response = &subject.exchange.response;
    let has_length = response.headers.contains_key(CONTENT_LENGTH);
    let is_text = response
        .header("content-type")
        .is_some_and(|one| one.trim_start().to_ascii_lowercase().starts_with("text/"));
    is_text && !has_length && names.iter().any(is_called_so)
}

impl Check for LimitReached {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let is_cut = matches!(
            subject.exchange.response.body,
            Body::Cut {
                reason: CutReason::Limit(_) | CutReason::Head(_) | CutReason::TimedOut,
                ..
            }
        );
        let of_request = request_mismatch::verdict(subject);
        !is_cut
            && unread(subject).is_none()
            && too_long(subject).next().is_none()
            && of_request.unread.is_none()
            && of_request.too_long.is_empty()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let status = subject.exchange.response.status;
        let place = subject.response_address();
        of_request(subject, findings);
        for one in too_long(subject) {
            let message = format!(
                "a {} response of {} is not checked: {} is too long for its pattern",
                status.as_u16(),
                subject.operation.id,
                one.place
            );
            let finding = subject.finding(&Self::RULE, message);
            findings.push(of_text(finding, one, "pattern"));
        }
        if let Some((what, limit)) = unread(subject) {
            let message = format!(
                "the body of a {} response of {} is too large to be checked",
                status.as_u16(),
                subject.operation.id
            );
            findings.push(
                subject
                    .finding(&Self::RULE, message)
                    .at(place.clone())
                    .with_expected(format!("at most {limit} {what}"))
                    .with_actual("more")
                    .with_discriminator(what),
            );
            return;
        }
        let Body::Cut { bytes, reason } = &subject.exchange.response.body else {
            return;
        };
        let (expected, help) = match reason {
            CutReason::Limit(limit) => (format!("at most {limit} bytes"), Remedy::RaiseBodyLimit),
            CutReason::Head(limit) => (
                format!("header fields of at most {limit} bytes"),
                Remedy::RaiseHeaderLimit,
            ),
            CutReason::TimedOut => (
                "an end within the time allowed".to_owned(),
                Remedy::RaiseTimeout,
            ),
            _ => return,
        };
        // What is sent as it happens need not happen while it is waited for.
        let declared = subject.declared().into_iter();
        let mut declared = declared.flat_map(|one| &one.content.media_types);
        let is_stream = may_be_endless(&subject.exchange.response.headers)
            || declared.any(|one| is_stream(one.range.as_str()))
            || is_called_a_stream(subject);
        let is_quiet_stream = *reason == CutReason::TimedOut && is_stream;
        let severity = if is_quiet_stream {
            Severity::Note
        } else {
            Self::RULE.severity
        };
        let message = format!(
            "a {} response of {} did not end within its limit",
            status.as_u16(),
            subject.operation.id
        );
        findings.push(
            subject
                .finding_of(&Self::RULE, severity, message)
                .at(place.clone())
                .with_expected(expected)
                .with_actual(match reason {
                    CutReason::Head(_) => "more".to_owned(),
                    _ => format!("no end after {} bytes", bytes.len()),
                })
                .with_discriminator(match reason {
                    CutReason::TimedOut => "time",
                    CutReason::Head(_) => "head",
                    _ => "size",
                })
                .with_help(help),
        );
    }
}
