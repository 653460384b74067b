//! Which of several alternatives of `security` the service takes the credential for, found out before anything else is
//! sent: where the first of them is refused, so would be all that follows.

use std::collections::HashSet;

use http::{Method, StatusCode};

use crate::{
    contract::{Location, Operation},
    gate::driver::Driver,
    transport::Transport,
    wire::{RequestParts, write_request},
};

/// How many operations are asked.
const MAX_ASKED: usize = 3;

/// How many ways are tried of each.
const MAX_WAYS: usize = 6;

/// Asks reads that nothing has to be known for, once in each way, until one is answered.
pub(crate) async fn run<T: Transport>(driver: &mut Driver<'_, T>) {
    let context = driver.context;
    let credentials = &context.settings.credentials;
    let needs_values = |operation: &Operation| {
        let mut parameters = operation.parameters.iter();
        parameters.any(|one| one.required || one.location == Location::Path)
    };
    let operations = context.contract.operations().iter();
    let asked = operations.filter(|operation| {
        operation.method == Method::GET
            && operation.is_safe()
            && operation.requires_credential()
            && !needs_values(operation)
            && context.settings.may_prepare(operation)
            && credentials.ways(operation).len() > 1
    });
    for operation in asked.take(MAX_ASKED) {
        let ways = credentials.ways(operation);
        let mut refused = HashSet::new();
        for way in ways.iter().take(MAX_WAYS) {
            let parts = RequestParts::default();
            let Ok(request) = write_request(operation, &context.settings.base, &parts) else {
                break;
            };
            let Some(exchange) = driver.look_with(operation, request).await else {
                break;
            };
            if !is_refusal(exchange.response.status) {
                if let Some(first) = ways.first().filter(|first| *first != way) {
                    driver.recorder.notice(format!(
                        "the service refuses the credential as {first} and takes it as {way}: it is sent as that"
                    ));
                }
                return;
            }
            refused.insert(way.clone());
            credentials.refused.set(refused.clone());
        }
        credentials.refused.set(HashSet::new());
    }
}

/// Whether a status says that who asks is not known, or that what proves it has the wrong form.
fn is_refusal(status: StatusCode) -> bool {
    [
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
    ]
    .contains(&status)
}
