//! From a request to its operation: server, base path, concrete before templated, percent-decoding,
//! trailing slash (OpenAPI 3.1.1 §4.8.8).

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use http::Method;

use super::{
    path::{Part, match_segment},
    server,
};
use crate::contract::OperationIndex;

/// A tree over the segments of all path templates.
#[derive(Debug, Default)]
pub(super) struct Router {
    top: Branch,
}

#[derive(Debug, Default)]
struct Branch {
    /// Segments of text alone.
    literal: HashMap<String, Branch, ahash::RandomState>,
    /// Segments with parameters; those with more text first.
    templated: Vec<(Vec<Part>, Branch)>,
    /// The operations that end here.
    operations: BTreeMap<String, Vec<Target>>,
}

/// An operation and the places where it is served, by their places in the contract.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) operation: OperationIndex,
    pub(super) places: Vec<usize>,
}

/// The operation found, with the values of its path parameters.
pub(super) type Found = (OperationIndex, Vec<(String, String)>);

/// Why no operation was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Miss {
    /// The methods of the paths that fit.
    pub(super) methods: Vec<String>,
    /// Whether a path without parameters fits: then no template does, whatever its methods.
    pub(super) is_concrete: bool,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) method: &'w Method,
    pub(super) path: &'w str,
    pub(super) base: &'w str,
    /// Whether a target is served where the request went.
    pub(super) serves: &'w dyn Fn(&Target) -> bool,
    /// Whether a target that is served elsewhere will do where no other fits.
    pub(super) is_lenient: bool,
}

impl Router {
    pub(super) fn add(&mut self, segments: &[Vec<Part>], method: &Method, target: Target) {
        let mut branch = &mut self.top;
        for parts in segments {
            branch = match parts.as_slice() {
                [Part::Literal(text)] => branch.literal.entry(text.clone()).or_default(),
                _ => branch.templated(parts),
            };
        }
        branch
            .operations
            .entry(method.as_str().to_owned())
            .or_default()
            .push(target);
    }

    /// Every path that fits, best first: the operation if the method is declared, else the methods
    /// that are.
    pub(super) fn find(&self, wanted: Wanted<'_>) -> Result<Found, Miss> {
        let Some(rest) = below(wanted.path, wanted.base) else {
            return Err(Miss::default());
        };
        let segments: Vec<&str> = rest.strip_prefix('/').unwrap_or(rest).split('/').collect();
        let mut search = Search {
            wanted,
            values: Vec::new(),
            miss: Miss::default(),
        };
        self.top.search(&segments, &mut search).ok_or(search.miss)
    }

    /// Like [`Router::find`], with the trailing slash put in or left out where that helps.
    pub(super) fn find_lenient(&self, wanted: Wanted<'_>) -> Result<Found, Miss> {
        let miss = match self.find(wanted) {
            Err(miss) if !miss.is_concrete => miss,
            settled => return settled,
        };
        let other = match wanted.path.strip_suffix('/') {
            Some(without) => without.to_owned(),
            None => format!("{}/", wanted.path),
        };
        let path = other.as_str();
        self.find(Wanted { path, ..wanted })
            .map_err(|more| if miss.methods.is_empty() { more } else { miss })
    }
}

