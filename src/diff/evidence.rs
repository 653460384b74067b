//! The exchange that shows a change: a request as a `curl` line, or a response body.

use std::{cell::OnceCell, collections::HashMap, rc::Rc};

use oasgate_document::{Address, Pointer};
use serde_json::Value;
use url::Url;

use super::{
    answer::Refutation,
    change::Shown,
    operations::Role,
    positions::{Position, Spot},
    sample::Asking,
    search::smallest,
    side::Side,
};
use crate::{
    contract::{Direction, Location, Operation, Schema, Serialization},
    exchange,
    generate::{self, Generator},
    wire::{RequestParts, write_request},
};

/// How many simpler values are tried for what is around an instance.
const MAX_SIMPLER: usize = 120;

/// In how many places an instance is put where its own is not known.
const MAX_NODES: usize = 64;

/// A value of a whole schema.
struct Surrounding {
    value: Value,
    /// Where something is said of it, by the schema that says it.
    places: OnceCell<HashMap<Address, Vec<Pointer>>>,
}

impl Surrounding {
    /// Where a schema speaks of it.
    fn places(&self, whole: &Schema, unit: &Address) -> &[Pointer] {
        let places = self.places.get_or_init(|| {
            let mut places: HashMap<Address, Vec<Pointer>> = HashMap::new();
            for one in whole.constraints(&self.value) {
                let Some(holder) = one.address.parent() else {
                    continue;
                };
                let known = places.entry(holder).or_default();
                if !known.contains(&one.instance) {
                    known.push(one.instance);
                }
            }
            places
        });
        places.get(unit).map_or(&[], Vec::as_slice)
    }

    /// The value with another one in each of some places, until a test holds.
    fn with<'a>(
        &self,
        instance: &Value,
        places: impl IntoIterator<Item = &'a Pointer>,
        mut test: impl FnMut(&Value, &Pointer) -> bool,
    ) -> Option<Value> {
        let mut whole = self.value.clone();
        for at in places {
            let Some(node) = whole.pointer_mut(at.as_str()) else {
                continue;
            };
            let before = std::mem::replace(node, instance.clone());
            if test(&whole, at) {
                return Some(whole);
            }
            if let Some(node) = whole.pointer_mut(at.as_str()) {
                *node = before;
            }
        }
        None
    }
}

/// Values of whole schemas, made once for each, in which instances are put.
#[derive(Default)]
pub(super) struct Surroundings {
    known: HashMap<(Side, Address, Direction), Rc<Vec<Surrounding>>>,
}

impl Surroundings {
    fn of(&mut self, side: Side, schema: &Schema) -> Rc<Vec<Surrounding>> {
        let schema = schema.target();
        let key = (side, schema.address().clone(), schema.direction());
        let known = self.known.entry(key).or_insert_with(|| {
            let mut generator = Generator::new(0, &["diff", "around"]);
            let values = generate::valid_in_haste(&schema);
            let bases = generate::bases(&values, &mut generator).into_iter();
            let bases = bases.map(|value| Surrounding {
                value,
                places: OnceCell::new(),
            });
            Rc::new(bases.collect())
        });
        Rc::clone(known)
    }
}

/// Which exchange is to carry an instance.
#[derive(Clone, Copy)]
pub(super) struct Carrier<'p> {
    pub(super) position: &'p Position<'p>,
    pub(super) asking: Asking,
    /// Whether places are searched for where none is known.
    pub(super) searched: bool,
}

/// The exchange that carries the instance of a refutation, which may be the whole value. `None` where none could be put
/// together.
pub(super) fn shown(
    carrier: Carrier<'_>,
    is_whole: bool,
    refutation: &Refutation,
    surroundings: &mut Surroundings,
) -> Option<Shown> {
    let position = carrier.position;
    let value = if is_whole {
        refutation.instance.clone()
    } else {
        around(carrier, refutation, surroundings)?
    };
    match &position.spot {
        Spot::Response { status, media_type } => Some(Shown::Response {
            status: status.clone(),
            content_type: Some(media_type.clone()),
            body: value,
        }),
        Spot::Header { status, .. } => Some(Shown::Response {
            status: status.clone(),
            content_type: None,
            body: value,
        }),
        Spot::Body(media_type) => {
            let body = Some((media_type.clone(), value));
            request(position, None, body)
        }
        Spot::Parameter(parameter) => request(
            position,
            Some((parameter.location, &parameter.name, value)),
            None,
        ),
    }
}

