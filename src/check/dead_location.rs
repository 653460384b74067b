//! `dead-location`

use http::{Method, StatusCode, header::LOCATION};

use super::{
    Rule, documented,
    sequence::{SequenceCheck, Step, finding_about, is_at_or_below},
};
use crate::finding::Finding;

documented! {
    /// A response names a place where nothing is.
    ///
    /// # What it holds
    ///
    /// The `Location` of a 201 or 202, followed at once on the same origin, is not answered with 404,
    /// 405 or 501 (RFC 9110 §10.2.2, §15.3.2, §15.3.3).
    ///
    /// # Why
    ///
    /// A client that follows it finds neither what it created nor how its work goes on.
    ///
    /// # Not a finding when
    ///
    /// - it leads to another origin: it is never followed there;
    /// - something that may have removed it was sent in between;
    /// - with 404, it names what the response says was created: that is `missing-after-create`;
    /// - somebody else follows it;
    /// - it happens once only: the steps are repeated before it is told.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { post: /things, status: 201, headers: { location: /things/8 } }
    /// - { get: /things/8, status: 404 }
    /// ```
    pub DeadLocation = "dead-location", Error, [Inferred];
}

impl SequenceCheck for DeadLocation {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn is_confirmed_twice(&self) -> bool {
        true
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        let is_dead = [
            StatusCode::NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED,
            StatusCode::NOT_IMPLEMENTED,
        ]
        .contains(&last.status());
        if last.exchange.request.method != Method::GET || !is_dead {
            return None;
        }
        let named = before.iter().rposition(|step| leads_to(step, last))?;
        let may_be_gone = |step: &Step<'_>| {
            !step.exchange.request.method.is_safe()
                && step.status().is_success()
                && is_at_or_below(last.path(), step.path())
        };
        if before[named + 1..].iter().any(may_be_gone) {
            return None;
        }
        let maker = &before[named];
        // That what was created is not there is what `missing-after-create` tells.
        if maker.made(last.path()) && last.status() == StatusCode::NOT_FOUND {
            return None;
        }
        let message = format!(
            "the Location of {} of {} answers {}",
            maker.status().as_u16(),
            maker.operation.id,
            last.status().as_u16()
        );
        finding_about(&Self::RULE, steps, maker, message).map(|finding| {
            finding
                .with_expected("what the Location names")
                .with_discriminator(last.status().as_str())
        })
    }
}

/// Whether a response sent the client to where the last request went, as the same one.
fn leads_to(step: &Step<'_>, last: &Step<'_>) -> bool {
    let is_new = [StatusCode::CREATED, StatusCode::ACCEPTED].contains(&step.status());
    let url = &step.exchange.request.url;
    let location = step.exchange.response.headers.get(LOCATION);
    let target = location
        .and_then(|value| value.to_str().ok())
        .and_then(|text| url.join(text).ok());
    is_new
        && step.asker == last.asker
        && target.is_some_and(|mut target| {
            target.set_fragment(None);
            target == last.exchange.request.url && target.origin() == url.origin()
        })
}
