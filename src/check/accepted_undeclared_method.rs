//! `accepted-undeclared-method`

use http::{Method, StatusCode};

use super::{
    Check, Intent, Rule, Subject,
    discriminators::REFUSED_OTHERWISE,
    documented,
    methods::{is_declared_for_url, path_requires_credential},
};
use crate::finding::{Finding, Severity};

documented! {
    /// A method that the path does not declare was answered as if it did.
    ///
    /// # What it holds
    ///
    /// A request with a method that the document does not declare for its path is answered with 405,
    /// or with 501 (RFC 9110 §15.5.6, §15.6.2). Another refusal, such as the 404 of a router that
    /// knows no such route, is one note for each path.
    ///
    /// # Why
    ///
    /// An operation that nobody wrote down is one that nobody reviews.
    ///
    /// # Not a finding when
    ///
    /// - the method is HEAD or OPTIONS: servers answer these by themselves;
    /// - the answer is a 404 and the path names a resource that was generated;
    /// - the answer is 401 or 403 and the path's operations need a credential: who asks is looked at
    ///   before what is asked;
    /// - a GET is answered as a path is that nothing has, with the page of an application that takes all of them;
    /// - the answer is 429: it says nothing about the method;
    /// - the answer is another 5xx: that is `server-error`;
    /// - the answer is another 4xx: many frameworks know no 405, and that is a note, one for each path;
    /// - the answer is 301, 307 or 308: the same request is to be sent elsewhere.
    ///
    /// # Example
    ///
    /// ```yaml
    /// request: { method: PUT, declared-method: GET, intent: other-method }
    /// responses: { '200': { description: Fine } }
    /// response: { status: 200 }
    /// ```
    pub AcceptedUndeclaredMethod = "accepted-undeclared-method", Error, [OfOtherMethods, MayBeFallback];
}

impl Check for AcceptedUndeclaredMethod {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let method = &subject.exchange.request.method;
        if subject.intent != Intent::OtherMethod
            || [Method::HEAD, Method::OPTIONS].contains(method)
            || is_declared_for_url(subject, method.as_str())
        {
            return true;
        }
        match subject.exchange.response.status {
            StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::MOVED_PERMANENTLY
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => true,
            StatusCode::NOT_FOUND => !subject.made_up.is_empty(),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => path_requires_credential(subject),
            other => other.is_server_error(),
        }
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let method = &subject.exchange.request.method;
        let path = &subject.operation.path;
        let address = &subject.operation.address;
        let is_refused = subject.exchange.response.status.is_client_error();
        let (severity, discriminator) = if is_refused {
            (Severity::Note, REFUSED_OTHERWISE)
        } else {
            (Self::RULE.severity, method.as_str())
        };
        findings.push(
            subject
                .finding_of(
                    &Self::RULE,
                    severity,
                    format!("{method} is not declared for {path} and is not refused as such"),
                )
                .at(address.parent().unwrap_or_else(|| address.clone()))
                .with_label(format!("declares no {method}"))
                .with_expected("405 or 501")
                .with_actual(subject.exchange.response.status.to_string())
                .with_discriminator(discriminator),
        );
    }
}
