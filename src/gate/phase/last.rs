//! Requests that may revoke the credential of the run, when nothing else is to be sent any more.

use std::ops::ControlFlow;

use crate::{
    gate::driver::Driver,
    run::{Case, RunStatus},
    transport::Transport,
};

/// Sends one request to each of some operations, until one is accepted: what comes after it would be refused.
pub(crate) async fn run<T: Transport>(
    driver: &mut Driver<'_, T>,
    cases: Vec<Case>,
) -> ControlFlow<RunStatus> {
    for case in cases {
        let statuses = driver.round(std::slice::from_ref(&case)).await?;
        let mut statuses = statuses.into_iter().flatten();
        if statuses.any(|one| one.is_success() || one.is_redirection()) {
            let path = case.request.url.path();
            driver.recorder.notice(format!(
                "{} {path} was sent last of all and accepted: the credential of this run may be void now",
                case.request.method
            ));
            break;
        }
    }
    ControlFlow::Continue(())
}
