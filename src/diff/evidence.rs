//! The exchange that shows a change: a request as a `curl` line, or a response body.

use std::{collections::HashMap, rc::Rc};

use oasgate_document::{Address, Pointer};
use serde_json::Value;
use url::Url;

use super::{
    answer::Refutation,
    change::Shown,
    operations::Subject,
    positions::{Position, Spot},
    sample::Asking,
    search::smallest,
    side::Side,
    text::Travel,
};
use crate::{
    contract::{Direction, Location, Operation, Schema, Serialization},
    exchange,
    generate::{self, Generator},
    wire::{RequestParts, write_request},
};

/// How many simpler values are tried for what is around an instance.
const MOST_SIMPLER: usize = 120;

/// In how many places an instance is put where its own is not known.
const MOST_NODES: usize = 160;

/// Values of whole schemas, made once for each, in which instances are put.
#[derive(Default)]
pub(super) struct Surroundings {
    known: HashMap<(Side, Address, Direction), Rc<Vec<Value>>>,
}

impl Surroundings {
    fn of(&mut self, side: Side, schema: &Schema) -> Rc<Vec<Value>> {
        let schema = schema.target();
        let key = (side, schema.address().clone(), schema.direction());
        let known = self.known.entry(key).or_insert_with(|| {
            let mut generator = Generator::new(0, &["diff", "around"]);
            let values = generate::valid_in_haste(&schema);
            Rc::new(generate::bases(&values, &mut generator))
        });
        Rc::clone(known)
    }
}

/// The exchange that carries the instance of a refutation; `is_whole` where the instance is the whole
/// value. `None` where none could be put together.
pub(super) fn shown(
    subject: &Subject<'_>,
    position: &Position<'_>,
    is_whole: Option<()>,
    refutation: &Refutation,
    asking: Asking,
    surroundings: &mut Surroundings,
) -> Option<Shown> {
    let (producer, consumer) = match asking.producer {
        Side::Old => (position.old, position.new),
        Side::New => (position.new, position.old),
    };
    let value = match is_whole {
        Some(()) => refutation.instance.clone(),
        None => {
            let bases = surroundings.of(asking.producer, producer);
            around(producer, consumer, &bases, refutation, position.travel)?
        }
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
            request(subject, position, None, body)
        }
        Spot::Parameter(parameter) => request(
            subject,
            position,
            Some((parameter.location, &parameter.name, value)),
            None,
        ),
    }
}

/// A value of the whole schema that holds the instance where the schema of its unit stands.
fn around(
    producer: &Schema,
    consumer: &Schema,
    bases: &[Value],
    refutation: &Refutation,
    travel: Travel,
) -> Option<Value> {
    let refutes =
        |value: &Value| producer.surely_accepts(value) && !travel.is_accepted(value, consumer);
    let whole = bases.iter().find_map(|base| {
        producer.constraints(base).into_iter().find_map(|one| {
            let holder = one.address.parent()?;
            let unit = &refutation.unit;
            (holder == *unit).then_some(())?;
            let mut whole = base.clone();
            *whole.pointer_mut(one.instance.as_str())? = refutation.instance.clone();
            refutes(&whole).then_some(whole)
        })
    });
    // A unit that is made of other schemas alone says nothing itself by which its place is known.
    let anywhere = || {
        let accepted = |base: &&Value| !refutes(base);
        let first = bases.iter().filter(accepted).map(|base| (base, true));
        let rest = bases.iter().map(|base| (base, false));
        first
            .chain(rest)
            .flat_map(|(base, is_accepted)| {
                nodes(base)
                    .into_iter()
                    .map(move |at| (base, at, is_accepted))
            })
            .take(MOST_NODES)
            .find_map(|(base, at, is_accepted)| {
                let mut whole = base.clone();
                *whole.pointer_mut(at.as_str())? = refutation.instance.clone();
                // What is refused anyway must be refused for this too.
                let is_shown = refutes(&whole)
                    && (is_accepted || {
                        let broken = consumer.violations(&whole);
                        broken.iter().any(|one| one.instance.starts_with(&at))
                    });
                is_shown.then_some(whole)
            })
    };
    let whole = whole.or_else(anywhere)?;
    let core = core(&refutation.instance);
    Some(smallest(whole, MOST_SIMPLER, &mut |value| {
        refutes(value) && value.to_string().contains(&core)
    }))
}

/// Where each value stands that is part of another one, the outer ones first.
fn nodes(value: &Value) -> Vec<Pointer> {
    let mut found = vec![(Pointer::root(), value)];
    let mut done = 0;
    while done < found.len().min(MOST_NODES) {
        let (at, value) = found[done].clone();
        match value {
            Value::Object(members) => {
                found.extend(members.iter().map(|(name, one)| (at.join(name), one)));
            }
            Value::Array(items) => {
                found.extend(items.iter().take(1).map(|one| (at.index(0), one)));
            }
            _ => {}
        }
        done += 1;
    }
    found.into_iter().map(|(at, _)| at).collect()
}

/// What must be left of an instance so that it still shows the change.
fn core(instance: &Value) -> String {
    instance.to_string()
}

/// A request of the old operation with a parameter or a body set, and what else it requires.
fn request(
    subject: &Subject<'_>,
    position: &Position<'_>,
    parameter: Option<(Location, &str, Value)>,
    body: Option<(String, Value)>,
) -> Option<Shown> {
    let operation = match position.operation.producer(position.flow) {
        Side::Old => &position.operation.old,
        Side::New => &position.operation.new,
    };
    let line = line(operation, parameter, body)?;
    let _ = subject;
    Some(Shown::Request(line))
}

/// The `curl` line of a request.
pub(super) fn line(
    operation: &Operation,
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
    let base = operation
        .servers
        .iter()
        .find_map(|server| Url::parse(&server.url).ok())
        .filter(Url::has_host)
        .or_else(|| Url::parse("http://localhost").ok())?;
    let request = write_request(operation, &base, &parts).ok()?;
    Some(exchange::curl(&request))
}
