//! What a run created is deleted when it is over, and what is left of it is named.

use std::{ops::ControlFlow, sync::Arc};

use futures_util::{StreamExt as _, stream};
use http::{Method, StatusCode};

use super::{
    restore::restore,
    values::{BodyFrom, PathNames, Scope, widen_page},
};
use crate::{
    check::ids,
    contract::{Location, OperationIndex, ResourceIndex, graph::Need},
    gate::{
        case_factory::{CaseFactory, Purpose},
        driver::Driver,
        executor,
        knowledge::{
            context::says_absent, history::ExchangeRecord, instance::ResourceInstance,
            removals::PendingRemoval, view::plain,
        },
    },
    run::{Case, Phase, RunStatus},
    transport::Transport,
    wire::{RequestParts, write_request},
    words::few,
};

/// How many lists are read to find what a run made in passing.
const MAX_LISTS: usize = 40;

/// How many paths one notice names.
const MAX_NAMED: usize = 50;

/// Restores settings, then deletes what the run created, parts before the whole. What cannot be deleted or restored
/// is named.
pub(crate) async fn cleanup<T: Transport>(run: &mut Driver<'_, T>) {
    // A setting may stand in the way of deletions.
    restore(run).await;
    remove_pending(run).await;
    name_assumed(run);
    name_unnamed(run).await;
    name_mentioned(run).await;
    let mut left = Vec::new();
    let workers = run.context.settings.workers.max(1);
    if delete_all(run, &mut left, workers).await.is_break() {
        return;
    }
    // What stood in the way of a deletion may be gone now.
    let again: Vec<ResourceInstance> = std::mem::take(&mut left);
    for thing in again {
        run.knowledge.created.insert(thing);
    }
    // One after another: requests at the same time may have failed for each other.
    if !run.knowledge.created.is_empty() && delete_all(run, &mut left, 1).await.is_break() {
        return;
    }
    for (number, thing) in left.into_iter().enumerate() {
        // What cannot be deleted may never have been there, or is gone by now; but what was never found again where it
        // should be is somewhere else.
        let is_doubtful = is_lost(run, &thing) || is_written_otherwise(&thing);
        let is_left = number >= MAX_NAMED || is_doubtful;
        if is_left || is_there(run, &thing).await {
            run.knowledge.created.insert(thing);
        }
    }
    name_leftovers(run);
}

/// Whether the name of a thing has letters that a path cannot have as they are (RFC 3986 §3.3), so that it may have been
/// written otherwise than the service reads it.
fn is_written_otherwise(thing: &ResourceInstance) -> bool {
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(letter);
    thing
        .key()
        .is_some_and(|key| !plain(key).chars().all(is_plain))
}

/// Whether it was told of the resource of a thing that what was made of it cannot be read.
fn is_lost<T: Transport>(run: &Driver<'_, T>, thing: &ResourceInstance) -> bool {
    let context = run.context;
    let resource = context.graph.resource(thing.resource);
    let creators = resource.creators.iter().map(|one| one.operation);
    let about: Vec<&str> = creators
        .chain(resource.read)
        .map(|at| context.operation(at).id.as_str())
        .collect();
    let mut findings = run.recorder.account.findings().iter();
    findings.any(|finding| {
        let operation = finding.operation.as_deref();
        finding.rule.as_str() == ids::MISSING_AFTER_CREATE
            && operation.is_some_and(|operation| about.contains(&operation))
    })
}

/// Whether a read does not say that a resource is not there.
pub(super) async fn is_there<T: Transport>(
    run: &mut Driver<'_, T>,
    thing: &ResourceInstance,
) -> bool {
    let Some(read) = run.context.graph.resource(thing.resource).read else {
        return true;
    };
    let shown = version(run, read, thing).await;
    let status = shown.map(|record| record.exchange.response.status);
    status.is_none_or(|status| !says_absent(status))
}

