//! Where a reference leads: to a file, a schema that names itself, an anchor or a node.

use std::collections::HashSet;

use serde_json::Value;

use super::Document;
use crate::{Address, FileId, Pointer, ReferenceError, references};

/// The longest chain of references that is followed to the object behind it.
const MAX_REFERENCES: usize = 256;

impl Document {
    /// One step of a reference that stands in the file `base`.
    ///
    /// # Errors
    ///
    /// When its file was not loaded, its fragment is no JSON Pointer, or nothing is there.
    pub fn resolve(&self, base: FileId, reference: &str) -> Result<Address, ReferenceError> {
        let whole = Address {
            file: base,
            pointer: Pointer::root(),
        };
        self.resolve_from(&whole, reference)
    }

    fn resolve_from(&self, at: &Address, reference: &str) -> Result<Address, ReferenceError> {
        let base = at.file;
        let target = references::split(reference);
        if let Some(named) = self.by_name(at, target.file) {
            return self.within(named, &target.fragment, reference);
        }
        let file = if target.file.is_empty() {
            base
        } else {
            match self.links.get(&(base, target.file.to_owned())) {
                Some(Ok(file)) => *file,
                Some(Err(reason)) => {
                    return Err(ReferenceError::File {
                        reference: reference.to_owned(),
                        reason: reason.clone(),
                    });
                }
                None => {
                    return Err(ReferenceError::File {
                        reference: reference.to_owned(),
                        reason: "its file was not loaded".to_owned(),
                    });
                }
            }
        };
        let whole = Address {
            file,
            pointer: Pointer::root(),
        };
        self.within(&whole, &target.fragment, reference)
    }

    /// One step of a reference that stands at `at` or below: as [`Self::resolve`], from the schema that
    /// names itself with `$id` where one is around it. What is not there is looked for in the whole file,
    /// as many authors mean it.
    ///
    /// # Errors
    ///
    /// As [`Self::resolve`].
    pub fn resolve_at(&self, at: &Address, reference: &str) -> Result<Address, ReferenceError> {
        if reference.starts_with('#') && !self.resources.is_empty() {
            let resource = self.resource_of(at);
            if !resource.pointer.is_root()
                && let Ok(found) =
                    self.within(&resource, &references::split(reference).fragment, reference)
            {
                return Ok(found);
            }
        }
        self.resolve_from(at, reference)
    }

    /// The nodes of a file that call themselves `name` with `$anchor` or `$dynamicAnchor`, those first around
    /// which no schema names itself.
    pub fn anchored(&self, file: FileId, name: &str) -> Vec<Address> {
        let alike = self.anchors.get(&(file, format!("#{name}")));
        let mut found: Vec<Address> = alike
            .into_iter()
            .flatten()
            .map(|pointer| Address {
                file,
                pointer: pointer.clone(),
            })
            .collect();
        found.sort_by_cached_key(|at| self.resource_of(at).pointer.tokens().count());
        found
    }

    /// The innermost schema with an `$id` that a node is or stands in, else its file.
    pub(super) fn resource_of(&self, at: &Address) -> Address {
        let mut around = at.clone();
        while !self.resources.contains_key(&around) {
            match around.parent() {
                Some(parent) => around = parent,
                None => break,
            }
        }
        around
    }

    /// The node that a fragment names in a file, or in a schema that names itself.
    fn within(
        &self,
        whole: &Address,
        fragment: &str,
        reference: &str,
    ) -> Result<Address, ReferenceError> {
        let Some(pointer) = Pointer::parse(fragment) else {
            let alike = self.anchors.get(&(whole.file, format!("#{fragment}")));
            let alike = alike.map(Vec::as_slice).unwrap_or_default();
            let address = |pointer: &Pointer| Address {
                file: whole.file,
                pointer: pointer.clone(),
            };
            let own = alike
                .iter()
                .map(address)
                .find(|anchor| self.resource_of(anchor) == *whole);
            return own.or_else(|| alike.first().map(address)).ok_or_else(|| {
                ReferenceError::NotAPointer {
                    reference: reference.to_owned(),
                }
            });
        };
        let address = Address {
            file: whole.file,
            pointer: whole.pointer.concat(&pointer),
        };
        if self.get(&address).is_none() {
            return Err(ReferenceError::Missing {
                reference: reference.to_owned(),
                missing: self.first_missing(&address),
            });
        }
        Ok(address)
    }

    fn first_missing(&self, address: &Address) -> String {
        let mut there = Pointer::root();
        for token in address.pointer.tokens() {
            there.push(&token);
            if self
                .file(address.file)
                .is_none_or(|root| there.get(root).is_none())
            {
                break;
            }
        }
        format!("#{there}")
    }

    /// Follows `$ref` from object to object, until one has none.
    ///
    /// # Errors
    ///
    /// When a step leads nowhere, or the steps lead in a circle.
    pub fn follow(&self, at: &Address) -> Result<(Address, &Value), ReferenceError> {
        let mut address = at.clone();
        let mut seen = HashSet::new();
        loop {
            let value = self.get(&address).ok_or_else(|| ReferenceError::Missing {
                reference: format!("#{}", address.pointer),
                missing: self.first_missing(&address),
            })?;
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Ok((address, value));
            };
            let next = self.resolve_at(&address, reference)?;
            if !seen.insert(address) {
                return Err(ReferenceError::Circle {
                    reference: reference.to_owned(),
                });
            }
            if seen.len() > MAX_REFERENCES {
                return Err(ReferenceError::TooLong {
                    reference: reference.to_owned(),
                    limit: MAX_REFERENCES,
                });
            }
            address = next;
        }
    }
}
