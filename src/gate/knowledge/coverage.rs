//! What of the contract was seen, and what was not: declared statuses and media types, optional
//! properties, there and left out, branches of `oneOf` and `anyOf`, null, arrays with elements and without, values of
//! an `enum`, ends of ranges and formats.
//!
//! To see which branches a value takes costs about as much as to check it. A value that looks like one before,
//! in all that could make a difference, is therefore not looked at again. What is seen is a set that does not
//! depend on the order of the exchanges, nor on who looked at which of them.

use std::{
    collections::{HashMap, HashSet},
    sync::{LazyLock, OnceLock},
};

use ahash::RandomState;
use indexmap::IndexSet;
use oasgate_document::Address;
use serde_json::Value;

use crate::{
    check::{Content, Subject},
    contract::{Choice, Contract, Operation, OperationIndex, Sameness, Schema, Tape},
    run::{Coverage, Share, Witness, WitnessKind},
    wire::Parsed,
};

/// How many looks of values are remembered for one operation; what comes beyond is looked at each time.
const MAX_REMEMBERED: usize = 4_000;

/// How many looks of whole values are remembered.
const MAX_WHOLE: usize = 100_000;

/// Its numbers do not leave the program, and nobody who writes a recording knows them.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// What there is to be seen, worked out for an operation when it is first asked for.
pub(crate) struct CoverageTargets<'c> {
    contract: &'c Contract,
    operations: Vec<OnceLock<Vec<MediaTypeTargets>>>,
}

/// What one media type of a response leaves open.
struct MediaTypeTargets {
    response: usize,
    media_type: usize,
    choices: IndexSet<(Address, Choice)>,
    sameness: Sameness,
}

impl<'c> CoverageTargets<'c> {
    pub(crate) fn new(contract: &'c Contract) -> Self {
        let operations = contract.operations().iter();
        Self {
            contract,
            operations: operations.map(|_| OnceLock::new()).collect(),
        }
    }

    fn of(&self, operation: OperationIndex) -> &[MediaTypeTargets] {
        self.operations[operation.place()]
            .get_or_init(|| offered(self.contract.operation_at(operation)))
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
                sameness: schema.map_or(Sameness::Never, Sameness::of),
                choices,
            });
        }
    }
    all
}

/// What one exchange showed that was not shown before.
#[derive(Clone, Debug)]
pub(crate) struct CoverageSample {
    operation: OperationIndex,
    response: usize,
    media_type: Option<usize>,
    taken: Vec<usize>,
    /// Of these, those that a run does not look for: something left out, an empty array, an end.
    aside: Vec<usize>,
}

/// Looks at exchanges, and remembers at what.
#[derive(Debug, Default)]
pub(crate) struct ShapeSampler {
    looked_at: HashMap<OperationIndex, HashSet<u64, RandomState>, RandomState>,
    taken: HashMap<(OperationIndex, usize, usize), HashSet<usize, RandomState>, RandomState>,
    /// Looks of values that show nothing new any more.
    whole: HashSet<u64, RandomState>,
}

impl ShapeSampler {
    /// Whether something is seen for the first time, as far as that is remembered.
    fn is_new(&mut self, operation: OperationIndex, look: u64) -> bool {
        let looks = self.looked_at.entry(operation).or_default();
        if looks.len() < MAX_REMEMBERED {
            looks.insert(look)
        } else {
            !looks.contains(&look)
        }
    }

    /// Whether a value shows nothing new for sure: one like it was looked at. What is not known is remembered, since it
    /// is looked at next.
    fn knows(&mut self, sameness: &Sameness, tape: &Tape<'_>, seed: u64) -> bool {
        // A look at all of a value costs less than one at each of its facts, and one at its outline still less.
        let Some(outline) = sameness.outline(tape, seed) else {
            return false;
        };
        if self.whole.contains(&outline) {
            return true;
        }
        let look = sameness.look(tape, seed);
        let is_known = look.is_some_and(|look| self.whole.contains(&look));
        if self.whole.len() < MAX_WHOLE {
            self.whole.insert(outline);
            self.whole.extend(look);
        }
        is_known
    }

