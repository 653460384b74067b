//! The elements of lists inside JSON texts, cut out without building what is around them.
//!
//! Only the way down to the lists is read here: objects and arrays that lie on a [`Path`] are walked through
//! byte by byte, an entry is passed over by looking for quotes and brackets alone, and whatever else stands
//! in the file is read once with `serde_json` so that a file that is no JSON does not pass for one. What an
//! entry says, and whether it is JSON at all, is for the thread that makes an exchange of it.
//!
//! A file may hold several texts, one after another (JSON lines, or the stream of a tap).

use std::{borrow::Cow, fmt::Write as _, sync::Arc};

use serde::de::IgnoredAny;

use super::{
    Entries, Input, Raw, RawEntry, RecordingError,
    blocks::{Blocks, ENTRY_LIMIT, Stop},
    extent::Extent,
};

/// One step from a value to a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The member of an object.
    Key(&'static str),
    /// Every element of an array.
    Each,
}

/// The way from a text to its entries. At most 32 paths are followed at once.
pub(super) type Path = &'static [Step];

/// Reads the values at the end of `paths`, in the order of the file. Where a value is on the way of one
/// path and at the end of another, it is gone through.
pub(super) fn elements(input: Input, file: Arc<str>, paths: &'static [Path]) -> Entries {
    debug_assert!(paths.len() <= 32, "a set of paths is a u32");
    Box::new(Elements {
        blocks: Blocks::new(input),
        file,
        paths,
        frames: Vec::new(),
        number: 0,
        found: false,
        done: false,
    })
}

/// The paths that are still followed, as bits.
type Followed = u32;

/// An object or an array on the way to entries.
struct Frame {
    kind: Kind,
    followed: Followed,
    is_first: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
}

struct Elements {
    blocks: Blocks,
    file: Arc<str>,
    paths: &'static [Path],
    frames: Vec<Frame>,
    number: u64,
    found: bool,
    done: bool,
}

/// Why reading ends before the file does.
enum Trouble {
    /// In the middle of a text there is nothing more.
    Cut(Option<String>),
    /// An entry, or what stands beside the entries, does not fit into memory.
    TooLong,
    /// It is no JSON.
    Syntax(String),
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::End => Self::Cut(None),
            Stop::Broken(error) => Self::Cut(Some(error.to_string())),
            Stop::TooLong => Self::TooLong,
        }
    }
}

impl Iterator for Elements {
    type Item = Result<RawEntry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.advance() {
            Ok(Some(entry)) => Some(Ok(entry)),
            Ok(None) => {
                self.done = true;
                (!self.found).then(|| Err(self.error(self.nothing_found())))
            }
            Err(trouble) => {
                self.done = true;
                Some(Err(self.error(self.told(&trouble))))
            }
        }
    }
}

impl Elements {
    fn error(&self, message: String) -> RecordingError {
        RecordingError {
            file: Arc::clone(&self.file),
            entry: None,
            line: None,
            message,
        }
    }

    fn nothing_found(&self) -> String {
        let mut text = "there is no list under ".to_owned();
        for (index, path) in self.paths.iter().enumerate() {
            let keys = path.iter().filter_map(|step| match step {
                Step::Key(key) => Some(*key),
                Step::Each => None,
            });
            let keys: Vec<_> = keys.collect();
            let or = if index == 0 { "" } else { " or " };
            // Writing to a string does not fail.
            let _ = write!(text, "{or}`{}`", keys.join("` / `"));
        }
        text
    }

    fn told(&self, trouble: &Trouble) -> String {
        let read = match self.number {
            0 => "before the first entry".to_owned(),
            1 => "after 1 entry".to_owned(),
            many => format!("after {many} entries"),
        };
        let (line, column) = self.blocks.place();
        match trouble {
            Trouble::Cut(None) => {
                format!("the recording is cut off {read} (line {line}, column {column})")
            }
            Trouble::Cut(Some(reason)) => {
                format!("the recording is cut off {read} (line {line}, column {column}): {reason}")
            }
            Trouble::TooLong => format!(
                "the recording cannot be read on {read}: what follows is longer than {ENTRY_LIMIT} bytes"
            ),
            Trouble::Syntax(message) => format!(
                "the recording cannot be read on {read}: {message} at line {line} column {column}"
            ),
        }
    }

    /// Goes on to the next entry; `None` at the end of the file.
    fn advance(&mut self) -> Result<Option<RawEntry>, Trouble> {
        loop {
            let depth = self.depth();
            let followed = match self.frames.last_mut() {
                None => match skip_whitespace(&mut self.blocks) {
                    Ok(_) => every(self.paths),
                    Err(Stop::End) => return Ok(None),
                    Err(stop) => return Err(stop.into()),
                },
                Some(frame) => match step_inside(frame, &mut self.blocks, self.paths, depth)? {
                    Some(followed) => followed,
                    None => {
                        self.frames.pop();
                        continue;
                    }
                },
            };
            if let Some(entry) = self.value(followed)? {
                return Ok(Some(entry));
            }
        }
    }

    fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Begins the value at the position: goes into it, passes over it, or gives it as an entry.
    fn value(&mut self, followed: Followed) -> Result<Option<RawEntry>, Trouble> {
        let first = skip_whitespace(&mut self.blocks)?;
        if matches!(first, b',' | b':' | b']' | b'}') {
            return Err(Trouble::Syntax("a value is expected".to_owned()));
        }
        self.blocks.forget();
        let depth = self.depth();
        let (kind, inside) = match first {
            b'{' => {
                let is_key = |step: Step| matches!(step, Step::Key(_));
                (Kind::Object, narrowed(self.paths, followed, depth, is_key))
            }
            b'[' => {
                let is_each = |step: Step| step == Step::Each;
                (Kind::Array, narrowed(self.paths, followed, depth, is_each))
            }
            _ => (Kind::Array, 0),
        };
        if inside != 0 {
            self.blocks.advance(1);
            self.found = self.found || kind == Kind::Array && self.is_end(inside, depth + 1);
            self.frames.push(Frame {
                kind,
                followed: inside,
                is_first: true,
            });
            return Ok(None);
        }
        pass_over(&mut self.blocks, first)?;
        if self.is_end(followed, depth) {
            self.found = true;
            self.number += 1;
            return Ok(Some(RawEntry {
                number: self.number,
                line: None,
                raw: Raw::Bytes(self.blocks.cut()),
            }));
        }
        let text = std::str::from_utf8(self.blocks.passed())
            .map_err(|_| Trouble::Syntax("the text is not UTF-8".to_owned()))?;
        serde_json::from_str::<IgnoredAny>(text)
            .map_err(|error| Trouble::Syntax(without_place(&error)))?;
        self.blocks.forget();
        Ok(None)
    }

    /// Whether one of the followed paths ends at a depth.
    fn is_end(&self, followed: Followed, depth: usize) -> bool {
        each_of(self.paths, followed).any(|(_, path)| path.len() == depth)
    }
}

/// What `serde_json` says without its place, which counts from the part that it was given.
fn without_place(error: &serde_json::Error) -> String {
    if error.is_eof() {
        // The file goes on, as the brackets tell.
        return "a value is not whole".to_owned();
    }
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

fn every(paths: &[Path]) -> Followed {
    paths
        .iter()
        .enumerate()
        .fold(0, |all, (index, _)| all | 1 << index)
}

fn each_of(paths: &'static [Path], followed: Followed) -> impl Iterator<Item = (usize, Path)> {
    let is_followed = move |(index, _): &(usize, Path)| followed & (1 << index) != 0;
    paths.iter().copied().enumerate().filter(is_followed)
}

/// The followed paths whose step at `depth` is a wanted one.
fn narrowed(
    paths: &'static [Path],
    followed: Followed,
    depth: usize,
    is_wanted: impl Fn(Step) -> bool,
) -> Followed {
    each_of(paths, followed)
        .filter(|(_, path)| path.get(depth).is_some_and(|step| is_wanted(*step)))
        .fold(0, |all, (index, _)| all | 1 << index)
}

/// Goes on to the next value inside an object or an array, and says which paths lead into it; `None` at
/// the end. `depth` is that of the value.
fn step_inside(
    frame: &mut Frame,
    blocks: &mut Blocks,
    paths: &'static [Path],
    depth: usize,
) -> Result<Option<Followed>, Trouble> {
    let (end, name) = match frame.kind {
        Kind::Object => (b'}', "an object"),
        Kind::Array => (b']', "a list"),
    };
    let mut byte = skip_whitespace(blocks)?;
    if byte == end {
        blocks.advance(1);
        return Ok(None);
    }
    if !std::mem::take(&mut frame.is_first) {
        if byte != b',' {
            return Err(Trouble::Syntax(format!(
                "a comma or the end of {name} is expected"
            )));
        }
        blocks.advance(1);
        byte = skip_whitespace(blocks)?;
    }
    let step = depth - 1;
    match frame.kind {
        Kind::Array => Ok(Some(narrowed(paths, frame.followed, step, |step| {
            step == Step::Each
        }))),
        Kind::Object => {
            if byte != b'"' {
                return Err(Trouble::Syntax("a key is expected".to_owned()));
            }
            blocks.forget();
            pass_over(blocks, b'"')?;
            let key: Cow<'_, str> = match std::str::from_utf8(blocks.passed()) {
                Ok(text) if !text.contains('\\') => text.trim_matches('"').into(),
                Ok(text) => serde_json::from_str::<String>(text)
                    .map_err(|error| Trouble::Syntax(without_place(&error)))?
                    .into(),
                Err(_) => return Err(Trouble::Syntax("a key is not UTF-8".to_owned())),
            };
            let is_wanted = |step| matches!(step, Step::Key(wanted) if wanted == key);
            let followed = narrowed(paths, frame.followed, step, is_wanted);
            if skip_whitespace(blocks)? != b':' {
                return Err(Trouble::Syntax("a colon is expected".to_owned()));
            }
            blocks.advance(1);
            Ok(Some(followed))
        }
    }
}

