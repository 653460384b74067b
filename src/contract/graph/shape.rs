//! A path template without the names of its parameters.

use std::{cmp::Reverse, fmt, ops::Range};

use crate::contract::{
    Operation,
    path::{Part, PathTemplate},
};

/// The segments of a path, those that are a parameter without its name: `/orders/{}/items`. Keys in parentheses, as `OData`
/// writes them (`OData` URL Conventions §4.3), are segments of their own: `/orders({id})` is of the shape `/orders/{}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Segment {
    /// Text.
    Literal(String),
    /// One parameter, and at most the name of a format behind it.
    Parameter,
    /// Text and parameters mixed, such as `{}.json`.
    Mixed(String),
}

impl Shape {
    /// The shape of an operation's path. A slash at the end plays no part.
    pub fn of(operation: &Operation) -> Self {
        Self::of_template(&operation.path)
    }

    pub(super) fn of_template(path: &PathTemplate) -> Self {
        let mut segments: Vec<Segment> = pieces(path).map(|(_, piece)| piece.segment()).collect();
        while segments.len() > 1 && segments.last() == Some(&Segment::Literal(String::new())) {
            segments.pop();
        }
        Self(segments)
    }

    /// The name that an operation at this shape's path, or beginning with it up to there, gives to the
    /// parameter that is its segment at `at`.
    pub fn key_at<'o>(&self, operation: &'o Operation, at: usize) -> Option<&'o str> {
        let own = Self::of(operation);
        if at >= self.len() || own.0.get(..=at) != self.0.get(..=at) {
            return None;
        }
        parameter_at(&operation.path, at)
    }

    /// How many segments it has.
    #[expect(clippy::len_without_is_empty, reason = "a path has a segment at least")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// How near it is to another: by how many segments both begin with, and of the same by how few it has itself.
    pub(crate) fn nearness(&self, other: &Self) -> (usize, Reverse<usize>) {
        let both = self.0.iter().zip(&other.0);
        let shared = both.take_while(|(one, other)| one == other).count();
        (shared, Reverse(self.len()))
    }

    /// The first `length` segments.
    pub(super) fn prefix(&self, length: usize) -> Self {
        Self(self.0[..length.min(self.0.len())].to_vec())
    }

    /// Whether its first `length` segments are an item.
    pub(super) fn is_item_at(&self, length: usize) -> bool {
        keys_of(&self.0[..length.min(self.0.len())]).len() == 1
    }

    /// Whether the other is this one or lies below it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether it ends in a parameter that follows a text: `/orders/{}`.
    pub fn is_item(&self) -> bool {
        self.keys().len() == 1
    }

    /// Whether it ends in several parameters that follow a text: `/routes/{}/{}`.
    pub(super) fn is_composite(&self) -> bool {
        self.keys().len() > 1
    }

    /// The parameters that it ends in, by the numbers of their segments; none where no text is before them.
    pub(crate) fn keys(&self) -> Range<usize> {
        keys_of(&self.0)
    }

    /// The text of the last segment.
    pub(super) fn last_literal(&self) -> Option<&str> {
        match self.0.last()? {
            Segment::Literal(text) => Some(text),
            Segment::Parameter | Segment::Mixed(_) => None,
        }
    }

    /// It without its last segment.
    pub(super) fn above(&self) -> Self {
        self.prefix(self.len().saturating_sub(1))
    }

    /// The path that things of this shape are collected under: `/orders` of `/orders/{}`.
    pub(super) fn collection(&self) -> Self {
        match self.keys() {
            keys if keys.is_empty() => self.above(),
            keys => self.prefix(keys.start),
        }
    }

    /// Whether a parameter stands anywhere in it.
    pub(super) fn has_parameters(&self) -> bool {
        self.0
            .iter()
            .any(|segment| !matches!(segment, Segment::Literal(_)))
    }

    /// The text before the parameters that it ends in.
    pub(crate) fn collection_name(&self) -> Option<&str> {
        let keys = self.keys();
        let before = keys.start.checked_sub(1).filter(|_| !keys.is_empty())?;
        match &self.0[before] {
            Segment::Literal(text) => Some(text),
            Segment::Parameter | Segment::Mixed(_) => None,
        }
    }

    /// The nearest item above this one: `/orders/{}` of `/orders/{}/lines/{}`.
    pub(super) fn parent(&self) -> Option<Self> {
        let length = (1..self.len()).rev().find(|at| self.is_item_at(*at))?;
        Some(self.prefix(length))
    }
}

fn keys_of(segments: &[Segment]) -> Range<usize> {
    let is_text = |segment: &Segment| !matches!(segment, Segment::Parameter);
    match segments.iter().rposition(is_text) {
        Some(at) if matches!(segments[at], Segment::Literal(_)) => at + 1..segments.len(),
        _ => segments.len()..segments.len(),
    }
}

