//! Sends cases: what comes back, and what it cost. Knows no findings.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use http::Method;

use super::{
    budget::Budget,
    interrupt::Interrupt,
    polling::{self, Sent},
};
use crate::{
    exchange::{Exchange, Origin, Request},
    run::{Case, LiveSettings, Phase, RunStatus, StopReason},
    transport::Transport,
};

/// How long responses under way are waited for when the user wants the run to end.
const GRACE: Duration = Duration::from_secs(2);

/// How long they are waited for when the time is over.
const GRACE_WHEN_LATE: Duration = Duration::from_secs(1);

/// How long after each other a service that went away is asked whether it is back.
const RETRY_DELAYS: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(600),
    Duration::from_millis(1_500),
    Duration::from_millis(2_500),
    Duration::from_millis(5_000),
];

/// Sends requests over a transport, within a budget.
#[derive(Debug)]
pub(crate) struct Executor<'r, T> {
    pub(crate) transport: &'r T,
    settings: &'r LiveSettings,
    pub(crate) interrupt: &'r Interrupt,
    /// What the run may spend, and has spent.
    pub(crate) budget: Budget,
    /// Whether what was created is deleted now, which goes on when the time is over.
    is_cleaning_up: bool,
}

impl<'r, T: Transport> Executor<'r, T> {
    pub(crate) fn new(
        transport: &'r T,
        settings: &'r LiveSettings,
        interrupt: &'r Interrupt,
    ) -> Self {
        Self {
            transport,
            settings,
            interrupt,
            budget: Budget::new(settings.max_requests, settings.max_time),
            is_cleaning_up: false,
        }
    }

    /// From now on what is sent deletes what was created, which neither the user nor the time ends at once.
    pub(crate) fn begin_cleanup(&mut self) {
        self.is_cleaning_up = true;
    }

    /// Sends a case; `None` when the run is to end before the response is there.
    pub(crate) async fn send_unless_given_up(&self, case: &Case) -> Option<Sent> {
        self.unless_given_up(send(self.transport, self.settings, case))
            .await
    }

    /// Sends one request and follows nothing; `None` where no response comes in time.
    pub(crate) async fn send_once(&mut self, request: &Request) -> Option<Exchange> {
        self.budget.spend(1);
        let sent = self
            .unless_given_up(polling::send_once(self.transport, request))
            .await?;
        sent.exchanges.into_iter().next()
    }

    async fn unless_given_up(&self, sent: impl Future<Output = Sent>) -> Option<Sent> {
        if self.is_cleaning_up {
            return Some(sent.await);
        }
        let given_up = pin!(given_up(self.interrupt, &self.budget));
        match select(Box::pin(sent), given_up).await {
            Either::Left((sent, _)) => Some(sent),
            Either::Right(_) => None,
        }
    }

    /// Asks a service that could not be reached again, a few times; what it answers when it is back.
    pub(crate) async fn retry(&mut self, request: &Request) -> Option<Exchange> {
        for delay in RETRY_DELAYS {
            if self.is_stopped() {
                return None;
            }
            tokio::time::sleep(delay).await;
            self.budget.spend(1);
            let sent = polling::send_once(self.transport, request);
            let sent = self.unless_given_up(sent).await?;
            if let Some(exchange) = sent.exchanges.into_iter().next() {
                return Some(exchange);
            }
        }
        None
    }

    /// Whether nothing more is to be sent.
    pub(crate) fn is_over(&self) -> bool {
        self.budget.left() == 0 || self.is_stopped()
    }

    /// Whether the time is over or the user wants the run to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.budget.is_late() || self.interrupt.is_set()
    }
}

