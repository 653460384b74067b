//! Settings that the run changed are given back what they were before it.

use serde_json::Value;

use super::values::{BodyFrom, PathNames, Scope};
use crate::{
    contract::{Operation, Schema},
    gate::{
        case_factory::{CaseFactory, Purpose},
        driver::Driver,
        executor,
        knowledge::{context::ResourceContext, settings::given_back},
    },
    run::{Case, Phase},
    transport::Transport,
};

/// Gives the settings that the run changed back what they were before it. Those that cannot be given back are named.
pub(super) async fn give_back<T: Transport>(run: &mut Driver<'_, T>) {
    let mut left = Vec::new();
    for (path, update, before) in run.knowledge.settings.take_changed() {
        let Some(case) = giving_back(run, update, &before) else {
            left.push(path);
            continue;
        };
        let sent = executor::send(run.executor.transport, run.context.settings, &case).await;
        let status = sent.exchanges.last().map(|last| last.response.status);
        if !status.is_some_and(|status| status.is_success()) {
            left.push(path);
        }
        if run.context.settings.includes(&case.operation) {
            // Whether there is use in going on, the deletions that follow will tell.
            let _ = run.take(&case, sent, &[]).await;
        }
    }
    if !left.is_empty() {
        let text = format!(
            "left changed, since what was there before could not be given back: {}",
            left.join(", ")
        );
        run.recorder.notice(text);
    }
}

/// The request that gives a setting back what it was; `None` where what it shows cannot be sent.
fn giving_back<T: Transport>(run: &Driver<'_, T>, update: usize, before: &Value) -> Option<Case> {
    let context: ResourceContext<'_> = run.context;
    let operation = context.operation(update);
    let (range, schema) = json_body(operation)?;
    let body = given_back(schema, before)?;
    let scope = Scope {
        things: &[],
        records: &[],
        listed: &[],
        pool: None,
    };
    let source = (BodyFrom::Example, PathNames::Shown, 0);
    let mut values = context.request(update, scope, source, run.strategies)?;
    values.parts.body = Some((range.to_owned(), body));
    let purpose = Purpose::new(
        Phase::Sequences,
        "a setting is given back what it was before the run",
    );
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
