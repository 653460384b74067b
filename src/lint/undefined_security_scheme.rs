//! `undefined-security-scheme`

use super::{Finding, Lint, Rule, Subject, documented, finding};

documented! {
    /// A security requirement names a scheme that the document does not define.
    ///
    /// # What it holds
    ///
    /// Each name in `security` stands under `components/securitySchemes` (or `securityDefinitions`).
    ///
    /// # Why
    ///
    /// Nobody knows which credential to send.
    ///
    /// # Not a finding when
    ///
    /// - the requirement is `{}`: anonymous access.
    pub UndefinedSecurityScheme = "undefined-security-scheme", Error;
}

impl Lint for UndefinedSecurityScheme {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let mut told = Vec::new();
        for requirement in subject
            .contract
            .operations()
            .iter()
            .flat_map(|operation| &operation.security)
        {
            for scheme in requirement
                .schemes
                .iter()
                .filter(|scheme| scheme.kind.is_none())
            {
                let place = requirement.address.join(&scheme.name);
                if !told.contains(&place) {
                    findings.push(
                        finding(
                            &Self::RULE,
                            format!("the security scheme `{}` is not defined", scheme.name),
                        )
                        .at(place.clone())
                        .with_discriminator(scheme.name.clone()),
                    );
                    told.push(place);
                }
            }
        }
    }
}
