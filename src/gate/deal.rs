//! Which broken requests are sent where there are too many: each kind to some operations, before any kind to all.

use std::collections::HashMap;

use super::knowledge::broken_kinds::BrokenKind;
use crate::run::Case;

/// How many operations are sent each way of breaking the bytes of a body: one reader of them serves all.
const MAX_BYTES_EACH: usize = 3;

/// To how many operations each kind goes before the most telling kinds go to all.
const MIN_EACH: usize = 3;

/// Which part of what is sent of too many is what tells most, which all operations have alike.
const ALIKE: usize = 3;

/// How often each kind was dealt to an operation so far.
#[derive(Debug, Default)]
pub(super) struct Dealer {
    dealt: HashMap<BrokenKind, usize>,
    /// The same of what breaks no rule of the document, as a key named twice.
    of_no_kind: usize,
}

impl Dealer {
    /// The cases of one operation, those first of which so many are sent: one without its body, since whether that is
    /// looked at is a matter of each operation, some of the most telling, and then of the kinds that others were sent
    /// least.
    pub(super) fn deal(&mut self, cases: Vec<Case>, share: usize) -> Vec<Case> {
        let mut left: Vec<(Option<BrokenKind>, Case)> = cases
            .into_iter()
            .map(|case| (BrokenKind::of(&case), case))
            .collect();
        let mut dealt = Vec::with_capacity(left.len());
        while dealt.len() < share && !left.is_empty() {
            let is_alike = dealt.len() < share.div_ceil(ALIKE);
            let next = left
                .iter()
                .enumerate()
                .min_by_key(|(_, (kind, _))| self.order(kind.as_ref(), is_alike));
            let at = next.map_or(0, |(at, _)| at);
            let (kind, case) = left.remove(at);
            *match kind {
                Some(kind) => self.dealt.entry(kind).or_default(),
                None => &mut self.of_no_kind,
            } += 1;
            dealt.push(case);
        }
        dealt.extend(left.into_iter().map(|(_, case)| case));
        dealt
    }

    /// Where a case of a kind stands among those of its operation.
    fn order(&self, kind: Option<&BrokenKind>, is_alike: bool) -> (u8, usize) {
        let count = kind.map_or(self.of_no_kind, |kind| {
            self.dealt.get(kind).copied().unwrap_or_default()
        });
        match kind {
            Some(BrokenKind::NoBody) => (0, 0),
            None | Some(BrokenKind::Bytes(_)) if count >= MAX_BYTES_EACH => (2, count),
            _ if is_alike => (1, count.min(MIN_EACH)),
            _ => (1, count),
        }
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::Pointer;

    use super::*;
    use crate::{
        check::{Breach, Part},
        gate::fixture,
        run::Phase,
    };

    fn broken(keyword: &str, rule: &str) -> Case {
        let breach = Breach {
            part: Part::Body,
            pointer: Pointer::root(),
            keyword: keyword.to_owned(),
            rule: rule.to_owned(),
        };
        Case {
            breaks: Some(breach),
            ..fixture::case(&fixture::contract(), "listPets", Phase::Invalid)
        }
    }

    #[test]
    fn each_kind_has_its_turn_and_those_of_bytes_are_soon_enough() {
        let mut dealer = Dealer::default();
        let all = || {
            vec![
                broken("json", "cut off"),
                broken("json", "not UTF-8"),
                broken("type", "type string"),
                broken("minLength", "minLength 1"),
                broken("enum", "enum"),
                broken("required", "required"),
            ]
        };
        let sent: Vec<String> = (0..12)
            .flat_map(|_| dealer.deal(all(), 2).into_iter().take(2))
            .filter_map(|case| case.breaks.map(|breach| breach.rule))
            .collect();
        let count = |rule: &str| sent.iter().filter(|one| *one == rule).count();
        // The body itself is left out everywhere.
        assert_eq!(count("required"), 12);
        assert_eq!((count("cut off"), count("not UTF-8")), (3, 3));
        for rule in ["type string", "minLength 1", "enum"] {
            assert!(count(rule) >= 1, "{rule}: {sent:?}");
        }
    }
}
