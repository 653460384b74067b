//! `added-security-alternative`

use super::{
    Change, ChangeRule, Rule, Subject,
    added_security::{suffices, words},
    documented,
};

documented! {
    /// A credential lets clients in that did not before.
    ///
    /// # What it checks
    ///
    /// A way in of the new document, its schemes and scopes together, that is none of the old document's, where each of
    /// those still suffices: another scheme, or fewer scopes of the same.
    ///
    /// # Why
    ///
    /// No client loses; who is let in is worth a look all the same.
    ///
    /// # Not a finding when
    ///
    /// - a way of the old document no longer suffices: `added-security` names what is needed now;
    /// - no credential is needed any more: that is `removed-security`;
    /// - a scheme is renamed.
    pub AddedSecurityAlternative = "added-security-alternative", Note;
}

impl ChangeRule for AddedSecurityAlternative {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            let (old, new) = (&operation.old.security, &operation.new.security);
            let holds = |way| new.iter().any(|other| suffices(way, other));
            if !old.iter().all(holds) || old.is_empty() && operation.new.requires_credential() {
                continue;
            }
            for way in new.iter().filter(|way| !way.schemes.is_empty()) {
                let is_known = |one| suffices(one, way) && suffices(way, one);
                if old.iter().any(is_known) {
                    continue;
                }
                changes.push(
                    Change::new(
                        &Self::RULE,
                        format!("{} lets clients in as well", words(way)),
                    )
                    .of(operation.id())
                    .with_place("security")
                    .with_discriminator(words(way))
                    .at_old(
                        old.first()
                            .map_or(&operation.old.address, |one| &one.address),
                    )
                    .at_new(&way.address),
                );
            }
        }
    }
}
