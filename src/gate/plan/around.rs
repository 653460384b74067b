//! The cases around the plainest request: edges, one part at a time; edges of two parts at once; and
//! requests that break one rule each.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use oasgate_document::Pointer;
use serde_json::{Map, Value};

use super::{ParameterCandidates, Planner};
use crate::{
    check::{Breach, Intent, Part},
    contract::{Location, Operation, Parameter},
    exchange::Request,
    gate::{case_factory::Purpose, knowledge::context::ResourceContext},
    generate::{self, Edge, Generator, Mutation, Rank},
    run::{Case, CredentialChoice, Phase},
    wire::{RequestParts, malformed_requests, with_duplicate_key, write_request},
};

/// How many edges, and how many broken values, of what an operation is below of are tried.
const MAX_OF_PARENT: usize = 2;

/// How many pairs of parts are tried for each operation, in relation to the edges.
pub(super) const PAIRS_SHARE: usize = 4;

/// How many parts of a request are looked at all the same, where few cases are wanted.
const MANY_PARTS: usize = 100;

/// How many times the wanted cases are the parts that are looked at: some give none.
const PARTS_PER_CASE: usize = 4;

/// How many parameters are read, at most, to look at all parts of a request once: each is looked at in a request that
/// has all the others too.
const MAX_READ: usize = 20_000;

/// What a broken request has in place of what the one that it is made from has.
enum Change {
    /// A parameter without a value is left out.
    Parameter(Location, String, Option<Value>),
    Body(Option<(String, Value)>),
}

impl Change {
    fn made_to(&self, base: &RequestParts) -> RequestParts {
        let mut parts = base.clone();
        match self {
            Self::Parameter(location, name, Some(value)) => {
                parts.set(*location, name, value.clone());
            }
            Self::Parameter(location, name, None) => parts.remove(*location, name),
            Self::Body(body) => parts.body.clone_from(body),
        }
        parts
    }
}

/// The edges of one part of a request.
struct PartBoundaries {
    part: Part,
    /// The body's media type; unused for a parameter.
    range: String,
    edges: Vec<Edge>,
    /// Whether edges or broken values were left out, because they cost too much.
    is_cut: bool,
}

impl PartBoundaries {
    /// Whether the part names the resource that the request is about.
    fn is_name(&self) -> bool {
        matches!(self.part, Part::Parameter(Location::Path, _))
    }

    fn put(&self, parts: &mut RequestParts, value: Value) {
        match &self.part {
            Part::Parameter(location, name) => parts.set(*location, name, value),
            Part::Body => parts.body = Some((self.range.clone(), value)),
        }
    }

    fn change(&self, value: Value) -> Change {
        match &self.part {
            Part::Parameter(location, name) => {
                Change::Parameter(*location, name.clone(), Some(value))
            }
            Part::Body => Change::Body(Some((self.range.clone(), value))),
        }
    }
}

