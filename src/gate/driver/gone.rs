//! Cases that name what the run created and that is there no more, deleted or gone with what it was a part of, or what
//! was never there: they are sent about something that is there.

use std::borrow::Cow;

use http::{Method, StatusCode};
use serde_json::Value;

use super::{Driver, referred::sent_for};
use crate::{
    check::Part,
    contract::{Location, ResourceIndex, Schema, graph::Need},
    gate::{
        case_factory::CaseFactory,
        knowledge::{
            context::{ResourceContext, says_absent},
            created::CreatedResources,
            existing::named_path,
            instance::last_of_url,
            pool::fitting,
            view::plain,
        },
        renewal::with_others,
    },
    run::{Case, CredentialChoice, Phase},
    transport::Transport,
    wire::{RequestParts, write_request},
};

/// Whether a value names what is there no more, or what is of no use while something else is: an action was done to it.
fn is_of_no_use(created: &CreatedResources, resource: ResourceIndex, value: &Value) -> bool {
    created.is_key_of_gone(resource, value)
        || created.is_key_of_acted_on(resource, value) && created.usable(resource).is_some()
}

impl<T: Transport> Driver<'_, T> {
    /// Cases about what is there, as far as the run knows.
    pub(super) fn about_present<'c>(&self, cases: Cow<'c, [Case]>) -> Cow<'c, [Case]> {
        if self.knowledge.created.has_made_nothing() {
            return cases;
        }
        with_others(cases, |case| self.about_another(case))
    }

    /// The cases that were answered that what they name is not there, though the run had created and found it, each
    /// about something else and with its place among them.
    pub(super) fn missed(
        &self,
        cases: &[Case],
        statuses: &[Option<StatusCode>],
    ) -> (Vec<usize>, Vec<Case>) {
        let answered = cases.iter().zip(statuses).enumerate();
        let missed = answered.filter(|(_, (_, status))| status.is_some_and(says_absent));
        missed
            .filter_map(|(at, (case, _))| Some((at, self.about_another(case)?)))
            .unzip()
    }

    fn about_another(&self, case: &Case) -> Option<Case> {
        let beside = self.with_present_references(case);
        let case = beside.as_ref().unwrap_or(case);
        let instead = if self.names_what_is_gone(case) {
            self.about_own(case)
        } else if self.names_nothing(case) {
            self.about_created(case)
        } else {
            None
        };
        let instead = instead.filter(|instead| !self.names_what_is_gone(instead));
        instead.or(beside)
    }

    /// A case whose body and query name what is there in place of what is not; `None` where they do already, or where
    /// nothing is there.
    fn with_present_references(&self, case: &Case) -> Option<Case> {
        let gone = self.gone_references(case);
        let mut parts = (!gone.is_empty()).then(|| case.parts.clone())?;
        for (need, resource) in gone {
            let created = &self.knowledge.created;
            let mut present = created.present();
            let usable = created.usable(resource);
            let thing = usable.or_else(|| present.find(|thing| thing.resource == resource))?;
            let key = thing.key()?;
            match need {
                Need::Parameter(location, name) => {
                    let schema = parameter_schema(case, *location, name);
                    parts.set(*location, name, fitting(key, schema)?);
                }
                _ => {
                    let (_, body) = parts.body.as_mut()?;
                    let is_gone = |value: &Value| is_of_no_use(created, resource, value);
                    for place in need.within_mut(body) {
                        match place {
                            Value::Array(items) => {
                                for item in items.iter_mut().filter(|item| is_gone(item)) {
                                    *item = in_the_form_of(item, key);
                                }
                            }
                            one if is_gone(one) => *one = in_the_form_of(one, key),
                            _ => {}
                        }
                    }
                }
            }
        }
        CaseFactory::new(self.context.settings).with_parts(case, parts)
    }

    /// What the body and the query of a case name and that is there no more, with the resource that it was of.
    fn gone_references(&self, case: &Case) -> Vec<(&Need, ResourceIndex)> {
        let context = &self.context;
        let index = context.index(&case.operation);
        let Some(index) = index.filter(|_| case.phase.has_values()) else {
            return Vec::new();
        };
        let created = &self.knowledge.created;
        let is_gone = |(need, resource): &(&Need, ResourceIndex)| {
            let is_key = |value: &Value| is_of_no_use(created, *resource, value);
            let mut sent = sent_for(case, need).into_iter();
            sent.any(|sent| match sent {
                Value::Array(items) => items.iter().any(is_key),
                one => is_key(one),
            })
        };
        let mut gone = context.references(index);
        gone.retain(is_gone);
        if !gone.is_empty() && !self.is_written_from_parts(case) {
            gone.clear();
        }
        gone
    }

    /// Whether what a case sends is what its values are written as, so that it can be written with others.
    pub(super) fn is_written_from_parts(&self, case: &Case) -> bool {
        let written = write_request(&case.operation, &self.context.settings.base, &case.parts);
        written.is_ok_and(|written| written.body == case.request.body)
    }

    /// The resources that a case names and that are there no more.
    pub(crate) fn gone_resources(&self, case: &Case) -> Vec<ResourceIndex> {
        let references = self.gone_references(case).into_iter();
        references.map(|(_, resource)| resource).collect()
    }

    /// Whether a case is about nothing that is known to be there, so that it shows nothing of what its operation does: at
    /// what stands below several names, and wherever something is changed. What the document shows is sent as it stands
    /// before, and what a GET of one thing says of the name of nothing is worth knowing.
    pub(crate) fn names_nothing(&self, case: &Case) -> bool {
        let operation = &case.operation;
        let has_several = operation.path.parameters().nth(1).is_some();
        let key = ResourceContext::key_of(operation);
        let is_made_up = || key.is_some_and(|key| case.made_up.iter().any(|name| name == key));
        (has_several || !operation.is_safe())
            && may_name_another(case)
            && is_made_up()
            && !self.is_known_to_be_there(case)
    }

    /// Whether what a case names was created, shown, or named by a request of its operation that succeeded.
    fn is_known_to_be_there(&self, case: &Case) -> bool {
        let (operation, knowledge) = (&case.operation, &self.knowledge);
        let named = named_path(&self.context, operation, case.request.url.path());
        let is_there = named.is_none_or(|named| {
            knowledge.created.holds(named) || knowledge.existing.was_shown(named)
        });
        let has_succeeded = || {
            let accepted = knowledge.used.accepted(operation);
            accepted.is_some_and(|accepted| {
                let sent = |parts: &RequestParts, name| parts.get(Location::Path, name).cloned();
                let mut names = operation.path.parameters();
                names.all(|name| sent(accepted, name) == sent(&case.parts, name))
            })
        };
        is_there || has_succeeded()
    }

    /// Whether a case is about what is there no more. That is what a deletion may well be about.
    pub(crate) fn names_what_is_gone(&self, case: &Case) -> bool {
        case.request.method != Method::DELETE
            && case.credential == CredentialChoice::Primary
            && named_path(&self.context, &case.operation, case.request.url.path())
                .is_some_and(|named| self.knowledge.created.is_gone(named))
    }
}

