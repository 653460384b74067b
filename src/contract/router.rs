//! From a request to its operation: server base path, concrete before templated, percent-decoding,
//! trailing slash (OpenAPI 3.1.1 §4.8.8).

use std::collections::BTreeMap;

use http::Method;
use indexmap::IndexMap;
use url::Url;

use super::path::{Part, match_segment};

/// A tree over the segments of all path templates.
#[derive(Debug, Default)]
pub(super) struct Router {
    top: Branch,
}

#[derive(Debug, Default)]
struct Branch {
    /// Segments of text alone.
    literal: IndexMap<String, Branch>,
    /// Segments with parameters; those with more text first.
    templated: Vec<(Vec<Part>, Branch)>,
    /// The operations that end here.
    operations: BTreeMap<String, Vec<Target>>,
}

/// An operation and the base paths it is served under.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) operation: usize,
    pub(super) base_paths: Vec<String>,
}

/// The operation found, by index, with the values of its path parameters.
pub(super) type Found = (usize, Vec<(String, String)>);

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
    pub(super) fn find(
        &self,
        method: &Method,
        path: &str,
        base: &str,
    ) -> Result<Found, Vec<String>> {
        let Some(rest) = below(path, base) else {
            return Err(Vec::new());
        };
        let segments: Vec<&str> = rest.strip_prefix('/').unwrap_or(rest).split('/').collect();
        let mut search = Search {
            method,
            base,
            values: Vec::new(),
            methods: Vec::new(),
        };
        self.top
            .search(&segments, &mut search)
            .ok_or(search.methods)
    }

    /// Like [`Router::find`], with the trailing slash put in or left out where that helps.
    pub(super) fn find_lenient(
        &self,
        method: &Method,
        path: &str,
        base: &str,
    ) -> Result<Found, Vec<String>> {
        let first = self.find(method, path, base);
        if first.is_ok() {
            return first;
        }
        let other = match path.strip_suffix('/') {
            Some(without) => without.to_owned(),
            None => format!("{path}/"),
        };
        match (first, self.find(method, &other, base)) {
            (_, Ok(found)) => Ok(found),
            (Err(methods), Err(more)) => Err(if methods.is_empty() { more } else { methods }),
            (Ok(found), _) => Ok(found),
        }
    }
}

/// What follows the base path; `None` for a path elsewhere.
fn below<'p>(path: &'p str, base: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(base.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

struct Search<'s> {
    method: &'s Method,
    base: &'s str,
    values: Vec<(String, String)>,
    methods: Vec<String>,
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
        let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
        if let Some(branch) = self.literal.get(decoded.as_ref())
            && let Some(found) = branch.search(rest, search)
        {
            return Some(found);
        }
        for (parts, branch) in &self.templated {
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
        let served = |target: &&Target| {
            target
                .base_paths
                .iter()
                .any(|base| base.trim_end_matches('/') == search.base.trim_end_matches('/'))
        };
        if let Some(targets) = self.operations.get(search.method.as_str())
            && let Some(target) = targets.iter().find(served).or_else(|| targets.first())
        {
            return Some((target.operation, search.values.clone()));
        }
        for method in self.operations.keys() {
            if !search.methods.contains(method) {
                search.methods.push(method.clone());
            }
        }
        None
    }
}

/// Every path a server URL may have: its variables put in with their defaults and their enumerated
/// values. The host plays no part, because recordings and tests use hosts of their own.
pub(super) fn base_paths(url: &str, variables: &IndexMap<String, Vec<String>>) -> Vec<String> {
    const MOST: usize = 64;
    let mut urls = vec![url.to_owned()];
    for (name, values) in variables {
        let placeholder = format!("{{{name}}}");
        if !url.contains(&placeholder) {
            continue;
        }
        urls = urls
            .iter()
            .flat_map(|url| values.iter().map(|value| url.replace(&placeholder, value)))
            .take(MOST)
            .collect();
    }
    let mut paths: Vec<String> = Vec::new();
    for url in urls {
        let path = path_of(&url);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// The path of a server URL, which may be relative; empty for the root.
fn path_of(url: &str) -> String {
    let path = Url::parse(url).map_or_else(
        |_| match url.split_once("://") {
            Some((_, rest)) => rest
                .find('/')
                .map_or(String::new(), |at| rest[at..].to_owned()),
            None => Url::parse("http://relative/")
                .and_then(|base| base.join(url))
                .map_or_else(|_| url.to_owned(), |url| url.path().to_owned()),
        },
        |url| {
            if url.cannot_be_a_base() {
                String::new()
            } else {
                url.path().to_owned()
            }
        },
    );
    path.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::PathTemplate;

    fn router(paths: &[&str]) -> Router {
        let mut router = Router::default();
        for (operation, path) in paths.iter().enumerate() {
            let target = Target {
                operation,
                base_paths: vec![String::new()],
            };
            router.add(PathTemplate::parse(path).segments(), &Method::GET, target);
        }
        router
    }

    #[test]
    fn concrete_beats_templated_and_more_text_beats_less() {
        let router = router(&["/users/{id}", "/users/me", "/users/{id}.json", "/{any}/me"]);
        let found = |path: &str| {
            router
                .find(&Method::GET, path, "")
                .map(|(operation, _)| operation)
        };
        assert_eq!(found("/users/me"), Ok(1));
        assert_eq!(found("/users/7"), Ok(0));
        assert_eq!(found("/users/7.json"), Ok(2));
        assert_eq!(found("/pets/me"), Ok(3));
        assert_eq!(found("/pets/7"), Err(vec![]));
    }

    #[test]
    fn a_dead_end_is_left_again() {
        let router = router(&["/a/b/c", "/a/{x}/d"]);
        assert_eq!(
            router.find(&Method::GET, "/a/b/d", ""),
            Ok((1, vec![("x".into(), "b".into())]))
        );
    }

    #[test]
    fn a_method_that_is_not_declared_names_those_that_are() {
        assert_eq!(
            router(&["/a"]).find(&Method::PUT, "/a", ""),
            Err(vec!["GET".into()])
        );
    }

    #[test]
    fn a_trailing_slash_is_forgiven_where_no_path_is_closer() {
        let router = router(&["/a", "/b/", "/c", "/c/"]);
        let found = |path: &str| {
            router
                .find_lenient(&Method::GET, path, "")
                .map(|(operation, _)| operation)
        };
        assert_eq!(
            (found("/a/"), found("/b"), found("/c"), found("/c/")),
            (Ok(0), Ok(1), Ok(2), Ok(3))
        );
    }

    #[test]
    fn a_base_path_ends_at_a_segment() {
        assert!(router(&["/a"]).find(&Method::GET, "/v2/a", "/v2").is_ok());
        assert!(router(&["/a"]).find(&Method::GET, "/v22/a", "/v2").is_err());
    }

    #[test]
    fn server_urls_give_their_paths() {
        let none = IndexMap::new();
        assert_eq!(base_paths("https://api.test/v2/", &none), ["/v2"]);
        assert_eq!(base_paths("/v1", &none), ["/v1"]);
        assert_eq!(base_paths("https://api.test", &none), [""]);
        let variables = IndexMap::from([
            ("region".to_owned(), vec!["eu".to_owned()]),
            ("version".to_owned(), vec!["v1".to_owned(), "v2".to_owned()]),
        ]);
        assert_eq!(
            base_paths("https://{region}.api.test/{version}", &variables),
            ["/v1", "/v2"]
        );
    }
}
