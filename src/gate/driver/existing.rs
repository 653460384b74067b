//! A look before a change: a small number, or a name that the document shows, may well be that of something
//! that was there before the run.

use std::borrow::Cow;

use http::Method;
use oasgate_document::Pointer;
use serde_json::{Map, Value};

use super::Driver;
use crate::{
    check::{Intent, may_revoke_credential},
    contract::{
        Location, Operation, OperationIndex, Parameter, ResourceIndex, Schema,
        graph::{Need, Shape, names_something, words},
    },
    exchange::{Exchange, Request},
    gate::knowledge::{
        context::{ResourceContext, path_of},
        creation_signs::MIN_RANDOM_NAME,
        existing::{is_small, may_be_taken, named_path},
        view::{ExchangeView, plain},
    },
    run::{Case, CredentialChoice, Existing, Phase},
    transport::Transport,
    wire::{RequestParts, write_request},
};

/// From which number on a key moves those that a service counts too far.
const MIN_GREAT: f64 = 1e6;

/// How deep the keys in a body are looked for.
const MAX_KEY_DEPTH: usize = 4;

/// The values of a case that must be there and that name something, by what they are called or by what the document
/// says of them.
fn names_in<'c>(
    context: &ResourceContext<'_>,
    index: OperationIndex,
    case: &'c Case,
) -> Vec<&'c Value> {
    let references = context.references(index);
    let is_reference = |wanted: &Need| references.iter().any(|(need, _)| *need == wanted);
    let removals = context.graph.removals_by(index);
    let removed: Vec<&Need> = removals
        .flat_map(|removal| removal.needs.iter().map(|(need, _)| need))
        .collect();
    let names = |name: &str, need: &Need| is_reference(need) || names_something(name);
    let query = case.operation.parameters_in(Location::Query);
    let in_query = query.filter_map(|one| {
        let need = Need::Parameter(Location::Query, one.name.clone());
        let value = case.parts.get(Location::Query, &one.name)?;
        let is_name = one.required && names(&one.name, &need);
        (is_name || removed.contains(&&need)).then_some(value)
    });
    let schema = context.body_schema(index);
    let is_required = |members: &Map<String, Value>, name: &str| {
        let mut without = members.clone();
        without.remove(name);
        let without = Value::Object(without);
        schema
            .as_ref()
            .is_some_and(|schema| !schema.is_valid(&without))
    };
    let body = case
        .parts
        .body
        .as_ref()
        .and_then(|(_, body)| body.as_object());
    let members = body.into_iter().flat_map(|members| {
        let each = members.iter();
        each.map(move |(name, value)| (members, name, value))
    });
    let in_body = members.filter_map(|(members, name, value)| {
        let need = Need::Body(Pointer::root().join(name));
        let is_name = names(name, &need) && is_required(members, name);
        (is_name || removed.contains(&&need)).then_some(value)
    });
    in_query.chain(in_body).collect()
}

/// Where a member of a body stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// In what is the only one of its kind.
    Alone,
    /// In one of a list.
    Listed,
}

