//! Lists are read once more in the end, and held against what they showed before the run: what is left behind, gone or
//! changed and was not told yet is named.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::cleanup::is_there;
use crate::{
    contract::{
        Operation, OperationIndex,
        graph::{is_plural_of, words},
    },
    gate::{
        driver::Driver,
        knowledge::{
            first_look::{ListChange, list_change},
            history::ExchangeRecord,
            instance::ResourceInstance,
            view::plain,
        },
    },
    run::Existing,
    transport::Transport,
    wire::write_request,
    words::{count_of, few},
};

/// How many names one notice has.
const MAX_NAMED: usize = 10;

/// How many things that a list shows no more are read by themselves.
const MAX_READ: usize = 5;

/// How many lists are read again that nothing at their own paths changes.
const MAX_OTHERS: usize = 40;

/// Reads each list that may have been changed, and names what is there or gone since the run began.
pub(crate) async fn audit<T: Transport>(run: &mut Driver<'_, T>) {
    let looks = run.knowledge.first_looks.before_changes();
    let looks: Vec<ExchangeRecord> = looks.cloned().collect();
    let budget = &run.executor.budget;
    let mut left = budget.left().max(budget.looks(looks.len()));
    let mut unseen = 0;
    let mut others = MAX_OTHERS;
    for before in looks {
        let writers = writers(run, before.operation);
        // Nothing at its path may change it, and something elsewhere all the same.
        if writers.is_empty() {
            if others == 0 {
                continue;
            }
            others -= 1;
        }
        if left == 0 || run.executor.is_stopped() {
            unseen += 1;
            continue;
        }
        left -= 1;
        let Some(after) = read_again(run, &before).await else {
            continue;
        };
        let status = after.exchange.response.status;
        if status.is_success() {
            tell_changes(run, &writers, &before, &after).await;
        } else if status.is_server_error() {
            let path = &run.context.operation(before.operation).path;
            let first = before.exchange.response.status.as_u16();
            run.recorder.notice(format!(
                "GET {path} was answered {first} before the run changed anything, and {} in the end: what is left there \
                 cannot be seen",
                status.as_u16()
            ));
        }
    }
    if unseen > 0 {
        let lists = count_of(unseen, "list");
        run.recorder.notice(format!(
            "{lists} could not be read once more to see what is left"
        ));
    }
}

/// The operations that may change what a list shows.
fn writers<T: Transport>(run: &Driver<'_, T>, list: OperationIndex) -> Vec<OperationIndex> {
    let context = run.context;
    let path = context.operation(list).path.as_str();
    let resources = context.graph.resources.iter();
    let known = resources
        .filter(|resource| resource.list == Some(list))
        .flat_map(|resource| {
            let creators = resource.creators.iter().map(|one| one.operation);
            let updates = resource.updates.iter().copied();
            creators.chain(updates).chain(resource.delete)
        });
    let is_at = |operation: &Operation| {
        let own = operation.path.as_str();
        let rest = own.strip_prefix(path);
        let is_below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '(']));
        (is_below || is_singular_of(own, path)) && !operation.is_safe()
    };
    let operations = context.contract.indexed_operations();
    let at_path = operations.filter(|(_, operation)| is_at(operation));
    let all: BTreeSet<OperationIndex> = known.chain(at_path.map(|(at, _)| at)).collect();
    all.into_iter().collect()
}

/// Whether a path, up to its first parameter, is that of one where the other lists all: `/tag/{uuid}` of `/tags`.
fn is_singular_of(path: &str, list: &str) -> bool {
    let before = path.find('{').map_or(path, |at| &path[..at]);
    let (one, all) = (before.trim_end_matches('/'), list.trim_end_matches('/'));
    let Some(((above, one), (above_all, all))) = one.rsplit_once('/').zip(all.rsplit_once('/'))
    else {
        return false;
    };
    above == above_all && is_plural_of(&words(all), &words(one))
}

