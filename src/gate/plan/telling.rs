//! The first round: of each operation one request of each kind that tells most, before any gets its depth.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Plan;
use http::Method;

use crate::{
    gate::knowledge::{broken_kinds::BrokenKind, context::ResourceContext},
    run::{Case, CredentialChoice, Phase},
};

/// How many ways of breaking a request operations have their turn with in the first round.
const MAX_WAYS: usize = 12;

/// What a case tries, as far as one of a kind tells most of what all of them do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    MissingBody,
    MissingParameter,
    NoCredential,
    SafeMethod,
    Framing(String),
    WrongCredential(CredentialChoice),
    Method(String),
    MalformedBody,
    InvalidValue,
}

/// What is sent of all operations together, before the next: the plainest faults first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::gate) enum Turn {
    /// Something required is missing.
    Incomplete,
    /// The credential is.
    NoCredential,
    /// The same path with methods that read.
    Reading,
    /// The credential is a wrong one.
    WrongCredential,
    /// The path does not declare the method.
    OtherMethod,
    /// The body or a value is broken.
    Broken,
}

impl Kind {
    fn of(context: &ResourceContext<'_>, case: &Case) -> Option<Self> {
        match case.phase {
            Phase::Invalid => Some(match BrokenKind::of(case)? {
                BrokenKind::NoBody => Self::MissingBody,
                BrokenKind::NoParameter => Self::MissingParameter,
                BrokenKind::Bytes(_) => Self::MalformedBody,
                BrokenKind::Keyword(..) => Self::InvalidValue,
            }),
            Phase::Auth if case.credential == CredentialChoice::Omitted => Some(Self::NoCredential),
            Phase::Auth => Some(Self::WrongCredential(case.credential)),
            Phase::Framing => Some(Self::Framing(case.request.method.to_string())),
            Phase::Methods if case.request.method.is_safe() => Some(Self::SafeMethod),
            Phase::Methods => {
                tells_early(context, case).then(|| Self::Method(case.request.method.to_string()))
            }
            _ => None,
        }
    }

    fn turn(&self) -> Turn {
        match self {
            Self::MissingBody | Self::MissingParameter => Turn::Incomplete,
            Self::NoCredential => Turn::NoCredential,
            Self::Method(_) => Turn::OtherMethod,
            Self::WrongCredential(_) => Turn::WrongCredential,
            Self::SafeMethod | Self::Framing(_) => Turn::Reading,
            Self::MalformedBody | Self::InvalidValue => Turn::Broken,
        }
    }
}

/// Whether a method that the path does not declare is sent before what the run creates is there, though it may change
/// something: it names nothing that could be made for it. What removes a whole collection waits.
fn tells_early(context: &ResourceContext<'_>, case: &Case) -> bool {
    let operation = &case.operation;
    let mut names = operation.path.parameters().peekable();
    let is_whole = names.peek().is_none() && case.request.method == Method::DELETE;
    !is_whole && names.all(|name| !context.can_be_made(operation, name))
}

impl Plan {
    /// Takes out one case of each kind that has one of these turns, each with its turn, in their order: the first one, and
    /// of what is broken what is this operation's turn by its `place` among all.
    pub(in crate::gate) fn take_telling(
        &mut self,
        context: &ResourceContext<'_>,
        turns: &BTreeSet<Turn>,
        place: usize,
    ) -> Vec<(Turn, Case)> {
        let mut ways: HashMap<Kind, Vec<(Option<BrokenKind>, usize)>> = HashMap::new();
        for (at, case) in self.cases.iter().enumerate() {
            let kind = Kind::of(context, case);
            let Some(kind) = kind.filter(|kind| turns.contains(&kind.turn())) else {
                continue;
            };
            let most = if kind.turn() == Turn::Broken {
                MAX_WAYS
            } else {
                1
            };
            let way = BrokenKind::of(case);
            let known = ways.entry(kind).or_default();
            if known.len() < most && known.iter().all(|(known, _)| *known != way) {
                known.push((way, at));
            }
        }
        // Every second operation is sent what tells most, the others have their turn with each other way.
        let turn = |ways: usize| {
            if place.is_multiple_of(2) {
                0
            } else {
                place / 2 % ways
            }
        };
        let mut chosen: HashMap<usize, Kind> = HashMap::new();
        for (kind, ways) in ways {
            let (_, at) = ways[turn(ways.len())];
            chosen.insert(at, kind);
        }
        let (mut taken, mut kept) = (Vec::new(), Vec::new());
        for (at, case) in std::mem::take(&mut self.cases).into_iter().enumerate() {
            match chosen.remove(&at) {
                Some(kind) => taken.push((kind, case)),
                None => kept.push(case),
            }
        }
        self.cases = kept;
        taken.sort_by(|(one, _), (other, _)| one.cmp(other));
        let taken = taken.into_iter();
        taken.map(|(kind, case)| (kind.turn(), case)).collect()
    }

    /// The turns of the cases that the first round would take, one for each kind.
    pub(in crate::gate) fn telling(&self, context: &ResourceContext<'_>) -> Vec<Turn> {
        let cases = self.cases.iter();
        let kinds: HashSet<Kind> = cases.filter_map(|case| Kind::of(context, case)).collect();
        kinds.iter().map(Kind::turn).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::BrokenKind;
    use crate::{
        contract::graph::Graph,
        gate::{fixture, plan},
        generate::Strategies,
        run::Phase,
    };

    #[test]
    fn one_case_of_each_kind_is_taken_and_no_other() {
        let (contract, settings) = (fixture::contract(), fixture::settings());
        let strategies = Strategies::default();
        let mut plans = plan::begin(&contract, &settings, &strategies);
        for plan in &mut plans {
            plan.complete(&contract, &settings, &strategies);
        }
        let graph = Graph::of(&contract);
        let context = fixture::context(&contract, &graph, &settings);
        let list = &mut plans[0];
        let before = list.cases.len();
        let wanted = list.telling(&context);
        let turns = wanted.iter().copied().collect();
        let taken = list.take_telling(&context, &turns, 0);
        assert_eq!(taken.len(), wanted.len());
        assert!(taken.is_sorted_by_key(|(turn, _)| *turn));
        let taken: Vec<_> = taken.into_iter().map(|(_, case)| case).collect();
        assert_eq!(list.cases.len() + taken.len(), before);
        let invalid = taken.iter().filter(|case| case.phase == Phase::Invalid);
        // Of all values that break `limit`, one.
        assert_eq!(invalid.count(), 1);
        assert!(list.cases.iter().any(|case| case.phase == Phase::Invalid));
        assert!(taken.iter().all(|case| case.phase != Phase::Edges));
    }

    #[test]
    fn operations_have_their_turn_with_each_way_of_breaking() {
        let (contract, settings) = (fixture::contract(), fixture::settings());
        let strategies = Strategies::default();
        let graph = Graph::of(&contract);
        let context = fixture::context(&contract, &graph, &settings);
        let broken = |place: usize| -> BTreeSet<String> {
            let mut plan = plan::begin(&contract, &settings, &strategies).remove(0);
            plan.complete(&contract, &settings, &strategies);
            let turns = plan.telling(&context).into_iter().collect();
            let taken = plan.take_telling(&context, &turns, place).into_iter();
            let ways = taken.filter_map(|(_, case)| BrokenKind::of(&case));
            ways.map(|way| format!("{way:?}")).collect()
        };
        assert_eq!(broken(0), broken(2));
        let all: BTreeSet<String> = (0..24).flat_map(broken).collect();
        assert!(all.len() > broken(0).len(), "{all:?}");
    }
}