/// Sends a case in the way of its phase: over a bare connection where that wants it and the transport
/// can, and followed while it is pending where the response is the operation's. Spends nothing: who
/// takes in what came does.
pub(crate) async fn send<T: Transport>(
    transport: &T,
    settings: &LiveSettings,
    case: &Case,
) -> Sent {
    match case.phase {
        Phase::Framing => probe(transport, case).await,
        // What another method answers is nothing to wait for.
        Phase::Methods => polling::send_once(transport, &case.request).await,
        _ => polling::send(transport, case, settings).await,
    }
}

/// Waits until the user wants the run to end or the time is over, and a little longer for responses under
/// way; how the run ends then.
pub(crate) async fn given_up(interrupt: &Interrupt, budget: &Budget) -> RunStatus {
    let interrupted = async {
        interrupt.wait().await;
        tokio::time::sleep(GRACE).await;
    };
    let late = async {
        match budget.deadline() {
            Some(deadline) => tokio::time::sleep_until((deadline + GRACE_WHEN_LATE).into()).await,
            None => std::future::pending().await,
        }
    };
    match select(pin!(interrupted), pin!(late)).await {
        Either::Left(_) => RunStatus::Interrupted,
        Either::Right(_) => time_is_over(),
    }
}

/// The end of a run whose time is over.
pub(crate) fn time_is_over() -> RunStatus {
    RunStatus::Stopped(StopReason::Time)
}

async fn probe<T: Transport>(transport: &T, case: &Case) -> Sent {
    let mut sent = Sent::default();
    let response = match transport.probe_framing(&case.request).await {
        Some(response) => response,
        // What cannot be seen of a GET was seen before; a HEAD is a request of its own.
        None if case.request.method == Method::HEAD => transport.send(&case.request).await,
        None => return sent,
    };
    // A connection that breaks shows itself in the other phases too.
    if let Ok(response) = response {
        sent.exchanges.push(Exchange {
            request: case.request.clone(),
            response,
            origin: Origin::Live,
        });
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange::Response,
        gate::fixture::{
            Answer::{Status, Unreachable},
            Script, case, contract, settings,
        },
        run::Phase,
        transport::SendError,
    };

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_back_answers_at_last() {
        let script = Script::new([Unreachable, Unreachable, Status(204)]);
        let (settings, interrupt) = (settings(), Interrupt::default());
        let mut executor = Executor::new(&script, &settings, &interrupt);
        let request = case(&contract(), "listPets", Phase::Random).request;
        let exchange = executor.retry(&request).await.expect("it is back");
        assert_eq!(exchange.response.status, 204);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_gone_is_asked_a_few_times_only() {
        let script = Script::new([Unreachable; RETRY_DELAYS.len()]);
        let (settings, interrupt) = (settings(), Interrupt::default());
        let mut executor = Executor::new(&script, &settings, &interrupt);
        let request = case(&contract(), "listPets", Phase::Random).request;
        assert!(executor.retry(&request).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_silent_when_it_is_back_is_not_waited_for_when_the_time_is_over() {
        struct Silent;
        impl Transport for Silent {
            async fn send(&self, _: &Request) -> Result<Response, SendError> {
                std::future::pending().await
            }
        }
        let mut settings = settings();
        settings.max_time = Some(Duration::from_secs(5));
        let interrupt = Interrupt::default();
        let mut executor = Executor::new(&Silent, &settings, &interrupt);
        let request = case(&contract(), "listPets", Phase::Random).request;
        let begun = tokio::time::Instant::now();
        assert!(executor.retry(&request).await.is_none());
        assert!(begun.elapsed() < Duration::from_secs(7));
    }

    #[tokio::test]
    async fn what_is_sent_is_spent() {
        let script = Script::default();
        let mut settings = settings();
        settings.max_requests = 1;
        let interrupt = Interrupt::default();
        let mut executor = Executor::new(&script, &settings, &interrupt);
        assert!(!executor.is_over());
        let request = case(&contract(), "listPets", Phase::Random).request;
        assert!(executor.send_once(&request).await.is_some());
        assert!(executor.is_over() && !executor.is_stopped());
    }
}
