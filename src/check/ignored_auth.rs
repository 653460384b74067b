//! `ignored-auth`

use super::{Check, Credential, Intent, Part, Rule, Subject, documented};
use crate::{contract::Location, finding::Finding};

documented! {
    /// An operation that needs a credential answered without one, or with a wrong one.
    ///
    /// # What it holds
    ///
    /// Where every security alternative of an operation needs a credential, whatever its kind, a
    /// request without one or with one that is made up is not answered with a 2xx.
    ///
    /// # Why
    ///
    /// A document that says `security` and a service that does not ask is how data leaks.
    ///
    /// # Not a finding when
    ///
    /// - the operation's security includes `{}`: anonymous access is declared;
    /// - the response is a redirect, such as to a page for signing in;
    /// - the request is invalid in its path, or has a method that the path does not declare: it may
    ///   have missed the operation;
    /// - the same request, sent once more, is refused: one operation's finding is confirmed once;
    /// - the request was recorded: recorders take credentials out.
    ///
    /// # Example
    ///
    /// ```yaml
    /// security: [{ token: [] }]
    /// request: { credential: absent }
    /// responses: { '200': { description: Fine } }
    /// response: { status: 200 }
    /// ```
    pub IgnoredAuth = "ignored-auth", Error, [ConfirmedByResending];
}

impl Check for IgnoredAuth {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        subject.credential == Credential::Unknown
            || !subject.operation.requires_credential()
            || !subject.exchange.response.status.is_success()
            || subject.intent == Intent::OtherMethod
            || subject
                .breaks
                .is_some_and(|breach| matches!(breach.part, Part::Parameter(Location::Path, _)))
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let (how, discriminator) = match subject.credential {
            Credential::Wrong => ("with a wrong credential", "wrong"),
            _ => ("without a credential", "absent"),
        };
        let operation = subject.operation;
        let place = operation
            .security
            .first()
            .map_or(&operation.address, |requirement| &requirement.address);
        let names: Vec<_> = operation
            .security
            .iter()
            .flat_map(|one| &one.schemes)
            .map(|scheme| scheme.name.as_str())
            .collect();
        findings.push(
            subject
                .finding(&Self::RULE, format!("{} answers {how}", operation.id))
                .at(place.clone())
                .with_label(format!("requires {}", names.join(" or ")))
                .with_expected("401 or 403")
                .with_actual(subject.exchange.response.status.to_string())
                .with_discriminator(discriminator),
        );
    }
}
