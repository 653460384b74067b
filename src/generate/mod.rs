//! Values and requests from the contract: `proptest` strategies, and the values that a document
//! shows.
//!
//! [`valid`] is a strategy for a schema; [`Generator`] draws from it with a seed, so that the same
//! seed gives the same values on every machine. What is generated as valid, the schema accepts: the
//! validator has the last word on every value.

mod around;
mod draw;
mod draw_object;
mod format;
mod hint;
mod judge;
mod keywords;
mod likeness;
mod limits;
mod merge;
mod number;
mod one_of;
mod open_format;
mod order;
mod pattern;
mod random;
mod recipe;
mod tree;
mod values;

use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::Value;

pub use around::{Edge, Mutation, Rank, edges, mutations, type_mutations};
pub(crate) use around::{bases, bases_with, broken, edges_of, mutations_of};
pub use hint::shown_for;
pub(crate) use values::valid_in_haste;
pub use values::{Strategies, Values, invalid, valid};

/// Values that are one step simpler than this one, the boldest step first.
pub fn simpler(value: &Value) -> Vec<Value> {
    let mut steps = tree::steps(value);
    steps.reverse();
    steps
}

/// Draws values from strategies: a function of its seed and of what it is asked.
#[derive(Debug)]
pub struct Generator {
    runner: TestRunner,
    /// Whether values around those of a schema were left out, because they cost too much.
    is_cut: bool,
}

impl Generator {
    /// A generator whose values follow from a seed and the names of what they are for.
    pub fn new(seed: u64, purpose: &[&str]) -> Self {
        let mut bytes = [0_u8; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        // Each purpose has a stream of its own, so that one more parameter does not change the
        // values of the others.
        for (index, byte) in purpose
            .iter()
            .flat_map(|text| text.bytes().chain([0]))
            .enumerate()
        {
            let at = 8 + index % 24;
            bytes[at] = bytes[at].rotate_left(3) ^ byte.wrapping_mul(0x9d);
        }
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        Self {
            runner: TestRunner::new_with_rng(
                config,
                TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
            ),
            is_cut: false,
        }
    }

    /// Whether some of the edges or mutations that were asked for with this generator were left out, because they
    /// cost too much.
    pub(crate) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The next value; `None` when none was found within the bound.
    pub fn draw(&mut self, strategy: &Values) -> Option<Value> {
        strategy.draw(&mut self.runner)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (0..bound.max(1))
            .new_tree(&mut self.runner)
            .map_or(0, |tree| tree.current())
    }
}
