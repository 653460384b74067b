//! The values of a request of a sequence: what was made before, what the user gave, what the document
//! shows, and only then what is generated.

use std::sync::Arc;

use http::Method;
use oasgate_document::Pointer;
use serde_json::{Map, Value};

use crate::{
    contract::{
        Location, Operation, OperationIndex, Parameter, Schema,
        graph::{Edge, Need, Role},
    },
    gate::{
        knowledge::{
            context::{ResourceContext, path_of},
            history::ExchangeRecord,
            instance::ResourceInstance,
            pool::Pool,
            view::plain,
        },
        synthetic::{drawn_name, synthetic_ids},
    },
    generate::{self, Generator, Strategies, Values},
    run::{Existing, given_value},
    wire::{RequestParts, read_text, sendable},
};

/// What a sequence knows when it makes a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scope<'s> {
    /// Things that are there, the ones that matter most last.
    pub(super) things: &'s [ResourceInstance],
    /// What was sent before.
    pub(super) records: &'s [ExchangeRecord],
    /// Values that lists named, by the operation that listed them.
    pub(super) listed: &'s [(OperationIndex, Need, Value)],
    /// What responses of the whole run gave; `None` where only what is made counts.
    pub(super) pool: Option<&'s Pool>,
}

/// The values of a request, and which of them name something that nobody knows.
#[derive(Clone, Debug)]
pub(super) struct RequestValues {
    pub(super) parts: RequestParts,
    pub(super) made_up: Vec<String>,
}

/// Which names a request gives to what the client names in its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathNames {
    /// Those that the document shows, and drawn ones where it shows none.
    Shown,
    /// Drawn ones alone.
    Drawn,
}

/// Where the body of a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFrom {
    /// The document shows it.
    Example,
    /// It is drawn.
    Draw,
    /// It is drawn with what the document requires and nothing else.
    Minimal,
    /// It is drawn with all that may be there.
    Full,
}

