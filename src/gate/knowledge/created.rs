//! What a run made and has not deleted yet.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{
    context::{ResourceContext, is_new, path_of},
    instance::ResourceInstance,
    view::ExchangeView,
};
use crate::{
    check::Intent,
    contract::{Contract, Location, graph::Graph},
    exchange::Exchange,
    run::{Case, CredentialChoice, LiveSettings, Phase},
    wire::{RequestParts, write_request},
};

/// Things that a run made, by their path, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct CreatedResources {
    things: IndexMap<String, ResourceInstance>,
}

impl CreatedResources {
    /// Takes in what an exchange made or deleted, whatever it was sent for.
    pub(crate) fn note(
        &mut self,
        contract: &Contract,
        graph: &Graph,
        settings: &LiveSettings,
        case: &Case,
        exchange: &Exchange,
    ) {
        let (request, status) = (&exchange.request, exchange.response.status);
        if case.operation.is_safe() || !status.is_success() {
            return;
        }
        if request.method == http::Method::DELETE {
            let gone = path_of(&request.url);
            self.things.retain(|path, _| {
                path.strip_prefix(gone)
                    .is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'))
            });
            return;
        }
        let context = ResourceContext {
            contract,
            graph,
            settings,
        };
        if is_new(&case.operation, &request.method, status)
            && let Some(index) = context.index(&case.operation)
            && let Some(thing) = context.made(index, &ExchangeView::new(exchange, &case.parts))
            && graph.resources[thing.resource].delete.is_some()
        {
            self.things.insert(thing.path.clone(), thing);
        }
    }

    /// Whether everything is gone.
    pub(crate) fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// Takes the things out that lie deepest, newest first: what they are a part of comes after them.
    pub(crate) fn take_deepest(
        &mut self,
        contract: &Contract,
        graph: &Graph,
        settings: &LiveSettings,
    ) -> Vec<Case> {
        let depth = |path: &str| path.split('/').count();
        let Some(deepest) = self.things.keys().map(|path| depth(path)).max() else {
            return Vec::new();
        };
        let mut cases = Vec::new();
        let mut kept = IndexMap::new();
        for (path, thing) in std::mem::take(&mut self.things) {
            if depth(&path) < deepest {
                kept.insert(path, thing);
            } else if let Some(case) = deletion(contract, graph, settings, &thing) {
                cases.push(case);
            }
        }
        self.things = kept;
        cases.reverse();
        cases
    }
}

fn deletion(
    contract: &Contract,
    graph: &Graph,
    settings: &LiveSettings,
    thing: &ResourceInstance,
) -> Option<Case> {
    let resource = &graph.resources[thing.resource];
    let operation = &contract.operations()[resource.delete?];
    let mut parts = RequestParts::default();
    for parameter in operation.parameters_in(Location::Path) {
        let value = thing.value_for(&resource.shape, operation, &parameter.name)?;
        parts.set(Location::Path, &parameter.name, value.clone());
    }
    let mut request = write_request(operation, &settings.base, &parts).ok()?;
    settings
        .credentials
        .apply(operation, &mut request, CredentialChoice::Primary);
    Some(Case {
        operation: Arc::clone(operation),
        request,
        phase: Phase::Sequences,
        intent: Intent::Obey,
        breaks: None,
        // It may be gone already, which is as good.
        made_up: operation.path.parameters().map(str::to_owned).collect(),
        parts,
        credential: CredentialChoice::Primary,
        why: "what was made is deleted".to_owned(),
    })
}
