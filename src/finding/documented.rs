//! A rule's identity and documentation as data.

use serde::Serialize;

use super::{RuleId, Severity};

/// What is known about a rule without running it: `explain`, the reference page, the
/// configuration and the completions are all made from this.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The id, named for the fault.
    pub id: &'static str,
    /// How much a breach matters unless configured otherwise.
    pub severity: Severity,
    /// How runs treat it, where that is not how they treat most rules.
    pub traits: &'static [Trait],
    /// The doc comment: Markdown in four sections.
    pub doc: &'static str,
}

/// How runs treat a rule, beside the rule itself, so that no other part of the library names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trait {
    /// Other values do not change a breach, which costs much to see again: its case is not made smaller.
    NotShrunk,
    /// A breach of a safe request only stands when the same request shows it again.
    ConfirmedByResending,
    /// A breach only stands when a request with values that were not used before shows it too.
    ConfirmedWithFreshValues,
    /// A body that breaks it is no sample of what the operation answers: no snapshot is taken of it.
    SpoilsSnapshot,
    /// It speaks of the bytes of a message, which a bare connection shows.
    OfFraming,
    /// It speaks of what a method answers that the path does not declare.
    OfOtherMethods,
    /// What it speaks of may be what the service answers wherever nothing is.
    MayBeFallback,
    /// It speaks of the request, which nobody knows where a response is checked by itself.
    OfRequest,
    /// It speaks of a status that the document does not declare.
    OfStatus,
    /// Neither the document nor a standard says it of this one exchange: it follows from what was asked before, from
    /// words, or from how bodies looked so far.
    Inferred,
}

/// How sure it is that a finding is a fault, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// One exchange breaks what the document or a standard says.
    Stated,
    /// It is inferred, and was seen more than once.
    Repeated,
    /// It is inferred from one exchange, or from one sequence of them.
    Inferred,
}

impl Certainty {
    /// The word for it: `stated`, `repeated` or `inferred`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Repeated => "repeated",
            Self::Inferred => "inferred",
        }
    }
}

impl Rule {
    /// Whether runs treat it so.
    pub fn has(&self, wanted: Trait) -> bool {
        self.traits.contains(&wanted)
    }

    /// How sure a breach is that was seen so often.
    pub fn certainty(&self, seen: u64) -> Certainty {
        match seen {
            _ if !self.has(Trait::Inferred) => Certainty::Stated,
            0 | 1 => Certainty::Inferred,
            _ => Certainty::Repeated,
        }
    }

    /// The id as findings carry it.
    pub const fn rule_id(&self) -> RuleId {
        RuleId::new(self.id)
    }

    /// The first sentence of the documentation.
    pub fn summary(&self) -> &'static str {
        self.doc
            .trim_start()
            .split("\n\n")
            .next()
            .unwrap_or_default()
            .trim()
    }
}

/// Seals the traits of rules: what implements them is declared in this crate, by `documented!`.
pub trait Sealed {}

/// Declares a check or lint rule in one place: its doc comment, its type, its id, its severity, the
/// number of the fault where it has one, and how runs treat it where they do so in their own way.
///
/// ```text
/// documented! {
///     /// A status that the operation does not declare.
///     /// ...
///     pub UndeclaredStatus = "undeclared-status", Error, [OfStatus];
/// }
/// ```
macro_rules! documented {
    (
        $(#[doc = $doc:literal])+
        pub $name:ident = $id:literal, $severity:ident $(, [$($trait:ident),+])?;
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl $name {
            /// The rule's identity and documentation.
            pub(crate) const RULE: $crate::finding::Rule = $crate::finding::Rule {
                id: $id,
                severity: $crate::finding::Severity::$severity,
                traits: &[$($($crate::finding::Trait::$trait),+)?],
                doc: concat!($($doc, "\n"),+),
            };
        }

        impl $crate::finding::Sealed for $name {}
    };
}

pub(crate) use documented;
