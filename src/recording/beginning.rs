//! What the beginning of a file shows of its format: its first characters, and for JSON which keys stand
//! where.

use std::collections::BTreeMap;

/// How deep keys are looked at.
const MAX_DEPTH: usize = 5;

/// How many keys are looked at, all in all.
const MAX_KEYS: usize = 4_000;

/// How many bytes of a text are kept with its key.
const MAX_TEXT: usize = 200;

/// The first bytes of a file, cut off anywhere.
#[derive(Debug)]
pub struct Beginning<'b> {
    /// As text, without white space before it; what is no UTF-8 is U+FFFD.
    pub text: &'b str,
    first_key: Option<String>,
    keys: BTreeMap<String, String>,
}

impl<'b> Beginning<'b> {
    pub(super) fn of(text: &'b str) -> Self {
        let mut outline = Outline {
            bytes: text.as_bytes(),
            at: 0,
            keys: BTreeMap::new(),
            first_key: None,
        };
        outline.all();
        Self {
            text,
            first_key: outline.first_key,
            keys: outline.keys,
        }
    }

    /// The first key of the first JSON object.
    pub(super) fn first_key(&self) -> Option<&str> {
        self.first_key.as_deref()
    }

    /// Whether there is a member at a path such as `run/executions` or `[]/request/url`; `[]` stands for
    /// any element of an array.
    pub(super) fn has(&self, path: &str) -> bool {
        self.keys.contains_key(path)
    }

    /// The beginning of the text or the number at a path, the first of them; empty for an object or an array.
    pub(super) fn scalar(&self, path: &str) -> Option<&str> {
        self.keys.get(path).map(String::as_str)
    }
}

/// Walks through JSON that may be broken or cut off, and notes keys.
struct Outline<'b> {
    bytes: &'b [u8],
    at: usize,
    keys: BTreeMap<String, String>,
    first_key: Option<String>,
}

impl Outline<'_> {
    /// Every value at the top; after what cannot be read, goes on with the next line.
    fn all(&mut self) {
        while self.at < self.bytes.len() && self.keys.len() < MAX_KEYS {
            self.whitespace();
            let is_container = matches!(self.bytes.get(self.at), Some(b'{' | b'['));
            if !is_container || self.value("", 0).is_none() {
                match memchr::memchr(b'\n', &self.bytes[self.at.min(self.bytes.len())..]) {
                    Some(found) => self.at += found + 1,
                    None => return,
                }
            }
        }
    }

    fn whitespace(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn next(&mut self) -> Option<u8> {
        self.whitespace();
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn note(&mut self, path: &str, text: &[u8]) {
        if self.keys.len() < MAX_KEYS && !self.keys.contains_key(path) {
            let text = String::from_utf8_lossy(&text[..text.len().min(MAX_TEXT)]);
            self.keys.insert(path.to_owned(), text.into_owned());
        }
    }

    /// Goes behind a value; `None` where it cannot be read on.
    fn value(&mut self, path: &str, depth: usize) -> Option<()> {
        if depth > 2 * MAX_DEPTH {
            // What lies deeper tells no format from another; its end is looked for all the same.
            return self.pass_over();
        }
        match self.next()? {
            b'{' => {
                self.note(path, b"");
                loop {
                    match self.next()? {
                        b'}' => return Some(()),
                        b',' => {}
                        b'"' => {
                            let key = self.string()?;
                            let key = String::from_utf8_lossy(key).into_owned();
                            if self.next()? != b':' {
                                return None;
                            }
                            let inside = joined(path, &key);
                            self.first_key.get_or_insert(key);
                            // A member that is cut off is one.
                            self.note_key(&inside);
                            self.value(&inside, depth + 1)?;
                        }
                        _ => return None,
                    }
                }
            }
            b'[' => {
                self.note(path, b"");
                let inside = joined(path, "[]");
                loop {
                    self.whitespace();
                    match self.bytes.get(self.at)? {
                        b']' => {
                            self.at += 1;
                            return Some(());
                        }
                        b',' => self.at += 1,
                        _ => self.value(&inside, depth + 1)?,
                    }
                }
            }
            b'"' => {
                let text = self.string()?.to_vec();
                self.replace(path, &text);
                Some(())
            }
            b'}' | b']' | b':' => None,
            _ => {
                let start = self.at - 1;
                let is_end = |byte: &u8| b",]} \t\r\n".contains(byte);
                let length = self.bytes[start..].iter().position(is_end)?;
                self.at = start + length;
                let text = self.bytes[start..self.at].to_vec();
                self.replace(path, &text);
                Some(())
            }
        }
    }

    /// Notes a key whose value has not been read yet.
    fn note_key(&mut self, path: &str) {
        self.note(path, b"");
    }

    /// Notes the scalar of a key, the first time that it has one.
    fn replace(&mut self, path: &str, text: &[u8]) {
        match self.keys.get_mut(path) {
            Some(known) if known.is_empty() => {
                *known = String::from_utf8_lossy(&text[..text.len().min(MAX_TEXT)]).into_owned();
            }
            Some(_) => {}
            None => self.note(path, text),
        }
    }

    /// The content of a string whose quote was read, escapes as they are.
    fn string(&mut self) -> Option<&[u8]> {
        let start = self.at;
        loop {
            let found = memchr::memchr2(b'"', b'\\', self.bytes.get(self.at..)?)?;
            self.at += found + 1;
            if self.bytes[self.at - 1] == b'"' {
                return Some(&self.bytes[start..self.at - 1]);
            }
            self.at += 1;
        }
    }

    fn pass_over(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.checked_sub(1)?,
                b',' if depth == 0 => return None,
                _ => {
                    let is_more = |byte: &u8| !b",]}{[\" \t\r\n:".contains(byte);
                    while self.bytes.get(self.at).is_some_and(is_more) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}/{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_seen_where_they_stand_even_in_what_is_cut_off() {
        let seen = Beginning::of(
            "oops\n{\"a\": {\"b\": [{\"c\": 1, \"d\": \"x\\\"y\"}, {\"e\": [[[[[[[[1, \"]\"]]]]]]]]}]}, \"f\": tru",
        );
        assert_eq!(seen.first_key(), Some("a"));
        for path in ["a", "a/b", "a/b/[]/c", "a/b/[]/e", "f"] {
            assert!(seen.has(path), "{path}: {seen:?}");
        }
        assert!(!seen.has("b"));
        assert_eq!(seen.scalar("a/b/[]/d"), Some("x\\\"y"));
        assert_eq!(seen.scalar("a/b/[]/c"), Some("1"));
    }

    #[test]
    fn a_broken_line_does_not_hide_the_next() {
        let seen = Beginning::of("{\"a\": }\n{\"b\": 1}\n");
        assert!(seen.has("a") && seen.has("b"), "{seen:?}");
    }
}
