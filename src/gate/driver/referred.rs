//! Cases that name what is there, where refusals have told what a part of them names.

use std::borrow::Cow;

use serde_json::Value;

use super::Driver;
use crate::{
    check::{Breach, Part},
    contract::graph::Need,
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
            let sent = sent_for(case, need).filter(|sent| sent.is_string() || sent.is_number());
            let Some(sent) = sent.filter(|sent| !things.holds(resource, sent)) else {
                continue;
            };
            let known = knowledge.pool.values_for(&case.operation, need, None);
            let name = need.last_name();
            let is_given = !self.context.settings.given(&name).is_empty();
            if !known.contains(sent) && !is_given && !case.made_up.contains(&name) {
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
            let sent = sent_for(now, need);
            sent.is_some_and(|sent| {
                sent_for(before, need) != Some(sent) && !self.knowledge.created.has_key(sent)
            })
        })
    }

    fn with_learned_reference(&self, case: &Case) -> Option<Case> {
        let index = self.context.index(&case.operation)?;
        let knowledge = &self.knowledge;
        let things = knowledge.things();
        let mut parts = None;
        let mut named = Vec::new();
        for (need, resource) in knowledge.references.of(index) {
            let is_broken = |breach: &Breach| is_about(breach, need);
            if !case.phase.has_values() || case.breaks.as_ref().is_some_and(is_broken) {
                continue;
            }
            let sent = sent_for(case, need);
            let Some(sent) = sent.filter(|sent| !things.holds(resource, sent)) else {
                continue;
            };
            let Some(key) = self.key_in_place_of(need, resource, index, sent, things) else {
                continue;
            };
            let parts = parts.get_or_insert_with(|| case.parts.clone());
            match need {
                Need::Parameter(location, name) => parts.set(*location, name, key),
                Need::Body(pointer) => {
                    let (_, body) = parts.body.as_mut()?;
                    *body.pointer_mut(pointer.as_str())? = key;
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
        resource: usize,
        index: usize,
        sent: &Value,
        things: Things<'_>,
    ) -> Option<Value> {
        let is_plain = sent.is_string() || sent.is_number();
        let key = things.any_of(resource).filter(|_| is_plain)?.key()?;
        match need {
            Need::Parameter(location, name) => {
                let mut declared = self.context.operation(index).parameters_in(*location);
                let declared = declared.find(|one| one.name == *name)?;
                fitting(key, declared.value.schema())
            }
            Need::Body(pointer) => {
                let schema = self.context.body_schema(index)?.property_at(pointer)?;
                fitting(key, Some(&schema))
            }
        }
    }
}

/// What a case sends where a need stands.
pub(super) fn sent_for<'c>(case: &'c Case, need: &Need) -> Option<&'c Value> {
    match need {
        Need::Parameter(location, name) => case.parts.get(*location, name),
        Need::Body(pointer) => {
            let body = case.parts.body.as_ref();
            body.and_then(|(_, body)| pointer.get(body))
        }
    }
}

/// Whether what is broken on purpose is what a need stands for.
fn is_about(breach: &Breach, need: &Need) -> bool {
    match need {
        Need::Parameter(location, name) => breach.part == Part::Parameter(*location, name.clone()),
        Need::Body(pointer) => breach.part == Part::Body && breach.pointer.starts_with(pointer),
    }
}
