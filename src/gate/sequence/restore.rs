//! Settings that the run changed are restored to what they were before it.

use serde_json::Value;

use super::values::{BodyFrom, PathNames, Scope};
use crate::{
    contract::OperationIndex,
    gate::{
        case_factory::{CaseFactory, Purpose},
        driver::Driver,
        knowledge::settings::{json_body, restorable},
    },
    run::{Case, Phase},
    transport::Transport,
    wire::{RequestParts, write_request},
};

/// Restores the settings that the run changed.
pub(crate) async fn restore<T: Transport>(run: &mut Driver<'_, T>) {
    for (path, update, before) in run.knowledge.settings.changed() {
        if shown_now(run, update).await.as_ref() == Some(&before) {
            run.knowledge.settings.note_restored(&path);
            continue;
        }
        let Some(case) = restoring(run, update, &before) else {
            continue;
        };
        let status = run.send_in_cleanup(&case).await;
        // What fails may have been done, as the change was.
        let is_done = status.is_some_and(|status| status.is_success())
            || shown_now(run, update)
                .await
                .is_some_and(|now| now == before);
        if is_done {
            run.knowledge.settings.note_restored(&path);
        }
    }
}

/// What a setting is now; `None` where no read shows it.
async fn shown_now<T: Transport>(run: &mut Driver<'_, T>, update: OperationIndex) -> Option<Value> {
    let context = run.context;
    let read = context.read_before(context.operation(update))?;
    let operation = context.operation(read);
    let parts = RequestParts::default();
    let request = write_request(operation, &context.settings.base, &parts).ok()?;
    let exchange = run.look_with(operation, request).await?;
    let is_shown = exchange.response.status.is_success();
    let body = is_shown.then(|| exchange.response.body.bytes())?;
    serde_json::from_slice(body).ok()
}

/// The request that restores a setting; `None` where what it shows cannot be sent.
fn restoring<T: Transport>(
    run: &Driver<'_, T>,
    update: OperationIndex,
    before: &Value,
) -> Option<Case> {
    let context = run.context;
    let operation = context.operation(update);
    let (range, schema) = json_body(operation)?;
    let body = restorable(schema, before)?;
    let source = (BodyFrom::Example, PathNames::Shown, 0);
    let mut values = context.request(update, Scope::default(), source, run.strategies)?;
    values.parts.body = Some((range.to_owned(), body));
    let purpose = Purpose::new(Phase::Sequences, "a setting is restored");
    let case = CaseFactory::new(context.settings).make(operation, values.parts, purpose)?;
    let made_up = values.made_up;
    Some(Case { made_up, ..case })
}
