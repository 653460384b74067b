//! Values drawn from a recipe.

use jsonschema::JsonType;
use oasgate_document::Budget;
use proptest::test_runner::TestRng;
use serde_json::{Map, Value};

use super::{
    judge::Judge,
    likeness::Likeness,
    limits::{JUDGE, MAX_SIZE, MAX_TEXT},
    number::{self, Numbers},
    one_of::OneOf,
    pattern::Pattern,
    random::{below, between, once_in, pick},
    recipe::{Items, Node, Recipe, Span, Text},
};
use crate::contract::canonical::Distinctness;

/// How deep values go before only what is required is made.
const USUAL_DEPTH: u32 = 5;

/// How many nodes a value has before only what is required is made.
pub(super) const USUAL_NODES: usize = 400;

/// How deep values go at all.
const MAX_DEPTH: u32 = 60;

/// How many shared nodes are open at once: they may lead in a circle.
const MAX_SHARED: usize = 120;

/// How often a part is drawn again when its judge refuses it.
pub(super) const ATTEMPTS: usize = 60;

/// The longest string, array or object that is made without being asked for, beyond the least.
const USUAL_SIZE: usize = 4;

/// How much of what is optional is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Optional {
    /// Each optional part in half of the values.
    Half,
    /// All of them.
    All,
    /// None of them.
    None,
}

/// Draws values.
pub(super) struct Draw<'d> {
    pub(super) recipe: &'d Recipe,
    pub(super) likeness: &'d Likeness,
    pub(super) rng: &'d mut TestRng,
    pub(super) optional: Optional,
    /// Which alternative is taken wherever there is one; `None` for any.
    pub(super) alternative: Option<usize>,
    /// Whether texts keep to letters and digits where they may.
    pub(super) is_plain: bool,
    /// Whether what the document shows for a property is taken wherever it fits, as it stands.
    pub(super) is_shown: bool,
    /// Whether parts that their judge refuses are drawn again.
    pub(super) is_judged: bool,
    /// How many more nodes are made before only what is required is.
    pub(super) room: usize,
    /// How many shared nodes are open.
    pub(super) shared: usize,
    /// What is left to spend on the value, over all attempts at it.
    pub(super) budget: &'d Budget,
}

