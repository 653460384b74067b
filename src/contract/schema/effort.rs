//! What validations on this thread may spend on patterns, and which texts they left undecided for want of it.
//!
//! A pattern that may be at thousands of places at once, or that goes back over a text, costs the more the longer
//! the text is. Each text is paid for from what one piece of work has, so that a body of many texts is bounded
//! as one of a long text is. Steps are counted, never the clock: the same texts are left on every machine.

use std::cell::RefCell;

use oasgate_document::{Address, Pointer};
use serde_json::Value;

/// Steps of one piece of work, each of which is a place of a pattern at a letter: some tenths of a second.
const MAX_STEPS: u64 = 1 << 25;

/// How many undecided texts are remembered.
const MAX_UNDECIDED: usize = 100;

/// A text that a pattern was not tried on, because that would have cost too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undecided {
    /// The keyword.
    pub(crate) pattern: Address,
    /// How many bytes the text has.
    pub(crate) length: usize,
    /// Where it is in memory, to find its place in the value.
    node: usize,
}

impl Undecided {
    /// Where in a value the text stands; the whole value where it is none of its nodes, as a name is.
    pub(crate) fn place_in(&self, value: &Value) -> Pointer {
        find(self.node, value, &Pointer::root()).unwrap_or_else(Pointer::root)
    }
}

fn find(node: usize, value: &Value, at: &Pointer) -> Option<Pointer> {
    if std::ptr::from_ref(value).addr() == node {
        return Some(at.clone());
    }
    match value {
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| find(node, item, &at.index(index)))
        }
        Value::Object(members) => {
            let mut members = members.iter();
            members.find_map(|(name, member)| find(node, member, &at.join(name)))
        }
        _ => None,
    }
}

/// What a piece of work has spent, and what it left.
#[derive(Debug, Default)]
pub(crate) struct Effort {
    /// Steps of patterns.
    pub(crate) steps: u64,
    /// The texts that were left, as far as they are remembered.
    pub(crate) undecided: Vec<Undecided>,
}

#[derive(Default)]
struct Spent {
    /// How many pieces of work are open, one in another.
    open: usize,
    effort: Effort,
}

thread_local! {
    static SPENT: RefCell<Spent> = RefCell::default();
}

/// Ends a piece of work, also where it panics.
struct Open;

impl Open {
    fn begin() -> Self {
        SPENT.with_borrow_mut(|spent| {
            if spent.open == 0 {
                spent.effort = Effort::default();
            }
            spent.open += 1;
        });
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        SPENT.with_borrow_mut(|spent| spent.open -= 1);
    }
}

/// Whether no piece of work is open.
pub(super) fn is_idle() -> bool {
    SPENT.with_borrow(|spent| spent.open == 0)
}

/// Does a piece of work, and tells what it cost. One in another has what is left to the outer one.
pub(crate) fn during<T>(work: impl FnOnce() -> T) -> (T, Effort) {
    let open = Open::begin();
    let before = SPENT.with_borrow(|spent| (spent.effort.steps, spent.effort.undecided.len()));
    let done = work();
    let effort = SPENT.with_borrow(|spent| Effort {
        steps: spent.effort.steps.saturating_sub(before.0),
        undecided: spent.effort.undecided[before.1..].to_vec(),
    });
    drop(open);
    (done, effort)
}

/// Pays for a text; `false` where too little is left, and nothing is spent.
pub(super) fn spend(steps: u64) -> bool {
    SPENT.with_borrow_mut(|spent| {
        let before = if spent.open == 0 {
            0
        } else {
            spent.effort.steps
        };
        let after = before.saturating_add(steps);
        let is_paid = after <= MAX_STEPS;
        if is_paid && spent.open > 0 {
            spent.effort.steps = after;
        }
        is_paid
    })
}

/// Notes that a text was left.
pub(super) fn leave(pattern: &Address, length: usize, node: &Value) {
    SPENT.with_borrow_mut(|spent| {
        let undecided = &mut spent.effort.undecided;
        if spent.open > 0 && undecided.len() < MAX_UNDECIDED {
            undecided.push(Undecided {
                pattern: pattern.clone(),
                length,
                node: std::ptr::from_ref(node).addr(),
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn work_in_other_work_has_what_that_left() {
        let value = json!({ "a": ["x", "y"] });
        let ((), outer) = during(|| {
            assert!(spend(MAX_STEPS - 1));
            let ((), inner) = during(|| {
                assert!(!spend(2));
                leave(&Address::default(), 1, &value["a"][1]);
                assert!(spend(1));
            });
            assert_eq!((inner.steps, inner.undecided.len()), (1, 1));
            let place = inner.undecided[0].place_in(&value);
            assert_eq!(place.as_str(), "/a/1");
        });
        assert_eq!((outer.steps, outer.undecided.len()), (MAX_STEPS, 1));
        assert_eq!(during(|| spend(MAX_STEPS)).1.undecided.len(), 0);
    }
}
