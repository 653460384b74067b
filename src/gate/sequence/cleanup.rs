//! What a run made is deleted when it is over.

use std::ops::ControlFlow;

use futures_util::{StreamExt as _, stream};
use http::StatusCode;

use crate::{
    gate::{driver::Run, polling},
    run::End,
    transport::Transport,
};

/// Deletes what the run made, parts before the whole. What cannot be deleted is told.
pub(crate) async fn cleanup<T: Transport>(run: &mut Run<'_, T>) {
    let (transport, settings) = (run.transport, run.settings);
    let mut left = Vec::new();
    while !run.litter.is_empty() {
        let cases = run.litter.take_deepest(run.contract, run.graph, settings);
        let cases = cases.as_slice();
        let mut responses = stream::iter(0..cases.len())
            .map(|at| async move { (at, polling::send(transport, &cases[at], settings).await) })
            .buffered(settings.workers.max(1));
        while let Some((at, sent)) = responses.next().await {
            let case = &cases[at];
            let status = sent.exchanges.last().map(|last| last.response.status);
            let is_gone = status.is_some_and(|status| {
                status.is_success() || [StatusCode::NOT_FOUND, StatusCode::GONE].contains(&status)
            });
            if !is_gone {
                left.push(case.request.url.path().to_owned());
            }
            // What an operation answers that is not to be checked is not held either.
            if !settings.includes(&case.operation) {
                continue;
            }
            if let ControlFlow::Break(End::Unreachable(_) | End::Failed(_)) =
                run.take(case, sent).await
            {
                return;
            }
        }
    }
    if let Some(first) = left.first() {
        let more = match left.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        run.notice(format!(
            "what the run made could not be deleted: {first}{more}"
        ));
    }
}
