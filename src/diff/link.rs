//! How a reference from one schema to another counts where both are laid beside each other.

use super::text::Travel;

/// How a reference inside a unit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It is all that is said of a property or an element on both sides, so that it can be asked by itself.
    Below,
    /// It is an alternative for the unit's own value whose values fit no other one, so that it can be asked by itself.
    Apart,
    /// The same for a property or an element.
    ApartBelow,
    /// It is an alternative whose values fit another one as well, on both sides: what becomes of it changes nothing.
    Idle,
    /// It takes part in the unit's own value.
    InPlace,
}

impl Link {
    const ALL: [Self; 5] = [
        Self::Below,
        Self::Apart,
        Self::ApartBelow,
        Self::Idle,
        Self::InPlace,
    ];

    /// The sign before the unit's number in a marked schema.
    pub(super) const fn sign(self) -> char {
        match self {
            Self::Below => '@',
            Self::Apart => '=',
            Self::ApartBelow => '<',
            Self::Idle => '~',
            Self::InPlace => '&',
        }
    }

    pub(super) fn by_sign(sign: char) -> Option<Self> {
        Self::ALL.into_iter().find(|link| link.sign() == sign)
    }

    /// A mark: how it counts, and the unit's number.
    pub(super) fn read(mark: &str) -> Option<(Self, usize)> {
        let mut rest = mark.chars();
        let link = Self::by_sign(rest.next()?)?;
        Some((link, rest.as_str().parse().ok()?))
    }

    /// Whether something stands for the unit, which takes no part then. What is told apart by its types is so only where
    /// values travel with them.
    pub(super) fn is_cut(self, travel: Travel) -> bool {
        match self {
            Self::Below | Self::Idle => true,
            Self::Apart | Self::ApartBelow => travel == Travel::Json,
            Self::InPlace => false,
        }
    }

    /// How the unit's values travel where it is asked about by itself; `None` where it is not.
    pub(super) fn asked(self, travel: Travel) -> Option<Travel> {
        match self {
            Self::Below => Some(travel.below()),
            Self::ApartBelow if travel == Travel::Json => Some(travel.below()),
            Self::Apart if travel == Travel::Json => Some(travel),
            Self::Apart | Self::ApartBelow | Self::Idle | Self::InPlace => None,
        }
    }
}
