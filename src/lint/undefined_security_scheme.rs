//! `undefined-security-scheme`

use oasgate_document::Address;

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
    /// - the requirement is `{}`: anonymous access;
    /// - the scheme is there but malformed, which `malformed-object` tells.
    pub UndefinedSecurityScheme = "undefined-security-scheme", Error;
}

impl Lint for UndefinedSecurityScheme {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let mut places: Vec<(&str, Vec<Address>)> = Vec::new();
        let operations = subject.contract.operations().iter();
        for requirement in operations.flat_map(|operation| &operation.security) {
            let unread = requirement.schemes.iter();
            for scheme in unread.filter(|scheme| !scheme.is_defined) {
                let place = requirement.address.join(&scheme.name);
                match places.iter_mut().find(|(name, _)| *name == scheme.name) {
                    Some((_, known)) if known.contains(&place) => {}
                    Some((_, known)) => known.push(place),
                    None => places.push((&scheme.name, vec![place])),
                }
            }
        }
        for (name, mut places) in places {
            let more = match places.len() {
                1 => String::new(),
                count => format!(": {count} requirements name it"),
            };
            let message = format!("the security scheme `{name}` is not defined{more}");
            let found = finding(&Self::RULE, message).at(places.swap_remove(0));
            findings.push(found.with_discriminator(name));
        }
    }
}
