//! Which entries of which recordings a state has read.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Numbers of entries, from 1: ranges whose ends belong to them, sorted, with gaps between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u64, u64)>")]
pub struct Ranges(Vec<(u64, u64)>);

/// A text that names no ranges of entries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no entries; write numbers from 1 and ranges, such as 1-1000,2001-")]
pub struct MalformedRanges(String);

impl Ranges {
    /// Whether nothing is in them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an entry is in them.
    pub fn has(&self, entry: u64) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < entry);
        self.0.get(at).is_some_and(|(first, _)| *first <= entry)
    }

    /// The last entry that can be in them; 0 where nothing is.
    pub fn last(&self) -> u64 {
        self.0.last().map_or(0, |(_, last)| *last)
    }

    /// Adds one range; what overlaps or touches becomes one.
    pub fn add(&mut self, first: u64, last: u64) {
        if last < first {
            return;
        }
        // Entries mostly come in their order.
        if let Some((_, end)) = self.0.last_mut()
            && end.checked_add(1) == Some(first)
        {
            *end = last;
            return;
        }
        let from = self
            .0
            .partition_point(|(_, end)| end.saturating_add(1) < first);
        let to = self
            .0
            .partition_point(|(start, _)| *start <= last.saturating_add(1));
        let mut range = (first, last);
        for (start, end) in self.0.drain(from..to) {
            range = (range.0.min(start), range.1.max(end));
        }
        self.0.insert(from, range);
    }

    /// The first entry that is in both.
    fn overlap(&self, other: &Self) -> Option<u64> {
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some((a, b)), Some((c, d))) = (ours.peek(), theirs.peek()) {
            if a.max(c) <= b.min(d) {
                return Some(*a.max(c));
            }
            if b < d {
                ours.next();
            } else {
                theirs.next();
            }
        }
        None
    }
}

impl TryFrom<Vec<(u64, u64)>> for Ranges {
    type Error = MalformedRanges;

    fn try_from(ranges: Vec<(u64, u64)>) -> Result<Self, MalformedRanges> {
        let mut all = Self::default();
        for (first, last) in ranges {
            if first == 0 || last < first {
                return Err(MalformedRanges(format!("{first}-{last}")));
            }
            all.add(first, last);
        }
        Ok(all)
    }
}

impl FromStr for Ranges {
    type Err = MalformedRanges;

    fn from_str(text: &str) -> Result<Self, MalformedRanges> {
        let malformed = || MalformedRanges(text.to_owned());
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| malformed());
        let ranges = text.split(',').map(|part| match part.split_once('-') {
            Some((first, last)) if last.trim().is_empty() => Ok((number(first)?, u64::MAX)),
            Some((first, last)) => Ok((number(first)?, number(last)?)),
            None => number(part).map(|one| (one, one)),
        });
        ranges
            .collect::<Result<Vec<_>, _>>()?
            .try_into()
            .map_err(|_| malformed())
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            match (first, last) {
                (first, last) if first == last => write!(f, "{comma}{first}")?,
                (first, &u64::MAX) => write!(f, "{comma}{first}-")?,
                (first, last) => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// The entries that were read, by the name of their recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inputs(BTreeMap<String, Ranges>);

impl Inputs {
    /// Names a source, of which nothing need have been read.
    pub fn name(&mut self, source: &str) {
        if !self.0.contains_key(source) {
            self.0.insert(source.to_owned(), Ranges::default());
        }
    }

    /// Adds entries of a source.
    pub fn add(&mut self, source: &str, first: u64, last: u64) {
        match self.0.get_mut(source) {
            Some(ranges) => ranges.add(first, last),
            None => {
                let mut ranges = Ranges::default();
                ranges.add(first, last);
                self.0.insert(source.to_owned(), ranges);
            }
        }
    }

    /// The sources by name.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// An entry that both have, by its source.
    pub(super) fn overlap<'i>(&'i self, other: &Self) -> Option<(&'i str, u64)> {
        self.0.iter().find_map(|(source, ranges)| {
            let entry = ranges.overlap(other.0.get(source)?)?;
            Some((source.as_str(), entry))
        })
    }

    pub(super) fn absorb(&mut self, other: Self) {
        for (source, ranges) in other.0 {
            let known = self.0.entry(source).or_default();
            for (first, last) in ranges.0 {
                known.add(first, last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Ranges;

    fn ranges() -> impl Strategy<Value = Vec<(u64, u64)>> {
        prop::collection::vec((1_u64..30, 0_u64..6), 0..8).prop_map(|ranges| {
            let ranges = ranges.into_iter();
            ranges.map(|(first, more)| (first, first + more)).collect()
        })
    }

    fn set(ranges: &[(u64, u64)]) -> BTreeSet<u64> {
        ranges.iter().flat_map(|(a, b)| *a..=*b).collect()
    }

    proptest! {
        #[test]
        fn ranges_are_the_set_of_their_entries(a in ranges(), b in ranges()) {
            let [x, y] = [&a, &b].map(|ranges| Ranges::try_from(ranges.clone()).expect("ranges"));
            let (entries, others) = (set(&a), set(&b));
            for entry in 0..40 {
                prop_assert_eq!(x.has(entry), entries.contains(&entry));
            }
            prop_assert_eq!(x.overlap(&y), entries.intersection(&others).next().copied());
            prop_assert_eq!(x.last(), entries.last().copied().unwrap_or(0));
            // One set is written in one way.
            let singles = entries.iter().map(|entry| (*entry, *entry)).collect::<Vec<_>>();
            prop_assert_eq!(&Ranges::try_from(singles).expect("ranges"), &x);
            if !x.is_empty() {
                prop_assert_eq!(x.to_string().parse::<Ranges>(), Ok(x));
            }
        }
    }

    #[test]
    fn an_open_range_ends_nowhere() {
        let ranges: Ranges = "3, 7-".parse().expect("ranges");
        assert!(ranges.has(3) && ranges.has(1 << 60) && !ranges.has(4));
        assert_eq!(ranges.to_string(), "3,7-");
        for wrong in ["", "0", "5-3", "a", "1-2-3", "-4", "1,,2"] {
            assert!(wrong.parse::<Ranges>().is_err(), "{wrong}");
        }
    }
}