    /// What an exchange shows; `None` where one like it was looked at before.
    pub(crate) fn at(
        &mut self,
        declared: &CoverageTargets<'_>,
        operation: OperationIndex,
        subject: &Subject<'_>,
    ) -> Option<CoverageSample> {
        let responses = &subject.operation.responses.declared;
        let came = subject.declared()?;
        let response = responses
            .iter()
            .position(|response| std::ptr::eq(response, came))?;
        let held = subject.media_type().filter(|_| subject.is_held());
        let media_type = held.and_then(|came| {
            let media_types = &responses[response].content.media_types;
            media_types.iter().position(|one| std::ptr::eq(one, came))
        });
        let offered = declared
            .of(operation)
            .iter()
            .find(|one| one.response == response && Some(one.media_type) == media_type)
            .filter(|one| !one.choices.is_empty());
        let key = (operation, response, media_type.unwrap_or(usize::MAX));
        let is_all_taken = offered.is_none_or(|offered| {
            let taken = self.taken.get(&key).map_or(0, HashSet::len);
            taken == offered.choices.len()
        });
        let seed = HASHER.hash_one((response, media_type));
        if let (Some(offered), Some(tape)) = (offered, subject.tape())
            && !is_all_taken
            && self.knows(&offered.sameness, tape, HASHER.hash_one(key))
        {
            return None;
        }
        let mut is_new = self.is_new(operation, seed);
        if let Some(offered) = offered
            && !is_all_taken
        {
            let mut look_at = |look| is_new |= self.is_new(operation, look);
            let tells = match subject.tape() {
                Some(tape) => offered.sameness.each_on_tape(tape, seed, &mut look_at),
                None => (offered.sameness).each(values_of(subject), seed, &mut look_at),
            };
            is_new |= !tells;
        }
        if !is_new {
            return None;
        }
        let schema = subject.media_type().and_then(|one| match subject.body() {
            Content::Read(Parsed::Items(_)) => one.item_schema.as_ref(),
            _ => one.schema.as_ref(),
        });
        let (aside, taken) = match (offered, schema) {
            (Some(offered), Some(schema)) if !is_all_taken => {
                let known = self.taken.entry(key).or_default();
                values_of(subject)
                    .iter()
                    .flat_map(|value| schema.taken(value))
                    .filter_map(|one| Some((offered.choices.get_index_of(&one)?, one.1)))
                    .filter(|(index, _)| known.insert(*index))
                    .partition::<Vec<_>, _>(|(_, choice)| {
                        matches!(choice, Choice::Absent | Choice::Empty | Choice::End)
                    })
            }
            _ => (Vec::new(), Vec::new()),
        };
        let indexes = |taken: Vec<(usize, Choice)>| taken.into_iter().map(|(at, _)| at).collect();
        Some(CoverageSample {
            operation,
            response,
            media_type,
            taken: indexes(taken),
            aside: indexes(aside),
        })
    }
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct CoverageMap {
    operations: HashMap<OperationIndex, OperationCoverage>,
}

#[derive(Debug, Default)]
struct OperationCoverage {
    responses: HashSet<usize>,
    media_types: HashSet<(usize, usize)>,
    taken: HashSet<(usize, usize, usize)>,
}

impl CoverageMap {
    /// Takes in what an exchange showed. Answers whether something of the contract was seen for the first time that a
    /// run looks for.
    pub(crate) fn take(&mut self, sight: &CoverageSample) -> bool {
        let seen = self.operations.entry(sight.operation).or_default();
        let response = sight.response;
        let mut is_new = seen.responses.insert(response);
        let Some(media_type) = sight.media_type else {
            return is_new;
        };
        is_new |= seen.media_types.insert((response, media_type));
        for index in &sight.taken {
            is_new |= seen.taken.insert((response, media_type, *index));
        }
        let aside = sight.aside.iter();
        seen.taken
            .extend(aside.map(|index| (response, media_type, *index)));
        is_new
    }

    /// What of the responses of an operation that was called was seen and what was not.
    pub(crate) fn of(
        &self,
        declared: &CoverageTargets<'_>,
        operation: OperationIndex,
    ) -> Vec<Witness> {
        let nothing = OperationCoverage::default();
        let seen = self.operations.get(&operation).unwrap_or(&nothing);
        let responses = &declared.contract.operation_at(operation).responses.declared;
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
                    Choice::Absent => WitnessKind::Absent,
                    Choice::Branch => WitnessKind::Branch,
                    Choice::Null => WitnessKind::Null,
                    Choice::Items => WitnessKind::Items,
                    Choice::Empty => WitnessKind::Empty,
                    Choice::EnumValue => WitnessKind::EnumValue,
                    Choice::End => WitnessKind::Boundary,
                    Choice::Rest => WitnessKind::LargeSchema,
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
            WitnessKind::Null => &mut coverage.nulls,
            WitnessKind::Items => &mut coverage.arrays,
            WitnessKind::EnumValue => &mut coverage.enum_values,
            WitnessKind::Boundary => &mut coverage.boundaries,
            WitnessKind::Empty => &mut coverage.empty_arrays,
            WitnessKind::Absent => &mut coverage.absences,
            WitnessKind::LargeSchema => &mut coverage.large_schemas,
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
    use super::{MAX_REMEMBERED, OperationIndex, ShapeSampler};

    #[test]
    fn so_many_looks_are_remembered_and_what_is_beyond_counts_as_new() {
        let mut looks = ShapeSampler::default();
        let [first, second, third] = [0, 1, 2].map(OperationIndex::new);
        assert!(looks.is_new(first, 7));
        assert!(!looks.is_new(first, 7));
        assert!(looks.is_new(second, 7), "another operation");
        let most = u64::try_from(MAX_REMEMBERED).expect("it is small");
        assert!((0..most).all(|look| looks.is_new(third, look)));
        assert!(looks.is_new(third, most) && looks.is_new(third, most));
        assert!(!looks.is_new(third, 0));
    }
}
