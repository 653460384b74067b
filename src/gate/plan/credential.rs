//! Cases about the credential: requests without the right one, and operations that may revoke it.

use http::header::AUTHORIZATION;

use super::{First, Plan, Planner};
use crate::{
    check::may_revoke_credential,
    contract::Operation,
    gate::case_factory::Purpose,
    run::{Case, CredentialChoice, Existing, LiveSettings, Phase, Unreached},
};

/// Whether an operation may revoke the credential of the run, so that it comes last of all.
pub(crate) fn is_last(operation: &Operation, settings: &LiveSettings) -> bool {
    settings.credentials.is_sent_to(operation) && may_revoke_credential(operation)
}

impl Plan {
    /// The first case, where the operation may revoke the credential of the run and may: one that the run was given is
    /// needed by others, and by the next run. There are no other cases of it.
    pub(crate) fn take_last(&mut self, settings: &LiveSettings) -> Option<Case> {
        if self.left_out.is_some() || !is_last(&self.operation, settings) {
            return None;
        }
        self.left_out = Some(Unreached::Revoking);
        let cases = std::mem::take(&mut self.cases);
        let is_own = settings.credentials.main.is_obtained();
        if settings.existing == Existing::Keep && !is_own {
            return None;
        }
        let mut cases = cases.into_iter();
        cases.find(|case| case.phase == Phase::Examples)
    }
}

impl Planner<'_> {
    /// The first request again, without the credential, with a wrong one and with what is none.
    pub(super) fn auth(&mut self, first: Option<&First>) {
        let Some(first) = first else { return };
        if !self.operation.requires_credential() || !self.settings.credentials.is_known() {
            return;
        }
        if !self.settings.has_phase(Phase::Auth) {
            return;
        }
        for (credential, why) in [
            (CredentialChoice::Omitted, "without the credential"),
            (CredentialChoice::Invalid, "with a wrong credential"),
            (CredentialChoice::Malformed, "with a malformed credential"),
        ] {
            let purpose = Purpose::new(Phase::Auth, why).with_credential(credential);
            let (request, parts) = (first.request.clone(), first.parts.clone());
            let case = (self.factory()).with_request(self.operation, request, parts, purpose);
            // Without a form of its own it is no credential at all.
            let is_absent = credential == CredentialChoice::Malformed
                && !case.request.headers.contains_key(AUTHORIZATION);
            if !is_absent {
                self.cases.push(case);
            }
        }
    }
}