impl Draw<'_> {
    /// A value; `None` when none was found.
    pub(super) fn value(&mut self, name: Option<&str>) -> Option<Value> {
        let recipe = self.recipe;
        self.node(&recipe.nodes[0], 0, name)
    }

    pub(super) fn node(&mut self, node: &Node, depth: u32, name: Option<&str>) -> Option<Value> {
        if depth > MAX_DEPTH || self.budget.step().is_err() {
            return None;
        }
        if !matches!(node, Node::Shared(_)) {
            self.room = self.room.saturating_sub(1);
        }
        match node {
            Node::Never => None,
            Node::Any => Some(self.any(depth)),
            Node::Values(values) => match self.shown(name, |value| values.contains(value)) {
                Some(shown) => Some(shown),
                None => pick(self.rng, values).cloned(),
            },
            Node::Types(types) => {
                // Something tells more than nothing, unless everything has its turn.
                let has_more = self.optional != Optional::Half && types.len() > 1;
                let fuller = |kind: &JsonType| !has_more || *kind != JsonType::Null;
                let types: Vec<_> = types.iter().copied().filter(fuller).collect();
                let kind = match self.alternative {
                    Some(turn) => *types.get(turn % types.len().max(1))?,
                    None => *pick(self.rng, &types)?,
                };
                Some(self.of_type(kind, depth, name))
            }
            Node::Text(text) => self.text(text, name).map(Value::String),
            Node::Integer(span) => self.number(span, Numbers::Whole, name),
            Node::Number(span) => self.number(span, Numbers::Any, name),
            Node::Array(items) => self.judged(items.judge.as_ref(), |draw| {
                let shown = draw.shown_whole(name, Value::is_array);
                shown.or_else(|| draw.array(items, depth, name))
            }),
            Node::Object(members) => self.judged(members.judge.as_ref(), |draw| {
                let shown = draw.shown_whole(name, Value::is_object);
                shown.or_else(|| draw.object(members, depth))
            }),
            Node::Choice(nodes) => {
                let recipe = self.recipe;
                if self.is_deep(depth) {
                    let heights = nodes.iter().map(|node| recipe.least_height(node));
                    // A judge may refuse what is lowest: now and then it is another one.
                    let most = (heights.min()?).saturating_add(u32::from(once_in(self.rng, 8)));
                    let low = |node: &&Node| recipe.least_height(node) <= most;
                    let lowest: Vec<&Node> = nodes.iter().filter(low).collect();
                    let chosen = *pick(self.rng, &lowest)?;
                    return self.node(chosen, depth, name);
                }
                let chosen = match (self.alternative, self.optional) {
                    (Some(turn), _) => turn,
                    (None, Optional::All) => nodes.iter().position(|node| !is_null(node))?,
                    (None, _) => below(self.rng, nodes.len()),
                };
                (0..nodes.len())
                    .find_map(|turn| self.node(&nodes[(chosen + turn) % nodes.len()], depth, name))
            }
            Node::Judged(inner, judge) => {
                self.judged(Some(judge), |draw| draw.node(inner, depth, name))
            }
            Node::OneOf(one_of) => self.one_of(one_of, depth, name),
            Node::Reference(number) => {
                let recipe = self.recipe;
                self.node(&recipe.nodes[*number], depth + 1, name)
            }
            Node::Shared(number) => {
                let recipe = self.recipe;
                if self.shared >= MAX_SHARED {
                    return None;
                }
                self.shared += 1;
                let value = self.node(&recipe.nodes[*number], depth, name);
                self.shared -= 1;
                value
            }
        }
    }

    /// What the document shows for a property, where that is wanted as it stands.
    fn shown(&self, name: Option<&str>, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let name = name.filter(|_| self.is_shown)?;
        self.likeness.first(name, fits).cloned()
    }

    /// An array or an object that the document shows for a property, as often as a text.
    fn shown_whole(&mut self, name: Option<&str>, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        if self.is_shown {
            return self.shown(name, fits);
        }
        if self.likeness.is_empty() || once_in(self.rng, 4) {
            return None;
        }
        self.likeness.any(name?, self.rng, fits).cloned()
    }

    /// Whether only what is required is still made.
    pub(super) fn is_deep(&self, depth: u32) -> bool {
        depth >= USUAL_DEPTH || self.room == 0
    }

    fn judged(
        &mut self,
        judge: Option<&Judge>,
        mut make: impl FnMut(&mut Self) -> Option<Value>,
    ) -> Option<Value> {
        let Some(judge) = judge.filter(|_| self.is_judged) else {
            return make(self);
        };
        let budget = self.budget;
        (0..ATTEMPTS)
            .take_while(|_| budget.spend_steps(JUDGE).is_ok())
            .find_map(|_| make(self).filter(|value| judge.takes(value, budget)))
    }

    fn one_of(&mut self, one_of: &OneOf, depth: u32, name: Option<&str>) -> Option<Value> {
        if !self.is_judged {
            return self.node(&one_of.choice, depth, name);
        }
        (0..ATTEMPTS).find_map(|attempt| {
            self.budget.spend_steps(JUDGE).ok()?;
            let value = self.node(&one_of.choice, depth, name)?;
            if one_of.whole.takes(&value, self.budget) {
                return Some(value);
            }
            // A value that fits as it is looks more like what is meant.
            if attempt % 4 == 3 {
                let judges = one_of.judges.len() as u64;
                self.budget.spend_steps(judges * JUDGE).ok()?;
                return one_of.kept_out_of_the_others(self.recipe, value, self.rng, self.budget);
            }
            None
        })
    }

    fn any(&mut self, depth: u32) -> Value {
        const KINDS: [JsonType; 7] = [
            JsonType::String,
            JsonType::Integer,
            JsonType::Boolean,
            JsonType::Null,
            JsonType::Number,
            JsonType::Object,
            JsonType::Array,
        ];
        let most = if self.is_deep(depth) { 5 } else { 7 };
        let kind = KINDS[below(self.rng, most)];
        self.of_type(kind, depth, None)
    }

    fn of_type(&mut self, kind: JsonType, depth: u32, name: Option<&str>) -> Value {
        let open = Span {
            least: None,
            most: None,
            excludes_least: false,
            excludes_most: false,
            multiples: Vec::new(),
            not_multiples: Vec::new(),
        };
        let shown = match kind {
            JsonType::Boolean => self.shown(name, Value::is_boolean),
            JsonType::Array => self.shown_whole(name, Value::is_array),
            JsonType::Object => self.shown_whole(name, Value::is_object),
            _ => None,
        };
        if let Some(shown) = shown {
            return shown;
        }
        match kind {
            JsonType::Null => Value::Null,
            JsonType::Boolean => Value::Bool(once_in(self.rng, 2)),
            JsonType::Integer => {
                number::draw(self.rng, &open, Numbers::Whole).unwrap_or(Value::from(0))
            }
            JsonType::Number => {
                number::draw(self.rng, &open, Numbers::Any).unwrap_or(Value::from(0.5))
            }
            JsonType::String => {
                let text = Text {
                    least: 0,
                    most: None,
                    patterns: Vec::new(),
                    meant: None,
                    samples: Vec::new(),
                    judge: None,
                };
                Value::String(self.text(&text, name).unwrap_or_default())
            }
            JsonType::Array => {
                let length = below(self.rng, 3);
                (0..length).map(|_| self.any(depth + 1)).collect()
            }
            JsonType::Object => {
                let mut members = Map::new();
                for _ in 0..below(self.rng, 3) {
                    let key = self.fresh_name();
                    members.insert(key, self.any(depth + 1));
                }
                Value::Object(members)
            }
        }
    }

    fn number(&mut self, span: &Span, numbers: Numbers, name: Option<&str>) -> Option<Value> {
        if let Some(shown) = self.shown(name, |shown| number::takes(span, shown, numbers)) {
            return Some(shown);
        }
        if let Some(name) = name
            && once_in(self.rng, 4)
            && let Some(shown) = self.likeness.number(name, self.rng)
            && number::takes(span, &shown, numbers)
        {
            return Some(shown);
        }
        number::draw(self.rng, span, numbers)
    }

    fn text(&mut self, text: &Text, name: Option<&str>) -> Option<String> {
        let most = text.most.unwrap_or(usize::MAX);
        if text.least > MAX_TEXT {
            return None;
        }
        let budget = self.budget;
        let accepted = |candidate: &str| {
            let length = candidate.chars().count();
            (text.least..=most).contains(&length)
                && text
                    .judge
                    .as_ref()
                    .is_none_or(|judge| judge.takes(&Value::from(candidate), budget))
        };
        let shown = self.shown(name, |shown| shown.as_str().is_some_and(accepted));
        if let Some(Value::String(shown)) = shown {
            return Some(shown);
        }
        // What a format says goes before what a name may say.
        let like = match text.meant {
            Some(_) => Likeness::shown_text,
            None => Likeness::text,
        };
        if let Some(name) = name
            && !once_in(self.rng, 4)
            && let Some(shown) = like(self.likeness, name, self.rng)
            && accepted(&shown)
        {
            return Some(shown);
        }
        let is_beyond = text.patterns.iter().any(Pattern::is_beyond_drawing);
        for attempt in 0..ATTEMPTS {
            let characters = text.least as u64;
            self.budget.spend_steps(JUDGE + characters / 16).ok()?;
            if let Some(sample) = pick(self.rng, &text.samples)
                && accepted(sample)
            {
                return Some((*sample).to_owned());
            }
            if is_beyond {
                continue;
            }
            // Where nothing that is meant fits the other rules, those are all that is known.
            let meant = text.meant.as_ref().filter(|_| attempt < ATTEMPTS / 2);
            let candidate = match (meant, text.patterns.as_slice()) {
                (Some(meant), _) => meant.draw(self.rng, text.least, most),
                (None, []) => self.plain_text(text.least, most),
                (None, patterns) => pick(self.rng, patterns)?.draw(self.rng, text.least, most),
            };
            self.budget.spend_steps(candidate.len() as u64 / 16).ok()?;
            if accepted(&candidate) {
                return Some(candidate);
            }
        }
        None
    }

    fn plain_text(&mut self, least: usize, most: usize) -> String {
        const PLAIN: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        const WIDER: &[char] = &[
            'A', 'Z', ' ', '_', '-', '.', '/', '%', '&', '=', '?', '#', '+', ',', ';', ':', '"',
            '\'', '\\', '<', '>', '{', '}', '|', '~', 'é', 'ß', '漢', 'ا', '😀', '\u{301}',
        ];
        let usual = least.saturating_add(USUAL_SIZE * 3).min(most).min(MAX_SIZE);
        let length = between(self.rng, least as i128, usual as i128);
        let is_wide = !self.is_plain && once_in(self.rng, 5);
        (0..length)
            .map(|_| {
                if is_wide && once_in(self.rng, 2) {
                    WIDER[below(self.rng, WIDER.len())]
                } else {
                    char::from(PLAIN[below(self.rng, PLAIN.len())])
                }
            })
            .collect()
    }

    pub(super) fn fresh_name(&mut self) -> String {
        const NAMES: &[&str] = &["name", "key", "value", "extra", "x"];
        match pick(self.rng, NAMES) {
            Some(name) if once_in(self.rng, 2) => (*name).to_owned(),
            _ => {
                let length = 1 + below(self.rng, 6);
                self.plain_text(length, length)
            }
        }
    }

    fn array(&mut self, items: &Items, depth: u32, name: Option<&str>) -> Option<Value> {
        let prefix = items.prefix.len();
        let needed = (items.contains.iter())
            .map(|(_, least)| *least)
            .fold(0, usize::saturating_add);
        let ends_with_prefix = matches!(items.rest, Node::Never);
        let most = items.most.unwrap_or(usize::MAX).min(if ends_with_prefix {
            prefix
        } else {
            usize::MAX
        });
        let least = items
            .least
            .max(needed.min(most))
            .max(usize::from(items.distinctness == Distinctness::SomeRepeated) * 2);
        if least > most || least > MAX_SIZE {
            return None;
        }
        let usual = match self.optional {
            Optional::None => least,
            _ if self.is_deep(depth) => least,
            Optional::All => least.max(1).max(prefix).min(most),
            Optional::Half => least.saturating_add(USUAL_SIZE).max(prefix).min(most),
        };
        let least = match self.optional {
            Optional::All => usual,
            _ => least,
        };
        let length = usize::try_from(between(self.rng, least as i128, usual as i128)).ok()?;
        let mut made: Vec<Value> = Vec::with_capacity(length);
        for index in 0..length {
            let node = items.prefix.get(index).unwrap_or(&items.rest);
            let mut drawn = self.node(node, depth + 1, name)?;
            if items.distinctness == Distinctness::AllDistinct {
                for _ in 0..ATTEMPTS {
                    self.budget.spend_steps(made.len() as u64 / 16).ok()?;
                    if !made.contains(&drawn) {
                        break;
                    }
                    drawn = self.node(node, depth + 1, name)?;
                }
                // Where no fresh value was found, an array that is long enough stays as it is.
                if made.contains(&drawn) && made.len() >= items.least {
                    break;
                }
            }
            made.push(drawn);
        }
        // What must be contained takes the last places, where the rest decides.
        let mut at = made.len();
        for (node, least) in &items.contains {
            // What need not be there shows itself now and then, and where everything is wanted.
            let is_shown = self.optional == Optional::All
                || self.optional == Optional::Half && once_in(self.rng, 2);
            let spare = usize::from(*least == 0 && at > 0 && is_shown);
            for _ in 0..*least + spare {
                at = at.checked_sub(1)?;
                made[at] = self.node(node, depth + 1, name)?;
            }
        }
        if items.distinctness == Distinctness::SomeRepeated && made.len() >= 2 {
            let last = made.len() - 1;
            made[last] = made[last - 1].clone();
        }
        Some(Value::Array(made))
    }
}

fn is_null(node: &Node) -> bool {
    match node {
        Node::Values(values) => values.iter().all(Value::is_null),
        Node::Types(types) => types.iter().all(|kind| *kind == JsonType::Null),
        _ => false,
    }
}
