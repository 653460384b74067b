//! Settings that the run changed are restored to what they were before it.

use serde_json::Value;

use super::values::{BodyFrom, PathNames, Scope};
use crate::{
    contract::{Operation, Schema},
    gate::{
        case_factory::{CaseFactory, Purpose},
        driver::Driver,
        knowledge::settings::restorable,
    },
    run::{Case, Phase},
    transport::Transport,
};

/// Restores the settings that the run changed.
pub(super) async fn restore<T: Transport>(run: &mut Driver<'_, T>) {
    for (path, update, before) in run.knowledge.settings.changed() {
        let Some(case) = restoring(run, update, &before) else {
            continue;
        };
        let status = run.send_in_cleanup(&case).await;
        if status.is_some_and(|status| status.is_success()) {
            run.knowledge.settings.note_restored(&path);
        }
    }
}

/// The request that restores a setting; `None` where what it shows cannot be sent.
fn restoring<T: Transport>(run: &Driver<'_, T>, update: usize, before: &Value) -> Option<Case> {
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

/// The media type and schema of the JSON that an operation takes.
pub(super) fn json_body(operation: &Operation) -> Option<(&str, &Schema)> {
    let content = &operation.request_body.as_ref()?.content;
    content.media_types.iter().find_map(|one| {
        let range = one.range.as_str();
        Some((
            range,
            one.schema.as_ref().filter(|_| range.contains("json"))?,
        ))
    })
}
