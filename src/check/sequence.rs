//! Exchanges in a row, and what a check of such a row is.

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Rule;
use crate::{
    contract::{Operation, graph::Shape},
    exchange::{Evidence, Exchange},
    finding::{Finding, Sealed},
};

/// One exchange of a sequence, as far as checks must know.
#[derive(Clone, Debug)]
pub struct Step<'s> {
    /// The operation that the request belongs to.
    pub operation: &'s Operation,
    /// What was sent and what came.
    pub exchange: &'s Exchange,
    /// Who asked; empty for the one who asks unless a case says otherwise.
    pub asker: &'s str,
    /// The URL path of the thing that the response says was made.
    pub made: Option<String>,
    /// The URL paths of the things that the response lists, where that is known.
    pub listed: Vec<String>,
    /// Whether a parameter has a value that nobody gave and no response named.
    pub is_made_up: bool,
    /// Whether the operation is followed while it is pending.
    pub is_polled: bool,
}

/// One rule that a sequence is held against.
pub trait SequenceCheck: Sync + Sealed {
    /// Its identity and documentation.
    fn rule(&self) -> &'static Rule;

    /// Whether the steps are to be sent once more before a breach is told: what they compare may have
    /// been changed by somebody else in between.
    fn is_confirmed_twice(&self) -> bool {
        false
    }

    /// What the last step breaks, in the light of the steps before it.
    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding>;
}

impl<'s> Step<'s> {
    /// Where this is a read: the same read before, and the one change of what is read that was sent
    /// between the two, nothing else that may change anything being there.
    pub(super) fn around_a_change<'b>(
        &self,
        before: &'b [Step<'s>],
    ) -> Option<(&'b Step<'s>, &'b Step<'s>)> {
        let request = &self.exchange.request;
        if request.method != http::Method::GET || !self.is_safe() {
            return None;
        }
        let is_same_read = |step: &Step<'_>| {
            step.exchange.request.method == request.method
                && step.exchange.request.url == request.url
                && step.asker == self.asker
        };
        let first = before.iter().rposition(is_same_read)?;
        let mut unsafe_steps = before[first + 1..]
            .iter()
            .filter(|step| !step.exchange.request.method.is_safe());
        let change = unsafe_steps.next()?;
        (unsafe_steps.next().is_none() && change.path() == self.path())
            .then(|| (&before[first], change))
    }
}

impl Step<'_> {
    /// The URL path, a slash at its end left out.
    pub(super) fn path(&self) -> &str {
        without_slash(self.exchange.request.url.path())
    }

    /// Whether a value is a segment of the URL path.
    pub(super) fn names_in_path(&self, value: &Value) -> bool {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return false,
        };
        let mut segments = self.path().split('/');
        segments.any(|segment| percent_decode_str(segment).decode_utf8_lossy() == text)
    }

    pub(super) fn status(&self) -> StatusCode {
        self.exchange.response.status
    }

    /// Whether the request may change nothing.
    pub(super) fn is_safe(&self) -> bool {
        self.operation.is_safe() && self.exchange.request.method.is_safe()
    }

    /// Whether the request did what it asked for; 202 says only that it may be done some day.
    pub(super) fn is_done(&self) -> bool {
        self.status().is_success() && self.status() != StatusCode::ACCEPTED
    }

    /// Whether the request removed the thing at its path, and not a collection of things.
    pub(super) fn removed(&self, path: &str) -> bool {
        self.is_delete_of_one() && self.is_done() && self.path() == path
    }

    fn is_delete_of_one(&self) -> bool {
        self.exchange.request.method == http::Method::DELETE && Shape::of(self.operation).is_item()
    }

    /// Whether the request may have removed the thing at a path, or something that it is a part of.
    pub(super) fn may_have_removed(&self, path: &str) -> bool {
        self.exchange.request.method == http::Method::DELETE
            && self.status().is_success()
            && is_at_or_below(path, self.path())
    }

    /// Whether the request made the thing at a path.
    pub(super) fn made(&self, path: &str) -> bool {
        let named = self.made.as_deref().map(without_slash) == Some(path);
        // PUT makes what is not there (RFC 9110 §9.3.4).
        let put = self.exchange.request.method == http::Method::PUT && self.path() == path;
        (named || put) && self.is_done()
    }

    /// Whether the service says that it has too much to do.
    pub(super) fn is_overloaded(&self) -> bool {
        let response = &self.exchange.response;
        response.status == StatusCode::TOO_MANY_REQUESTS
            || response.status == StatusCode::SERVICE_UNAVAILABLE
                && response.headers.contains_key(http::header::RETRY_AFTER)
    }
}

/// Whether a path is another, or lies below it.
pub(super) fn is_at_or_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// A finding about the last step, with what was sent before it.
pub(super) fn finding(rule: &Rule, steps: &[Step<'_>], message: String) -> Option<Finding> {
    let (last, before) = steps.split_last()?;
    let before = before.iter().map(|step| step.exchange);
    Some(
        Finding::new(rule.id, rule.severity, message)
            .with_operation(last.operation.id.as_str())
            .at(last.operation.address.clone())
            .with_actual(last.status().to_string())
            .with_evidence(Evidence::of(last.exchange).after(before)),
    )
}

/// A finding about a step that the last one shows the effect of, with what was sent before it.
pub(super) fn finding_about(
    rule: &Rule,
    steps: &[Step<'_>],
    about: &Step<'_>,
    message: String,
) -> Option<Finding> {
    finding(rule, steps, message).map(|finding| {
        finding
            .with_operation(about.operation.id.as_str())
            .at(about.operation.address.clone())
    })
}
