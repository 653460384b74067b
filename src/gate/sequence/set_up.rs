//! The state that a request needs before it can be sent again.
//!
//! A request that changes something is only sent again to what the run made for it, and only where what
//! the run made can be deleted.

use std::{collections::BTreeSet, ops::ControlFlow};

use super::{Sequencer, execute::SequenceState, is_allowed, restore::restore, walk};
use crate::{
    contract::{
        Location, ResourceIndex,
        graph::{Resource, Shape},
    },
    gate::{case_factory::CaseFactory, driver::Driver},
    run::{Case, CleanUp, RunStatus, existing},
    transport::Transport,
};

/// What must be there before a case is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing: what it leaves behind, if anything, is deleted.
    Any,
    /// What it names, made anew for each time.
    Anew,
}

/// The state that a case wants; `None` where it cannot be set up.
pub(crate) fn state_for<T: Transport>(run: &Driver<'_, T>, case: &Case) -> Option<State> {
    let operation = &case.operation;
    if operation.is_safe() {
        return Some(State::Any);
    }
    if run.context.settings.clean_up == CleanUp::Leave {
        return None;
    }
    if !existing(case).is_empty() {
        return maker(run, case).map(|_| State::Anew);
    }
    let makes = run
        .context
        .index(operation)
        .and_then(|index| run.context.graph.made_by(index));
    match makes {
        Some((resource, _)) => resource.delete.map(|_| State::Any),
        // The name of nothing leads to nothing that could change.
        None => (operation.path.parameters().next().is_some()).then_some(State::Any),
    }
}

/// A case with what it names made anew; `None` where that is not possible now.
pub(crate) async fn set_up<T: Transport>(run: &mut Driver<'_, T>, case: &Case) -> Option<Case> {
    let resource = maker(run, case)?;
    let names = existing(case);
    let mut parts = case.parts.clone();
    {
        let mut sequencer = Sequencer::resume(run);
        let mut state = SequenceState::default();
        let fresh = walk::make(&mut sequencer, resource, &mut state, 0).await;
        let context = sequencer.context;
        let ended = sequencer.pause();
        let fresh = fresh.filter(|fresh| fresh.is_new && ended.is_continue())?;
        state.things.push(fresh.instance);
        for name in &names {
            let value = state.things.iter().rev().find_map(|thing| {
                let shape = &context.graph.resource(thing.resource).shape;
                thing.value_for(shape, &case.operation, name)
            })?;
            parts.set(Location::Path, name, value.clone());
        }
    }
    let mut anew = CaseFactory::new(run.context.settings).with_parts(case, parts)?;
    anew.made_up.retain(|name| !names.contains(name));
    Some(anew)
}

/// Sends a round of cases with what it needs around it: what they name and is there no more is made before, and settings
/// are restored after it, so that a run that is ended from outside leaves little changed.
pub(crate) async fn send_round<T: Transport>(
    run: &mut Driver<'_, T>,
    cases: &[Case],
) -> ControlFlow<RunStatus> {
    Box::pin(make_gone(run, cases)).await;
    run.round(cases).await?;
    Box::pin(restore(run)).await;
    ControlFlow::Continue(())
}

/// Makes what cases name that is there no more, where nothing like it is left: one of each resource.
async fn make_gone<T: Transport>(run: &mut Driver<'_, T>, cases: &[Case]) {
    if run.context.settings.clean_up == CleanUp::Leave || !run.knowledge.created.has_gone() {
        return;
    }
    let about_gone = cases.iter().filter(|case| run.names_what_is_gone(case));
    let mut wanted: BTreeSet<ResourceIndex> =
        about_gone.filter_map(|case| maker(run, case)).collect();
    let about_nothing = cases.iter().filter(|case| run.names_nothing(case));
    let makers = about_nothing.filter_map(|case| maker(run, case));
    wanted.extend(makers.filter(|at| run.knowledge.created.has_gone_of(*at)));
    let references = cases.iter().flat_map(|case| run.gone_resources(case));
    wanted.extend(references.filter(|at| can_be_made(run, run.context.graph.resource(*at))));
    for resource in wanted {
        let is_left = {
            let mut present = run.knowledge.created.present();
            present.any(|thing| thing.resource == resource)
        };
        if is_left {
            continue;
        }
        let mut sequencer = Sequencer::resume(run);
        let mut state = SequenceState::default();
        walk::make(&mut sequencer, resource, &mut state, 0).await;
        if sequencer.pause().is_break() {
            return;
        }
    }
}

/// The resource that a case's path names and that a run may make and delete.
fn maker<T: Transport>(run: &Driver<'_, T>, case: &Case) -> Option<ResourceIndex> {
    let own = Shape::of(&case.operation);
    let resources = run.context.graph.indexed_resources();
    resources
        .filter(|(_, resource)| resource.shape.contains(&own) && can_be_made(run, resource))
        .max_by_key(|(_, resource)| resource.shape.len())
        .map(|(at, _)| at)
}

/// Whether a run may make and delete a resource.
fn can_be_made<T: Transport>(run: &Driver<'_, T>, resource: &Resource) -> bool {
    let (contract, settings) = (run.context.contract, run.context.settings);
    let mut creators = resource.creators.iter();
    resource.delete.is_some()
        && creators.any(|one| is_allowed(contract.operation_at(one.operation), settings))
}