/// Says what of the things that the run created is still there.
pub(crate) fn name_leftovers<T: Transport>(run: &mut Driver<'_, T>) {
    let graph = &run.context.graph;
    let (deletable, kept): (Vec<_>, Vec<_>) = (run.knowledge.created.newest())
        .partition(|thing| graph.resource(thing.resource).delete.is_some());
    let mut notices = Vec::new();
    let answers = &run.knowledge.created;
    let (absent, failed): (Vec<_>, Vec<_>) = deletable.into_iter().partition(|thing| {
        let is_absent = answers.refusal(&thing.path).is_some_and(says_absent);
        is_absent && graph.resource(thing.resource).read.is_none()
    });
    if !failed.is_empty() {
        let listed = listed(&failed, |path| answers.refusal(path));
        notices.push(format!("cleanup failed for {listed}"));
    }
    if !absent.is_empty() {
        notices.push(format!(
            "not there when they were to be deleted, so that they may never have been made: {}",
            listed(&absent, |_| None)
        ));
    }
    if !kept.is_empty() {
        notices.push(format!(
            "left behind, since the document has no DELETE for them: {}",
            listed(&kept, |_| None)
        ));
    }
    let may_be_others: Vec<String> = run.knowledge.created.kept().cloned().collect();
    if !may_be_others.is_empty() {
        notices.push(format!(
            "not deleted, since a POST that answers no 201 may have found them: {}",
            few(&may_be_others, MAX_NAMED)
        ));
    }
    let mut counts = indexmap::IndexMap::<OperationIndex, usize>::new();
    for operation in run.knowledge.created.left_unnamed() {
        *counts.entry(operation).or_default() += 1;
    }
    for (operation, count) in counts {
        let operation = run.context.contract.operation_at(operation);
        notices.push(format!(
            "left by {}, since no response names what it created: {count}",
            operation.id
        ));
    }
    for (operation, count) in run.knowledge.removals.left() {
        let operation = run.context.contract.operation_at(operation);
        notices.push(format!(
            "left by {}, since its removal was refused or may be that of something else: {count}",
            operation.id
        ));
    }
    for text in notices {
        run.recorder.notice(text);
    }
    name_unrestored(run);
}

/// Names the settings that the run changed and that are not what they were.
pub(crate) fn name_unrestored<T: Transport>(run: &mut Driver<'_, T>) {
    let changed = run.knowledge.settings.changed();
    if !changed.is_empty() {
        let paths: Vec<&str> = changed.iter().map(|(path, ..)| path.as_str()).collect();
        let text = format!("not restored: {}", paths.join(", "));
        run.recorder.notice(text);
    }
}

/// Sends the removals of what has no path.
async fn remove_pending<T: Transport>(run: &mut Driver<'_, T>) {
    for pending in run.knowledge.removals.newest() {
        let Some(case) = removal(run, &pending) else {
            continue;
        };
        // A client error may well say that it is gone already.
        let is_refused = |status: StatusCode| {
            status.is_server_error()
                || [
                    StatusCode::UNAUTHORIZED,
                    StatusCode::FORBIDDEN,
                    StatusCode::METHOD_NOT_ALLOWED,
                ]
                .contains(&status)
        };
        let status = run.send_in_cleanup(&case).await;
        if status.is_some_and(|status| !is_refused(status)) {
            run.knowledge.removals.remove(&pending);
        }
    }
}

/// The request that removes what has no path; `None` where it cannot be made.
fn removal<T: Transport>(run: &Driver<'_, T>, pending: &PendingRemoval) -> Option<Case> {
    let context = run.context;
    let operation = context.operation(pending.remover);
    let source = (BodyFrom::Minimal, PathNames::Shown, 0);
    let mut values = context.request(pending.remover, Scope::default(), source, run.strategies)?;
    for (need, value) in &pending.values {
        match need {
            Need::Parameter(location, name) => values.parts.set(*location, name, value.clone()),
            _ => {
                let (_, body) = values.parts.body.as_mut()?;
                body.as_object_mut()?
                    .insert(need.property()?, value.clone());
            }
        }
    }
    let purpose = Purpose::new(Phase::Sequences, "what the run created is removed");
    let case = CaseFactory::new(context.settings).make(operation, values.parts, purpose)?;
    // It may be gone already, which is as good.
    let names = pending.values.iter().map(|(need, _)| need.name());
    let made_up = names.map(|name| name.trim_start_matches('/').to_owned());
    Some(Case {
        made_up: made_up.collect(),
        ..case
    })
}

