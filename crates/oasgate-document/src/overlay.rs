//! `OpenAPI` Overlays (1.0 and 1.1) applied to the root file, with the way back to their lines.
//!
//! An overlay is a list of actions; each selects nodes by a `JSONPath` (RFC 9535) and updates or removes them.
//! What an overlay brings stands in the overlay's file, not in the document's: [`Origins`] remembers that, so
//! that a finding about such a node leads to the line that a person can change.
//!
//! What an update or a copy brings is merged as Overlay 1.1.0 §4.4.3 says: objects are merged, an array is appended
//! to an array, a primitive takes the place of a primitive, and what is of another kind than what stands there is an
//! error. A primitive may be a target in 1.0 too, which 1.1 brought. Where the specification leaves a choice: a
//! target that selects nothing is told as a problem, because it is nearly always a path that went stale; an action
//! with both `update` and `copy`, of which each gives way to the other, is refused; `extends` is not followed,
//! because the document is named beside the overlay.
//!
//! What a target looks at, what is moved and what is brought are bounded ([`Work`]): an action that needs more than
//! there is left is refused before it is done.

mod extent;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
};

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use self::extent::Extent;
use crate::{Allowance, Budget, Pointer, cost::Cost};

/// How many nodes one action may select.
const MAX_TARGETS: usize = 100_000;

/// How many nodes the targets of all overlays may look at, and move.
const MAX_STEPS: u64 = 50_000_000;

/// What moving an element of an array costs, and finding anew where it was written.
const STEPS_OF_A_MOVE: u64 = 20;

/// What applying overlays to one document may spend.
pub(crate) struct Work<'b> {
    /// The room for what is brought: that of the document.
    room: &'b Budget,
    /// The steps that looking for nodes and moving them takes.
    steps: Budget,
}

impl<'b> Work<'b> {
    pub(crate) fn new(room: &'b Budget) -> Self {
        let allowance = Allowance {
            steps: MAX_STEPS,
            ..Allowance::UNLIMITED
        };
        Self {
            room,
            steps: Budget::new(allowance, room.stop()),
        }
    }
}

/// Where the nodes of the root file stand that an overlay brought or moved.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    moved: BTreeMap<Pointer, Origin>,
}

/// A node as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The overlay, by its place in the list of overlays; `None` for the document itself.
    pub(crate) overlay: Option<usize>,
    /// The node there.
    pub(crate) pointer: Pointer,
}

impl Origins {
    /// Where a node of the root file was written.
    pub(crate) fn of(&self, pointer: &Pointer) -> Origin {
        if !self.moved.is_empty() {
            let mut ancestor = Some(pointer.clone());
            while let Some(here) = ancestor {
                if let Some(origin) = self.moved.get(&here) {
                    let rest = &pointer.as_str()[here.as_str().len()..];
                    let rest = Pointer::parse(rest).unwrap_or_default();
                    return Origin {
                        overlay: origin.overlay,
                        pointer: origin.pointer.concat(&rest),
                    };
                }
                ancestor = here.parent();
            }
        }
        Origin {
            overlay: None,
            pointer: pointer.clone(),
        }
    }

    fn set(&mut self, at: &Pointer, origin: Origin) {
        self.forget(at);
        self.moved.insert(at.clone(), origin);
    }

    fn forget(&mut self, at: &Pointer) {
        self.moved.remove(at);
        for below in self.below(at) {
            self.moved.remove(&below);
        }
    }

    /// The nodes below this one that were brought or moved.
    fn below(&self, at: &Pointer) -> Vec<Pointer> {
        let below = self.moved.range(at.descendants());
        below.map(|(known, _)| known.clone()).collect()
    }

    /// The elements of an array of `length` elements that are left when those at `removed`, in rising order, go away
    /// move to the front.
    fn close_gaps(&mut self, array: &Pointer, removed: &[usize], length: usize) {
        let Some(first) = removed.first() else {
            return;
        };
        let mut to = *first;
        for from in *first..length {
            let was = array.index(from);
            if removed.binary_search(&from).is_ok() {
                self.forget(&was);
                continue;
            }
            let whole = self.of(&was);
            let mut origins = vec![(array.index(to), whole)];
            for known in self.below(&was) {
                let rest = Pointer::parse(&known.as_str()[was.as_str().len()..]);
                if let (Some(rest), Some(origin)) = (rest, self.moved.remove(&known)) {
                    origins.push((array.index(to).concat(&rest), origin));
                }
            }
            self.moved.remove(&was);
            self.moved.extend(origins);
            to += 1;
        }
    }
}

/// Why an overlay cannot be applied, and the node of the overlay where it says so.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) at: Pointer,
    pub(crate) message: String,
}

