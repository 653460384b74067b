//! Where a document says that its service is: the hosts and base paths of its server objects
//! (OpenAPI 3.1.1 §4.8.5; 2.0 §4.1).

use std::borrow::Cow;

use indexmap::IndexMap;
use url::Url;

/// The most values of enumerated variables that are put in.
const MAX_EXPANSIONS: usize = 64;

/// A server variable.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// Its default, and its enumerated values.
    pub(super) values: Vec<String>,
    /// Whether any value may stand there: the document enumerates none.
    pub(super) is_open: bool,
}

/// The hosts that a server URL may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    /// What stands between variables that may have any value, in lower case; one piece for a host without
    /// variables.
    pieces: Vec<String>,
    port: Port,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Exactly(Option<u16>),
    Any,
}

impl HostPattern {
    /// Reads `host` or `host:port`, with `{name}` for what may be anything; `None` when it names no host.
    pub fn parse(authority: &str) -> Option<Self> {
        let authority = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let port = match port {
            None | Some("") => Port::Exactly(None),
            Some(text) if text.contains('{') => Port::Any,
            Some(text) => Port::Exactly(text.parse().ok().filter(|port| !is_usual(*port))),
        };
        let mut pieces = Vec::new();
        let mut rest = host;
        while let Some((before, variable)) = rest.split_once('{') {
            pieces.push(before.to_ascii_lowercase());
            rest = variable.split_once('}').map_or("", |(_, behind)| behind);
        }
        pieces.push(rest.to_ascii_lowercase());
        // A host that may be anything says nothing.
        let says_something = pieces
            .iter()
            .any(|piece| !piece.trim_matches('.').is_empty());
        says_something.then_some(Self { pieces, port })
    }

    /// Whether a URL is of such a host. The scheme plays no part, nor do the ports that belong to schemes.
    pub fn matches(&self, url: &Url) -> bool {
        let is_port = match self.port {
            Port::Any => true,
            Port::Exactly(port) => port == url.port().filter(|port| !is_usual(*port)),
        };
        is_port && url.host_str().is_some_and(|host| self.is_host(host))
    }

    /// Whether a URL is of such a host, whatever its port where the pattern names none.
    pub fn matches_on_any_port(&self, url: &Url) -> bool {
        let any = Self {
            pieces: self.pieces.clone(),
            port: match self.port {
                Port::Exactly(None) => Port::Any,
                port => port,
            },
        };
        any.matches(url)
    }

