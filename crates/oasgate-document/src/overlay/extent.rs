//! How much a `JSONPath` may look at: an upper bound, found before it is followed.
//!
//! What a path selects can be far more than there are nodes: `$..*..*..*` reaches a node once by each chain of its
//! ancestors, and `['a','a']['a','a']` doubles with each segment. The evaluator makes all of it before anything can be
//! counted, so that the bound is worked out from the text of the path and the form of the document.

use serde_json::Value;

use crate::Pointer;

/// How deep brackets and parentheses of a path may stand in each other: its parser takes time that doubles with each.
pub(super) const NESTED: usize = 10;

/// What looking at a text with a regular expression costs at least: it is compiled for each one.
const EXPRESSION: u64 = 200;

/// The form of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    nodes: u64,
    depth: u64,
    widest: u64,
}

impl Extent {
    pub(super) fn of(value: &Value) -> Self {
        let mut extent = Self {
            nodes: 1,
            depth: 1,
            widest: 1,
        };
        let width = match value {
            Value::Array(items) => {
                for item in items {
                    extent.take_in(Self::of(item));
                }
                items.len()
            }
            Value::Object(members) => {
                for member in members.values() {
                    extent.take_in(Self::of(member));
                }
                members.len()
            }
            _ => 1,
        };
        extent.widest = extent.widest.max(width as u64);
        extent
    }

    fn take_in(&mut self, below: Self) {
        self.nodes += below.nodes;
        self.depth = self.depth.max(below.depth + 1);
        self.widest = self.widest.max(below.widest);
    }

    /// Takes in what a value adds at each of these nodes.
    pub(super) fn grow(&mut self, at: &[Pointer], brought: &Self) {
        let deepest = at.iter().map(|node| node.tokens().count() as u64).max();
        let added = brought.nodes.saturating_mul(at.len() as u64);
        self.nodes = self.nodes.saturating_add(added);
        self.depth = self.depth.max(deepest.unwrap_or(0) + 1 + brought.depth);
        self.widest = self.widest.saturating_add(brought.widest);
    }
}