/// The paths of resources, as many as a reader looks at, each with the answer that it was given.
fn listed(resources: &[&ResourceInstance], answer: impl Fn(&str) -> Option<StatusCode>) -> String {
    let named: Vec<String> = resources
        .iter()
        .map(|one| match answer(&one.path) {
            Some(status) => format!("{} ({})", one.path, status.as_u16()),
            None => one.path.clone(),
        })
        .collect();
    few(&named, MAX_NAMED)
}

/// Names the creations that no response has named, for creators that are known to take the names of
/// their requests.
fn name_assumed<T: Transport>(run: &mut Driver<'_, T>) {
    let context = run.context;
    let known = run.knowledge.memory.takes_names.iter();
    let creators: Vec<OperationIndex> = known
        .filter(|(_, takes)| **takes)
        .map(|(at, _)| *at)
        .collect();
    for creator in creators {
        let created = &mut run.knowledge.created;
        created.name_assumed(creator, |parts| context.assumed(creator, parts));
    }
}

/// Looks in lists for what no response has named.
async fn name_unnamed<T: Transport>(run: &mut Driver<'_, T>) {
    let mut asked: Vec<(OperationIndex, RequestParts)> = Vec::new();
    for one in run.knowledge.created.unnamed() {
        let parts = RequestParts {
            body: None,
            ..one.parts.clone()
        };
        if !asked.contains(&(one.operation, parts.clone())) {
            asked.push((one.operation, parts));
        }
    }
    for (creator, parts) in asked {
        let graph = run.context.graph;
        let resources = graph.indexed_resources();
        let listed = resources.filter(|(_, resource)| {
            let mut creators = resource.creators.iter();
            resource.delete.is_some() && creators.any(|one| one.operation == creator)
        });
        for (at, list) in listed.filter_map(|(at, one)| Some((at, one.list?))) {
            if let Some(record) = read_list(run, list, &parts).await {
                let context = run.context;
                let given = record.given();
                let shown = context.listed(at, &given);
                run.knowledge
                    .created
                    .name_listed(&run.knowledge.existing, creator, shown);
            }
        }
    }
}

/// Looks in lists for what answers to changes spoke of: what is new there and was spoken of was made by the run.
async fn name_mentioned<T: Transport>(run: &mut Driver<'_, T>) {
    if run.knowledge.mentioned.is_empty() {
        return;
    }
    let context = run.context;
    let resources = context.graph.indexed_resources();
    let listed = resources.filter_map(|(at, one)| Some((at, one.list?, one.delete?)));
    let listed: Vec<(ResourceIndex, OperationIndex)> = listed
        .filter(|(_, list, _)| context.settings.may_prepare(context.operation(*list)))
        .map(|(at, list, _)| (at, list))
        .take(MAX_LISTS)
        .collect();
    for (at, list) in listed {
        let Some(record) = read_list(run, list, &RequestParts::default()).await else {
            continue;
        };
        let given = record.given();
        let shown = context.listed(at, &given).into_iter();
        let knowledge = &mut run.knowledge;
        let made: Vec<ResourceInstance> = shown
            .map(|(_, thing)| thing)
            .filter(|thing| !knowledge.existing.holds(&thing.path))
            .filter(|thing| !knowledge.created.holds(&thing.path))
            .filter(|thing| {
                thing
                    .key()
                    .is_some_and(|key| knowledge.mentioned.holds(key))
            })
            .collect();
        for thing in made {
            knowledge.created.insert_mentioned(thing);
        }
    }
}

/// Reads a list that was read before anything was created in it, so that what is new in it is known.
pub(super) async fn read_list<T: Transport>(
    run: &mut Driver<'_, T>,
    list: OperationIndex,
    parts: &RequestParts,
) -> Option<ExchangeRecord> {
    let operation = run.context.contract.operation_at(list);
    let mut own = RequestParts::default();
    for parameter in operation.parameters.iter().filter(|one| one.required) {
        let value = parts.get(parameter.location, &parameter.name)?;
        own.set(parameter.location, &parameter.name, value.clone());
    }
    widen_page(operation, &mut own);
    let request = write_request(operation, &run.context.settings.base, &own).ok()?;
    if !run
        .knowledge
        .existing
        .was_listed(crate::gate::knowledge::context::path_of(&request.url))
    {
        return None;
    }
    let exchange = run.look_with(operation, request).await?;
    Some(ExchangeRecord::new(list, exchange, own))
}