fn refuse<T>(at: &Pointer, message: impl fmt::Display) -> Result<T, Refusal> {
    Err(Refusal {
        at: at.clone(),
        message: message.to_string(),
    })
}

/// What a value is to an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Object,
    Array,
    Primitive,
}

impl Kind {
    const fn of(value: &Value) -> Self {
        match value {
            Value::Object(_) => Self::Object,
            Value::Array(_) => Self::Array,
            _ => Self::Primitive,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Primitive => "a primitive",
        })
    }
}

/// One overlay that is being applied.
struct Applied<'a> {
    number: usize,
    /// Whether it is of version 1.0, which has no `copy`.
    is_first: bool,
    root: &'a mut Value,
    origins: &'a mut Origins,
    work: &'a Work<'a>,
    /// How much there is to look at, at most: what goes away is not taken off.
    extent: Extent,
}

/// Applies the overlay with this number to the root; answers which actions selected nothing.
pub(crate) fn apply(
    root: &mut Value,
    overlay: &Value,
    number: usize,
    origins: &mut Origins,
    work: &Work<'_>,
) -> Result<Vec<Pointer>, Refusal> {
    let actions = actions(overlay)?;
    let is_first = overlay["overlay"]
        .as_str()
        .is_some_and(|version| version.starts_with("1.0."));
    let mut idle = Vec::new();
    let mut applied = Applied {
        number,
        is_first,
        extent: Extent::of(root),
        root,
        origins,
        work,
    };
    let mut seen = HashMap::new();
    for (index, action) in actions.iter().enumerate() {
        let at = Pointer::root().join("actions").index(index);
        if let Some(same) = seen.insert(action, index) {
            let first = Pointer::root().join("actions").index(same);
            return refuse(&at, format!("it is the action at #{first} once more"));
        }
        if !applied.action(action, &at)? {
            idle.push(at.join("target"));
        }
    }
    Ok(idle)
}

/// The actions of an overlay whose form is right.
fn actions(overlay: &Value) -> Result<&[Value], Refusal> {
    let root = Pointer::root();
    let Some(members) = overlay.as_object() else {
        return refuse(
            &root,
            "an overlay is an object with `overlay`, `info` and `actions`",
        );
    };
    known(members, &root, &["overlay", "info", "extends", "actions"])?;
    match members.get("overlay").and_then(Value::as_str) {
        Some(version) if is_version(version) => {}
        Some(version) => {
            return refuse(
                &root.join("overlay"),
                format!("version {version:?} is not known; Overlay 1.0 and 1.1 are"),
            );
        }
        None => {
            return refuse(
                &root,
                "it has no `overlay`, the version of the Overlay Specification",
            );
        }
    }
    let info = root.join("info");
    let Some(Value::Object(about)) = members.get("info") else {
        return refuse(&root, "it has no `info` with a `title` and a `version`");
    };
    for name in ["title", "version"] {
        if !about.get(name).is_some_and(Value::is_string) {
            return refuse(&info, format!("`info` has no `{name}` that is a string"));
        }
    }
    if about
        .get("description")
        .is_some_and(|text| !text.is_string())
    {
        return refuse(&info.join("description"), "`description` is a string");
    }
    known(about, &info, &["title", "version", "description"])?;
    if members
        .get("extends")
        .is_some_and(|extends| !extends.is_string())
    {
        return refuse(&root.join("extends"), "`extends` is a string");
    }
    match members.get("actions") {
        Some(Value::Array(actions)) if !actions.is_empty() => Ok(actions),
        _ => refuse(&root, "it has no `actions`: a list of at least one"),
    }
}

fn is_version(text: &str) -> bool {
    let mut parts = text.split('.');
    parts.next() == Some("1")
        && matches!(parts.next(), Some("0" | "1"))
        && parts
            .next()
            .is_some_and(|patch| patch.parse::<u32>().is_ok())
        && parts.next().is_none()
}

fn known(members: &Map<String, Value>, at: &Pointer, names: &[&str]) -> Result<(), Refusal> {
    let stranger = members
        .keys()
        .find(|name| !names.contains(&name.as_str()) && !name.starts_with("x-"));
    match stranger {
        Some(name) => refuse(
            &at.join(name),
            format!("`{name}` is not known here; {} are", names.join(", ")),
        ),
        None => Ok(()),
    }
}

