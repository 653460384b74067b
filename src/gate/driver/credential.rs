//! Whether the service still accepts the credential of the run: one that a request revoked keeps
//! everything after it from being tested.

use std::collections::{HashMap, HashSet, VecDeque};

use http::StatusCode;

use super::Driver;
use crate::{
    check::Intent,
    exchange::{Exchange, Request},
    run::{Case, CredentialChoice, FailReason, RunStatus},
    transport::Transport,
};

/// The most operations of which a request that was accepted is kept.
const MAX_PROOFS: usize = 200;

/// The most refusals that are looked into.
const MAX_LOOKS: usize = 8;

/// How many changes are named that may have revoked the credential.
const MAX_CHANGES: usize = 3;

/// What is known of the credential of the run.
#[derive(Debug, Default)]
pub(super) struct CredentialWatch {
    /// Reads that were accepted with it, by operation.
    proofs: HashMap<String, Request>,
    /// Operations that refuse it for a reason of their own.
    refusing: HashSet<String>,
    /// The last changes that were accepted.
    changes: VecDeque<String>,
}

/// Whether a request was refused for its credential, or may well have been: services answer 403 to one that they
/// accept no more.
fn is_refusal(exchange: &Exchange) -> bool {
    let status = exchange.response.status;
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status)
}

impl<T: Transport> Driver<'_, T> {
    /// Why the run has to end, where what the service accepted before is refused now.
    pub(super) async fn credential_is_revoked(
        &mut self,
        case: &Case,
        exchanges: &[Exchange],
    ) -> Option<RunStatus> {
        let operation = &case.operation;
        let is_own = case.credential == CredentialChoice::Primary;
        if !is_own || !self.context.settings.credentials.is_sent_to(operation) {
            return None;
        }
        let last = exchanges.last()?;
        let watch = &mut self.watch;
        let id = operation.id.as_str();
        if last.response.status.is_success() {
            if !operation.is_safe() {
                watch.changes.push_back(operation.id.to_string());
                if watch.changes.len() > MAX_CHANGES {
                    watch.changes.pop_front();
                }
            } else if operation.requires_credential() && watch.proofs.len() < MAX_PROOFS {
                let proof = || last.request.clone();
                watch.proofs.entry(id.to_owned()).or_insert_with(proof);
            }
            return None;
        }
        if !is_refusal(last)
            || case.intent != Intent::Obey
            || watch.refusing.contains(id)
            || watch.refusing.len() >= MAX_LOOKS
        {
            return None;
        }
        let own = watch.proofs.get(id);
        let proof = own.or_else(|| watch.proofs.values().next())?.clone();
        let again = self.executor.send_once(&proof).await?;
        if !is_refusal(&again) {
            self.watch.refusing.insert(id.to_owned());
            return None;
        }
        let after = self.watch.changes.drain(..).rev().collect();
        Some(RunStatus::Failed(FailReason::CredentialRevoked { after }))
    }
}
