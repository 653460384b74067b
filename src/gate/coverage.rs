//! What of the contract was held, and what was not: declared statuses and media types, optional
//! properties, branches of `oneOf` and `anyOf`.
//!
//! To see which branches a value takes costs about as much as to hold it. A value of a shape that came
//! often enough is therefore not looked at again: once where the schema has no branches, since a shape
//! tells which properties are there, and [`LOOKS`] times where it has some. What is looked at depends
//! on the order of the exchanges alone, never on the workers.

use std::{
    collections::{BTreeSet, HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::OnceLock,
};

use indexmap::IndexMap;
use oasgate_document::Address;
use serde::Serialize;
use serde_json::Value;

use crate::{
    check::{Content, Subject},
    contract::{Choice, Contract, Operation, Schema, shapes},
    wire::Parsed,
};

/// How often one shape is looked at where a schema has branches.
const LOOKS: u32 = 32;
/// How many shapes of one operation are looked at.
const MOST_SHAPES: usize = 1_000;

/// How many of all that is declared were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Those that were seen.
    pub seen: u64,
    /// All of them.
    pub all: u64,
}

impl Share {
    fn add(&mut self, other: Self) {
        self.seen += other.seen;
        self.all += other.all;
    }
}

/// What was held and what was not. All but `operations` is about what the operations declare that
/// were held at least once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Operations.
    pub operations: Share,
    /// Declared responses by status.
    pub statuses: Share,
    /// Declared media types of responses.
    pub media_types: Share,
    /// Optional properties of response schemas, each once for a media type of a response.
    pub properties: Share,
    /// Branches of `oneOf` and `anyOf` in response schemas.
    pub branches: Share,
}

impl Coverage {
    /// Takes in what was held of another operation.
    pub(super) fn add(&mut self, other: &Self) {
        self.operations.add(other.operations);
        self.statuses.add(other.statuses);
        self.media_types.add(other.media_types);
        self.properties.add(other.properties);
        self.branches.add(other.branches);
    }
}

/// What there is to be seen, worked out for an operation when it is first asked for.
pub(super) struct Declared<'c> {
    contract: &'c Contract,
    operations: Vec<OnceLock<Vec<Offered>>>,
}

/// What one media type of a response leaves open.
struct Offered {
    response: usize,
    media_type: usize,
    choices: IndexMap<Address, Choice>,
    has_branches: bool,
}

impl<'c> Declared<'c> {
    pub(super) fn new(contract: &'c Contract) -> Self {
        let operations = contract.operations().iter();
        Self {
            contract,
            operations: operations.map(|_| OnceLock::new()).collect(),
        }
    }

    fn of(&self, operation: usize) -> &[Offered] {
        self.operations[operation].get_or_init(|| offered(&self.contract.operations()[operation]))
    }
}

fn offered(operation: &Operation) -> Vec<Offered> {
    let mut all = Vec::new();
    for (response, declared) in operation.responses.declared.iter().enumerate() {
        for (media_type, content) in declared.content.media_types.iter().enumerate() {
            // Of a sequential media type each item is held.
            let schema = content.item_schema.as_ref().or(content.schema.as_ref());
            let choices = schema.map(Schema::choices);
            let choices = choices.unwrap_or_default();
            all.push(Offered {
                response,
                media_type,
                has_branches: choices.values().any(|choice| *choice == Choice::Branch),
                choices,
            });
        }
    }
    all
}

/// What one exchange showed.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    operation: usize,
    response: Option<usize>,
    media_type: Option<usize>,
    shape: u64,
    looks: u32,
    taken: Vec<usize>,
}

/// Which shapes were looked at how often.
#[derive(Debug, Default)]
pub(super) struct Looks {
    seen: HashMap<usize, HashMap<u64, u32>>,
}

impl Looks {
    /// Whether a shape is to be looked at once more.
    fn wants(&mut self, operation: usize, shape: u64, most: u32) -> bool {
        let shapes = self.seen.entry(operation).or_default();
        if shapes.len() >= MOST_SHAPES && !shapes.contains_key(&shape) {
            return false;
        }
        let looks = shapes.entry(shape).or_default();
        *looks += 1;
        *looks <= most
    }

