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

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::Pointer;

/// How many nodes one action may select.
const MOST_TARGETS: usize = 100_000;

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
        self.moved.retain(|known, _| !known.starts_with(at));
    }

    /// The elements behind `index` of an array of `length` elements move one to the front.
    fn close_gap(&mut self, array: &Pointer, index: usize, length: usize) {
        self.forget(&array.index(index));
        for behind in index + 1..length {
            let (from, to) = (array.index(behind), array.index(behind - 1));
            let whole = self.of(&from);
            let below: Vec<_> = self
                .moved
                .iter()
                .filter(|(known, _)| known.starts_with(&from))
                .map(|(known, origin)| (known.clone(), origin.clone()))
                .collect();
            self.set(&to, whole);
            for (known, origin) in below {
                let rest = &known.as_str()[from.as_str().len()..];
                let rest = Pointer::parse(rest).unwrap_or_default();
                self.moved.insert(to.concat(&rest), origin);
            }
        }
        if let Some(last) = length.checked_sub(1) {
            self.forget(&array.index(last));
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
}

/// Applies the overlay with this number to the root; answers which actions selected nothing.
pub(crate) fn apply(
    root: &mut Value,
    overlay: &Value,
    number: usize,
    origins: &mut Origins,
) -> Result<Vec<Pointer>, Refusal> {
    let actions = actions(overlay)?;
    let is_first = overlay["overlay"]
        .as_str()
        .is_some_and(|version| version.starts_with("1.0."));
    let mut idle = Vec::new();
    let mut applied = Applied {
        number,
        is_first,
        root,
        origins,
    };
    for (index, action) in actions.iter().enumerate() {
        let at = Pointer::root().join("actions").index(index);
        if let Some(same) = actions[..index].iter().position(|one| one == action) {
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
        let value = source.get(self.root).cloned().unwrap_or_default();
        let origin = self.origins.of(source);
        self.update(nodes, &value, &origin, at, Some(&from))
    }

    /// The nodes that a `JSONPath` selects, each once, in the order of the document.
    fn select(&self, path: &str, at: &Pointer) -> Result<Vec<Pointer>, Refusal> {
        let path = match JsonPath::parse(path) {
            Ok(path) => path,
            Err(error) => {
                return refuse(at, format!("{path:?} is no JSONPath (RFC 9535): {error}"));
            }
        };
        let nodes: BTreeSet<Pointer> = path
            .query_located(self.root)
            .locations()
            .filter_map(|location| Pointer::parse(&location.to_json_pointer()))
            .take(MOST_TARGETS + 1)
            .collect();
        if nodes.len() > MOST_TARGETS {
            return refuse(
                at,
                format!("the target selects more than {MOST_TARGETS} nodes"),
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
                let new: Vec<&String> = update
                    .keys()
                    .filter(|name| !members.contains_key(*name))
                    .collect();
                for name in &new {
                    members.insert((*name).clone(), update[*name].clone());
                }
                for (name, value) in update {
                    let (node, origin) = (node.join(name), below(origin, name));
                    if new.contains(&name) {
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
        // The last elements of an array first, so that those before keep their places.
        let mut nodes: Vec<(Pointer, Option<Pointer>, Option<usize>)> = nodes
            .iter()
            .map(|node| {
                let index = node.last().and_then(|last| last.parse().ok());
                (node.clone(), node.parent(), index)
            })
            .collect();
        nodes.sort_by(|(_, a_parent, a), (_, b_parent, b)| {
            b_parent.cmp(a_parent).then_with(|| b.cmp(a))
        });
        for (node, parent, _) in nodes {
            let (Some(parent), Some(name)) = (parent, node.last()) else {
                return refuse(at, "the whole document cannot be removed");
            };
            match self.root.pointer_mut(parent.as_str()) {
                Some(Value::Object(members)) => {
                    members.shift_remove(&name);
                    self.origins.forget(&node);
                }
                Some(Value::Array(items)) => {
                    let length = items.len();
                    if let Some(index) = name.parse::<usize>().ok().filter(|index| *index < length)
                    {
                        items.remove(index);
                        self.origins.close_gap(&parent, index, length);
                    }
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