async fn read_again<T: Transport>(
    run: &mut Driver<'_, T>,
    before: &ExchangeRecord,
) -> Option<ExchangeRecord> {
    let list = before.operation;
    let operation = run.context.operation(list);
    let request = write_request(operation, &run.context.settings.base, &before.parts).ok()?;
    let exchange = run.look_with(operation, request).await?;
    Some(ExchangeRecord::new(list, exchange, before.parts.clone()))
}

async fn tell_changes<T: Transport>(
    run: &mut Driver<'_, T>,
    writers: &[OperationIndex],
    before: &ExchangeRecord,
    after: &ExchangeRecord,
) {
    let list = before.operation;
    let context = run.context;
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    let bodies =
        read(before.exchange.response.body.bytes()).zip(read(after.exchange.response.body.bytes()));
    let Some((first, last)) = bodies else {
        return;
    };
    let keeps = context.settings.existing == Existing::Keep;
    let given: BTreeSet<String> = writers
        .iter()
        .filter(|_| keeps)
        .filter_map(|writer| context.body_schema(*writer))
        .flat_map(|schema| schema.property_names())
        .collect();
    let ListChange {
        mut new,
        nameless,
        changed,
    } = list_change(
        &first,
        &last,
        context.operation(list).last_segment(),
        &given,
    );
    // What could not be deleted is named already.
    let named: HashSet<String> = (run.knowledge.created.newest())
        .filter_map(|thing| thing.key().map(plain))
        .collect();
    new.retain(|name| !named.contains(name));
    let path = &context.operation(list).path;
    let mut notices = Vec::new();
    if nameless > 0 {
        new.push(format!("{nameless} without a name"));
    }
    if !new.is_empty() {
        notices.push(format!(
            "GET {path} shows what it did not before the run, made by it or by others meanwhile: {}",
            few(&new, MAX_NAMED)
        ));
    }
    if !changed.is_empty() {
        let changed: Vec<String> = changed
            .into_iter()
            .map(|(name, members)| format!("{name} ({})", members.join(", ")))
            .collect();
        notices.push(format!(
            "changed in GET {path} since the run began, by it or by others: {}",
            few(&changed, MAX_NAMED)
        ));
    }
    if keeps {
        let gone = gone(run, before, after).await;
        if !gone.is_empty() {
            notices.push(format!(
                "gone from GET {path} since the run began, by it or by others: {}",
                few(&gone, MAX_NAMED)
            ));
        }
    }
    for notice in notices {
        run.recorder.notice(notice);
    }
}

/// The paths of what a list showed, shows no more, and of which a read says that it is not there.
async fn gone<T: Transport>(
    run: &mut Driver<'_, T>,
    before: &ExchangeRecord,
    after: &ExchangeRecord,
) -> Vec<String> {
    let (context, list) = (run.context, before.operation);
    let first = before.given();
    let still: HashSet<String> = context
        .all_listed(list, &after.given())
        .into_iter()
        .collect();
    let resources = context.graph.indexed_resources();
    let missing: Vec<ResourceInstance> = resources
        .filter(|(_, resource)| resource.list == Some(list) && resource.read.is_some())
        .flat_map(|(at, _)| context.listed(at, &first))
        .map(|(_, thing)| thing)
        .filter(|thing| !still.contains(&thing.path))
        .take(MAX_READ)
        .collect();
    let mut gone = Vec::new();
    for thing in missing {
        if !is_there(run, &thing).await {
            gone.push(thing.path);
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::is_singular_of;

    #[test]
    fn a_singular_beside_a_list_is_known() {
        assert!(is_singular_of("/tag/{uuid}", "/tags"));
        assert!(is_singular_of("/api/tag", "/api/tags"));
        assert!(!is_singular_of("/watch/{uuid}", "/tags"));
        assert!(!is_singular_of("/old/tag", "/tags"));
    }
}
