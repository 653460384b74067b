//! Cases that name what is there, where refusals have told what a part of them names.

use std::borrow::Cow;

use serde_json::Value;

use super::Driver;
use crate::{
    check::{Breach, Part},
    contract::{OperationIndex, ResourceIndex, graph::Need},
    gate::{
        case_factory::CaseFactory,
        knowledge::{named_by_refusal::Things, pool::fitting},
        renewal::with_others,
    },
    run::Case,
    transport::Transport,
};

impl<T: Transport> Driver<'_, T> {
    /// Cases that name what is there in the parts of which a refusal has told that they name something, and in which all
    /// that names nothing is known to be made up.
    pub(super) fn with_learned_references<'c>(&self, cases: &'c [Case]) -> Cow<'c, [Case]> {
        with_others(Cow::Borrowed(cases), |case| {
            let learned = self.with_learned_reference(case);
            let marked = self.with_made_up_references(learned.as_ref().unwrap_or(case));
            marked.or(learned)
        })
    }

    /// A case that is known to name what is not there in the parts of it that the document is known to name things by,
    /// whatever these are called; `None` where there is no such part.
    fn with_made_up_references(&self, case: &Case) -> Option<Case> {
        let index = self.context.index(&case.operation)?;
        let knowledge = &self.knowledge;
        let things = knowledge.things();
        let mut made_up = Vec::new();
        for (need, resource) in self.context.references(index) {
            let mut sent = sent_for(case, need);
            sent.retain(|sent| names_nothing(things, resource, sent));
            if sent.is_empty() {
                continue;
            }
            let known = knowledge.pool.values_for(&case.operation, need, None);
            let name = need.last_name();
            let is_given = !self.context.settings.given(&name).is_empty();
            let is_known = sent.iter().all(|sent| known.contains(*sent));
            if !is_known && !is_given && !case.made_up.contains(&name) {
                made_up.push(name);
            }
        }
        if made_up.is_empty() {
            return None;
        }
        let mut marked = case.clone();
        marked.made_up.extend(made_up);
        Some(marked)
    }

    /// Whether one of two cases that change something refers to what the other does not, and that the run has not made.
    pub(crate) fn refers_to_others(&self, before: &Case, now: &Case) -> bool {
        let index = self.context.index(&now.operation);
        let Some(index) = index.filter(|_| !now.operation.is_safe()) else {
            return false;
        };
        let known = self.context.references(index).into_iter();
        let learned = self.knowledge.references.of(index);
        known.chain(learned).any(|(need, _)| {
            let before = sent_for(before, need);
            let mut new = sent_for(now, need).into_iter();
            new.any(|sent| !before.contains(&sent) && !self.knowledge.created.has_key(sent))
        })
    }

    fn with_learned_reference(&self, case: &Case) -> Option<Case> {
        let index = self.context.index(&case.operation)?;
        let knowledge = &self.knowledge;
        let things = knowledge.things();
        let mut parts = None;
        let mut named = Vec::new();
        let learned = knowledge.references.of(index);
        let deep = self.context.references(index).into_iter();
        let deep = deep.filter(|(need, _)| !need.is_shallow());
        for (need, resource) in learned.chain(deep) {
            let is_broken = |breach: &Breach| is_about(breach, need);
            if !case.phase.has_values() || case.breaks.as_ref().is_some_and(is_broken) {
                continue;
            }
            let is_of_nothing = |sent: &Value| names_nothing(things, resource, sent);
            if !sent_for(case, need).into_iter().any(is_of_nothing) {
                continue;
            }
            let Some(key) = self.key_in_place_of(need, resource, index, things) else {
                continue;
            };
            let parts = parts.get_or_insert_with(|| case.parts.clone());
            match need {
                Need::Parameter(location, name) => parts.set(*location, name, key),
                _ => {
                    let (_, body) = parts.body.as_mut()?;
                    let sent = need.within_mut(body).into_iter();
                    for place in sent.filter(|place| is_of_nothing(place)) {
                        *place = key.clone();
                    }
                }
            }
            named.push(need.last_name());
        }
        let parts = parts.filter(|_| self.is_written_from_parts(case))?;
        let mut other = CaseFactory::new(self.context.settings).with_parts(case, parts)?;
        other.made_up.retain(|name| !named.contains(name));
        Some(other)
    }

    /// The key of something that is there, in the form in which a part of a request takes it.
    fn key_in_place_of(
        &self,
        need: &Need,
        resource: ResourceIndex,
        index: OperationIndex,
        things: Things<'_>,
    ) -> Option<Value> {
        let key = things.any_of(resource)?.key()?;
        match need {
            Need::Parameter(location, name) => {
                let mut declared = self.context.operation(index).parameters_in(*location);
                let declared = declared.find(|one| one.name == *name)?;
                fitting(key, declared.value.schema())
            }
            _ => {
                let schema = need.schema_within(&self.context.body_schema(index)?)?;
                fitting(key, Some(&schema))
            }
        }
    }
}

/// Whether a text or a number is the key of nothing that is known to be there.
fn names_nothing(things: Things<'_>, resource: ResourceIndex, sent: &Value) -> bool {
    (sent.is_string() || sent.is_number()) && !things.holds(resource, sent)
}

/// What a case sends where a need stands.
pub(super) fn sent_for<'c>(case: &'c Case, need: &Need) -> Vec<&'c Value> {
    match need {
        Need::Parameter(location, name) => case.parts.get(*location, name).into_iter().collect(),
        _ => {
            let body = case.parts.body.as_ref();
            body.map_or_else(Vec::new, |(_, body)| need.within(body))
        }
    }
}

/// Whether what is broken on purpose is what a need stands for.
fn is_about(breach: &Breach, need: &Need) -> bool {
    match need {
        Need::Parameter(location, name) => breach.part == Part::Parameter(*location, name.clone()),
        Need::Body(pointer) => breach.part == Part::Body && breach.pointer.starts_with(pointer),
        Need::Each { array, .. } => breach.part == Part::Body && breach.pointer.starts_with(array),
    }
}
