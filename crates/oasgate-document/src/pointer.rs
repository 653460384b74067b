//! A JSON Pointer (RFC 6901): the name of a node inside one file.

use std::{fmt, ops::Range};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A JSON Pointer in its escaped text form: empty for the whole file, else `/token/token`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pointer(String);

impl Pointer {
    /// The whole file.
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Reads an escaped pointer (`/paths/~1users/get`). A leading `#` is allowed and dropped.
    ///
    /// `None` when the text is neither empty nor begins with `/`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('#').unwrap_or(text);
        (text.is_empty() || text.starts_with('/')).then(|| Self(text.to_owned()))
    }

    /// The pointer to a child, by property name or array index; the token is escaped here.
    #[must_use]
    pub fn join(&self, token: &str) -> Self {
        let mut child = self.clone();
        child.push(token);
        child
    }

    /// The pointer to an array element.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join(&index.to_string())
    }

    /// Appends one token, escaping `~` and `/`.
    pub fn push(&mut self, token: &str) {
        self.0.push('/');
        if !token.contains(['~', '/']) {
            self.0.push_str(token);
            return;
        }
        for character in token.chars() {
            match character {
                '~' => self.0.push_str("~0"),
                '/' => self.0.push_str("~1"),
                other => self.0.push(other),
            }
        }
    }

    /// Leaves its last token out; the root stays what it is.
    pub(crate) fn pop(&mut self) {
        self.0.truncate(self.0.rfind('/').unwrap_or_default());
    }

    /// This pointer, followed by another.
    #[must_use]
    pub fn concat(&self, behind: &Self) -> Self {
        Self(format!("{}{}", self.0, behind.0))
    }

    /// The pointer one level up; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rfind('/').map(|at| Self(self.0[..at].to_owned()))
    }

    /// The unescaped last token; `None` for the root.
    pub fn last(&self) -> Option<String> {
        self.0.rfind('/').map(|at| unescape(&self.0[at + 1..]))
    }

    /// The unescaped tokens, outermost first.
    pub fn tokens(&self) -> impl Iterator<Item = String> + '_ {
        self.0.split('/').skip(1).map(unescape)
    }

    /// Whether this is `ancestor` or lies below it.
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        self.0
            .strip_prefix(&ancestor.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// All pointers below this one, where pointers are in order: between the slash and the character behind it.
    pub(crate) fn descendants(&self) -> Range<Self> {
        Self(format!("{}/", self.0))..Self(format!("{}0", self.0))
    }

    /// The node this names in `value`.
    pub fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        // `Value::pointer` allocates twice for each token; this runs for each exchange.
        let mut at = value;
        for token in self.0.split('/').skip(1) {
            at = match at {
                Value::Object(members) if token.contains('~') => members.get(&unescape(token))?,
                Value::Object(members) => members.get(token)?,
                Value::Array(items) => items.get(index(token)?)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// The escaped text, empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this names the whole file.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An array index as RFC 6901 §4 writes it: no sign, no leading zero.
fn index(token: &str) -> Option<usize> {
    let is_plain = token == "0" || !token.starts_with(['0', '+']);
    is_plain.then(|| token.parse().ok())?
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::Pointer;

    #[test]
    fn tokens_are_escaped_and_come_back() {
        let pointer = Pointer::root().join("paths").join("/a~b/{c}").index(3);
        assert_eq!(pointer.as_str(), "/paths/~1a~0b~1{c}/3");
        assert_eq!(
            pointer.tokens().collect::<Vec<_>>(),
            ["paths", "/a~b/{c}", "3"]
        );
        assert_eq!(pointer.last().as_deref(), Some("3"));
    }

    #[test]
    fn a_sibling_with_a_longer_name_is_not_below() {
        let users = Pointer::root().join("users");
        assert!(users.index(0).starts_with(&users));
        assert!(!Pointer::root().join("users2").starts_with(&users));
    }
}
