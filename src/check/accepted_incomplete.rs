//! `accepted-incomplete`

use super::{Check, Part, Rule, Subject, documented, missing_body::may_come_as_nothing};
use crate::{contract::Location, finding::Finding};

documented! {
    /// A request was accepted although something that the document requires was left out.
    ///
    /// # What it holds
    ///
    /// A request without a required parameter, or without the required body, is not answered with a
    /// 2xx.
    ///
    /// # Why
    ///
    /// Either the service does not look, or the document asks for more than is needed; both mislead.
    ///
    /// # Not a finding when
    ///
    /// - a path parameter is missing: that is another route;
    /// - what is missing is a property of the body (`accepted-invalid`), or a body that may have no bytes, as
    ///   an empty text;
    /// - the answer is a 404 for a resource that was made up, or any other refusal.
    ///
    /// # Example
    ///
    /// ```yaml
    /// parameters: [{ name: since, in: query, required: true, schema: { type: string } }]
    /// request:
    ///   breaks: { in: query, name: since, keyword: required, rule: required }
    /// responses: { '200': { description: Fine } }
    /// response: { status: 200 }
    /// ```
    pub AcceptedIncomplete = "accepted-incomplete", Error;
}

impl Check for AcceptedIncomplete {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        !subject.exchange.response.status.is_success()
            || subject.breaks.is_none_or(|breach| {
                let is_in_path = matches!(breach.part, Part::Parameter(Location::Path, _));
                !breach.is_left_out() || is_in_path || is_an_empty_body(subject, &breach.part)
            })
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Some(breach) = subject.breaks.filter(|_| !self.holds(subject)) else {
            return;
        };
        let operation = subject.operation;
        let place = match &breach.part {
            Part::Parameter(location, name) => operation
                .parameters_in(*location)
                .find(|parameter| parameter.name == *name)
                .map(|parameter| &parameter.address),
            Part::Body => operation.request_body.as_ref().map(|body| &body.address),
        };
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "{} answers without its required {}",
                        operation.id, breach.part
                    ),
                )
                .at(place.unwrap_or(&operation.address).clone())
                .with_label("required")
                .with_expected("a refusal, such as 400 or 422")
                .with_actual(subject.exchange.response.status.to_string())
                .with_discriminator(breach.part.to_string()),
        );
    }
}

/// Whether what was left out is a body that may have no bytes at all, as an empty text.
fn is_an_empty_body(subject: &Subject<'_>, part: &Part) -> bool {
    let body = subject.operation.request_body.as_ref();
    *part == Part::Body && body.is_some_and(|body| may_come_as_nothing(&body.content))
}