impl ResourceContext<'_> {
    /// The values of a request for an operation; `None` when one that is required cannot be made.
    pub(super) fn request(
        &self,
        index: OperationIndex,
        scope: Scope<'_>,
        (body, names, draw): (BodyFrom, PathNames, usize),
        strategies: &Strategies,
    ) -> Option<RequestValues> {
        let operation = self.operation(index);
        let purpose = format!("sequence {draw}");
        let mut generator = Generator::new(
            self.settings.seed,
            &[operation.id.as_str(), purpose.as_str()],
        );
        let mut parts = RequestParts::default();
        let mut known = Vec::new();
        for parameter in &operation.parameters {
            let need = Need::Parameter(parameter.location, parameter.name.clone());
            let is_version = !operation.is_safe() && is_if_match(parameter);
            if !parameter.required && !is_version {
                continue;
            }
            let value = match self.known(index, &need, parameter.value.schema(), scope) {
                Some(value) => {
                    known.push(parameter.name.clone());
                    value
                }
                None if !parameter.required => continue,
                None if parameter.location == Location::Path && names == PathNames::Drawn => {
                    drawn_name(parameter.value.schema()?, &mut generator, strategies)?
                }
                None => shown_or_drawn(operation, parameter, &mut generator, strategies)?,
            };
            parts.set(parameter.location, &parameter.name, value);
        }
        if let Some((range, value)) =
            shown_or_drawn_body(operation, body, &mut generator, strategies)
        {
            let value = self.with_known(index, value, scope, &mut known);
            parts.body = Some((range, value));
        } else if operation
            .request_body
            .as_ref()
            .is_some_and(|one| one.required)
        {
            return None;
        }
        if operation.method == Method::DELETE {
            delete_completely(operation, &mut parts);
        }
        let mut made_up = synthetic_ids(&parts, self.settings);
        let body = parts.body.as_ref().map(|(_, body)| body);
        made_up.extend(self.body_needs(index).iter().filter_map(|need| {
            let sent = need.within(body?);
            (!sent.is_empty()).then(|| need.last_name())
        }));
        made_up.retain(|name| !known.contains(name));
        Some(RequestValues { parts, made_up })
    }

    /// The parameters of a path whose values nothing makes and nothing lists, so that the client names
    /// them: the shelf of `/shelves/{shelf}/books/{isbn}`.
    pub(super) fn named_freely(&self, index: OperationIndex) -> Vec<String> {
        let operation = self.operation(index);
        let path = operation.parameters_in(Location::Path);
        path.filter(|parameter| {
            let need = Need::Parameter(Location::Path, parameter.name.clone());
            self.edges_to(index, &need).next().is_none()
        })
        .map(|parameter| parameter.name.clone())
        .collect()
    }

    /// A value that something before gives, or the user.
    pub(super) fn known(
        &self,
        index: OperationIndex,
        need: &Need,
        schema: Option<&Schema>,
        scope: Scope<'_>,
    ) -> Option<Value> {
        let operation = self.operation(index);
        let may_exist = self.may_exist(index, need);
        let value = self
            .of_things(operation, need, scope)
            .or_else(|| self.of_records(index, need, may_exist, scope))
            .or_else(|| {
                let name = need_name(need)?;
                let given = self.settings.given(&name);
                given.first().map(|text| given_value(text, schema))
            })
            .or_else(|| {
                let edges: Vec<&Edge> = self.edges_to(index, need).collect();
                let of_edge = |(producer, listed, _): &&(OperationIndex, Need, Value)| {
                    listed == need && edges.iter().any(|edge| edge.producer == *producer)
                };
                let mut listed = scope.listed.iter().filter(|_| may_exist);
                Some(listed.find(of_edge)?.2.clone())
            })
            .or_else(|| {
                let pool = scope.pool.filter(|_| may_exist)?;
                let is_path = matches!(need, Need::Parameter(Location::Path, _));
                let worked = pool.worked(operation, need, schema);
                worked.filter(|_| is_path)
            })?;
        let value = as_wanted(value, schema);
        // A name that the schema refuses makes no request that obeys.
        schema
            .is_none_or(|schema| schema.is_valid(&value))
            .then_some(value)
    }

    /// Whether a need may be met by what was there before the run: that is read; a part is added to it, or
    /// it is changed, only where nothing like it can be created.
    pub(super) fn may_exist(&self, index: OperationIndex, need: &Need) -> bool {
        let operation = self.operation(index);
        match need {
            Need::Parameter(Location::Path, name) => {
                operation.is_safe()
                    || self.settings.existing == Existing::Touch
                    || !self.can_be_made(operation, name)
            }
            _ => true,
        }
    }

    fn of_things(&self, operation: &Operation, need: &Need, scope: Scope<'_>) -> Option<Value> {
        let Need::Parameter(location, name) = need else {
            return None;
        };
        match location {
            Location::Path => scope.things.iter().rev().find_map(|thing| {
                let shape = &self.graph.resource(thing.resource).shape;
                thing.value_for(shape, operation, name).cloned()
            }),
            // The version that a change wants is the one that was read last.
            Location::Header if name.eq_ignore_ascii_case("if-match") => {
                let thing = scope.things.last();
                let is_of_thing = |record: &&ExchangeRecord| {
                    thing.is_none_or(|thing| {
                        record.made.as_ref() == Some(&thing.path)
                            || path_of(&record.exchange.request.url) == thing.path
                    })
                };
                let last = scope.records.iter().rev().filter(is_of_thing);
                let mut tags = last.filter_map(|one| one.exchange.response.header("etag"));
                tags.next().map(Value::from)
            }
            _ => None,
        }
    }

    fn of_records(
        &self,
        index: OperationIndex,
        need: &Need,
        may_exist: bool,
        scope: Scope<'_>,
    ) -> Option<Value> {
        let edges = self.edges_to(index, need);
        let edges: Vec<&Edge> = edges
            .filter(|edge| may_exist || edge.role == Role::Creates)
            .collect();
        scope.records.iter().rev().find_map(|record| {
            if !record.exchange.response.status.is_success() {
                return None;
            }
            let edge = edges
                .iter()
                .find(|edge| edge.producer == record.operation)?;
            record.given().name(&edge.sources, None)
        })
    }

    /// The edges that lead to one need of an operation.
    pub(super) fn edges_to(
        &self,
        index: OperationIndex,
        need: &Need,
    ) -> impl Iterator<Item = &Edge> {
        self.graph
            .needs_of(index)
            .filter(move |edge| edge.need == *need)
    }

    /// Whether the document shows a body for an operation.
    pub(super) fn shows_body(&self, index: OperationIndex, strategies: &Strategies) -> bool {
        let body = self.operation(index).request_body.as_ref();
        body.is_some_and(|body| {
            body.content
                .media_types
                .iter()
                .any(|one| !one.examples.is_empty())
                || sendable(&body.content).first().is_some_and(|one| {
                    let schema = one.schema.as_ref();
                    schema.is_some_and(|schema| strategies.valid(schema).shows_something())
                })
        })
    }

    /// The body with what is known put in where it names another thing, and with names of nothing left
    /// out where they may be.
    fn with_known(
        &self,
        index: OperationIndex,
        mut body: Value,
        scope: Scope<'_>,
        known: &mut Vec<String>,
    ) -> Value {
        let Some(schema) = self.body_schema(index) else {
            return body;
        };
        for need in self.body_needs(index) {
            let value = self.known(index, &need, need.schema_within(&schema).as_ref(), scope);
            let Some(name) = need.property() else {
                if let Some(value) = value
                    && schema.is_valid(&value)
                {
                    body = value;
                }
                continue;
            };
            let is_known = value.is_some();
            let changed = match value {
                Some(value) => with_value(&body, &need, &value, &schema),
                None => without(&body, &need, &schema),
            };
            if let Some(changed) = changed {
                body = changed;
                if is_known {
                    known.extend([name, need.last_name()]);
                }
            }
        }
        body
    }
}

