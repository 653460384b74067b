//! A service that went away: which of the requests before may be why.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use http::StatusCode;

use super::Driver;
use crate::{
    check,
    contract::{Operation, OperationId},
    exchange::{Exchange, Request},
    finding::Finding,
    run::Case,
    transport::{SendError, Transport},
};

/// How many requests may have ended a service that goes away.
const MAX_SUSPECTS: usize = 16;

/// How long before it went away what ended a service was answered at most.
const MAX_DELAY: Duration = Duration::from_secs(2);

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

    /// The newest request that changes nothing.
    fn last_safe(&self) -> Option<Request> {
        let mut newest = self.all.iter().rev();
        let safe = newest.find(|one| one.request.method.is_safe())?;
        Some(safe.request.clone())
    }

    /// That nobody takes connections any more is not the doing of the request that wanted one: what was answered
    /// before is the nearest to a reason, and a failure of the service nearer than anything else.
    pub(super) fn gone(&self, finding: Finding, error: &SendError) -> Finding {
        let recent = || {
            let newest = self.all.iter().rev();
            newest.filter(|one| one.at.elapsed() <= MAX_DELAY)
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

/// A request that got no response, and what is told of it.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) operation: OperationId,
    pub(super) finding: Finding,
    pub(super) request: Request,
    /// Whether the time was over, and the connection still there.
    pub(super) is_late: bool,
}

impl<T: Transport> Driver<'_, T> {
    /// That some operations have ended the service before, where there are any.
    pub(super) fn known_to_end_it(&self) -> Option<String> {
        let blamed: Vec<&str> = self.blamed.iter().map(OperationId::as_str).collect();
        (!blamed.is_empty()).then(|| format!("it was ended before by: {}", blamed.join(", ")))
    }

    /// Names what was under way behind the request that found the service gone, since each may have ended it.
    pub(super) fn name_under_way(&mut self, behind: &[Case]) {
        let most = self.context.settings.workers.saturating_sub(1);
        let requests = behind.iter().take(most.min(MAX_SUSPECTS));
        let lines: Vec<String> = requests
            .map(|case| format!("{} {}", case.request.method, case.request.url.path()))
            .collect();
        if !lines.is_empty() {
            self.recorder.notice(format!(
                "under way when the service went away, so that each of them may have ended it: {}",
                lines.join(", ")
            ));
        }
    }

    /// Tells of requests that got no response, now that the service is known to be there. Where several operations are
    /// concerned, one may have ended all: each is sent again alone, and those are told that get no response again.
    pub(crate) async fn flush_unanswered(&mut self) {
        let all = std::mem::take(&mut self.unanswered);
        let is_one = all
            .windows(2)
            .all(|pair| pair[0].operation == pair[1].operation);
        if is_one {
            for one in all {
                if !one.is_late {
                    self.note_broken_off(&one.operation);
                }
                self.add(one.finding);
            }
            return;
        }
        let mut guilty: Vec<Finding> = Vec::new();
        for one in all.iter().take(MAX_SUSPECTS) {
            if self.executor.is_over() {
                break;
            }
            // The one before may have ended the service, which needs a while to be back: what was answered before tells.
            let innocent = self
                .last_answered
                .last_safe()
                .filter(|_| !guilty.is_empty());
            let is_back = match innocent {
                Some(innocent) => self.executor.retry(&innocent).await.is_some(),
                None => guilty.is_empty(),
            };
            let again = if is_back {
                self.executor.send_once(&one.request).await
            } else {
                self.executor.retry(&one.request).await
            };
            if again.is_none() && !self.executor.is_stopped() {
                guilty.push(one.finding.clone());
                if !one.is_late {
                    self.leave_alone(&one.operation);
                    self.blamed.push(one.operation.clone());
                }
            }
        }
        if guilty.is_empty() && self.blamed.is_empty() {
            guilty.extend(broken_off_together(all));
        }
        for finding in guilty {
            self.add(finding);
        }
    }
}

/// That a service broke off while requests were under way: any of them may have ended it, so that all are named. `None`
/// where there were none.
pub(super) fn broken_off_together(all: Vec<Unanswered>) -> Option<Finding> {
    let requests: Vec<String> = all
        .iter()
        .filter_map(|one| request_line(&one.finding))
        .collect();
    let mut findings = all.into_iter().map(|one| one.finding);
    let mut gone = Finding {
        help: Vec::new(),
        ..findings.next()?
    };
    if findings.next().is_some() {
        let shown = &requests[..requests.len().min(MAX_SUSPECTS)];
        let text = format!(
            "{} requests were under way, and any of them may have ended it: {}",
            requests.len(),
            shown.join(", ")
        );
        gone.help.push(text.into());
    }
    Some(gone)
}

/// The method and the path of the request that a finding shows.
fn request_line(finding: &Finding) -> Option<String> {
    let evidence = finding.evidence.as_ref()?;
    let (_, after) = evidence.url.split_once("://")?;
    let path = after.find('/').map_or("/", |at| &after[at..]);
    Some(format!("{} {path}", evidence.method))
}

#[cfg(test)]
mod tests {
    use super::super::tests::round;
    use crate::gate::fixture::{
        Answer::{Broken, Status},
        contract, settings,
    };

    /// What is told where two operations were under way when the service broke off, and what came when each was sent
    /// again alone.
    async fn told(again: [crate::gate::fixture::Answer; 2]) -> Vec<String> {
        let mut settings = settings();
        settings.workers = 2;
        let mut answers = vec![Broken, Broken, Status(200), Status(200)];
        answers.extend(again);
        let ids = ["listPets", "addPet", "listPets", "listPets"];
        round(&contract(), &settings, &ids, answers).await.1
    }

    #[tokio::test(start_paused = true)]
    async fn of_several_that_were_under_way_the_one_is_told_that_breaks_off_again() {
        assert_eq!(told([Status(200), Broken]).await, ["no-response addPet"]);
        assert_eq!(told([Broken, Status(200)]).await, ["no-response listPets"]);
    }

    #[tokio::test(start_paused = true)]
    async fn where_none_breaks_off_again_it_is_told_once() {
        let told = told([Status(200), Status(200)]).await;
        assert_eq!(told, ["no-response listPets"]);
    }
}
