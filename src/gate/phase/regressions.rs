//! Failures of earlier runs, sent first.

use std::{ops::ControlFlow, path::Path};

use crate::{
    gate::{
        driver::Driver,
        knowledge::context::says_absent,
        plan,
        saved::{self, RestoreError},
        schedule::Schedule,
        sequence,
    },
    run::{Case, Phase, RunStatus, existing},
    snapshot::Saved,
    transport::Transport,
};

/// Whether what a saved case names was created for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Recreated,
    AsBefore,
}

/// Sends the saved cases, and says of those that fail no more that they are fixed.
/// What is there is read before, since they may change it.
pub(crate) async fn run<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
) -> ControlFlow<RunStatus> {
    let settings = driver.context.settings;
    let Some(store) = &settings.regressions else {
        return ControlFlow::Continue(());
    };
    if !settings.has_phase(Phase::Regressions) {
        return ControlFlow::Continue(());
    }
    let (all, wrong) = store.load();
    for error in wrong {
        let text = format!("a saved failure cannot be read: {error}");
        driver.recorder.notice(text);
    }
    if !all.is_empty() {
        let reads = schedule.take_reads(driver.executor.budget.left() / 2);
        schedule.mark(&reads);
        driver.rounds(reads).await?;
    }
    for (path, saved) in all {
        let case = match case_of(driver, &saved) {
            Ok(Some(case)) => case,
            Ok(None) => continue,
            Err(reason) => {
                let text = format!("{}: {reason}", path.display());
                driver.recorder.notice(text);
                continue;
            }
        };
        if driver.executor.budget.left() == 0 {
            break;
        }
        let names_created = saved.parameters.iter().any(|parameter| parameter.made);
        let recreated = if names_created {
            Box::pin(sequence::set_up(driver, &case)).await
        } else {
            None
        };
        match recreated {
            Some(case) => send_again(driver, &case, State::Recreated, &path, &saved).await?,
            // What it names may still be there, and a look at it harms nothing.
            None if !names_created || case.operation.is_safe() => {
                send_again(driver, &case, State::AsBefore, &path, &saved).await?;
            }
            None => driver.recorder.notice(format!(
                "{}: cannot recreate the resource this request needs, so that it was not sent",
                path.display()
            )),
        }
    }
    ControlFlow::Continue(())
}

/// The case that a file tells; `None` for an operation that this run leaves out.
fn case_of<T: Transport>(
    driver: &Driver<'_, T>,
    saved: &Saved,
) -> Result<Option<Case>, RestoreError> {
    let settings = driver.context.settings;
    let mut operations = driver.context.contract.operations().iter();
    let operation = operations
        .find(|operation| operation.id.as_str() == saved.operation)
        .ok_or_else(|| RestoreError::NoOperation(saved.operation.clone()))?;
    if plan::left_out(operation, settings).is_some() {
        return Ok(None);
    }
    saved::restore(saved, operation, settings).map(Some)
}

/// Sends a saved case, and says what became of it.
async fn send_again<T: Transport>(
    driver: &mut Driver<'_, T>,
    case: &Case,
    state: State,
    path: &Path,
    saved: &Saved,
) -> ControlFlow<RunStatus> {
    let statuses = driver.round(std::slice::from_ref(case)).await?;
    Box::pin(driver.flush_unanswered()).await;
    let findings = driver.recorder.account.findings();
    let still_fails =
        (findings.iter()).any(|finding| finding.fingerprint().to_string() == saved.fingerprint);
    // A request without a response is a finding of its own.
    let Some(status) = statuses.into_iter().flatten().next_back() else {
        return ControlFlow::Continue(());
    };
    if still_fails {
        return ControlFlow::Continue(());
    }
    let path_shown = path.display();
    let (check, operation) = (&saved.check, &saved.operation);
    let is_gone = says_absent(status);
    if is_gone && state == State::AsBefore && !existing(case).is_empty() {
        driver.recorder.notice(format!(
            "{path_shown}: what the request names is not there any more ({status}), so that nobody \
             can say whether {check} of {operation} is fixed"
        ));
        return ControlFlow::Continue(());
    }
    driver.fixed.push((path.to_owned(), saved.clone()));
    ControlFlow::Continue(())
}

/// Says of failures of earlier runs that they are fixed, where nothing else that was sent showed them.
pub(crate) fn tell_fixed<T: Transport>(driver: &mut Driver<'_, T>) {
    for (path, saved) in std::mem::take(&mut driver.fixed) {
        let path_shown = path.display();
        let (check, operation) = (&saved.check, &saved.operation);
        let is_found = driver.recorder.account.findings().iter().any(|finding| {
            finding.rule.as_str() == check.as_str()
                && finding.operation.as_deref() == Some(operation.as_str())
        });
        if is_found {
            driver.recorder.notice(format!(
                "{path_shown}: {check} of {operation} does not come of this request alone, and is found all the same"
            ));
            continue;
        }
        let store = driver.context.settings.regressions.as_ref();
        let end = if store.is_some_and(|store| store.forget(&path).unwrap_or(false)) {
            "its file was removed"
        } else {
            "keep its file as a guard, or remove it"
        };
        driver.recorder.notice(format!(
            "fixed: {check} of {operation} fails no more ({path_shown}); {end}"
        ));
    }
}