/// A body that its schema takes with a value at a place. Where an id is all that names a thing, what holds it has nothing
/// else if the schema takes that, since what else is drawn there may be of another thing.
fn with_value(body: &Value, need: &Need, value: &Value, schema: &Schema) -> Option<Value> {
    if let Need::Body(pointer) = need
        && let Some(holder) = pointer.parent().filter(|holder| !holder.is_root())
        && need.is_plain_id()
    {
        let mut alone = body.clone();
        let named = Map::from_iter([(need.last_name(), value.clone())]);
        if set(&mut alone, &holder, Value::Object(named)) && schema.is_valid(&alone) {
            return Some(alone);
        }
    }
    let mut changed = body.clone();
    let mut is_set = false;
    for (within, at) in holders(&mut changed, need) {
        is_set |= set(within, at, value.clone());
    }
    (is_set && schema.is_valid(&changed)).then_some(changed)
}

/// The values in which a need has its places, each with the place: the body, or the elements of an array in it.
fn holders<'b>(body: &'b mut Value, need: &'b Need) -> Vec<(&'b mut Value, &'b Pointer)> {
    match need {
        Need::Body(at) => vec![(body, at)],
        Need::Each { array, value } => {
            let elements = body.pointer_mut(array.as_str());
            let elements = elements.and_then(Value::as_array_mut).into_iter().flatten();
            elements.map(|one| (one, value)).collect()
        }
        Need::Parameter(..) => Vec::new(),
    }
}

/// The object that a place is a member of, with the name of the member.
fn member_at<'v>(
    within: &'v mut Value,
    at: &Pointer,
) -> Option<(&'v mut Map<String, Value>, String)> {
    let holder = within.pointer_mut(at.parent()?.as_str())?;
    holder.as_object_mut().zip(at.last())
}

/// Sets a member of an object; whether there is such an object.
fn set(within: &mut Value, at: &Pointer, value: Value) -> bool {
    let Some((members, name)) = member_at(within, at) else {
        return false;
    };
    members.insert(name, value);
    true
}

/// A body that its schema takes without the name of nothing: without that alone, else without the property that it is in.
fn without(body: &Value, need: &Need, schema: &Schema) -> Option<Value> {
    let name = need.property()?;
    let mut alone = body.clone();
    for (within, at) in holders(&mut alone, need) {
        if let Some((members, name)) = member_at(within, at) {
            members.shift_remove(&name);
        }
    }
    // An object that names by an id names nothing without it.
    if !need.is_plain_id() && schema.is_valid(&alone) {
        return Some(alone);
    }
    let mut rest = body.clone();
    rest.as_object_mut()?.shift_remove(&name);
    schema.is_valid(&rest).then_some(rest)
}

/// Says in the body of a deletion that nothing is to be left, where the body may say how much is done: without
/// `{"remove": true}` a server is only stopped.
fn delete_completely(operation: &Operation, parts: &mut RequestParts) {
    const WAYS: [&str; 5] = ["hard", "permanent", "permanently", "purge", "remove"];
    let Some(declared) = operation.request_body.as_ref() else {
        return;
    };
    let media_types = sendable(&declared.content);
    let Some((media_type, schema)) = media_types
        .first()
        .and_then(|one| Some((one, one.schema.as_ref()?)))
    else {
        return;
    };
    let may_say = |name: &&str| {
        let property = schema.property(name);
        property.is_some_and(|property| property.is_valid(&Value::Bool(true)))
    };
    let ways: Vec<&str> = WAYS.into_iter().filter(may_say).collect();
    if ways.is_empty() {
        return;
    }
    let empty = || {
        (
            media_type.range.as_str().to_owned(),
            Value::Object(Map::new()),
        )
    };
    let mut said = parts.body.clone().unwrap_or_else(empty);
    let Some(members) = said.1.as_object_mut() else {
        return;
    };
    for way in ways {
        members.insert(way.to_owned(), Value::Bool(true));
    }
    if schema.is_valid(&said.1) {
        parts.body = Some(said);
    }
}

/// Whether a parameter names the version that a change is meant for (RFC 9110 §13.1.1).
pub(super) fn is_if_match(parameter: &Parameter) -> bool {
    parameter.location == Location::Header && parameter.name.eq_ignore_ascii_case("if-match")
}