/// The byte at which something begins.
fn skip_whitespace(blocks: &mut Blocks) -> Result<u8, Stop> {
    loop {
        let byte = blocks.peek()?;
        if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            return Ok(byte);
        }
        blocks.advance(1);
    }
}

/// Moves to the end of the value that begins with `first` at the position.
fn pass_over(blocks: &mut Blocks, first: u8) -> Result<(), Trouble> {
    match first {
        b'"' => {
            blocks.advance(1);
            pass_string(blocks)
        }
        b'{' | b'[' => {
            let mut extent = Extent::default();
            loop {
                if let Some(end) = extent.end_in(blocks.rest()) {
                    blocks.advance(end);
                    return Ok(());
                }
                blocks.go_to_end();
                blocks.more()?;
            }
        }
        _ => loop {
            match blocks.peek() {
                Ok(b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r') | Err(Stop::End) => {
                    return Ok(());
                }
                Ok(_) => blocks.advance(1),
                Err(stop) => return Err(stop.into()),
            }
        },
    }
}

/// Moves behind the quote that ends the string at whose content the position is.
fn pass_string(blocks: &mut Blocks) -> Result<(), Trouble> {
    loop {
        let rest = blocks.rest();
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(found) if rest[found] == b'"' => {
                blocks.advance(found + 1);
                return Ok(());
            }
            Some(found) => blocks.advance(found + 2),
            None => {
                blocks.go_to_end();
                blocks.more()?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const LISTS: &[Path] = &[
        &[Step::Key("a"), Step::Each],
        &[Step::Each, Step::Key("b"), Step::Each],
    ];

    /// What is read when no more than `chunk` bytes come at a time.
    fn read(text: &str, paths: &'static [Path], chunk: usize) -> Vec<Result<String, String>> {
        let input = BufReader::with_capacity(chunk, Cursor::new(text.as_bytes().to_vec()));
        elements(Box::new(input), "x".into(), paths)
            .map(|entry| match entry {
                Ok(entry) => {
                    let text = entry.raw.text().map(str::to_owned);
                    text.map_err(|error| error.to_string())
                }
                Err(error) => Err(error.message),
            })
            .collect()
    }

    fn good(text: &str) -> Vec<String> {
        read(text, LISTS, 7)
            .into_iter()
            .map(|one| one.expect("it is read"))
            .collect()
    }

    #[test]
    fn entries_are_found_wherever_the_paths_lead() {
        assert_eq!(
            good(r#"{"x": {"a": [0]}, "a": [{"c": "]}\""}, 2, "x"] }"#),
            [r#"{"c": "]}\""}"#, "2", r#""x""#]
        );
        assert_eq!(
            good(r#"[{"b": [1]}, 5, {"b": [], "c": [7]}, {"\u0062": [ [2] ]}]"#),
            ["1", "[2]"]
        );
        assert_eq!(good("{\"a\": [1]}\n{\"a\": [2]}\n"), ["1", "2"]);
        assert_eq!(good(r#"{"a": []}"#), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let error = |text: &str| {
            let read = read(text, LISTS, 5);
            read.into_iter()
                .next_back()
                .and_then(Result::err)
                .unwrap_or_default()
        };
        for (text, wanted) in [
            (
                r#"{"a": [1, 2"#,
                "cut off after 2 entries (line 1, column 12)",
            ),
            (
                r#"{"a": [1 2]}"#,
                "a comma or the end of a list is expected at line 1 column 10",
            ),
            (
                "{\"a\": [1],\n \"b\": [}}",
                "cannot be read on after 1 entry",
            ),
            (r#"{"a": [1,]}"#, "a value is expected"),
            (r#"{"a" [1]}"#, "a colon is expected"),
            (r#"{"b": nul}"#, "a value is not whole at line 1"),
            (r#"{"b": nxll}"#, "expected ident at line 1"),
            (r#"{"a": [1]} x"#, "cannot be read on after 1 entry"),
            (r#"{"b": 1}"#, "there is no list under `a` or `b`"),
            (r#"{"a": null}"#, "there is no list under `a` or `b`"),
            (r#"{"b": "x"#, "cut off before the first entry"),
        ] {
            let told = error(text);
            assert!(told.contains(wanted), "{text}: {told}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[a-z\"\\\\{}\\[\\],: \n\u{e9}]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec(("[a-c\"\\\\]{1,3}", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn elements_are_those_that_a_parser_finds(
            items in proptest::collection::vec(value(), 0..6),
            beside in value(),
            chunk in 1_usize..40,
            is_pretty in any::<bool>(),
        ) {
            let whole = json!({"x": beside, "a": items, "z": beside});
            let text = if is_pretty { format!("{whole:#}") } else { whole.to_string() };
            let read: Vec<Value> = read(&text, LISTS, chunk)
                .into_iter()
                .map(|one| serde_json::from_str(&one.expect("it is read")).expect("it is JSON"))
                .collect();
            prop_assert_eq!(read, items);
        }
    }
}