    /// What an exchange shows; `None` where one like it was looked at before.
    pub(super) fn at(
        &mut self,
        declared: &Declared<'_>,
        operation: usize,
        subject: &Subject<'_>,
    ) -> Option<Sight> {
        let responses = &subject.operation.responses.declared;
        let response = subject.declared().and_then(|came| {
            responses
                .iter()
                .position(|response| response.key == came.key)
        });
        let media_type = response.zip(subject.media_type()).and_then(|(at, came)| {
            let media_types = &responses[at].content.media_types;
            media_types
                .iter()
                .position(|one| one.address == came.address)
        });
        let values = values_of(subject);
        let offered = declared
            .of(operation)
            .iter()
            .find(|one| Some(one.response) == response && Some(one.media_type) == media_type)
            .filter(|one| !one.choices.is_empty());
        let mut hasher = DefaultHasher::new();
        (response, media_type).hash(&mut hasher);
        if offered.is_some() {
            shapes(values).hash(&mut hasher);
        }
        let shape = hasher.finish();
        let looks = if offered.is_some_and(|one| one.has_branches) {
            LOOKS
        } else {
            1
        };
        if !self.wants(operation, shape, looks) {
            return None;
        }
        let schema = subject.media_type().and_then(|one| match subject.body() {
            Content::Read(Parsed::Items(_)) => one.item_schema.as_ref(),
            _ => one.schema.as_ref(),
        });
        let taken = match (offered, schema) {
            (Some(offered), Some(schema)) => values
                .iter()
                .flat_map(|value| schema.taken(value))
                .filter_map(|at| offered.choices.get_index_of(&at))
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            _ => Vec::new(),
        };
        Some(Sight {
            operation,
            response,
            media_type,
            shape,
            looks,
            taken,
        })
    }
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    operations: HashMap<usize, SeenOf>,
    looks: Looks,
}

#[derive(Debug, Default)]
struct SeenOf {
    responses: HashSet<usize>,
    media_types: HashSet<(usize, usize)>,
    taken: HashSet<(usize, usize, usize)>,
}

impl Seen {
    /// Takes in what exchanges showed, in the order in which they came. Answers whether something of
    /// the contract was seen for the first time.
    pub(super) fn take(&mut self, sight: &Sight) -> bool {
        if !self.looks.wants(sight.operation, sight.shape, sight.looks) {
            return false;
        }
        let seen = self.operations.entry(sight.operation).or_default();
        let Some(response) = sight.response else {
            return false;
        };
        let mut is_new = seen.responses.insert(response);
        let Some(media_type) = sight.media_type else {
            return is_new;
        };
        is_new |= seen.media_types.insert((response, media_type));
        for index in &sight.taken {
            is_new |= seen.taken.insert((response, media_type, *index));
        }
        is_new
    }

    /// What was held of an operation, and what was not.
    pub(super) fn of(&self, declared: &Declared<'_>, operation: usize, is_held: bool) -> Coverage {
        let mut coverage = Coverage {
            operations: Share {
                seen: u64::from(is_held),
                all: 1,
            },
            ..Coverage::default()
        };
        if !is_held {
            return coverage;
        }
        let nothing = SeenOf::default();
        let seen = self.operations.get(&operation).unwrap_or(&nothing);
        let count = |share: &mut Share, is_seen: bool| {
            share.all += 1;
            share.seen += u64::from(is_seen);
        };
        let responses = &declared.contract.operations()[operation].responses.declared;
        for response in 0..responses.len() {
            count(&mut coverage.statuses, seen.responses.contains(&response));
        }
        for offered in declared.of(operation) {
            let (response, media_type) = (offered.response, offered.media_type);
            let is_seen = seen.media_types.contains(&(response, media_type));
            count(&mut coverage.media_types, is_seen);
            for (index, choice) in offered.choices.values().enumerate() {
                let share = match choice {
                    Choice::Property => &mut coverage.properties,
                    Choice::Branch => &mut coverage.branches,
                };
                count(share, seen.taken.contains(&(response, media_type, index)));
            }
        }
        coverage
    }
}

/// What came: one value, or each item of a sequential media type.
fn values_of<'s>(subject: &'s Subject<'_>) -> &'s [Value] {
    match subject.body() {
        Content::Read(Parsed::Value(value)) => std::slice::from_ref(value),
        Content::Read(Parsed::Items(items)) => items,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::{LOOKS, Looks, MOST_SHAPES};

    #[test]
    fn a_shape_is_looked_at_so_often_and_so_many_shapes_are() {
        let mut looks = Looks::default();
        assert!(looks.wants(0, 7, 1));
        assert!(!looks.wants(0, 7, 1));
        assert!(looks.wants(1, 7, 1), "another operation");
        let wanted = (0..100).filter(|_| looks.wants(2, 7, LOOKS)).count();
        assert_eq!(wanted, 32);
        let wanted = (0..5_000).filter(|at| looks.wants(3, *at, 1)).count();
        assert_eq!(wanted, MOST_SHAPES);
    }
}