    fn is_host(&self, host: &str) -> bool {
        let host = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        };
        let host = host.trim_end_matches('.');
        let Some((first, others)) = self.pieces.split_first() else {
            return false;
        };
        let Some((last, middle)) = others.split_last() else {
            return host == first;
        };
        let Some(mut rest) = host.strip_prefix(first.as_str()) else {
            return false;
        };
        for piece in middle {
            // A variable stands for one character at least.
            let at = rest
                .char_indices()
                .skip(1)
                .map(|(at, _)| at)
                .find(|at| rest[*at..].starts_with(piece.as_str()));
            match at {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.len() > last.len() && rest.ends_with(last.as_str())
    }
}

fn is_usual(port: u16) -> bool {
    matches!(port, 80 | 443)
}

/// What a server URL says, its enumerated variables put in: the hosts, none when it says nothing of hosts,
/// and the base paths, empty for the root.
pub(super) fn read(
    url: &str,
    variables: &IndexMap<String, Variable>,
) -> (Vec<HostPattern>, Vec<String>) {
    let has_authority = url.contains("://") || url.starts_with("//");
    if !has_authority {
        return (Vec::new(), paths(url, variables));
    }
    let behind = url.split_once("//").map_or(url, |(_, behind)| behind);
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    let mut hosts: Vec<HostPattern> = Vec::new();
    let written = expanded(authority, variables, Open::Kept);
    let read: Option<Vec<_>> = written.iter().map(|one| HostPattern::parse(one)).collect();
    for host in read.unwrap_or_default() {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    let path = &behind[authority.len()..];
    (hosts, paths(path, variables))
}

/// The base paths with the defaults of variables that may have any value, and with `{name}` for them.
fn paths(url: &str, variables: &IndexMap<String, Variable>) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for open in [Open::Default, Open::Kept] {
        for url in expanded(url, variables, open) {
            let path = path_of(&url);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}

/// Whether a base path has variables that may have any value.
pub(super) fn is_open(base: &str) -> bool {
    base.contains('{')
}

/// Whether a segment of a path is one of a base path, which may have variables.
pub(super) fn is_segment(base: &str, segment: &str) -> bool {
    match base.split_once('{') {
        None => base == segment,
        Some((before, rest)) => {
            let behind = rest.rsplit_once('}').map_or("", |(_, behind)| behind);
            segment.len() > before.len() + behind.len()
                && segment.starts_with(before)
                && segment.ends_with(behind)
        }
    }
}

/// What becomes of a variable that may have any value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Its default is put in.
    Default,
    /// It stays.
    Kept,
}

/// A text with every value of its variables put in.
fn expanded(text: &str, variables: &IndexMap<String, Variable>, open: Open) -> Vec<String> {
    let mut texts = vec![text.to_owned()];
    for (name, variable) in variables {
        let placeholder = format!("{{{name}}}");
        if !text.contains(&placeholder) || variable.is_open && open == Open::Kept {
            continue;
        }
        texts = texts
            .iter()
            .flat_map(|text| {
                let values = variable.values.iter();
                values.map(|value| text.replace(&placeholder, value))
            })
            .take(MAX_EXPANSIONS)
            .collect();
    }
    texts
}

/// The path of a server URL or of what stands behind its host, without a slash at its end.
fn path_of(url: &str) -> String {
    let relative = Url::parse("http://relative/").ok();
    let path = match Url::parse(url) {
        Ok(url) if url.cannot_be_a_base() => String::new(),
        Ok(url) => url.path().to_owned(),
        Err(_) => relative
            .and_then(|base| base.join(url).ok())
            .map_or_else(|| url.to_owned(), |url| url.path().to_owned()),
    };
    // Only what the document leaves open stays in braces.
    let path = path.replace("%7B", "{").replace("%7D", "}");
    path.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(values: &[&str], is_open: bool) -> Variable {
        Variable {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            is_open,
        }
    }

    fn is_of(pattern: &str, url: &str) -> Option<bool> {
        let url = url.parse().expect("a test writes good URLs");
        Some(HostPattern::parse(pattern)?.matches(&url))
    }

    #[test]
    fn server_urls_give_their_paths() {
        let none = IndexMap::new();
        let paths = |url: &str, variables| read(url, variables).1;
        assert_eq!(paths("https://api.test/v2/", &none), ["/v2"]);
        assert_eq!(paths("/v1", &none), ["/v1"]);
        assert_eq!(paths("https://api.test", &none), [""]);
        let variables = IndexMap::from([
            ("region".to_owned(), variable(&["eu"], true)),
            ("version".to_owned(), variable(&["v1", "v2"], false)),
        ]);
        assert_eq!(
            paths("https://{region}.api.test/{version}", &variables),
            ["/v1", "/v2"]
        );
        assert_eq!(paths("/x/{region}/", &variables), ["/x/eu", "/x/{region}"]);
    }

    #[test]
    fn a_variable_without_values_may_be_anything_and_a_host_of_nothing_else_says_nothing() {
        let variables = IndexMap::from([
            ("region".to_owned(), variable(&["eu"], true)),
            ("zone".to_owned(), variable(&["a", "b"], false)),
        ]);
        let (hosts, _) = read("https://{region}.{zone}.api.test/v1", &variables);
        let is_of = |url: &str| {
            let url = url.parse().expect("a URL");
            hosts.iter().any(|host| host.matches(&url))
        };
        assert!(is_of("https://us-1.b.api.test/v1/x"));
        assert!(!is_of("https://us-1.c.api.test/v1/x"));
        assert!(!is_of("https://b.api.test/v1/x"));
        assert_eq!(read("https://{region}/v1", &variables).0, []);
        assert_eq!(read("/v1", &variables).0, []);
    }

    #[test]
    fn case_and_the_ports_of_schemes_do_not_matter() {
        assert_eq!(is_of("API.test", "https://api.test:443/"), Some(true));
        assert_eq!(is_of("api.test:443", "http://api.test/"), Some(true));
        assert_eq!(is_of("api.test", "https://api.test:8443/"), Some(false));
        assert_eq!(
            is_of("localhost:8080", "http://localhost:8080/"),
            Some(true)
        );
        assert_eq!(is_of("localhost:{port}", "http://localhost:9/"), Some(true));
        assert_eq!(is_of("[::1]:8080", "http://[::1]:8080/"), Some(true));
        assert_eq!(
            is_of("api.test", "https://api.test.evil.example/"),
            Some(false)
        );
        assert_eq!(is_of("{any}", "https://api.test/"), None);
    }
}
