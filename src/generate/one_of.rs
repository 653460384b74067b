//! Values of exactly one alternative.
//!
//! Alternatives of real documents overlap: objects whose properties are all optional take nearly every
//! object. A value of one of them is kept out of another by a property that only the other knows, with a
//! value that it does not take there.

use oasgate_document::Budget;
use proptest::test_runner::TestRng;
use serde_json::{Map, Value};

use super::{
    judge::Judge,
    random::{below, pick},
    recipe::{Node, Recipe},
};

/// How many properties are tried for one value.
const ATTEMPTS: usize = 40;

/// How many steps into an alternative places are looked for.
const MAX_STEPS: usize = 24;

/// How many places are looked at in one alternative.
const MAX_PLACES: usize = 400;

/// Alternatives of which a value fits exactly one.
#[derive(Debug)]
pub(super) struct OneOf {
    /// Makes a value of some alternative.
    pub(super) choice: Node,
    /// One for each alternative of the choice.
    pub(super) judges: Vec<Judge>,
    /// Knows what all of them say together.
    pub(super) whole: Judge,
}

impl OneOf {
    /// A value made to fit one alternative alone; `None` where that did not work.
    pub(super) fn kept_out_of_the_others(
        &self,
        recipe: &Recipe,
        mut value: Value,
        rng: &mut TestRng,
        budget: &Budget,
    ) -> Option<Value> {
        let fits = |value: &Value, index: usize| self.judges[index].takes(value, budget);
        let fitting: Vec<usize> = (0..self.judges.len())
            .filter(|index| fits(&value, *index))
            .collect();
        let own = *pick(rng, &fitting)?;
        let Node::Choice(alternatives) = &self.choice else {
            return None;
        };
        for other in fitting.into_iter().filter(|index| *index != own) {
            if !fits(&value, other) {
                continue;
            }
            let mut places = Vec::new();
            properties(
                recipe,
                &alternatives[other],
                &value,
                "",
                MAX_STEPS,
                &mut places,
            );
            for _ in 0..ATTEMPTS {
                let Some((object, name)) = pick(rng, &places) else {
                    break;
                };
                let mut changed = value.clone();
                let Some(Value::Object(members)) = changed.pointer_mut(object) else {
                    continue;
                };
                members.insert(name.clone(), unlikely(rng));
                if fits(&changed, own) && !fits(&changed, other) {
                    value = changed;
                    break;
                }
            }
        }
        self.whole.takes(&value, budget).then_some(value)
    }
}

/// Each property that a node knows in the objects of a value: where the object is, and the name.
fn properties(
    recipe: &Recipe,
    node: &Node,
    value: &Value,
    at: &str,
    steps: usize,
    found: &mut Vec<(String, String)>,
) {
    // Alternatives may lead to themselves without going deeper into the value.
    if found.len() >= MAX_PLACES || steps == 0 {
        return;
    }
    let steps = steps - 1;
    match (node, value) {
        (Node::Reference(number) | Node::Shared(number), _) => {
            properties(recipe, &recipe.nodes[*number], value, at, steps, found);
        }
        (Node::Judged(inner, _), _) => properties(recipe, inner, value, at, steps, found),
        (Node::OneOf(one_of), _) => properties(recipe, &one_of.choice, value, at, steps, found),
        (Node::Choice(nodes), _) => {
            for node in nodes {
                properties(recipe, node, value, at, steps, found);
            }
        }
        (Node::Object(known), Value::Object(members)) => {
            for (name, property) in &known.properties {
                found.push((at.to_owned(), name.clone()));
                if let Some(member) = members.get(name) {
                    let token = name.replace('~', "~0").replace('/', "~1");
                    properties(
                        recipe,
                        property,
                        member,
                        &format!("{at}/{token}"),
                        steps,
                        found,
                    );
                }
            }
        }
        _ => {}
    }
}

/// A value of any type; which one is wrong depends on the place.
fn unlikely(rng: &mut TestRng) -> Value {
    match below(rng, 5) {
        0 => Value::from("text"),
        1 => Value::from(7),
        2 => Value::Bool(true),
        3 => Value::Array(Vec::new()),
        _ => Value::Object(Map::new()),
    }
}