/// What follows the base path; `None` for a path elsewhere.
fn below<'p>(path: &'p str, base: &str) -> Option<&'p str> {
    if server::is_open(base) {
        return base
            .trim_matches('/')
            .split('/')
            .try_fold(path, |path, wanted| {
                let path = path.strip_prefix('/')?;
                let (segment, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
                server::is_segment(wanted, segment).then_some(rest)
            });
    }
    let rest = path.strip_prefix(base.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

struct Search<'s> {
    wanted: Wanted<'s>,
    values: Vec<(String, String)>,
    miss: Miss,
}

impl Branch {
    fn templated(&mut self, parts: &[Part]) -> &mut Branch {
        // Two templates that differ in names alone share a branch only when the names agree, so
        // that each operation gets its values under its own names.
        let at = self
            .templated
            .iter()
            .position(|(known, _)| known == parts)
            .unwrap_or_else(|| {
                let text = |parts: &[Part]| -> usize {
                    parts
                        .iter()
                        .map(|part| match part {
                            Part::Literal(text) => text.len(),
                            Part::Parameter(_) => 0,
                        })
                        .sum()
                };
                let at = self
                    .templated
                    .partition_point(|(known, _)| text(known) >= text(parts));
                self.templated.insert(at, (parts.to_vec(), Self::default()));
                at
            });
        &mut self.templated[at].1
    }

    fn search(&self, segments: &[&str], search: &mut Search<'_>) -> Option<Found> {
        let Some((segment, rest)) = segments.split_first() else {
            return self.end(search);
        };
        let decoded = if segment.contains('%') {
            percent_encoding::percent_decode_str(segment).decode_utf8_lossy()
        } else {
            Cow::Borrowed(*segment)
        };
        if let Some(branch) = self.literal.get(decoded.as_ref())
            && let Some(found) = branch.search(rest, search)
        {
            return Some(found);
        }
        for (parts, branch) in &self.templated {
            // A concrete path wins over every template (§4.8.8.1), its methods being what they are.
            if search.miss.is_concrete {
                return None;
            }
            let Some(values) = match_segment(parts, segment) else {
                continue;
            };
            let before = search.values.len();
            search.values.extend(values);
            if let Some(found) = branch.search(rest, search) {
                return Some(found);
            }
            search.values.truncate(before);
        }
        None
    }

    fn end(&self, search: &mut Search<'_>) -> Option<Found> {
        let Wanted {
            method,
            serves,
            is_lenient,
            ..
        } = search.wanted;
        let chosen = |targets: &[Target]| -> Option<OperationIndex> {
            let served = targets.iter().find(|target| serves(target));
            let target = served.or_else(|| targets.first().filter(|_| is_lenient))?;
            Some(target.operation)
        };
        let declared = self.operations.get(method.as_str());
        if let Some(operation) = declared.and_then(|targets| chosen(targets)) {
            return Some((operation, std::mem::take(&mut search.values)));
        }
        for (method, targets) in &self.operations {
            if chosen(targets).is_some() {
                search.miss.is_concrete |= search.values.is_empty();
                if !search.miss.methods.contains(method) {
                    search.miss.methods.push(method.clone());
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::PathTemplate;

    fn router(paths: &[&str]) -> Router {
        let mut router = Router::default();
        for (operation, path) in OperationIndex::number(paths) {
            let target = Target {
                operation,
                places: vec![0],
            };
            router.add(PathTemplate::parse(path).segments(), &Method::GET, target);
        }
        router
    }

    fn wanted<'w>(method: &'w Method, path: &'w str, base: &'w str) -> Wanted<'w> {
        Wanted {
            method,
            path,
            base,
            serves: &|_| true,
            is_lenient: true,
        }
    }

    #[test]
    fn concrete_beats_templated_and_more_text_beats_less() {
        let router = router(&["/users/{id}", "/users/me", "/users/{id}.json", "/{any}/me"]);
        let found = |path: &str| {
            router
                .find(wanted(&Method::GET, path, ""))
                .map(|(operation, _)| operation.place())
        };
        assert_eq!(found("/users/me"), Ok(1));
        assert_eq!(found("/users/7"), Ok(0));
        assert_eq!(found("/users/7.json"), Ok(2));
        assert_eq!(found("/pets/me"), Ok(3));
        assert_eq!(found("/pets/7"), Err(Miss::default()));
    }

    #[test]
    fn a_dead_end_is_left_again() {
        let router = router(&["/a/b/c", "/a/{x}/d"]);
        assert_eq!(
            router.find(wanted(&Method::GET, "/a/b/d", "")),
            Ok((OperationIndex::new(1), vec![("x".into(), "b".into())]))
        );
    }

    #[test]
    fn a_method_that_is_not_declared_names_those_that_are() {
        assert_eq!(
            router(&["/a"]).find(wanted(&Method::PUT, "/a", "")),
            Err(Miss {
                methods: vec!["GET".into()],
                is_concrete: true
            })
        );
    }

    #[test]
    fn a_concrete_path_wins_whatever_its_methods() {
        let mut router = router(&["/things/count", "/a/{x}/c"]);
        for (operation, path) in [(2, "/things/{id}"), (3, "/a/b/{y}")] {
            let target = Target {
                operation: OperationIndex::new(operation),
                places: vec![0],
            };
            router.add(PathTemplate::parse(path).segments(), &Method::PUT, target);
        }
        let found = |path: &str| {
            let found = router.find_lenient(wanted(&Method::PUT, path, ""));
            found.map(|(operation, _)| operation.place()).ok()
        };
        assert_eq!(found("/things/count"), None);
        assert_eq!(found("/things/7"), Some(2));
        // Of two templates neither is concrete.
        assert_eq!(found("/a/b/c"), Some(3));
    }

    #[test]
    fn a_trailing_slash_is_forgiven_where_no_path_is_closer() {
        let router = router(&["/a", "/b/", "/c", "/c/"]);
        let found = |path: &str| {
            router
                .find_lenient(wanted(&Method::GET, path, ""))
                .map(|(operation, _)| operation.place())
        };
        assert_eq!(
            (found("/a/"), found("/b"), found("/c"), found("/c/")),
            (Ok(0), Ok(1), Ok(2), Ok(3))
        );
    }

    #[test]
    fn a_base_path_ends_at_a_segment() {
        let found = |path| router(&["/a"]).find(wanted(&Method::GET, path, "/v2"));
        assert!(found("/v2/a").is_ok());
        assert!(found("/v22/a").is_err());
    }
}
