//! A service that went away: which of the requests before may be why.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use http::StatusCode;

use crate::{
    check,
    contract::Operation,
    exchange::{Exchange, Request},
    finding::Finding,
    transport::SendError,
};

/// How many requests may have ended a service that goes away.
const MAX_SUSPECTS: usize = 16;

/// How long before it went away what ended a service was answered at most.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// A request, and what it was answered with.
struct Answered {
    operation: Arc<Operation>,
    request: Request,
    status: StatusCode,
    at: Instant,
}

/// What was answered last.
#[derive(Default)]
pub(super) struct LastAnswered {
    /// The newest at the end.
    all: VecDeque<Answered>,
}

impl LastAnswered {
    /// Takes in an answer.
    pub(super) fn note(&mut self, operation: &Arc<Operation>, exchange: &Exchange) {
        if self.all.len() >= MAX_SUSPECTS {
            self.all.pop_front();
        }
        self.all.push_back(Answered {
            operation: Arc::clone(operation),
            request: exchange.request.clone(),
            status: exchange.response.status,
            at: Instant::now(),
        });
    }

    /// That nobody takes connections any more is not the doing of the request that wanted one: what was answered
    /// before is the nearest to a reason, and a failure of the service nearer than anything else.
    pub(super) fn gone(&self, finding: Finding, error: &SendError) -> Finding {
        let recent = || {
            let newest = self.all.iter().rev();
            newest.filter(|one| one.at.elapsed() <= LONGEST_DELAY)
        };
        let failed = recent().find(|one| one.status.is_server_error());
        let Some(suspect) = failed.or(self.all.back()) else {
            return Finding {
                help: Vec::new(),
                ..finding
            };
        };
        let text = error.to_string();
        let mut gone = check::no_response(
            &suspect.operation,
            &suspect.request,
            (&text, error.kind()),
            error.is_late(),
        );
        gone.message = format!(
            "{} answered {}, and then nothing was answered any more: {text}",
            suspect.operation.id,
            suspect.status.as_u16()
        );
        let mut others: Vec<&str> = recent()
            .map(|one| one.operation.id.as_str())
            .filter(|id| *id != suspect.operation.id.as_str())
            .collect();
        others.sort_unstable();
        others.dedup();
        gone.help.clear();
        if !others.is_empty() {
            let others = others.join(", ");
            let text = format!("these were answered within two seconds before: {others}");
            gone.help.push(text.into());
        }
        gone
    }
}
