//! What of the contract was held, and what was not: declared statuses and media types, optional
//! properties, branches of `oneOf` and `anyOf`.
//!
//! To see which branches a value takes costs about as much as to hold it. A value of a shape that came
//! often enough is therefore not looked at again: once where the schema has no branches, since a shape
//! tells which properties are there, and [`MAX_BRANCH_SAMPLES`] times where it has some. What is looked at depends
//! on the order of the exchanges alone, never on the workers.

use std::{
    collections::{BTreeSet, HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::OnceLock,
};

use indexmap::IndexMap;
use oasgate_document::Address;
use serde_json::Value;

use crate::{
    check::{Content, Subject},
    contract::{Choice, Contract, Operation, Schema, shapes},
    run::{Coverage, Share, Witness, WitnessKind},
    wire::Parsed,
};

/// How often one shape is looked at where a schema has branches.
const MAX_BRANCH_SAMPLES: u32 = 32;
/// How many shapes of one operation are looked at.
const MAX_SHAPES: usize = 1_000;

/// What there is to be seen, worked out for an operation when it is first asked for.
pub(crate) struct CoverageTargets<'c> {
    contract: &'c Contract,
    operations: Vec<OnceLock<Vec<MediaTypeTargets>>>,
}

/// What one media type of a response leaves open.
struct MediaTypeTargets {
    response: usize,
    media_type: usize,
    choices: IndexMap<Address, Choice>,
    has_branches: bool,
}

impl<'c> CoverageTargets<'c> {
    pub(crate) fn new(contract: &'c Contract) -> Self {
        let operations = contract.operations().iter();
        Self {
            contract,
            operations: operations.map(|_| OnceLock::new()).collect(),
        }
    }

    fn of(&self, operation: usize) -> &[MediaTypeTargets] {
        self.operations[operation].get_or_init(|| offered(&self.contract.operations()[operation]))
    }
}

fn offered(operation: &Operation) -> Vec<MediaTypeTargets> {
    let mut all = Vec::new();
    for (response, declared) in operation.responses.declared.iter().enumerate() {
        for (media_type, content) in declared.content.media_types.iter().enumerate() {
            // Of a sequential media type each item is held.
            let schema = content.item_schema.as_ref().or(content.schema.as_ref());
            let choices = schema.map(Schema::choices);
            let choices = choices.unwrap_or_default();
            all.push(MediaTypeTargets {
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
pub(crate) struct CoverageSample {
    operation: usize,
    response: Option<usize>,
    media_type: Option<usize>,
    shape: u64,
    looks: u32,
    taken: Vec<usize>,
}

/// Which shapes were looked at how often.
#[derive(Debug, Default)]
pub(crate) struct ShapeSampler {
    seen: HashMap<usize, HashMap<u64, u32>>,
}

impl ShapeSampler {
    /// Whether a shape is to be looked at once more.
    fn wants(&mut self, operation: usize, shape: u64, most: u32) -> bool {
        let shapes = self.seen.entry(operation).or_default();
        if shapes.len() >= MAX_SHAPES && !shapes.contains_key(&shape) {
            return false;
        }
        let looks = shapes.entry(shape).or_default();
        *looks += 1;
        *looks <= most
    }

    /// What an exchange shows; `None` where one like it was looked at before.
    pub(crate) fn at(
        &mut self,
        declared: &CoverageTargets<'_>,
        operation: usize,
        subject: &Subject<'_>,
    ) -> Option<CoverageSample> {
        let responses = &subject.operation.responses.declared;
        let response = subject.declared().and_then(|came| {
            responses
                .iter()
                .position(|response| response.key == came.key)
        });
        let held = subject.media_type().filter(|_| subject.is_held());
        let media_type = response.zip(held).and_then(|(at, came)| {
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
            MAX_BRANCH_SAMPLES
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
        Some(CoverageSample {
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
pub(crate) struct CoverageMap {
    operations: HashMap<usize, OperationCoverage>,
    looks: ShapeSampler,
}

#[derive(Debug, Default)]
struct OperationCoverage {
    responses: HashSet<usize>,
    media_types: HashSet<(usize, usize)>,
    taken: HashSet<(usize, usize, usize)>,
}

impl CoverageMap {
    /// Takes in what exchanges showed, in the order in which they came. Answers whether something of
    /// the contract was seen for the first time.
    pub(crate) fn take(&mut self, sight: &CoverageSample) -> bool {
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

    /// What of an operation's responses was seen and what was not; nothing where it was never called, since of
    /// such an operation nothing was expected.
    pub(crate) fn of(
        &self,
        declared: &CoverageTargets<'_>,
        operation: usize,
        is_held: bool,
    ) -> Vec<Witness> {
        if !is_held {
            return Vec::new();
        }
        let nothing = OperationCoverage::default();
        let seen = self.operations.get(&operation).unwrap_or(&nothing);
        let responses = &declared.contract.operations()[operation].responses.declared;
        let mut all: Vec<Witness> = responses
            .iter()
            .enumerate()
            .map(|(index, response)| Witness {
                kind: WitnessKind::Status,
                response: response.entry.clone(),
                media_type: None,
                at: response.entry.clone(),
                is_seen: seen.responses.contains(&index),
            })
            .collect();
        for offered in declared.of(operation) {
            let key = (offered.response, offered.media_type);
            let response = &responses[offered.response];
            let media_type = &response.content.media_types[offered.media_type].address;
            let mut add = |kind, at: &Address, is_seen| {
                all.push(Witness {
                    kind,
                    response: response.entry.clone(),
                    media_type: Some(media_type.clone()),
                    at: at.clone(),
                    is_seen,
                });
            };
            add(
                WitnessKind::MediaType,
                media_type,
                seen.media_types.contains(&key),
            );
            for (index, (at, choice)) in offered.choices.iter().enumerate() {
                let kind = match choice {
                    Choice::Property => WitnessKind::Property,
                    Choice::Branch => WitnessKind::Branch,
                };
                add(kind, at, seen.taken.contains(&(key.0, key.1, index)));
            }
        }
        all
    }
}

/// The share of witnesses, in numbers.
pub(crate) fn shares(witnesses: &[Witness], is_held: bool) -> Coverage {
    let mut coverage = Coverage {
        operations: Share {
            seen: u64::from(is_held),
            all: 1,
        },
        ..Coverage::default()
    };
    for witness in witnesses {
        let share = match witness.kind {
            WitnessKind::Status => &mut coverage.statuses,
            WitnessKind::MediaType => &mut coverage.media_types,
            WitnessKind::Property => &mut coverage.properties,
            WitnessKind::Branch => &mut coverage.branches,
        };
        share.all += 1;
        share.seen += u64::from(witness.is_seen);
    }
    coverage
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
    use super::{MAX_BRANCH_SAMPLES, MAX_SHAPES, ShapeSampler};

    #[test]
    fn a_shape_is_looked_at_so_often_and_so_many_shapes_are() {
        let mut looks = ShapeSampler::default();
        assert!(looks.wants(0, 7, 1));
        assert!(!looks.wants(0, 7, 1));
        assert!(looks.wants(1, 7, 1), "another operation");
        let wanted = (0..100)
            .filter(|_| looks.wants(2, 7, MAX_BRANCH_SAMPLES))
            .count();
        assert_eq!(wanted, 32);
        let wanted = (0..5_000).filter(|at| looks.wants(3, *at, 1)).count();
        assert_eq!(wanted, MAX_SHAPES);
    }
}
