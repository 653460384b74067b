//! Objects drawn from a recipe: what is required, what is optional, and names that come by a pattern or
//! freely.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    draw::{ATTEMPTS, Draw, Optional},
    limits::MAX_SIZE,
    pattern::Pattern,
    random::{below, once_in, pick},
    recipe::{Members, Node},
};

/// How many patterns of names have a property each in one object: a judge tries all of them on all names.
const MAX_PATTERNS: usize = 64;

/// How many patterns of names a judge tries on names in one step.
const PATTERNS_OF_A_STEP: usize = 64;

impl Draw<'_> {
    /// An object; `None` where one of its parts was not found.
    pub(super) fn object(&mut self, members: &Members, depth: u32) -> Option<Value> {
        let most = members.most.unwrap_or(usize::MAX);
        if members.least > MAX_SIZE || members.required.len() > MAX_SIZE {
            return None;
        }
        let mut made = Map::new();
        let required: HashSet<&str> = members.required.iter().map(String::as_str).collect();
        let is_required = |name: &str| required.contains(name);
        let mut optional: Vec<&(String, Node)> = Vec::new();
        for property in &members.properties {
            if is_required(&property.0) {
                let value = self.node(&property.1, depth + 1, Some(&property.0))?;
                made.insert(property.0.clone(), value);
            } else if !matches!(property.1, Node::Never) {
                optional.push(property);
            }
        }
        for name in &members.required {
            if !made.contains_key(name) {
                let value = self.undeclared(members, depth, name)?;
                made.insert(name.clone(), value);
            }
        }
        for (names, values) in &members.breaches {
            let name = self.node(names, depth + 1, None)?;
            let value = self.node(values, depth + 1, None)?;
            let name = name
                .as_str()
                .map_or_else(|| self.fresh_name(), str::to_owned);
            made.insert(name, value);
        }
        let is_deep = self.is_deep(depth);
        for (name, node) in &optional {
            let room = made.len() < most;
            let wanted = match self.optional {
                Optional::All => !is_deep,
                Optional::None => false,
                Optional::Half => !is_deep && once_in(self.rng, 2),
            };
            if room
                && (wanted || made.len() < members.least)
                && let Some(value) = self.node(node, depth + 1, Some(name))
            {
                made.insert(name.clone(), value);
            }
        }
        if self.optional == Optional::All && !is_deep {
            self.one_of_each_kind(members, depth, most, &mut made);
        }
        let is_spare = self.optional == Optional::Half
            && !is_deep
            && members.properties.is_empty()
            && members.breaches.is_empty();
        let spare = if is_spare { below(self.rng, 3) } else { 0 };
        let wanted = members
            .least
            .max(made.len().saturating_add(spare))
            .min(most);
        let mut attempts = 0;
        while made.len() < wanted && attempts < ATTEMPTS + wanted * 2 {
            attempts += 1;
            self.budget
                .spend_steps(1 + members.properties.len() as u64 / 16)
                .ok()?;
            let Some((name, value)) = self.additional(members, depth) else {
                continue;
            };
            if !members.properties.iter().any(|(known, _)| *known == name) {
                made.insert(name, value);
            }
        }
        let tried = members.patterns.len().saturating_mul(made.len());
        let steps = tried / PATTERNS_OF_A_STEP;
        self.budget.spend_steps(steps as u64).ok()?;
        (made.len() >= members.least).then_some(Value::Object(made))
    }

    /// The value of a required property that `properties` does not name.
    fn undeclared(&mut self, members: &Members, depth: u32, name: &str) -> Option<Value> {
        let fitting = if members.patterns.is_empty() {
            None
        } else {
            pick(self.rng, &members.patterns).filter(|_| once_in(self.rng, 2))
        };
        // A judge refuses the object when the wrong schema was taken; both are tried.
        let node = fitting.map_or(&members.rest, |(_, node)| node);
        let node = if matches!(node, Node::Never) {
            members.patterns.first().map_or(node, |(_, node)| node)
        } else {
            node
        };
        self.node(node, depth + 1, Some(name))
    }

    /// A property for each pattern of names, and one of the others where a schema speaks of them.
    fn one_of_each_kind(
        &mut self,
        members: &Members,
        depth: u32,
        most: usize,
        made: &mut Map<String, Value>,
    ) {
        let by_pattern = members.patterns.iter().map(Some);
        let rest = (!matches!(members.rest, Node::Any | Node::Never)).then_some(None);
        for pattern in by_pattern.take(MAX_PATTERNS).chain(rest) {
            // Now and then without: where patterns contradict each other there is no such name.
            if made.len() >= most || once_in(self.rng, 4) {
                continue;
            }
            let Some((name, value)) = self.named(members, pattern, depth) else {
                continue;
            };
            if !members.properties.iter().any(|(known, _)| *known == name) {
                made.entry(name).or_insert(value);
            }
        }
    }

    fn additional(&mut self, members: &Members, depth: u32) -> Option<(String, Value)> {
        let by_pattern = !members.patterns.is_empty()
            && (matches!(members.rest, Node::Never) || once_in(self.rng, 2));
        let pattern = if by_pattern {
            Some(pick(self.rng, &members.patterns)?)
        } else {
            None
        };
        self.named(members, pattern, depth)
    }

    /// A name that no property has, of a pattern or not, and its value.
    fn named(
        &mut self,
        members: &Members,
        pattern: Option<&(Pattern, Node)>,
        depth: u32,
    ) -> Option<(String, Value)> {
        let (name, node) = match (pattern, &members.names) {
            (Some((pattern, node)), _) => (pattern.draw(self.rng, 0, 64), node),
            (None, Some(names)) => {
                let name = self.node(names, depth + 1, None)?.as_str()?.to_owned();
                (name, &members.rest)
            }
            (None, None) => (self.fresh_name(), &members.rest),
        };
        let value = self.node(node, depth + 1, None)?;
        Some((name, value))
    }
}
