//! Which operations of two documents are the same.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use crate::contract::{Contract, Direction, Location, Operation, OperationId, Parameter};

use super::{change::Flow, side::Side};

/// Who sends a request: a client of the service, or the service itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// An operation of the service.
    Called,
    /// A webhook or callback: the service calls its client.
    Calling,
}

/// An operation that both documents have.
#[derive(Debug)]
pub(super) struct Matched {
    pub(super) old: Arc<Operation>,
    pub(super) new: Arc<Operation>,
    pub(super) role: Role,
}

impl Matched {
    /// The id under which changes name it.
    pub(super) fn id(&self) -> &str {
        self.old.id.as_str()
    }

    /// The side whose values are sent: the old document's client sends requests, the new one's service
    /// responses.
    pub(super) fn producer(&self, flow: Flow) -> Side {
        match (self.role, flow) {
            (Role::Called, Flow::Request) | (Role::Calling, Flow::Response) => Side::Old,
            (Role::Called, Flow::Response) | (Role::Calling, Flow::Request) => Side::New,
        }
    }

    /// The direction for which schemas are read: which properties do not travel.
    pub(super) fn direction(flow: Flow) -> Direction {
        match flow {
            Flow::Request => Direction::Request,
            Flow::Response => Direction::Response,
        }
    }

    /// Parameters that stand for each other; those of a path by their place in it.
    pub(super) fn parameters(&self) -> Vec<(Option<&Parameter>, Option<&Parameter>)> {
        let new_path: Vec<&str> = self.new.path.parameters().collect();
        let old_path: Vec<&str> = self.old.path.parameters().collect();
        let counterpart = |one: &Parameter, names: [&[&str]; 2]| match one.location {
            Location::Path => names[0]
                .iter()
                .position(|name| *name == one.name)
                .and_then(|index| names[1].get(index))
                .map_or_else(|| one.name.clone(), |name| (*name).to_owned()),
            _ => one.name.clone(),
        };
        let find = |all: &'_ [Parameter], location: Location, name: &str| {
            all.iter().position(|other| {
                other.location == location
                    && if location == Location::Header {
                        other.name.eq_ignore_ascii_case(name)
                    } else {
                        other.name == name
                    }
            })
        };
        let mut pairs = Vec::new();
        for one in &self.old.parameters {
            let name = counterpart(one, [&old_path, &new_path]);
            let other = find(&self.new.parameters, one.location, &name);
            pairs.push((Some(one), other.map(|index| &self.new.parameters[index])));
        }
        for one in &self.new.parameters {
            let name = counterpart(one, [&new_path, &old_path]);
            if find(&self.old.parameters, one.location, &name).is_none() {
                pairs.push((None, Some(one)));
            }
        }
        pairs
    }
}

/// Two contracts, their operations paired.
pub(super) struct Subject<'c> {
    pub(super) old: &'c Contract,
    pub(super) new: &'c Contract,
    /// Operations that both have, in the old document's order; hooks last.
    pub(super) matched: Vec<Matched>,
    pub(super) removed: Vec<(Arc<Operation>, Role)>,
    pub(super) added: Vec<(Arc<Operation>, Role)>,
    /// What is found under another method or path, by its `operationId`.
    pub(super) moved: Vec<(Arc<Operation>, Arc<Operation>)>,
}

impl<'c> Subject<'c> {
    pub(super) fn of(old: &'c Contract, new: &'c Contract) -> Self {
        let mut subject = Self {
            old,
            new,
            matched: Vec::new(),
            removed: Vec::new(),
            added: Vec::new(),
            moved: Vec::new(),
        };
        subject.pair(
            old.operations().to_vec(),
            new.operations().to_vec(),
            Role::Called,
            [
                &|operation| format!("{} {}", operation.method, operation.path),
                &|operation| format!("{} {}", operation.method, nameless(operation.path.as_str())),
            ],
        );
        subject.pair(
            hooks(old),
            hooks(new),
            Role::Calling,
            [
                &|operation| operation.address.pointer.to_string(),
                &|operation| nameless(operation.address.pointer.as_str()),
            ],
        );
        subject
    }

