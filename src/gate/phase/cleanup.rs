//! What the run created is deleted when it is over, and settings that it changed are restored.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};

use crate::{
    gate::{driver::Driver, executor::given_up, sequence},
    run::{CleanUp, RunStatus},
    transport::Transport,
};

/// How long a run that is interrupted, or whose time is over, may go on deleting what it created.
const MAX_CLEANUP_TIME: Duration = Duration::from_secs(8);

/// How long what the service has said that it will delete may take before the lists are read again.
const PATIENCE_WITH_DELETIONS: Duration = Duration::from_secs(3);

/// Deletes what the run created. One that is interrupted or late, before or while it does so, goes on but not for
/// long. What is left is named.
pub(crate) async fn run<T: Transport>(driver: &mut Driver<'_, T>, end: &RunStatus) {
    let is_left = driver.context.settings.clean_up == CleanUp::Leave;
    let knowledge = &driver.knowledge;
    let is_nothing_changed = knowledge.settings.count_changed() == 0;
    let is_nothing_left = knowledge.created.is_empty()
        && knowledge.mentioned.is_empty()
        && knowledge.removals.is_empty()
        && is_nothing_changed
        && knowledge.first_looks.before_changes().next().is_none();
    if is_nothing_left || is_left && is_nothing_changed {
        return;
    }
    if let RunStatus::Unreachable(_) | RunStatus::Failed(_) = end {
        sequence::name_leftovers(driver);
        return;
    }
    driver.executor.begin_cleanup();
    let (interrupt, budget) = (driver.executor.interrupt, driver.executor.budget);
    let out_of_time = async {
        given_up(interrupt, &budget).await;
        tokio::time::sleep(MAX_CLEANUP_TIME).await;
    };
    let is_ended_early = *end == RunStatus::Interrupted;
    let clean_up = async {
        // What the run made is left where it is, and what it did not make is not.
        if is_left {
            sequence::restore(driver).await;
            sequence::name_unrestored(driver);
            return;
        }
        sequence::cleanup(driver).await;
        if !is_ended_early {
            // What was only promised is not called left.
            if driver.knowledge.created.has_pending_deletions() {
                tokio::time::sleep(PATIENCE_WITH_DELETIONS).await;
            }
            sequence::audit(driver).await;
        }
    };
    let is_done = matches!(
        select(pin!(clean_up), pin!(out_of_time)).await,
        Either::Left(_)
    );
    if !is_done {
        let text = "there was no time to delete all that the run created".to_owned();
        driver.recorder.notice(text);
        sequence::name_leftovers(driver);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::{
        exchange::{Body, Request, Response},
        gate::{
            fixture::{case, settings, things},
            trial::driven,
        },
        run::Phase,
        transport::SendError,
    };

    /// Creates a thing, and deletes it after so long.
    struct Slow(Duration);

    impl Transport for Slow {
        async fn send(&self, request: &Request) -> Result<Response, SendError> {
            if request.method == http::Method::DELETE {
                tokio::time::sleep(self.0).await;
                return Ok(Response::new(http::StatusCode::NO_CONTENT));
            }
            let mut response = Response::new(http::StatusCode::CREATED);
            let json = "application/json".parse().expect("a field's value");
            response.headers.insert("content-type", json);
            response.body = Body::Complete(r#"{"id":7}"#.into());
            Ok(response)
        }
    }

    /// The notices of a cleanup after a run that ended so, and how long it took. A complete run had a minute.
    async fn cleaned(slow: Duration, end: RunStatus) -> (Vec<String>, Duration) {
        let (contract, mut settings, service) = (things(), settings(), Slow(slow));
        settings.max_time = Some(Duration::from_secs(60));
        let mut took = Duration::ZERO;
        let told = driven(&contract, &settings, &service, async |driver| {
            let created = [case(&contract, "addThing", Phase::Examples)];
            assert!(driver.round(&created).await.is_continue());
            if end == RunStatus::Interrupted {
                driver.executor.interrupt.set();
            }
            let begin = Instant::now();
            run(driver, &end).await;
            took = begin.elapsed();
        })
        .await;
        (told.notices, took)
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupted_run_deletes_what_it_created_but_not_for_long() {
        let day = Duration::from_secs(24 * 60 * 60);
        let (notices, took) = cleaned(day, RunStatus::Interrupted).await;
        assert!(took <= Duration::from_secs(11), "{took:?}");
        let is_told = |text: &String| text.contains("there was no time to delete");
        assert!(notices.iter().any(is_told), "{notices:?}");
        let is_named = |text: &String| text.contains("/things/7");
        assert!(notices.iter().any(is_named), "{notices:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_whose_time_is_over_while_it_deletes_ends_soon() {
        let day = Duration::from_secs(24 * 60 * 60);
        let (notices, took) = cleaned(day, RunStatus::Complete).await;
        assert!(took <= Duration::from_secs(71), "{took:?}");
        let is_named = |text: &String| text.contains("/things/7");
        assert!(notices.iter().any(is_named), "{notices:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_deleted_in_time_is_not_told() {
        let (notices, _) = cleaned(Duration::from_secs(1), RunStatus::Interrupted).await;
        assert_eq!(notices, [] as [String; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_gone_is_asked_nothing_and_what_is_left_is_named() {
        let gone = RunStatus::Unreachable("gone".into());
        let (notices, took) = cleaned(Duration::from_secs(1), gone).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        let is_named = |text: &String| text.contains("/things/7");
        assert!(notices.iter().any(is_named), "{notices:?}");
    }
}