impl Applied<'_> {
    /// Whether the action selected anything.
    fn action(&mut self, action: &Value, at: &Pointer) -> Result<bool, Refusal> {
        let Some(members) = action.as_object() else {
            return refuse(at, "an action is an object");
        };
        known(
            members,
            at,
            &["target", "description", "update", "remove", "copy"],
        )?;
        let Some(target) = members.get("target").and_then(Value::as_str) else {
            return refuse(at, "an action has a `target`, a JSONPath");
        };
        if members
            .get("description")
            .is_some_and(|text| !text.is_string())
        {
            return refuse(&at.join("description"), "`description` is a string");
        }
        let nodes = self.select(target, &at.join("target"))?;
        let is_removed = match members.get("remove") {
            None => None,
            Some(Value::Bool(is_removed)) => Some(*is_removed),
            Some(_) => return refuse(&at.join("remove"), "`remove` is true or false"),
        };
        let copy = members.get("copy");
        if copy.is_some() && self.is_first {
            return refuse(
                &at.join("copy"),
                "`copy` came with Overlay 1.1, and `overlay` says 1.0",
            );
        }
        match (is_removed, copy, members.get("update")) {
            (Some(true), _, _) => self.remove(&nodes, &at.join("target"))?,
            (_, Some(_), Some(_)) => {
                return refuse(at, "an action has one of `update` and `copy`");
            }
            (_, Some(copy), None) => self.copy(&nodes, copy, at)?,
            (_, None, Some(update)) => {
                let origin = Origin {
                    overlay: Some(self.number),
                    pointer: at.join("update"),
                };
                let (cost, brought) = (Cost::of(update), Extent::of(update));
                self.make_room(&nodes, cost, &brought, &at.join("update"))?;
                self.update(&nodes, update, &origin, at, None)?;
            }
            // It says that nothing is removed, and that is all.
            (Some(false), None, None) => {}
            (None, None, None) => {
                return refuse(
                    at,
                    "an action has one of `update`, `remove: true` and `copy`",
                );
            }
        }
        Ok(!nodes.is_empty())
    }

    fn copy(&mut self, nodes: &[Pointer], copy: &Value, at: &Pointer) -> Result<(), Refusal> {
        let from = at.join("copy");
        let Some(path) = copy.as_str() else {
            return refuse(&from, "`copy` is a JSONPath");
        };
        let source = self.select(path, &from)?;
        let [source] = source.as_slice() else {
            return refuse(
                &from,
                format!("`copy` selects {} nodes; one was expected", source.len()),
            );
        };
        let value = source.get(self.root).unwrap_or(&Value::Null);
        let (cost, brought) = (Cost::of(value), Extent::of(value));
        // What is copied is there once more while that is done.
        let room = self.work.room;
        room.spend_nodes(cost.nodes)
            .and_then(|()| room.spend_bytes(cost.bytes))
            .or_else(|exceeded| refuse(&from, format!("it needs {exceeded}")))?;
        self.make_room(nodes, cost, &brought, &from)?;
        let value = source.get(self.root).cloned().unwrap_or_default();
        let origin = self.origins.of(source);
        self.update(nodes, &value, &origin, at, Some(&from))
    }

    fn spend(&self, steps: u64, at: &Pointer) -> Result<(), Refusal> {
        self.work
            .steps
            .spend_steps(steps)
            .or_else(|exceeded| refuse(at, format!("it needs {exceeded}")))
    }

    /// Spends the room that a value takes at each of these nodes.
    fn make_room(
        &mut self,
        nodes: &[Pointer],
        cost: Cost,
        brought: &Extent,
        at: &Pointer,
    ) -> Result<(), Refusal> {
        let room = self.work.room;
        for node in nodes {
            let deepest = node.tokens().count() + cost.depth;
            room.check_depth(deepest)
                .and_then(|()| room.spend_nodes(cost.nodes))
                .and_then(|()| room.spend_bytes(cost.bytes))
                .and_then(|()| self.work.steps.spend_steps(cost.nodes))
                .or_else(|exceeded| refuse(at, format!("it needs {exceeded}")))?;
        }
        self.extent.grow(nodes, brought);
        Ok(())
    }

    /// The nodes that a `JSONPath` selects, each once, in the order of the document.
    fn select(&self, path: &str, at: &Pointer) -> Result<Vec<Pointer>, Refusal> {
        if extent::nesting(path) > extent::NESTED {
            return refuse(
                at,
                format!(
                    "its brackets stand in each other more than {} levels deep",
                    extent::NESTED
                ),
            );
        }
        let parsed = match JsonPath::parse(path) {
            Ok(path) => path,
            Err(error) => {
                return refuse(at, format!("{path:?} is no JSONPath (RFC 9535): {error}"));
            }
        };
        self.spend(extent::steps(path, &self.extent), at)?;
        let nodes: BTreeSet<Pointer> = parsed
            .query_located(self.root)
            .locations()
            .filter_map(|location| Pointer::parse(&location.to_json_pointer()))
            .take(MAX_TARGETS + 1)
            .collect();
        if nodes.len() > MAX_TARGETS {
            return refuse(
                at,
                format!("the target selects more than {MAX_TARGETS} nodes"),
            );
        }
        Ok(nodes.into_iter().collect())
    }

    /// Brings a value to each node of an action. What cannot be merged is refused at `told` where that is given, else
    /// at the part of the overlay that does not fit.
    fn update(
        &mut self,
        nodes: &[Pointer],
        update: &Value,
        origin: &Origin,
        at: &Pointer,
        told: Option<&Pointer>,
    ) -> Result<(), Refusal> {
        let kinds: BTreeSet<Kind> = nodes
            .iter()
            .filter_map(|node| node.get(self.root).map(Kind::of))
            .collect();
        if kinds.len() > 1 {
            return refuse(
                &at.join("target"),
                "the target selects nodes of several kinds; they are all objects, all arrays or all primitives",
            );
        }
        for node in nodes {
            match node.get(self.root) {
                Some(Value::Array(items)) if !update.is_array() => {
                    let behind = node.index(items.len());
                    self.append(node, update.clone());
                    self.origins.set(&behind, origin.clone());
                }
                _ => self.merge(node, update, origin, told)?,
            }
        }
        Ok(())
    }

    fn append(&mut self, array: &Pointer, entry: Value) {
        if let Some(Value::Array(items)) = self.root.pointer_mut(array.as_str()) {
            items.push(entry);
        }
    }

    /// Objects are merged, arrays appended, primitives replaced; all else does not fit.
    fn merge(
        &mut self,
        node: &Pointer,
        update: &Value,
        origin: &Origin,
        told: Option<&Pointer>,
    ) -> Result<(), Refusal> {
        let below = |origin: &Origin, token: &str| Origin {
            overlay: origin.overlay,
            pointer: origin.pointer.join(token),
        };
        match (self.root.pointer_mut(node.as_str()), update) {
            (Some(Value::Object(members)), Value::Object(update)) => {
                let new: HashSet<&String> = update
                    .keys()
                    .filter(|name| !members.contains_key(*name))
                    .collect();
                for name in &new {
                    members.insert((*name).clone(), update[*name].clone());
                }
                for (name, value) in update {
                    let (node, origin) = (node.join(name), below(origin, name));
                    if new.contains(name) {
                        self.origins.set(&node, origin);
                    } else {
                        self.merge(&node, value, &origin, told)?;
                    }
                }
            }
            (Some(Value::Array(items)), Value::Array(update)) => {
                let length = items.len();
                items.extend(update.iter().cloned());
                for index in 0..update.len() {
                    let origin = below(origin, &index.to_string());
                    self.origins.set(&node.index(length + index), origin);
                }
            }
            (Some(value), update) => {
                let (there, brought) = (Kind::of(value), Kind::of(update));
                if there != brought || there != Kind::Primitive {
                    return refuse(
                        told.unwrap_or(&origin.pointer),
                        format!(
                            "#{node} is {there}, and what is brought is {brought}; remove it first to put another kind in its place"
                        ),
                    );
                }
                *value = update.clone();
                self.origins.set(node, origin.clone());
            }
            (None, _) => {}
        }
        Ok(())
    }

    fn remove(&mut self, nodes: &[Pointer], at: &Pointer) -> Result<(), Refusal> {
        // What stands deeper first: its pointer is still right then.
        let mut by_parent: BTreeMap<Pointer, BTreeSet<String>> = BTreeMap::new();
        for node in nodes {
            let (Some(parent), Some(name)) = (node.parent(), node.last()) else {
                return refuse(at, "the whole document cannot be removed");
            };
            by_parent.entry(parent).or_default().insert(name);
        }
        for (parent, names) in by_parent.iter().rev() {
            match self.root.pointer_mut(parent.as_str()) {
                Some(Value::Object(members)) => {
                    let length = members.len() as u64;
                    members.retain(|name, _| !names.contains(name));
                    for name in names {
                        self.origins.forget(&parent.join(name));
                    }
                    self.spend(length, at)?;
                }
                Some(Value::Array(items)) => {
                    let length = items.len();
                    let removed: BTreeSet<usize> =
                        names.iter().filter_map(|name| name.parse().ok()).collect();
                    let mut index = 0..;
                    items.retain(|_| index.next().is_none_or(|index| !removed.contains(&index)));
                    let removed: Vec<_> = removed.into_iter().collect();
                    self.origins.close_gaps(parent, &removed, length);
                    self.spend(STEPS_OF_A_MOVE * length as u64, at)?;
                }
                // It went away with one of its ancestors.
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