/// Deletes what is deepest until nothing is left but what cannot be deleted.
async fn delete_all<T: Transport>(
    run: &mut Driver<'_, T>,
    left: &mut Vec<ResourceInstance>,
    workers: usize,
) -> ControlFlow<()> {
    let (transport, settings) = (run.executor.transport, run.context.settings);
    loop {
        let things = run.knowledge.created.deepest();
        if things.is_empty() {
            return ControlFlow::Continue(());
        }
        let mut cases = Vec::new();
        for thing in things {
            match deletion(run, &thing).await {
                Some(case) => cases.push((thing, case)),
                None => {
                    run.knowledge.created.remove(&thing.path);
                    left.push(thing);
                }
            }
        }
        let cases = cases.as_slice();
        let turns = &run.turns(cases.iter().map(|(_, case)| case));
        let mut responses = stream::iter(0..cases.len())
            .map(|at| async move {
                let _turn = turns.wait(at).await;
                (at, executor::send(transport, settings, &cases[at].1).await)
            })
            .buffered(workers);
        while let Some((at, sent)) = responses.next().await {
            let (thing, case) = &cases[at];
            let status = sent.exchanges.last().map(|last| last.response.status);
            let is_absent = status.is_some_and(says_absent);
            let is_deleted = status.is_some_and(|status| status.is_success());
            let is_doubtful = is_lost(run, thing) || is_written_otherwise(thing);
            let is_gone = is_deleted || is_absent && !is_doubtful;
            run.knowledge.created.remove(&thing.path);
            if status == Some(StatusCode::ACCEPTED) {
                run.knowledge.created.note_pending_deletion();
            }
            if !is_gone {
                if let Some(status) = status {
                    run.knowledge.created.note_refusal(&thing.path, status);
                }
                left.push(thing.clone());
            }
            // What an operation answers that is not to be checked is not checked here either.
            if !settings.includes(&case.operation) {
                continue;
            }
            if let ControlFlow::Break(RunStatus::Unreachable(_) | RunStatus::Failed(_)) =
                run.take(case, sent, &[]).await.flow
            {
                return ControlFlow::Break(());
            }
        }
    }
}

/// The deletion of a resource with everything that it requires; `None` where the contract has none.
async fn deletion<T: Transport>(run: &mut Driver<'_, T>, thing: &ResourceInstance) -> Option<Case> {
    let resource = run.context.graph.resource(thing.resource);
    let index = resource.delete?;
    let operation = Arc::clone(run.context.contract.operation_at(index));
    let mut records = Vec::new();
    let wants_version = operation
        .parameters_in(Location::Header)
        .any(|one| one.name.eq_ignore_ascii_case("if-match"));
    if let Some(read) = resource.read.filter(|_| wants_version) {
        records.extend(version(run, read, thing).await);
    }
    let scope = Scope {
        things: std::slice::from_ref(thing),
        records: &records,
        ..Scope::default()
    };
    let values = run.context.request(
        index,
        scope,
        (BodyFrom::Example, PathNames::Shown, 0),
        run.strategies,
    )?;
    let purpose = Purpose::new(
        Phase::Sequences,
        "a resource that the run created is deleted",
    );
    let factory = CaseFactory::new(run.context.settings);
    let case = factory.make(&operation, values.parts, purpose)?;
    let mut made_up = values.made_up;
    // It may be gone already, which is as good.
    made_up.extend(operation.path.parameters().map(str::to_owned));
    Some(Case { made_up, ..case })
}

/// A read of a resource, for the version that its deletion wants.
async fn version<T: Transport>(
    run: &mut Driver<'_, T>,
    read: OperationIndex,
    thing: &ResourceInstance,
) -> Option<ExchangeRecord> {
    let operation = run.context.contract.operation_at(read);
    let scope = Scope {
        things: std::slice::from_ref(thing),
        ..Scope::default()
    };
    let values = run.context.request(
        read,
        scope,
        (BodyFrom::Example, PathNames::Shown, 0),
        run.strategies,
    )?;
    let mut request = write_request(operation, &run.context.settings.base, &values.parts).ok()?;
    request.method = Method::GET;
    let exchange = run.look_with(operation, request).await?;
    Some(ExchangeRecord::new(read, exchange, values.parts))
}
