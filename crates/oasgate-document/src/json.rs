//! JSON: the value, and where each node stands.

use serde_json::Value;

use crate::{
    DocumentError,
    index::{Index, Path},
    source::Source,
};

/// How deep `serde_json` reads.
pub(crate) const DEPTH: usize = 128;

/// Parses the text.
pub(crate) fn parse(source: &Source) -> Result<Value, DocumentError> {
    serde_json::from_str(source.text()).map_err(|error| {
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
        let place = source.in_file(
            error.line().saturating_sub(1),
            error.column().saturating_sub(1),
        );
        // The only way to tell this error from others is its text.
        if message == "recursion limit exceeded" {
            return DocumentError::TooDeep {
                place,
                limit: DEPTH,
            };
        }
        DocumentError::Json { place, message }
    })
}

/// Finds every node. The text is known to be JSON, so that nothing is checked twice.
pub(crate) fn index(text: &str) -> Index {
    let mut scanner = Scanner {
        text,
        at: 0,
        index: Index::default(),
        path: Path::new(),
    };
    scanner.value(None);
    scanner.index
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    index: Index,
    path: Path,
}

impl Scanner<'_> {
    /// Reads one value. Recursion is bounded by the depth that the parser allowed.
    fn value(&mut self, key: Option<std::ops::Range<usize>>) {
        self.space();
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => {
                self.string();
            }
            _ => self.word(),
        }
        let value = start..self.at;
        self.index
            .insert(&self.path, key.unwrap_or_else(|| value.clone()), value);
    }

    fn object(&mut self) {
        self.at += 1;
        loop {
            self.space();
            match self.peek() {
                Some(b'"') => {
                    let start = self.at;
                    let key = self.string();
                    let name: String =
                        serde_json::from_str(&self.text[start..key]).unwrap_or_default();
                    self.space();
                    self.at += 1;
                    self.path.push(&name);
                    self.value(Some(start..key));
                    self.path.pop();
                }
                Some(b',') => self.at += 1,
                _ => {
                    self.at += 1;
                    return;
                }
            }
        }
    }

    fn array(&mut self) {
        self.at += 1;
        let mut count = 0_usize;
        loop {
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') | None => {
                    self.at += 1;
                    return;
                }
                Some(_) => {
                    self.path.push(&count.to_string());
                    self.value(None);
                    self.path.pop();
                    count += 1;
                }
            }
        }
    }

    /// Passes over a string; answers where it ends.
    fn string(&mut self) -> usize {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += match byte {
                b'\\' => 2,
                b'"' => {
                    self.at += 1;
                    break;
                }
                _ => 1,
            };
        }
        self.at
    }

    fn word(&mut self) {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
        // Progress even on text that is no JSON after all.
        self.at = self.at.max(start + usize::from(self.peek().is_none()));
    }

    fn space(&mut self) {
        while self
            .peek()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
