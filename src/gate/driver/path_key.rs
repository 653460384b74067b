//! Keys that the body of a change repeats: most services want the one that the path names.

use std::borrow::Cow;

use http::{Method, StatusCode};
use serde_json::Value;

use super::Driver;
use crate::{
    check::{Intent, Part},
    contract::Location,
    exchange::Exchange,
    gate::{
        case_factory::CaseFactory,
        knowledge::{context::ResourceContext, pool::fitting, used::is_a_title, view::plain},
        renewal::with_others,
    },
    run::{Case, CredentialChoice},
    transport::Transport,
};

/// How many refusals of another key show that none is taken.
const MIN_REFUSALS: usize = 2;

/// What a service said to bodies of an operation with another key than that of their path.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OtherKeys {
    accepted: usize,
    refused: usize,
}

impl<T: Transport> Driver<'_, T> {
    /// Cases whose bodies repeat the key of their path where they have one, unless it is what people call the thing by
    /// and the service has not refused another.
    pub(super) fn with_path_keys<'c>(&self, cases: Cow<'c, [Case]>) -> Cow<'c, [Case]> {
        with_others(cases, |case| self.with_path_key(case))
    }

    pub(super) fn with_path_key(&self, case: &Case) -> Option<Case> {
        let (pointer, key) = self.other_key(case)?;
        let name = pointer.last()?;
        let known = self.other_keys.get(&case.operation.id);
        let is_refused =
            known.is_some_and(|known| known.accepted == 0 && known.refused >= MIN_REFUSALS);
        if is_a_title(&name) && !is_refused || !self.is_written_from_parts(case) {
            return None;
        }
        let index = self.context.index(&case.operation)?;
        let schema = self.context.body_schema(index)?.property_at(pointer)?;
        let key = fitting(key, Some(&schema))?;
        let mut parts = case.parts.clone();
        *parts.body.as_mut()?.1.pointer_mut(pointer.as_str())? = key;
        CaseFactory::new(self.context.settings).with_parts(case, parts)
    }

    /// The key in the path of a case whose body says another, and where it does; `None` where that is what is broken.
    fn other_key<'c>(
        &'c self,
        case: &'c Case,
    ) -> Option<(&'c oasgate_document::Pointer, &'c Value)> {
        let is_change = [Method::PUT, Method::PATCH].contains(&case.request.method)
            && case.request.method == case.operation.method
            && case.phase.has_values();
        let index = self.context.index(&case.operation).filter(|_| is_change)?;
        let pointer = self.context.graph.key_in_update(index)?;
        let is_broken = case
            .breaks
            .as_ref()
            .is_some_and(|breach| breach.part != Part::Body || breach.pointer.starts_with(pointer));
        let said = pointer.get(&case.parts.body.as_ref()?.1)?;
        let name = ResourceContext::key_of(&case.operation)?;
        let key = case
            .parts
            .get(Location::Path, name)
            .filter(|_| !is_broken)?;
        (plain(said) != plain(key)).then_some((pointer, key))
    }

    /// Learns from what a body with another key than that of its path was answered with.
    pub(super) fn note_other_key(&mut self, case: &Case, exchange: &Exchange) {
        let obeys = case.intent == Intent::Obey && case.credential == CredentialChoice::Primary;
        if !obeys || self.other_key(case).is_none() {
            return;
        }
        let status = exchange.response.status;
        let refusals = [
            StatusCode::BAD_REQUEST,
            StatusCode::CONFLICT,
            StatusCode::UNPROCESSABLE_ENTITY,
        ];
        let known = self
            .other_keys
            .entry(case.operation.id.clone())
            .or_default();
        known.accepted += usize::from(status.is_success());
        known.refused += usize::from(refusals.contains(&status));
    }
}