/// A value of the whole schema that holds the instance where the schema of its unit stands.
fn around(
    carrier: Carrier<'_>,
    refutation: &Refutation,
    surroundings: &mut Surroundings,
) -> Option<Value> {
    let Carrier {
        position, asking, ..
    } = carrier;
    let (producer, consumer) = match asking.producer {
        Side::Old => (position.old, position.new),
        Side::New => (position.new, position.old),
    };
    let travel = position.travel;
    let bases = surroundings.of(asking.producer, producer);
    let refutes =
        |value: &Value| producer.surely_accepts(value) && !travel.is_accepted(value, consumer);
    let instance = &refutation.instance;
    let in_its_place = bases.iter().find_map(|base| {
        let places = base.places(producer, &refutation.unit);
        base.with(instance, places, |whole, _| refutes(whole))
    });
    // A unit that is made of other schemas alone says nothing itself by which its place is known.
    let anywhere = || {
        let (refused, accepted): (Vec<_>, Vec<_>) =
            bases.iter().partition(|base| refutes(&base.value));
        let accepted = accepted.into_iter().find_map(|base| {
            base.with(instance, &nodes(&base.value, instance), |whole, _| {
                refutes(whole)
            })
        });
        // What is refused anyway must be refused for this too.
        let is_broken_here = |whole: &Value, at: &Pointer| {
            let broken = consumer.violations(whole);
            refutes(whole) && broken.iter().any(|one| one.instance.starts_with(at))
        };
        let refused = || {
            refused
                .iter()
                .find_map(|base| base.with(instance, &nodes(&base.value, instance), is_broken_here))
        };
        accepted.or_else(refused)
    };
    let whole = in_its_place.or_else(|| carrier.searched.then(anywhere)?)?;
    let core = core(&refutation.instance);
    Some(smallest(whole, MAX_SIMPLER, &mut |value| {
        refutes(value) && value.to_string().contains(&core)
    }))
}

/// Where values of the kind of another one stand in a value, the outer ones first.
fn nodes(value: &Value, kind: &Value) -> Vec<Pointer> {
    let is_alike =
        |one: &Value| one.is_object() == kind.is_object() && one.is_array() == kind.is_array();
    let mut all = vec![(Pointer::root(), value)];
    let mut found = Vec::new();
    let mut done = 0;
    while done < all.len() && found.len() < MAX_NODES {
        let (at, value) = all[done].clone();
        match value {
            Value::Object(members) => {
                all.extend(members.iter().map(|(name, one)| (at.join(name), one)));
            }
            Value::Array(items) => {
                all.extend(items.iter().take(1).map(|one| (at.index(0), one)));
            }
            _ => {}
        }
        if is_alike(value) {
            found.push(at);
        }
        done += 1;
    }
    found
}

/// What must be left of an instance so that it still shows the change.
fn core(instance: &Value) -> String {
    instance.to_string()
}

/// A request of the old operation with a parameter or a body set, and what else it requires.
fn request(
    position: &Position<'_>,
    parameter: Option<(Location, &str, Value)>,
    body: Option<(String, Value)>,
) -> Option<Shown> {
    let operation = match position.operation.producer(position.flow) {
        Side::Old => &position.operation.old,
        Side::New => &position.operation.new,
    };
    let line = line(operation, position.operation.role, parameter, body)?;
    Some(Shown::Request(line))
}

/// The `curl` line of a request.
pub(super) fn line(
    operation: &Operation,
    role: Role,
    parameter: Option<(Location, &str, Value)>,
    body: Option<(String, Value)>,
) -> Option<String> {
    let mut generator = Generator::new(0, &["diff", "request"]);
    let mut parts = RequestParts {
        body,
        ..RequestParts::default()
    };
    for declared in operation.parameters.iter().filter(|one| one.required) {
        let value = match &declared.value {
            Serialization::Styled { schema, .. } => Some(schema),
            Serialization::Content(media_type) => media_type.schema.as_ref(),
        }
        .and_then(|schema| {
            let shown = declared.examples.first().map(|one| one.value.clone());
            shown
                .filter(|value| schema.is_valid(value))
                .or_else(|| generator.draw(&generate::valid(schema).plain()))
        })
        .unwrap_or_else(|| Value::from("x"));
        parts.set(declared.location, &declared.name, value);
    }
    if let Some((location, name, value)) = parameter {
        parts.set(location, name, value);
    }
    if parts.body.is_none()
        && let Some(required) = operation.request_body.as_ref().filter(|body| body.required)
        && let Some(media_type) = required.content.media_types.first()
        && let Some(schema) = &media_type.schema
        && let Some(value) = generator.draw(&generate::valid(schema).plain())
    {
        parts.body = Some((media_type.range.as_str().to_owned(), value));
    }
    // Where the service calls to, no server tells.
    let mut servers = operation.servers.iter().filter(|_| role == Role::Called);
    let base = servers
        .find_map(|server| Url::parse(&server.url).ok())
        .filter(Url::has_host)
        .or_else(|| Url::parse("http://localhost").ok())?;
    let request = write_request(operation, &base, &parts).ok()?;
    Some(exchange::curl(&request))
}
