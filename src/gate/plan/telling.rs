//! The first round: of each operation one request of each kind that tells most, before any gets its depth.

use std::collections::{BTreeSet, HashSet};

use super::Plan;
use http::Method;

use crate::{
    gate::knowledge::{broken_kinds::BrokenKind, context::ResourceContext},
    run::{Case, CredentialChoice, Phase},
};

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
    /// Takes out the first case of each kind that has one of these turns, each with its turn, in their order.
    pub(in crate::gate) fn take_telling(
        &mut self,
        context: &ResourceContext<'_>,
        turns: &BTreeSet<Turn>,
    ) -> Vec<(Turn, Case)> {
        let mut seen = HashSet::new();
        let (mut taken, mut kept) = (Vec::new(), Vec::new());
        for case in std::mem::take(&mut self.cases) {
            let kind = Kind::of(context, &case);
            let kind = kind.filter(|kind| turns.contains(&kind.turn()) && !seen.contains(kind));
            match kind {
                Some(kind) => {
                    seen.insert(kind.clone());
                    taken.push((kind, case));
                }
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
        let taken = list.take_telling(&context, &turns);
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
}
