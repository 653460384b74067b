//! Which of several alternatives of `security` the service takes the credential for, found out before anything else is
//! sent: where the first of them is refused, so would be all that follows.

use std::collections::HashSet;

use http::{Method, StatusCode, header::WWW_AUTHENTICATE};

use crate::{
    contract::{Location, Operation},
    exchange::Exchange,
    gate::driver::Driver,
    transport::Transport,
    wire::{RequestParts, write_request},
};

/// How many operations are asked.
const MAX_ASKED: usize = 5;

/// How many alternatives are tried of each.
const MAX_ALTERNATIVES: usize = 6;

/// Asks reads that nothing has to be known for, once in each alternative, until one is answered in another than the first.
pub(crate) async fn run<T: Transport>(driver: &mut Driver<'_, T>) {
    let context = driver.context;
    let credentials = &context.settings.credentials;
    let needs_values = |operation: &Operation| {
        let mut parameters = operation.parameters.iter();
        parameters.any(|one| one.required || one.location == Location::Path)
    };
    let operations = context.contract.operations();
    let reads = operations.iter().filter(|operation| {
        operation.method == Method::GET
            && operation.is_safe()
            && !needs_values(operation)
            && context.settings.may_prepare(operation)
    });
    if credentials.main.is_known() && operations.iter().all(|one| one.is_open) {
        if let Some(read) = reads.clone().next() {
            ask_what_is_wanted(driver, read).await;
        }
        return;
    }
    let guarded = reads.filter(|operation| operation.requires_credential());
    let bare = guarded.clone().filter(|one| credentials.is_sent_bare(one));
    for operation in bare.take(MAX_ASKED) {
        if ask_with_bearer(driver, operation).await {
            return;
        }
    }
    let asked = guarded.filter(|operation| credentials.alternatives(operation).len() > 1);
    for operation in asked.take(MAX_ASKED) {
        let alternatives = credentials.alternatives(operation);
        let mut refused = HashSet::new();
        for alternative in alternatives.iter().take(MAX_ALTERNATIVES) {
            let Some(exchange) = ask(driver, operation).await else {
                break;
            };
            if !is_refusal(exchange.response.status) {
                let first = alternatives.first();
                // What answers anybody shows nothing: others are asked too.
                let Some(first) = first.filter(|first| *first != alternative) else {
                    break;
                };
                driver.recorder.notice(format!(
                    "the service refuses the credential as {first} and accepts it as {alternative}: it is sent as that"
                ));
                return;
            }
            refused.insert(alternative.clone());
            credentials.refused.set(refused.clone());
        }
        credentials.refused.set(HashSet::new());
    }
}

/// Whether a service that refuses a key that is all of `Authorization` accepts it behind `Bearer`.
async fn ask_with_bearer<T: Transport>(driver: &mut Driver<'_, T>, operation: &Operation) -> bool {
    let learned = &driver.context.settings.credentials.refused;
    let refuses = |exchange: &Exchange| is_refusal(exchange.response.status);
    if !ask(driver, operation)
        .await
        .is_some_and(|one| refuses(&one))
    {
        return false;
    }
    learned.note_bearer(true);
    let is_accepted = ask(driver, operation)
        .await
        .is_some_and(|one| one.response.status.is_success());
    learned.note_bearer(is_accepted);
    if is_accepted {
        let text = "the document has the credential in `Authorization` as it is, and the service accepts it behind \
                    `Bearer`: it is sent so; declare `type: http` with `scheme: bearer`";
        driver.recorder.notice(text.to_owned());
    }
    is_accepted
}

/// What a read that needs no values is answered.
async fn ask<T: Transport>(driver: &mut Driver<'_, T>, operation: &Operation) -> Option<Exchange> {
    let base = &driver.context.settings.base;
    let request = write_request(operation, base, &RequestParts::default()).ok()?;
    driver.look_with(operation, request).await
}

/// Where the document says nothing of credentials, a challenge may say what is wanted (RFC 9110 §11.6.1).
async fn ask_what_is_wanted<T: Transport>(driver: &mut Driver<'_, T>, operation: &Operation) {
    let Some(exchange) = ask(driver, operation).await else {
        return;
    };
    let challenges = exchange.response.headers.get_all(WWW_AUTHENTICATE).iter();
    let schemes = challenges.filter_map(|one| one.to_str().ok()?.split(' ').next());
    let schemes: Vec<&str> = schemes.collect();
    let has = |wanted: &str| schemes.iter().any(|one| one.eq_ignore_ascii_case(wanted));
    let (is_basic, is_bearer) = (has("basic"), has("bearer"));
    if exchange.response.status == StatusCode::UNAUTHORIZED && is_basic && !is_bearer {
        driver.context.settings.credentials.refused.note_basic();
        let text = "the document asks for no credential, and the service asks for a user and a password: the one that \
                    was given is sent as these; declare `security`";
        driver.recorder.notice(text.to_owned());
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
