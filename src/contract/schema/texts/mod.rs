//! Sets of texts, as patterns, formats and bounds of the length describe them.
//!
//! They are automata that are walked side by side: what one set leaves of another, and whether anything is
//! left at all, is proved by the walk.

mod automaton;
mod language;

pub(crate) use automaton::{Automaton, Pattern};
pub(crate) use language::{Language, Member, exact_form, form, is_format_within};