/// Whether what a case is sent for is the same whatever its path names: neither a broken value nor an edge of the path is
/// what it shows, and it deletes nothing.
fn may_name_another(case: &Case) -> bool {
    let phases = [
        Phase::Invalid,
        Phase::Edges,
        Phase::Pairs,
        Phase::Random,
        Phase::Methods,
        Phase::Auth,
    ];
    let breaks = case.breaks.as_ref();
    let is_about_path =
        breaks.is_some_and(|breach| matches!(breach.part, Part::Parameter(Location::Path, _)));
    let is_edge = [Phase::Edges, Phase::Pairs].contains(&case.phase);
    phases.contains(&case.phase)
        && case.request.method != Method::DELETE
        && !is_about_path
        && !(is_edge && case.parts.body.is_none())
}

fn parameter_schema<'c>(case: &'c Case, location: Location, name: &str) -> Option<&'c Schema> {
    let mut parameters = case.operation.parameters_in(location);
    parameters.find(|one| one.name == name)?.value.schema()
}

/// A key in the JSON type in which another was sent, at the end of a URL where that was one.
fn in_the_form_of(sent: &Value, key: &Value) -> Value {
    let mut text = plain(key);
    if let Some(url) = sent.as_str()
        && let Some(last) = last_of_url(url)
    {
        text = format!("{}{text}{}", &url[..last.start], &url[last.end..]);
    }
    match sent {
        Value::String(_) => Value::String(text),
        _ => text.parse().map_or_else(|_| key.clone(), Value::Number),
    }
}