impl Planner<'_> {
    /// Plans edges, pairs and broken requests, everything else being as in `plain`.
    pub(super) fn around(&mut self, plain: &RequestParts, known: &[ParameterCandidates<'_>]) {
        let operation = Arc::clone(self.operation);
        let mut broken = Vec::new();
        let base = self.base(plain);
        let around = self.each_part(&operation, &base, known, &mut broken);
        let cut = around.iter().filter(|one| one.is_cut);
        let cut = cut.map(|one| one.part.clone());
        let not_looked_at = known.iter().skip(self.most_parts(known.len()));
        let not_looked_at = not_looked_at.map(|one| part_of(one.parameter));
        self.cut_short = cut.chain(not_looked_at).collect();
        let most = self.settings.edge_cases;
        let (mut edges, alone) = self.presence(plain, known, most);
        let least = required_of(base.clone(), known);
        // Hundreds of bounds are not to be all that is tried.
        let mut room = most / 3;
        let (bounds, others): (Vec<_>, Vec<_>) =
            in_turn(&least, &around, most).into_iter().partition(|one| {
                let is_before = one.is_first_bound && room > 0;
                room -= usize::from(is_before);
                is_before
            });
        let written = |all: Vec<PartEdge>| all.into_iter().map(|one| (one.parts, one.why));
        // What the document bounds tells more than each optional part alone.
        edges.extend(written(bounds));
        edges.extend(alone);
        edges.extend(written(others));
        for (parts, why) in edges.into_iter().take(most) {
            self.add(&parts, Phase::Edges, &why);
        }
        for (parts, why) in pairs(&least, &around, most / PAIRS_SHARE) {
            self.add(&parts, Phase::Pairs, &why);
        }
        self.broken(&base, &around, in_telling_order(broken));
        self.malformed(&base);
    }

    /// What broken requests are made from: a request that the service accepted, where there was one, so
    /// that a refusal says something of what is broken in it.
    fn base(&self, plain: &RequestParts) -> RequestParts {
        match &self.accepted {
            Some(accepted) if self.operation.method != http::Method::DELETE => accepted.clone(),
            _ => plain.clone(),
        }
    }

    /// Bodies that are not what their media type says, and media types that are not declared. They come
    /// first among what is broken.
    fn malformed(&mut self, plain: &RequestParts) {
        let Ok(request) = write_request(self.operation, &self.settings.base, plain) else {
            return;
        };
        let before = self.cases.len();
        let found = malformed_requests(self.operation, &request);
        for one in found.into_iter().take(self.settings.edge_cases) {
            if !self.is_fresh(&one.request) {
                continue;
            }
            if one.request.body.bytes().is_empty() {
                // A media type without content is the same as a body that is left out.
                let parts = RequestParts {
                    body: None,
                    ..plain.clone()
                };
                self.push_broken(one.request, &parts, Breach::left_out(Part::Body));
            } else {
                let breach = Breach::of_bytes(one.keyword, one.rule);
                self.push_broken(one.request, plain, breach);
            }
        }
        if let Some(request) = with_duplicate_key(&request).filter(|one| self.is_fresh(one)) {
            let purpose = Purpose::new(Phase::Invalid, "body: a key named twice");
            self.push(request, plain, Intent::Break, purpose);
        }
        let is_broken = |case: &Case| case.phase == Phase::Invalid;
        let first = self.cases[..before].iter().position(is_broken);
        if let Some(first) = first {
            let new = self.cases.len() - before;
            self.cases[first..].rotate_right(new);
        }
    }

    /// Takes in requests that break one rule each, and notes the parts that cannot be broken.
    fn broken(
        &mut self,
        base: &RequestParts,
        around: &[PartBoundaries],
        broken: Vec<(Change, Breach)>,
    ) {
        let mut unbroken: Vec<Part> = around.iter().map(|one| one.part.clone()).collect();
        let mut room = self.settings.edge_cases;
        for (change, breach) in broken {
            if room == 0 && !unbroken.contains(&breach.part) {
                continue;
            }
            let parts = change.made_to(base);
            let Some(request) = self
                .factory()
                .broken_request(self.operation, &parts, &breach)
            else {
                continue;
            };
            unbroken.retain(|part| *part != breach.part || breach.is_left_out());
            if room > 0 && self.is_fresh(&request) {
                room -= 1;
                self.push_broken(request, &parts, breach);
            }
        }
        unbroken.dedup();
        self.unbreakable = unbroken;
    }

    /// The edges of each part, and requests that break one rule of it.
    fn each_part(
        &self,
        operation: &Operation,
        base: &RequestParts,
        known: &[ParameterCandidates<'_>],
        broken: &mut Vec<(Change, Breach)>,
    ) -> Vec<PartBoundaries> {
        let id = operation.id.as_str();
        let most = self.settings.edge_cases;
        let mut around = Vec::new();
        let key = ResourceContext::key_of(operation);
        for one in known.iter().take(self.most_parts(known.len())) {
            let parameter = one.parameter;
            let (Some(schema), Some(strategy)) = (parameter.value.schema(), &one.strategy) else {
                continue;
            };
            let part = part_of(parameter);
            let mut generator = Generator::new(self.settings.seed, &[id, &part.to_string()]);
            let most = if is_known_parent(key, one) {
                most.min(MAX_OF_PARENT)
            } else {
                most
            };
            let mut one = PartBoundaries {
                part: part.clone(),
                range: String::new(),
                edges: generate::edges(schema, strategy, most, &mut generator),
                is_cut: false,
            };
            for mutation in generate::mutations(schema, strategy, most, &mut generator) {
                let change = one.change(mutation.value.clone());
                broken.push((change, breach(part.clone(), mutation)));
            }
            if parameter.required && parameter.location != Location::Path {
                let change = Change::Parameter(parameter.location, parameter.name.clone(), None);
                broken.push((change, Breach::left_out(part)));
            }
            one.is_cut = generator.is_cut();
            around.push(one);
        }
        let Some(body) = &operation.request_body else {
            return around;
        };
        let members = base.body.as_ref().and_then(|(_, body)| body.as_object());
        let few = self.most_parts(members.map_or(0, Map::len));
        let is_large = few < most;
        let most = most.min(few);
        for media_type in &body.content.media_types {
            let range = media_type.range.as_str();
            let strategy = (self.bodies.iter())
                .find(|body| body.range == range)
                .and_then(|body| body.strategy.as_ref());
            let (Some(schema), Some(strategy)) = (&media_type.schema, strategy) else {
                continue;
            };
            let accepted = base.body.as_ref().filter(|_| self.accepted.is_some());
            let accepted = accepted.filter(|(of, _)| of == range).map(|(_, body)| body);
            let strategy = &match accepted {
                Some(body) => strategy.accepting(body),
                None => strategy.clone(),
            };
            let mut generator = Generator::new(self.settings.seed, &[id, "body", range]);
            let mut one = PartBoundaries {
                part: Part::Body,
                range: range.to_owned(),
                edges: generate::edges(schema, strategy, most, &mut generator)
                    .into_iter()
                    .map(|edge| {
                        // `/name: empty` is about that property.
                        let property = edge.name.strip_prefix('/');
                        let kept = property.and_then(|name| name.split([':', '/']).next());
                        let value = accepted.and_then(|body| about_one(body, &edge));
                        let value = value.filter(|value| schema.is_valid(value));
                        let value = value.unwrap_or_else(|| edge.value.clone());
                        let value = self.with_given(range, value, kept);
                        Edge { value, ..edge }
                    })
                    .collect(),
                is_cut: false,
            };
            let filled = |mutation: &Mutation| {
                if let Some(body) = accepted.and_then(|body| grafted(body, mutation)) {
                    return body;
                }
                let kept = mutation.at.tokens().next();
                self.with_given(range, mutation.value.clone(), kept.as_deref())
            };
            for mutation in generate::mutations(schema, strategy, most, &mut generator) {
                let change = one.change(filled(&mutation));
                broken.push((change, breach(Part::Body, mutation)));
            }
            if range.contains("json") {
                for mutation in generate::type_mutations(schema, strategy, most, &mut generator) {
                    let change = one.change(filled(&mutation));
                    broken.push((change, breach(Part::Body, mutation)));
                }
            }
            one.is_cut = is_large || generator.is_cut();
            around.push(one);
        }
        if body.required {
            broken.push((Change::Body(None), Breach::left_out(Part::Body)));
        }
        around
    }

    /// How many of so many parameters are looked at one by one.
    fn most_parts(&self, parameters: usize) -> usize {
        let wanted = self.settings.edge_cases.saturating_mul(PARTS_PER_CASE);
        wanted.max(MANY_PARTS).min(MAX_READ / parameters.max(1))
    }

    /// What is optional: nothing of it, which is the plain request itself, and all of it; and each thing alone, `most` of
    /// them.
    fn presence(
        &self,
        plain: &RequestParts,
        known: &[ParameterCandidates<'_>],
        most: usize,
    ) -> (Vec<Reasoned>, Vec<Reasoned>) {
        let mut generator = Generator::new(
            self.settings.seed,
            &[self.operation.id.as_str(), "presence"],
        );
        let mut found = vec![(plain.clone(), "nothing optional".to_owned())];
        let mut all = plain.clone();
        let mut alone = Vec::new();
        for one in known.iter().filter(|one| !one.parameter.required) {
            let parameter = one.parameter;
            let value = match one.example(0) {
                Some(value) => Some(value.clone()),
                None => one.generated(&mut generator),
            };
            let Some(value) = value else { continue };
            if alone.len() < most {
                let mut parts = plain.clone();
                parts.set(parameter.location, &parameter.name, value.clone());
                alone.push((
                    parts,
                    format!("{} {} alone", parameter.location, parameter.name),
                ));
            }
            all.set(parameter.location, &parameter.name, value);
        }
        let body_is_optional = self
            .operation
            .request_body
            .as_ref()
            .is_some_and(|body| !body.required);
        if body_is_optional && let Some(body) = self.generated_body(&mut generator) {
            all.body = Some(body.clone());
            let parts = RequestParts {
                body: Some(body),
                ..plain.clone()
            };
            alone.push((parts, "the body alone".to_owned()));
        }
        if alone.len() > 1 {
            found.push((all, "everything optional".to_owned()));
        }
        (found, alone)
    }

    /// Whether what the configuration puts into every request takes the place of what is broken.
    fn is_mended(&self, request: &Request, breach: &Breach) -> bool {
        let Part::Parameter(location, name) = &breach.part else {
            return false;
        };
        let mut sent = request.clone();
        self.settings
            .credentials
            .apply(self.operation, &mut sent, CredentialChoice::Primary);
        let in_query = |request: &Request| {
            let pairs = request.url.query_pairs();
            pairs.filter(|(key, _)| key == name).count()
        };
        let takes = |field: &str| {
            let mut slots = sent.credentials.iter();
            slots.any(|slot| slot.place.header().is_some_and(|name| name == field))
        };
        match location {
            Location::Header => {
                let name = name.to_ascii_lowercase();
                takes(&name) || sent.headers.get(&name) != request.headers.get(&name)
            }
            Location::Query => in_query(&sent) != in_query(request),
            Location::Cookie => {
                let cookies = http::header::COOKIE;
                takes(cookies.as_str())
                    || sent.headers.get(&cookies) != request.headers.get(&cookies)
            }
            Location::Path | Location::QueryString => false,
        }
    }

    fn push_broken(&mut self, request: Request, parts: &RequestParts, breach: Breach) {
        if self.is_mended(&request, &breach) {
            return;
        }
        if self.settings.has_phase(Phase::Invalid) {
            let why = breach.to_string();
            let purpose = Purpose::new(Phase::Invalid, &why);
            let parts = parts.clone();
            let case = self
                .factory()
                .breaking(self.operation, request, parts, breach, purpose);
            self.cases.push(case);
        }
    }
}

/// Whether a parameter names what an operation is below of, and what is there is known: values of it are tried
/// where that itself is asked for. `key` is the name of what the operation is about.
pub(super) fn is_known_parent(key: Option<&str>, one: &ParameterCandidates<'_>) -> bool {
    one.parameter.location == Location::Path
        && key != Some(one.parameter.name.as_str())
        && !one.given.is_empty()
}

fn part_of(parameter: &Parameter) -> Part {
    Part::Parameter(parameter.location, parameter.name.clone())
}

/// A request without the parameters that are optional.
fn required_of(mut parts: RequestParts, known: &[ParameterCandidates<'_>]) -> RequestParts {
    let optional = known.iter().filter(|one| !one.parameter.required);
    let optional: HashSet<(Location, &str)> = optional
        .map(|one| (one.parameter.location, one.parameter.name.as_str()))
        .collect();
    parts
        .parameters
        .retain(|(location, name, _)| !optional.contains(&(*location, name)));
    parts
}

/// A body with what an edge makes of one of its properties; `None` where the edge is about the whole.
fn about_one(body: &Value, edge: &Edge) -> Option<Value> {
    let slot = Pointer::parse(edge.slot())?;
    let name = slot.tokens().next()?;
    let property = edge.value.get(&name)?.clone();
    let mut whole = body.as_object()?.clone();
    whole.insert(name, property);
    Some(Value::Object(whole))
}

/// A body with the broken part of a mutation put in the place that it has there; `None` where the body
/// does not have that place, and where all of it is broken.
fn grafted(body: &Value, mutation: &Mutation) -> Option<Value> {
    let (above, _) = mutation.at.as_str().rsplit_once('/')?;
    let last = mutation.at.last()?;
    let mut whole = body.clone();
    let broken = mutation.at.get(&mutation.value);
    match whole.pointer_mut(above)? {
        Value::Object(members) => match broken {
            Some(value) => drop(members.insert(last, value.clone())),
            None => drop(members.shift_remove(&last)),
        },
        Value::Array(items) => *items.get_mut(last.parse::<usize>().ok()?)? = broken?.clone(),
        _ => return None,
    }
    Some(whole)
}

/// What is left out as a whole comes first, then one of each part in turn.
fn in_telling_order(broken: Vec<(Change, Breach)>) -> Vec<(Change, Breach)> {
    let mut seen: Vec<(Part, usize)> = Vec::new();
    let mut ranked: Vec<(usize, (Change, Breach))> = broken
        .into_iter()
        .map(|one| {
            if one.1.is_left_out() {
                return (0, one);
            }
            let known = seen.iter().position(|(part, _)| *part == one.1.part);
            let at = known.unwrap_or_else(|| {
                seen.push((one.1.part.clone(), 0));
                seen.len() - 1
            });
            seen[at].1 += 1;
            (seen[at].1, one)
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, one)| one).collect()
}

fn breach(part: Part, mutation: Mutation) -> Breach {
    Breach {
        part,
        pointer: mutation.at,
        keyword: mutation.keyword,
        rule: mutation.rule,
    }
}

/// Edges of two parts in one request, each part with each other one, spread over both lists of edges.
fn pairs(
    plain: &RequestParts,
    around: &[PartBoundaries],
    most: usize,
) -> Vec<(RequestParts, String)> {
    let mut couples = Vec::new();
    for (index, first) in around.iter().enumerate() {
        for second in &around[index + 1..] {
            // Two media types of the body exclude each other, and what names something that is not
            // there hides the rest.
            if first.part != second.part
                && !first.is_name()
                && !second.is_name()
                && !first.edges.is_empty()
                && !second.edges.is_empty()
            {
                couples.push((first, second));
            }
        }
    }
    let mut found = Vec::new();
    for round in 0..most {
        for (first, second) in &couples {
            let longest = first.edges.len().max(second.edges.len());
            if round >= longest || found.len() >= most {
                continue;
            }
            // The second list is gone through from its end, so that likes do not meet likes.
            let one = &first.edges[round % first.edges.len()];
            let other = &second.edges[second.edges.len() - 1 - round % second.edges.len()];
            let mut parts = plain.clone();
            first.put(&mut parts, one.value.clone());
            second.put(&mut parts, other.value.clone());
            let why = format!(
                "{}: {}; {}: {}",
                first.part, one.name, second.part, other.name
            );
            found.push((parts, why));
        }
    }
    found
}

/// The values of a request, and why it is sent.
type Reasoned = (RequestParts, String);

/// An edge of one part of a request, in its turn.
struct PartEdge {
    parts: RequestParts,
    why: String,
    /// Whether it is the first that meets a bound of this place exactly.
    is_first_bound: bool,
}

/// The edges of all parts, the most telling first, each property of each part in its turn; `most` of them.
fn in_turn(plain: &RequestParts, around: &[PartBoundaries], most: usize) -> Vec<PartEdge> {
    let mut ordered: Vec<(bool, usize, Rank, usize, usize)> = Vec::new();
    for (part, one) in around.iter().enumerate() {
        let mut turns: HashMap<(Rank, &str), usize> = HashMap::new();
        for (index, edge) in one.edges.iter().enumerate() {
            let turn = turns.entry((edge.rank, edge.slot())).or_default();
            let is_of_values = edge.rank != Rank::Presence;
            ordered.push((is_of_values, *turn, edge.rank, index, part));
            *turn += 1;
        }
    }
    ordered.sort_unstable();
    ordered
        .into_iter()
        .take(most)
        .map(|(_, turn, rank, index, part)| {
            let (one, edge) = (&around[part], &around[part].edges[index]);
            let mut parts = plain.clone();
            one.put(&mut parts, edge.value.clone());
            PartEdge {
                parts,
                why: format!("{}: {}", one.part, edge.name),
                is_first_bound: turn == 0 && rank == Rank::Constraint,
            }
        })
        .collect()
}