fn shown_or_drawn(
    operation: &Operation,
    parameter: &Parameter,
    generator: &mut Generator,
    strategies: &Strategies,
) -> Option<Value> {
    let schema = parameter.value.schema();
    let declared = parameter.examples.iter().map(|example| &example.value);
    if let Some(shown) = declared
        .cloned()
        .chain(generate::shown_for(operation, parameter))
        .find(|value| schema.is_none_or(|schema| schema.is_valid(value)))
    {
        return Some(shown);
    }
    if parameter.location == Location::Path {
        return drawn_name(schema?, generator, strategies);
    }
    let strategy = strategies.valid(schema?);
    (0..50).find_map(|_| generator.draw(&strategy))
}

fn shown_or_drawn_body(
    operation: &Arc<Operation>,
    from: BodyFrom,
    generator: &mut Generator,
    strategies: &Strategies,
) -> Option<(String, Value)> {
    let declared = operation.request_body.as_ref()?;
    let media_types = sendable(&declared.content);
    let shown = || {
        media_types.iter().find_map(|one| {
            let fits = |value: &&Value| {
                one.schema
                    .as_ref()
                    .is_none_or(|schema| schema.is_valid(value))
            };
            let mut values = one.examples.iter().map(|example| &example.value);
            let value = values.find(fits)?;
            let sent = one
                .schema
                .as_ref()
                .map(|schema| schema.without_read_only(value));
            let sent = sent.unwrap_or_else(|| value.clone());
            Some((one.range.as_str().to_owned(), sent))
        })
    };
    let mut drawn = |manner: fn(&Values) -> Values| {
        let one = media_types.first()?;
        let strategy = manner(&strategies.valid(one.schema.as_ref()?));
        Some((one.range.as_str().to_owned(), generator.draw(&strategy)?))
    };
    match from {
        BodyFrom::Example => shown().or_else(|| {
            drawn(|values| {
                if values.shows_something() {
                    values.with_all().as_shown()
                } else {
                    values.clone()
                }
            })
        }),
        BodyFrom::Draw => drawn(Values::clone).or_else(shown),
        BodyFrom::Minimal => drawn(|values| values.minimal().as_shown()),
        BodyFrom::Full => drawn(Values::with_all),
    }
}

/// The name that a user gives a value by.
fn need_name(need: &Need) -> Option<String> {
    let name = need.last_name();
    (!name.is_empty()).then_some(name)
}

/// A value as a schema wants it: an id that is a number here may be a text there.
fn as_wanted(value: Value, schema: Option<&Schema>) -> Value {
    let Some(schema) = schema else { return value };
    if schema.is_valid(&value) || value.is_object() || value.is_array() {
        return value;
    }
    // What names one thing stands in an array where several may be named.
    let alone = read_text(&plain(&value), Some(schema));
    match schema.items().filter(|_| !schema.is_valid(&alone)) {
        Some(items) => Value::Array(vec![as_wanted(value, Some(&items))]),
        None => alone,
    }
}

/// Asks a list for as much as one page may have, where a parameter says how much that is: what is new may stand last.
pub(super) fn widen_page(operation: &Operation, parts: &mut RequestParts) {
    let plain = |parameter: &Parameter| {
        let letters = parameter.name.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let query = || operation.parameters_in(Location::Query);
    // Beside a page, a size is the size of the page.
    let is_paged = query().any(|one| PAGES.contains(&plain(one).as_str()));
    let size = query().find_map(|parameter| {
        let name = plain(parameter);
        let is_size = PAGE_SIZES.contains(&name.as_str())
            || is_paged && SIZES_BESIDE_PAGES.contains(&name.as_str());
        parameter
            .value
            .schema()
            .filter(|_| is_size)
            .map(|schema| (parameter, schema))
    });
    let Some((parameter, schema)) = size else {
        return;
    };
    let target = schema.target();
    let most = target.raw().get("maximum").and_then(Value::as_u64);
    let most = most.filter(|most| *most <= MAX_PAGE).unwrap_or(MAX_PAGE);
    let fitting = [most, 100].into_iter().map(Value::from);
    if let Some(size) = fitting.into_iter().find(|size| schema.is_valid(size)) {
        parts.set(Location::Query, &parameter.name, size);
    }
}

/// What the parameter is called that says how many things a page has, as letters alone.
const PAGE_SIZES: [&str; 6] = [
    "limit",
    "perpage",
    "pagesize",
    "pagelimit",
    "maxresults",
    "maxitems",
];

/// What it may be called beside one that says which page it is.
const SIZES_BESIDE_PAGES: [&str; 3] = ["count", "size", "take"];

/// What the parameter is called that says which page it is.
const PAGES: [&str; 4] = ["cursor", "offset", "page", "skip"];

/// The most things that a page is asked for.
const MAX_PAGE: u64 = 1000;