/// The values in a body that are called a key of something, in a list also those that are called its name: what is the
/// only one of its kind has a name that is no key.
fn keys_within(body: &Value, standing: Standing, depth: usize) -> Vec<&Value> {
    let Some(depth) = depth.checked_sub(1) else {
        return Vec::new();
    };
    match body {
        Value::Array(items) => items
            .iter()
            .flat_map(|item| keys_within(item, Standing::Listed, depth))
            .collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value {
                Value::Array(_) | Value::Object(_) => keys_within(value, standing, depth),
                _ if is_key(name, standing) => vec![value],
                _ => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a value of a case says that the service ends.
fn says_that_the_service_ends(case: &Case) -> bool {
    let members = case
        .parts
        .body
        .as_ref()
        .map(|(_, body)| texts_in(body, MAX_KEY_DEPTH));
    let mut said = members.unwrap_or_default();
    let query = case.parts.parameters.iter();
    let query = query.filter(|(location, ..)| *location == Location::Query);
    said.extend(query.filter_map(|(_, _, value)| value.as_str()));
    case.operation.may_stop_service_by(&said)
}

/// The texts in a body, and the names of what is `true` there.
fn texts_in(body: &Value, depth: usize) -> Vec<&str> {
    let below: Vec<&Value> = match body {
        Value::String(text) => return vec![text],
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => return Vec::new(),
    };
    let members = body.as_object().into_iter().flatten();
    let flags = members.filter(|(_, value)| **value == Value::Bool(true));
    let flags = flags.map(|(name, _)| name.as_str());
    let depth = depth.checked_sub(1);
    let texts = depth.map(|depth| below.into_iter().flat_map(move |one| texts_in(one, depth)));
    flags.chain(texts.into_iter().flatten()).collect()
}

/// The value that a case sends for a parameter, where neither the document shows it nor the user gave it: these are meant
/// to be sent.
fn drawn_value<'c>(
    case: &'c Case,
    parameter: &Parameter,
    context: &ResourceContext<'_>,
) -> Option<&'c Value> {
    let value = case.parts.get(parameter.location, &parameter.name)?;
    let mut shown = parameter.examples.iter();
    let is_shown = shown.any(|one| one.value == *value);
    let is_given = !context.settings.given(&parameter.name).is_empty();
    (!is_shown && !is_given).then_some(value)
}

/// Whether a name is that of an id, and of nothing else that is counted.
fn is_an_id(name: &str) -> bool {
    let words = words(name);
    words
        .last()
        .is_some_and(|last| ["id", "ids", "pk"].contains(&last.as_str()))
}

/// Whether a name says that nothing is done: `dry_run`, `simulate`.
fn is_dry_run(name: &str) -> bool {
    let words = words(name);
    ["dryrun", "simulate"].contains(&words.concat().as_str())
}

fn is_key(name: &str, standing: Standing) -> bool {
    names_something(name)
        && (standing == Standing::Listed || !name.to_lowercase().ends_with("name"))
}

impl<'r, T: Transport> Driver<'r, T> {
    /// Reads what cases would change whose names may well be those of something, and of which nobody knows
    /// whether it is there.
    pub(super) async fn look_before_changes(&mut self, cases: &[Case]) {
        if self.context.settings.existing == Existing::Touch {
            return;
        }
        for case in cases {
            let is_change = !case.request.method.is_safe() && !case.operation.is_safe();
            if !is_change || case.phase == Phase::Methods {
                continue;
            }
            self.look_at_key(case).await;
            self.look(case).await;
        }
    }

    /// Sends a request that only looks, with the run's own credential, and checks nothing.
    pub(crate) async fn look_with(
        &mut self,
        operation: &Operation,
        mut request: Request,
    ) -> Option<Exchange> {
        let credentials = &self.context.settings.credentials;
        credentials.apply(operation, &mut request, CredentialChoice::Primary);
        self.executor.send_once(&request).await
    }

    /// Reads what a setting is before it is changed, so that it can be restored.
    async fn look_at_setting(&mut self, read: OperationIndex, path: &str) -> Option<()> {
        let context = self.context;
        let operation = context.operation(read);
        let needs_values = operation.parameters.iter().any(|one| one.required);
        if needs_values
            || !context.settings.may_prepare(operation)
            || !self.knowledge.settings.wants_a_look(path)
        {
            return None;
        }
        let parts = RequestParts::default();
        let request = write_request(operation, &context.settings.base, &parts).ok()?;
        let exchange = self.look_with(operation, request).await?;
        let view = ExchangeView::new(&exchange, &parts);
        self.knowledge.settings.observe(&context, read, &view);
        Some(())
    }

    /// Reads what the body of a creation names, which may be there and be replaced.
    async fn look_at_key(&mut self, case: &Case) -> Option<()> {
        let context = self.context;
        let creator = context.index(&case.operation)?;
        let (_, thing) = context.named_in_body(creator, &case.parts)?;
        let read = context.graph.resource(thing.resource).read?;
        let operation = context.operation(read);
        let parameter = ResourceContext::key_parameter(operation)?;
        let value = thing.key()?;
        let is_short = plain(value).len() < MIN_RANDOM_NAME;
        if !is_short && !may_be_taken(parameter, value) {
            return None;
        }
        let (created, existing) = (&self.knowledge.created, &self.knowledge.existing);
        if created.holds(&thing.path) || !existing.wants_a_look(&thing.path) {
            return None;
        }
        if !context.settings.may_prepare(operation) {
            return None;
        }
        let mut parts = RequestParts::default();
        let shape = Shape::of(operation);
        for (segment, value) in &thing.values {
            let name = shape.key_at(operation, *segment)?;
            parts.set(Location::Path, name, value.clone());
        }
        let request = write_request(operation, &context.settings.base, &parts).ok()?;
        let exchange = self.look_with(operation, request).await;
        let status = exchange.map(|exchange| exchange.response.status);
        let existing = &mut self.knowledge.existing;
        existing.note_look(thing.resource, thing.path, status);
        Some(())
    }

    /// The read of what a case names in its path: the resource, the operation and the request; `None` where there is none
    /// that may be sent.
    pub(super) fn read_of_named(
        &self,
        case: &Case,
    ) -> Option<(ResourceIndex, &'r Operation, Request)> {
        let context = self.context;
        let (resource, read) = context.read_of(&case.operation)?;
        let operation = context.operation(read);
        if !context.settings.may_prepare(operation) {
            return None;
        }
        let mut parts = RequestParts::default();
        for (location, name, value) in &case.parts.parameters {
            if *location == Location::Path {
                parts.set(Location::Path, name, value.clone());
            }
        }
        let request = write_request(operation, &context.settings.base, &parts).ok()?;
        Some((resource, operation, request))
    }

    async fn look(&mut self, case: &Case) -> Option<()> {
        let context = self.context;
        if let Some(read) = context.read_before(&case.operation) {
            return self.look_at_setting(read, path_of(&case.request.url)).await;
        }
        let named = named_path(&context, &case.operation, case.request.url.path())?;
        let knowledge = &self.knowledge;
        if knowledge.created.holds(named) || !knowledge.existing.wants_a_look(named) {
            return None;
        }
        let parameter = ResourceContext::key_parameter(&case.operation)?;
        let key = parameter.name.as_str();
        // What an upsert makes is deleted in the end, if it is known to have made it.
        let is_upsert = context.named_by_client(&case.operation) == Some(key);
        let value = case.parts.get(Location::Path, key)?;
        // What a change of a short name is about may have been there, or is made by it.
        let is_change = [Method::PUT, Method::PATCH].contains(&case.operation.method);
        let is_short = is_change && plain(value).len() < MIN_RANDOM_NAME;
        if !is_upsert && !is_short && !may_be_taken(parameter, value) {
            return None;
        }
        let (resource, operation, mut request) = self.read_of_named(case)?;
        let named = named.to_owned();
        request.url.set_path(&named);
        let exchange = self.look_with(operation, request).await;
        let status = exchange.map(|exchange| exchange.response.status);
        let existing = &mut self.knowledge.existing;
        existing.note_look(resource, named, status);
        Some(())
    }

    /// Whether a case changes something by a name in its path that may well be that of something, and that neither a
    /// read nor a list would show.
    fn is_blind(&self, case: &Case) -> bool {
        let context = &self.context;
        let operation = &case.operation;
        let only_looks = operation.is_safe() || operation.is_called_a_look();
        if case.request.method.is_safe() || only_looks || case.phase == Phase::Methods {
            return false;
        }
        let is_own = |name: &str, value: &Value| {
            self.knowledge.created.newest().any(|thing| {
                let shape = &context.graph.resource(thing.resource).shape;
                thing.value_for(shape, operation, name) == Some(value)
            })
        };
        let key = ResourceContext::key_of(operation);
        // What adds a part to what cannot be made for it is sent, and so is what is below the run's own.
        let adds_a_part = context.only_adds_a_part(operation, &operation.method);
        let is_below_own = self.knowledge.created.is_below(path_of(&case.request.url));
        // `POST /archive/revive/{name}` is about what another collection showed.
        let is_somebodys = |name: &str, value: &Value| {
            key == Some(name)
                && !adds_a_part
                && !is_below_own
                && !is_small(value)
                && self.knowledge.existing.names(&plain(value))
                && !self.knowledge.created.has_key(value)
        };
        let mut parameters = operation.parameters_in(Location::Path);
        let is_by_path = parameters.any(|parameter| {
            let name = parameter.name.as_str();
            drawn_value(case, parameter, context).is_some_and(|value| {
                // `PUT /wallet/{new_name}` renames the only one that there is.
                let is_new = words(name).first().is_some_and(|first| first == "new");
                let is_looked_up = context.is_looked_up(operation, name);
                let is_blind = is_small(value) && !is_looked_up && !is_own(name, value);
                is_new || is_blind || is_somebodys(name, value)
            })
        });
        // `POST /order_package?package_id=1` is about the first that there is.
        let mut ids = operation.parameters_in(Location::Query);
        is_by_path
            || ids.any(|parameter| {
                let value = drawn_value(case, parameter, context);
                let value = value.filter(|_| is_an_id(&parameter.name));
                value.is_some_and(|value| {
                    let is_first = is_small(value) || value.is_boolean();
                    is_first && !self.knowledge.created.has_key(value)
                })
            })
    }

    /// Whether a case does something to what is there and does not say that it is about what the run made: where it
    /// names nothing, as `POST /flows/bulk_delete` with an empty filter, all that there is may be meant. What is broken on
    /// purpose may be read as naming nothing.
    fn acts_on_others(&self, case: &Case) -> bool {
        let context = &self.context;
        let operation = &case.operation;
        let is_own = case.request.method == operation.method || !case.request.method.is_safe();
        let is_change = is_own && !operation.is_safe();
        let index = context.index(operation);
        let Some(index) = index.filter(|_| is_change) else {
            return false;
        };
        // What may revoke the credential is sent once, when all else is done.
        let comes_last =
            may_revoke_credential(operation) && context.settings.credentials.is_sent_to(operation);
        if context.graph.made_by(index).is_some() || comes_last {
            return false;
        }
        let may_be_own = operation.method != Method::POST && !operation.is_called_configuration();
        let is_settings = operation.is_called_settings()
            && !may_be_own
            && context.read_before(operation).is_none();
        let replaces_by_keys = self.replaces_by_keys(case);
        if !operation.is_called_an_action() {
            return is_settings || replaces_by_keys || operation.is_a_bare_action();
        }
        // What a GET shows and this replaces is restored.
        if !operation.method.is_safe() && context.read_before(operation).is_some() {
            return false;
        }
        let is_own = |value: &Value| match value {
            Value::Array(items) => {
                !items.is_empty() && items.iter().all(|one| self.is_own_name(one))
            }
            one => self.is_own_name(one),
        };
        let mut named = names_in(context, index, case).into_iter().peekable();
        case.intent != Intent::Obey || named.peek().is_none() || !named.all(is_own)
    }

    /// Whether a case may replace what the keys in its body name, as `PUT /secrets` with a list of keys and values, which
    /// no read at that path shows, so that it could be restored.
    fn replaces_by_keys(&self, case: &Case) -> bool {
        let operation = &case.operation;
        let is_replacement = [Method::PUT, Method::PATCH].contains(&operation.method);
        let names_nothing = operation.path.parameters().next().is_none();
        let is_shown = self.context.read_before(operation).is_some();
        if !is_replacement || !names_nothing || is_shown {
            return false;
        }
        let body = case.parts.body.as_ref();
        let keys = body.map(|(_, body)| keys_within(body, Standing::Alone, MAX_KEY_DEPTH));
        keys.is_some_and(|keys| !keys.into_iter().all(|key| self.is_own_name(key)))
    }

    /// Whether a value names what the run made, or nothing that there is.
    fn is_own_name(&self, value: &Value) -> bool {
        let is_key = self.knowledge.created.has_key(value);
        let is_random = (value.is_string() || value.is_number()) && {
            let text = plain(value);
            text.len() >= MIN_RANDOM_NAME
                && !is_small(value)
                && !self.knowledge.existing.names(&text)
                && !self.context.contract.shows(value)
        };
        is_key || is_random
    }

    /// Whether a case turns off the dry run of an operation that is one by default.
    fn turns_off_dry_run(&self, case: &Case) -> bool {
        let is_meant = |name: &str, value: &Value, schema: Option<&Schema>| {
            is_dry_run(name)
                && *value != Value::Bool(true)
                && schema.is_some_and(|schema| {
                    let target = schema.target();
                    target.raw().get("default") == Some(&Value::Bool(true))
                })
        };
        let mut query = case.operation.parameters_in(Location::Query);
        let in_query = query.any(|parameter| {
            let value = case.parts.get(Location::Query, &parameter.name);
            value.is_some_and(|value| is_meant(&parameter.name, value, parameter.value.schema()))
        });
        let body = case.parts.body.as_ref();
        let members = body.and_then(|(_, body)| body.as_object());
        let mut members = members.into_iter().flatten();
        let schema = || {
            let index = self.context.index(&case.operation)?;
            self.context.body_schema(index)
        };
        in_query
            || members.any(|(name, value)| {
                is_dry_run(name)
                    && schema()
                        .is_some_and(|body| is_meant(name, value, body.property(name).as_ref()))
            })
    }

    /// Whether a case may make something with a great number as its name, after which a service that counts gives
    /// out greater ones for ever.
    fn may_move_numbers(&self, case: &Case) -> bool {
        let context = &self.context;
        let is_change = [Method::PUT, Method::PATCH].contains(&case.request.method);
        let key = ResourceContext::key_of(&case.operation).filter(|_| is_change);
        let value = key.and_then(|key| case.parts.get(Location::Path, key));
        let number = value.and_then(Value::as_f64);
        let is_great = number.is_some_and(|number| number >= MIN_GREAT);
        let index = context.index(&case.operation);
        is_great
            && !self.knowledge.created.holds(path_of(&case.request.url))
            && index.is_some_and(|index| !self.knowledge.created.makes_nothing(index))
    }

    /// Whether a case would change what was there before the run.
    pub(crate) fn would_change(&self, case: &Case) -> bool {
        let (context, knowledge) = (&self.context, &self.knowledge);
        let keeps = context.settings.existing == Existing::Keep;
        let is_own = case.request.method == case.operation.method;
        let path = path_of(&case.request.url);
        let settings = &knowledge.settings;
        knowledge
            .existing
            .would_change(context, &case.operation, &case.request)
            || keeps && is_own && settings.would_be_lost(context, &case.operation, path)
            || keeps && is_own && self.names_existing_in_body(case)
            || keeps && is_own && self.is_blind(case)
            || keeps && is_own && self.may_move_numbers(case)
            || keeps && is_own && self.acts_on_others(case)
            || keeps && is_own && self.turns_off_dry_run(case)
            || keeps && says_that_the_service_ends(case)
    }

    /// Whether the last name in the path of a case is neither given by the user nor shown by the document.
    fn names_what_was_learned(&self, case: &Case) -> bool {
        let parameter = ResourceContext::key_parameter(&case.operation);
        parameter.is_some_and(|one| drawn_value(case, one, &self.context).is_some())
    }

    /// Cases without those that would change what was there before the run.
    pub(super) fn without_changes_of_existing<'c>(&mut self, cases: &'c [Case]) -> Cow<'c, [Case]> {
        if !cases.iter().any(|case| self.would_change(case)) {
            return Cow::Borrowed(cases);
        }
        let mut kept = Vec::with_capacity(cases.len());
        for case in cases {
            if !self.would_change(case) {
                kept.push(case.clone());
                continue;
            }
            let is_meant = case.phase == Phase::Methods && !self.names_what_was_learned(case);
            let instead = self
                .with_another_key(case)
                .or_else(|| self.about_own(case))
                .or_else(|| self.about_nothing(case).filter(|_| !is_meant));
            match instead.filter(|instead| !self.would_change(instead)) {
                Some(instead) => kept.push(instead),
                // What no operation declares is not meant to change anything, but it is not tried on somebody's.
                None if is_meant => kept.push(case.clone()),
                None => self.recorder.kept_existing(&case.operation),
            }
        }
        Cow::Owned(kept)
    }
}