/// How deep the brackets and parentheses of a path stand in each other.
pub(super) fn nesting(path: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = Scanner::new(path);
    while let Some(one) = rest.next() {
        match one {
            b'[' | b'(' => depth += 1,
            b']' | b')' => depth = depth.saturating_sub(1),
            b'\'' | b'"' => rest.quoted(one),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The most steps that following a path takes; the path is known to be one.
pub(super) fn steps(path: &str, extent: &Extent) -> u64 {
    let mut scanner = Scanner::new(path);
    scanner.next();
    Counting { extent }.segments(&mut scanner, Reached::ROOT)
}

/// The nodes that a part of a path has reached: how many, and how often each at most.
#[derive(Clone, Copy)]
struct Reached {
    nodes: u64,
    times: u64,
}

impl Reached {
    const ROOT: Self = Self { nodes: 1, times: 1 };

    const fn all(self) -> u64 {
        self.nodes.saturating_mul(self.times)
    }
}

struct Counting<'e> {
    extent: &'e Extent,
}

impl Counting<'_> {
    /// The steps of all segments that stand here.
    fn segments(&self, text: &mut Scanner<'_>, mut reached: Reached) -> u64 {
        let mut steps = reached.all();
        loop {
            text.space();
            let is_descent = text.takes(b"..");
            let is_named = is_descent || text.takes(b".");
            if is_descent {
                let chains = self.extent.depth.min(reached.nodes);
                reached.times = reached.times.saturating_mul(chains.max(1));
                reached.nodes = self.extent.nodes;
                steps = steps.saturating_add(reached.all());
            }
            if text.takes(b"[") {
                steps = steps.saturating_add(self.selectors(text, &mut reached));
            } else if is_named {
                if text.takes(b"*") {
                    reached = self.children(reached);
                } else {
                    text.name();
                }
            } else {
                return steps;
            }
            steps = steps.saturating_add(reached.all());
        }
    }

    /// All children of what was reached.
    fn children(&self, reached: Reached) -> Reached {
        let nodes = reached.nodes.saturating_mul(self.extent.widest);
        Reached {
            nodes: nodes.min(self.extent.nodes),
            ..reached
        }
    }

    /// The steps of the selectors up to the bracket that closes; what they reach is in `reached` then.
    fn selectors(&self, text: &mut Scanner<'_>, reached: &mut Reached) -> u64 {
        let from = *reached;
        let (mut steps, mut count, mut is_wide) = (0_u64, 1_u64, false);
        while let Some(one) = text.next() {
            match one {
                b']' => break,
                b',' => count += 1,
                b'\'' | b'"' => text.quoted(one),
                b'*' | b':' => is_wide = true,
                b'?' => {
                    is_wide = true;
                    steps = steps.saturating_add(self.filter(text, self.children(from)));
                }
                _ => {}
            }
        }
        let wide = if is_wide {
            self.children(from).nodes
        } else {
            from.nodes.saturating_mul(count)
        };
        reached.nodes = wide.min(self.extent.nodes).max(1);
        reached.times = from.times.saturating_mul(count);
        steps
    }

    /// The steps of a filter that is asked about these nodes, up to the comma or bracket that ends it.
    fn filter(&self, text: &mut Scanner<'_>, asked: Reached) -> u64 {
        let (mut steps, mut depth) = (asked.all(), 0_usize);
        while let Some(one) = text.peek() {
            match one {
                b']' | b',' if depth == 0 => break,
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            text.next();
            let more = match one {
                b'@' => self.segments(text, asked),
                b'$' => asked
                    .all()
                    .saturating_mul(self.segments(text, Reached::ROOT)),
                b'\'' | b'"' => {
                    let quoted = text.at;
                    text.quoted(one);
                    let weight = weight(&text.bytes[quoted..text.at]);
                    asked.all().saturating_mul(weight)
                }
                // A function that takes an expression, wherever that comes from.
                b'(' if text.follows(b"match") || text.follows(b"search") => {
                    asked.all().saturating_mul(EXPRESSION)
                }
                _ => 0,
            };
            steps = steps.saturating_add(more);
        }
        steps
    }
}

/// What a text costs where it is a regular expression: its length, as often as it says that it repeats.
fn weight(text: &[u8]) -> u64 {
    let (mut repeated, mut digits) = (1_u64, None);
    for one in text {
        digits = match (one, digits) {
            (b'{' | b',', _) => Some(0),
            (b'0'..=b'9', Some(number)) => Some(u64::saturating_add(
                u64::saturating_mul(number, 10),
                u64::from(one - b'0'),
            )),
            (b'}', Some(number)) => {
                repeated = repeated.saturating_mul(number.max(1));
                None
            }
            _ => None,
        };
    }
    repeated.saturating_mul(text.len() as u64)
}

/// The text of a path, from left to right.
struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Scanner<'t> {
    const fn new(text: &'t str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let one = self.peek()?;
        self.at += 1;
        Some(one)
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|one| one.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn takes(&mut self, text: &[u8]) -> bool {
        let is_there = self.bytes[self.at..].starts_with(text);
        self.at += if is_there { text.len() } else { 0 };
        is_there
    }

    /// Whether what was just taken, one byte, follows this word.
    fn follows(&self, word: &[u8]) -> bool {
        self.bytes[..self.at.saturating_sub(1)].ends_with(word)
    }

    fn name(&mut self) {
        let is_name = |one: u8| one.is_ascii_alphanumeric() || one == b'_' || !one.is_ascii();
        while self.peek().is_some_and(is_name) {
            self.at += 1;
        }
    }

    /// Steps over the rest of a quoted text, and the quote that ends it.
    fn quoted(&mut self, quote: u8) {
        while let Some(one) = self.next() {
            if one == b'\\' {
                self.next();
            } else if one == quote {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Extent, nesting, steps};

    fn extent() -> Extent {
        let list: Vec<_> = (0..100).map(|n| json!({ "a": { "b": n } })).collect();
        Extent::of(&json!({ "list": list, "x": 1 }))
    }

    #[test]
    fn a_document_is_measured() {
        assert_eq!(
            extent(),
            Extent {
                nodes: 303,
                depth: 5,
                widest: 100
            }
        );
    }

    #[test]
    fn ordinary_paths_cost_little() {
        let extent = extent();
        for path in [
            "$",
            "$.list[0].a",
            "$.list.*['a','b']",
            "$..a",
            "$.list[?@.a.b == 1 && @['a']].a",
            "$..[?@.b && !@.c]",
            "$ ['list'] [1:5] ..b",
            "$.list[?@.a['x[0]] ..*..*'] == ',']",
        ] {
            let steps = steps(path, &extent);
            assert!(steps < 20_000, "{path}: {steps}");
        }
    }

    #[test]
    fn what_grows_with_each_segment_costs_much() {
        let extent = extent();
        let doubled = format!("$.list{}", "[*,*]".repeat(30));
        let same = format!("$.list{}", "['a',\"a\"]".repeat(40));
        for path in [
            "$..*..*..*..*..*..*..*..*",
            doubled.as_str(),
            &same,
            "$..[?count($..*..*) > 1]",
            "$..[?@..*..*..*..*..*..* ]",
            "$..[?search(@, '(a{100}){1000}')]",
        ] {
            let steps = steps(path, &extent);
            assert!(steps > 1_000_000, "{path}: {steps}");
        }
    }

    #[test]
    fn brackets_in_brackets_are_counted() {
        assert_eq!(nesting("$.a[0]['[[[']"), 1);
        assert_eq!(nesting("$[?(@.a && (@.b[0]))]"), 4);
        assert_eq!(nesting(&format!("$[?{}@.a", "(".repeat(100))), 101);
    }
}