    /// The ids of those that both have under different ones: the old one and the new one.
    pub(super) fn renamed(&self) -> Vec<[String; 2]> {
        let both = self.matched.iter().map(|one| [&one.old.id, &one.new.id]);
        both.filter(|[old, new]| old != new)
            .map(|both| both.map(ToString::to_string))
            .collect()
    }

    /// The operations of both that clients call: webhooks and callbacks are left out.
    pub(super) fn called(&self) -> impl Iterator<Item = &Matched> {
        let is_called = |operation: &&Matched| operation.role == Role::Called;
        self.matched.iter().filter(is_called)
    }

    /// Webhooks and callbacks of both, which the service calls.
    pub(super) fn calling(&self) -> impl Iterator<Item = &Matched> {
        let is_calling = |operation: &&Matched| operation.role == Role::Calling;
        self.matched.iter().filter(is_calling)
    }

    /// Pairs operations by the first key that both sides have, then by their ids.
    fn pair(
        &mut self,
        old: Vec<Arc<Operation>>,
        new: Vec<Arc<Operation>>,
        role: Role,
        keys: [&dyn Fn(&Operation) -> String; 2],
    ) {
        let mut left: Vec<Option<Arc<Operation>>> = new.into_iter().map(Some).collect();
        let mut found: Vec<Option<Arc<Operation>>> = vec![None; old.len()];
        for key in keys {
            let mut waiting: HashMap<String, VecDeque<usize>> = HashMap::new();
            for (number, operation) in left.iter().enumerate() {
                if let Some(operation) = operation {
                    waiting.entry(key(operation)).or_default().push_back(number);
                }
            }
            for (operation, found) in old.iter().zip(&mut found) {
                if found.is_none()
                    && let Some(numbers) = waiting.get_mut(&key(operation))
                    && let Some(number) = numbers.pop_front()
                {
                    *found = left[number].take();
                }
            }
        }
        let mut lost = Vec::new();
        for (operation, found) in old.into_iter().zip(found) {
            match found {
                Some(new) => self.matched.push(Matched {
                    old: operation,
                    new,
                    role,
                }),
                None => lost.push(operation),
            }
        }
        for operation in lost {
            let by_id = left.iter_mut().find(|other| {
                other
                    .as_ref()
                    .is_some_and(|other| other.id == operation.id && is_named(&other.id))
            });
            match by_id.and_then(Option::take) {
                Some(new) => {
                    if role == Role::Called {
                        self.moved.push((Arc::clone(&operation), Arc::clone(&new)));
                    }
                    self.matched.push(Matched {
                        old: operation,
                        new,
                        role,
                    });
                }
                None => self.removed.push((operation, role)),
            }
        }
        let added = left.into_iter().flatten();
        self.added.extend(added.map(|operation| (operation, role)));
    }
}

/// Whether an id was given by the document: without one it is the method and the path.
fn is_named(id: &OperationId) -> bool {
    !id.as_str().contains(' ')
}

/// A path whose parameters have no names.
fn nameless(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str("{}");
        rest = behind.split_once('}').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

/// What the service calls. Path items among the components count where a webhook refers to them.
fn hooks(contract: &Contract) -> Vec<Arc<Operation>> {
    let webhooks = contract
        .document()
        .root()
        .get("webhooks")
        .map(ToString::to_string)
        .unwrap_or_default();
    contract
        .hooks()
        .into_iter()
        .filter(|hook| {
            let pointer = hook.address.pointer.as_str();
            let is_operation = contract
                .operations()
                .iter()
                .any(|operation| operation.address == hook.address);
            let item = pointer
                .strip_prefix("/components/pathItems/")
                .and_then(|rest| rest.split('/').next());
            !is_operation
                && item.is_none_or(|name| {
                    webhooks.contains(&format!("#/components/pathItems/{name}\""))
                })
        })
        .map(Arc::new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_no_names() {
        assert_eq!(nameless("/a/{id}.json/{x}"), "/a/{}.json/{}");
    }
}