/// What is a segment of a shape.
#[derive(Clone, Debug)]
enum Piece<'p> {
    /// A segment of the path.
    Whole(&'p [Part]),
    /// The name before keys in parentheses.
    Name(&'p str),
    /// One of these keys.
    Key(&'p str),
}

impl<'p> Piece<'p> {
    fn segment(&self) -> Segment {
        match self {
            Self::Whole(parts) => segment(parts),
            Self::Name(name) => Segment::Literal((*name).to_owned()),
            Self::Key(_) => Segment::Parameter,
        }
    }

    fn parameter(&self) -> Option<&'p str> {
        match self {
            Self::Whole([Part::Parameter(name)]) => Some(name),
            Self::Whole([Part::Parameter(name), Part::Literal(ending)]) => {
                without_ending(ending).is_empty().then_some(name.as_str())
            }
            Self::Key(name) => Some(name),
            Self::Whole(_) | Self::Name(_) => None,
        }
    }
}

/// The segments of the shape of a path, each with the number of the path's segment that it is in.
fn pieces(path: &PathTemplate) -> impl Iterator<Item = (usize, Piece<'_>)> {
    path.segments().iter().enumerate().flat_map(|(at, parts)| {
        let pieces = keyed(parts).unwrap_or_else(|| vec![Piece::Whole(parts)]);
        pieces.into_iter().map(move |piece| (at, piece))
    })
}

/// A segment with keys in parentheses, taken apart: `Books({ID})`, `Books('{ID}')`, `Lines(Order={a},Number={b})`.
fn keyed(parts: &[Part]) -> Option<Vec<Piece<'_>>> {
    let [Part::Literal(first), _, .., Part::Literal(last)] = parts else {
        return None;
    };
    let (name, _) = first.split_once('(').filter(|(name, _)| !name.is_empty())?;
    let keys = parts.iter().filter_map(|part| match part {
        Part::Parameter(name) => Some(Piece::Key(name)),
        Part::Literal(_) => None,
    });
    let is_closed = last.ends_with(')');
    is_closed.then(|| std::iter::once(Piece::Name(name)).chain(keys).collect())
}

fn segment(parts: &[Part]) -> Segment {
    match parts {
        [Part::Literal(text)] => Segment::Literal(without_ending(text).to_owned()),
        [Part::Parameter(_)] => Segment::Parameter,
        [Part::Parameter(_), Part::Literal(ending)] if without_ending(ending).is_empty() => {
            Segment::Parameter
        }
        mixed => Segment::Mixed(
            mixed
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => text.as_str(),
                    Part::Parameter(_) => "{}",
                })
                .collect(),
        ),
    }
}

/// A segment without the name of a format: `/accounts.json` collects what `/accounts/{id}.json` shows.
fn without_ending(text: &str) -> &str {
    [".json", ".xml"]
        .iter()
        .find_map(|ending| text.strip_suffix(ending))
        .unwrap_or(text)
}

/// The name that a template gives to the parameter that is the segment at `at`.
pub(super) fn parameter_at(path: &PathTemplate, at: usize) -> Option<&str> {
    pieces(path).nth(at)?.1.parameter()
}

/// The segments of the shape of an operation's path that are the parameter of a name.
pub(super) fn places_of<'o>(
    operation: &'o Operation,
    name: &'o str,
) -> impl Iterator<Item = usize> + 'o {
    pieces(&operation.path)
        .enumerate()
        .filter(move |(_, (_, piece))| piece.parameter() == Some(name))
        .map(|(at, _)| at)
}

/// The name of the last parameter of an operation's path that is a segment of its shape.
pub(crate) fn last_key(operation: &Operation) -> Option<&str> {
    pieces(&operation.path)
        .filter_map(|(_, piece)| piece.parameter())
        .last()
}

/// The number of the path's segment that the segment of its shape at `at` is in.
pub(crate) fn segment_of_path(operation: &Operation, at: usize) -> Option<usize> {
    Some(pieces(&operation.path).nth(at)?.0)
}

impl Shape {
    /// The name that an operation gives to the parameter that this shape ends in.
    pub fn key<'o>(&self, operation: &'o Operation) -> Option<&'o str> {
        if !self.contains(&Self::of(operation)) {
            return None;
        }
        parameter_at(&operation.path, self.len().checked_sub(1)?)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|segment| match segment {
            Segment::Literal(text) => write!(f, "/{text}"),
            Segment::Parameter => f.write_str("/{}"),
            Segment::Mixed(text) => write!(f, "/{text}"),
        })
    }
}
