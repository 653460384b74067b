//! Shrinking: from a value to the smallest and plainest one that its judge still takes.

use proptest::{strategy::ValueTree, test_runner::TestRng};
use serde_json::{Map, Value};

use super::{
    limits,
    random::{below, pick},
};

/// A drawn value with everything that may be tried in its place.
pub struct Tree<J> {
    current: Value,
    /// What the current value was before the last step, with the steps not tried from there.
    before: Option<(Value, Vec<Value>)>,
    /// Steps to try from the current value, best last.
    steps: Vec<Value>,
    judge: J,
}

impl<J: Fn(&Value) -> bool> Tree<J> {
    pub(super) fn new(value: Value, judge: J) -> Self {
        Self {
            steps: steps(&value),
            current: value,
            before: None,
            judge,
        }
    }

    fn advance(&mut self) -> bool {
        while let Some(next) = self.steps.pop() {
            if (self.judge)(&next) {
                let from = std::mem::replace(&mut self.current, next);
                let untried = std::mem::replace(&mut self.steps, steps(&self.current));
                self.before = Some((from, untried));
                return true;
            }
        }
        false
    }
}

impl<J: Fn(&Value) -> bool> ValueTree for Tree<J> {
    type Value = Value;

    fn current(&self) -> Value {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        self.advance()
    }

    fn complicate(&mut self) -> bool {
        let Some((value, untried)) = self.before.take() else {
            return false;
        };
        self.current = value;
        self.steps = untried;
        self.advance()
    }
}

/// Values that are one step simpler, the boldest step last.
pub(super) fn steps(value: &Value) -> Vec<Value> {
    let mut simpler = match value {
        Value::Null => Vec::new(),
        Value::Bool(flag) => flag.then(|| Value::Bool(false)).into_iter().collect(),
        Value::Number(number) => numbers(number),
        Value::String(text) => texts(text),
        Value::Array(items) => arrays(items),
        Value::Object(members) => objects(members),
    };
    simpler.reverse();
    simpler.retain(|other| other != value);
    simpler
}

fn numbers(number: &serde_json::Number) -> Vec<Value> {
    if let Some(whole) = number.as_i64() {
        let mut simpler = vec![Value::from(0)];
        if whole < 0 {
            simpler.push(Value::from(whole.checked_neg().unwrap_or(i64::MAX)));
        }
        // Ever smaller steps, so that a bound is met in few of them.
        let halves = std::iter::successors(Some(whole / 2), |step| Some(step / 2));
        simpler.extend(
            halves
                .take_while(|step| *step != 0)
                .map(|step| Value::from(whole - step)),
        );
        return simpler;
    }
    let Some(value) = number.as_f64() else {
        return Vec::new();
    };
    [0.0, value.trunc(), value / 2.0]
        .into_iter()
        .filter(|other| other.abs() < value.abs())
        .filter_map(|other| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "only where it has no fraction"
            )]
            if other.fract() == 0.0 && other.abs() < 9e15 {
                Some(Value::from(other as i64))
            } else {
                serde_json::Number::from_f64(other).map(Value::Number)
            }
        })
        .collect()
}

fn texts(text: &str) -> Vec<Value> {
    let characters: Vec<char> = text.chars().collect();
    let length = characters.len();
    let mut simpler = Vec::new();
    let part =
        |range: std::ops::Range<usize>| Value::from(characters[range].iter().collect::<String>());
    if length > 0 {
        simpler.push(Value::from(""));
        simpler.push(part(0..length / 2));
        simpler.push(part(length / 2..length));
        simpler.push(part(0..length - 1));
        simpler.push(part(1..length));
    }
    let plain: String = characters
        .iter()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' => 'a',
            '0'..='9' => '0',
            other if other.is_ascii() => *other,
            _ => 'a',
        })
        .collect();
    if plain != text {
        simpler.push(Value::from(plain));
    }
    simpler
}

fn arrays(items: &[Value]) -> Vec<Value> {
    let mut simpler = Vec::new();
    if items.is_empty() {
        return simpler;
    }
    simpler.push(Value::Array(Vec::new()));
    simpler.push(Value::from(&items[..items.len() / 2]));
    let most = limits::copies(items.len());
    for index in (0..items.len()).rev().take(most.min(32)) {
        let mut fewer = items.to_vec();
        fewer.remove(index);
        simpler.push(Value::Array(fewer));
    }
    for (index, item) in items.iter().enumerate().take(32) {
        for step in steps(item).into_iter().rev() {
            let mut changed = items.to_vec();
            if simpler.len() >= most {
                return simpler;
            }
            changed[index] = step;
            simpler.push(Value::Array(changed));
        }
    }
    simpler
}

fn objects(members: &Map<String, Value>) -> Vec<Value> {
    let mut simpler = Vec::new();
    if members.is_empty() {
        return simpler;
    }
    simpler.push(Value::Object(Map::new()));
    let most = limits::copies(members.len());
    if members.len() > most {
        // One by one would be too many: a half at a time comes first.
        let (first, second) = halves(members);
        simpler.extend([Value::Object(first), Value::Object(second)]);
    }
    for name in members.keys().take(most) {
        let mut fewer = members.clone();
        fewer.shift_remove(name);
        simpler.push(Value::Object(fewer));
    }
    for (name, member) in members {
        for step in steps(member).into_iter().rev() {
            if simpler.len() >= 2 * most {
                return simpler;
            }
            let mut changed = members.clone();
            changed.insert(name.clone(), step);
            simpler.push(Value::Object(changed));
        }
    }
    simpler
}

/// The first half of the members, and the second.
fn halves(members: &Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let mut entries = members
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    let first = entries.by_ref().take(members.len() / 2).collect();
    (first, entries.collect())
}

/// A value changed a little, somewhere: simpler, larger, repeated or of another kind.
pub(super) fn changed(value: &Value, rng: &mut TestRng) -> Value {
    let mut others = steps(value);
    match value {
        Value::Array(items) => {
            if let Some(item) = pick(rng, items) {
                let mut longer = items.clone();
                longer.push(item.clone());
                others.push(Value::Array(longer));
                let index = below(rng, items.len());
                let mut inner = items.clone();
                inner[index] = changed(&items[index], rng);
                others.push(Value::Array(inner));
            }
            let mut longer = items.clone();
            longer.push(Value::from("extra"));
            others.push(Value::Array(longer));
        }
        Value::Object(members) => {
            let names: Vec<&String> = members.keys().collect();
            if let Some(name) = pick(rng, &names) {
                let mut inner = members.clone();
                inner.insert((*name).clone(), changed(&members[*name], rng));
                others.push(Value::Object(inner));
            }
            let mut wider = members.clone();
            wider.insert("extra".to_owned(), Value::from(1));
            others.push(Value::Object(wider));
        }
        Value::Number(number) => {
            let value = number.as_f64().unwrap_or_default();
            // Rounded: what breaks a rule by the dust of binary fractions alone breaks it for some
            // readers only.
            let short = |value: f64| (value * 1e4).round() / 1e4;
            others.extend([0.5, -1.0, 1.0, 0.000_1].map(|more| Value::from(short(value + more))));
        }
        Value::String(text) => others.push(Value::from(format!("{text} {text}"))),
        Value::Bool(flag) => others.push(Value::from(u8::from(*flag))),
        Value::Null => others.push(Value::from(0)),
    }
    pick(rng, &others).cloned().unwrap_or(Value::Null)
}
