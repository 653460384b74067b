//! `added-security`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::contract::{Location, SecurityKind, SecurityRequirement, SecurityScheme};

documented! {
    /// Clients need a credential, or a scope, that they did not need.
    ///
    /// # What it checks
    ///
    /// Each way in which the old document lets a client in, its schemes and scopes together, suffices for one way
    /// of the new one. Schemes are compared by what they are, not by their names.
    ///
    /// # Why
    ///
    /// Requests are answered with 401 or 403.
    ///
    /// # Not a finding when
    ///
    /// - a scheme is renamed;
    /// - an alternative is added: that is `added-security-alternative`;
    /// - the name of a header is written with other capitals.
    pub AddedSecurity = "added-security", Error;
}

impl ChangeRule for AddedSecurity {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            let (old, new) = (&operation.old.security, &operation.new.security);
            if new.is_empty() {
                continue;
            }
            let anonymous = [SecurityRequirement {
                schemes: Vec::new(),
                address: operation.old.address.clone(),
            }];
            let ways: &[SecurityRequirement] = if old.is_empty() { &anonymous } else { old };
            for way in ways {
                if new.iter().any(|other| suffices(way, other)) {
                    continue;
                }
                changes.push(
                    Change::new(
                        &Self::RULE,
                        format!("{} no longer suffices; needed: {}", words(way), {
                            let all: Vec<_> = new.iter().map(words).collect();
                            all.join(", or ")
                        }),
                    )
                    .of(operation.id())
                    .with_place("security")
                    .with_discriminator(words(way))
                    .at_old(&way.address)
                    .at_new(
                        new.first()
                            .map_or(&operation.new.address, |one| &one.address),
                    ),
                );
            }
        }
    }
}

/// Whether who has all of `way` has all of `other`.
pub(super) fn suffices(way: &SecurityRequirement, other: &SecurityRequirement) -> bool {
    other.schemes.iter().all(|needed| {
        way.schemes.iter().any(|had| {
            kind(had) == kind(needed)
                && needed.scopes.iter().all(|scope| had.scopes.contains(scope))
        })
    })
}

/// What a scheme is, as a text to compare.
fn kind(scheme: &SecurityScheme) -> String {
    match &scheme.kind {
        None => format!("undefined {}", scheme.name),
        // Names of header fields know no case (RFC 9110 §5.1).
        Some(SecurityKind::ApiKey { location, name, .. }) if *location == Location::Header => {
            format!("key {location} {}", name.to_ascii_lowercase())
        }
        Some(SecurityKind::ApiKey { location, name, .. }) => format!("key {location} {name}"),
        Some(SecurityKind::Http { scheme }) => format!("http {scheme}"),
        Some(SecurityKind::OAuth2 { .. }) => "oauth2".to_owned(),
        Some(SecurityKind::OpenIdConnect { url }) => format!("openid {url}"),
        Some(SecurityKind::MutualTls) => "mutual tls".to_owned(),
    }
}

pub(super) fn words(way: &SecurityRequirement) -> String {
    if way.schemes.is_empty() {
        return "no credential".to_owned();
    }
    let schemes: Vec<_> = way
        .schemes
        .iter()
        .map(|scheme| match scheme.scopes.as_slice() {
            [] => scheme.name.clone(),
            scopes => format!("{} ({})", scheme.name, scopes.join(", ")),
        })
        .collect();
    schemes.join(" with ")
}
