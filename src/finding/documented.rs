//! A rule's identity and documentation as data.

use super::{RuleId, Severity};

/// What is known about a rule without running it: `explain`, the reference page, the
/// configuration and the completions are all made from this.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The id, named for the fault.
    pub id: &'static str,
    /// How much a breach matters unless configured otherwise.
    pub severity: Severity,
    /// The fault's number in the Web Fuzzing Commons catalogue, where it has one.
    pub fault_code: Option<u16>,
    /// The doc comment: Markdown in four sections.
    pub doc: &'static str,
}

impl Rule {
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

/// Declares a check or lint rule in one place: its doc comment, its type, its id, its severity, and
/// the number of the fault where it has one.
///
/// ```text
/// documented! {
///     /// A status that the operation does not declare.
///     /// ...
///     pub UndeclaredStatus = "undeclared-status", Error, 104;
/// }
/// ```
macro_rules! documented {
    (
        $(#[doc = $doc:literal])+
        pub $name:ident = $id:literal, $severity:ident $(, $code:literal)?;
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl $name {
            /// The rule's identity and documentation.
            pub(crate) const RULE: $crate::finding::Rule = $crate::finding::Rule {
                id: $id,
                severity: $crate::finding::Severity::$severity,
                fault_code: { let code: Option<u16> = None; $(let _ = code; let code = Some($code);)? code },
                doc: concat!($($doc, "\n"),+),
            };
        }
    };
}

pub(crate) use documented;
