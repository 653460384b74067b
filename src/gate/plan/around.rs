//! The cases around the plainest request: edges, one part at a time; edges of two parts at once; and
//! requests that break one rule each.

use std::sync::Arc;

use serde_json::Value;

use super::{Known, Planner};
use crate::{
    check::{Breach, Intent, Part},
    contract::{Location, Operation},
    gate::{Phase, credentials::Use},
    generate::{self, Edge, Generator, Mutation},
    wire::{RequestParts, breaks_on_the_wire, write_request},
};

/// How many pairs of parts are tried for each operation, in relation to the edges.
const PAIRS_SHARE: usize = 4;

/// The edges of one part of a request.
struct Around {
    part: Part,
    /// The body's media type; unused for a parameter.
    range: String,
    edges: Vec<Edge>,
}

impl Around {
    fn put(&self, parts: &mut RequestParts, value: Value) {
        match &self.part {
            Part::Parameter(location, name) => parts.set(*location, name, value),
            Part::Body => parts.body = Some((self.range.clone(), value)),
        }
    }
}

impl Planner<'_> {
    /// Plans edges, pairs and broken requests, everything else being as in `plain`.
    pub(super) fn around(&mut self, plain: &RequestParts, known: &[Known<'_>]) {
        let operation = Arc::clone(self.operation);
        let mut edges = self.presence(plain, known);
        let mut broken = Vec::new();
        let around = self.each_part(&operation, plain, &mut broken);
        for one in &around {
            for edge in &one.edges {
                let mut parts = plain.clone();
                one.put(&mut parts, edge.value.clone());
                edges.push((parts, format!("{}: {}", one.part, edge.name)));
            }
        }
        for (parts, why) in spread(edges, self.settings.edge_cases) {
            self.add(&parts, Phase::Edges, Use::Right, &why);
        }
        for (parts, why) in pairs(plain, &around, self.settings.edge_cases / PAIRS_SHARE) {
            self.add(&parts, Phase::Pairs, Use::Right, &why);
        }
        let mut room = self.settings.edge_cases;
        for (parts, breach) in broken {
            if room == 0 {
                break;
            }
            room -= usize::from(self.add_broken(&parts, breach));
        }
    }

    /// The edges of each part, and requests that break one rule of it.
    fn each_part(
        &self,
        operation: &Operation,
        plain: &RequestParts,
        broken: &mut Vec<(RequestParts, Breach)>,
    ) -> Vec<Around> {
        let id = operation.id.as_str();
        let mut around = Vec::new();
        for parameter in &operation.parameters {
            let Some(schema) = parameter.value.schema() else {
                continue;
            };
            let part = Part::Parameter(parameter.location, parameter.name.clone());
            let mut generator = Generator::new(self.settings.seed, &[id, &part.to_string()]);
            let one = Around {
                part: part.clone(),
                range: String::new(),
                edges: generate::edges(schema, &mut generator),
            };
            for mutation in generate::mutations(schema, &mut generator) {
                let mut parts = plain.clone();
                one.put(&mut parts, mutation.value.clone());
                broken.push((parts, breach(part.clone(), mutation)));
            }
            if parameter.required && parameter.location != Location::Path {
                let mut parts = plain.clone();
                parts.remove(parameter.location, &parameter.name);
                broken.push((parts, Breach::left_out(part)));
            }
            around.push(one);
        }
        let Some(body) = &operation.request_body else {
            return around;
        };
        for media_type in &body.content.media_types {
            let Some(schema) = &media_type.schema else {
                continue;
            };
            let range = media_type.range.as_str();
            let mut generator = Generator::new(self.settings.seed, &[id, "body", range]);
            let one = Around {
                part: Part::Body,
                range: range.to_owned(),
                edges: generate::edges(schema, &mut generator),
            };
            for mutation in generate::mutations(schema, &mut generator) {
                let mut parts = plain.clone();
                one.put(&mut parts, mutation.value.clone());
                broken.push((parts, breach(Part::Body, mutation)));
            }
            around.push(one);
        }
        if body.required {
            let parts = RequestParts {
                body: None,
                ..plain.clone()
            };
            broken.push((parts, Breach::left_out(Part::Body)));
        }
        around
    }

    /// What is optional: all of it, and each thing alone. Nothing of it is the plain request itself.
    fn presence(&self, plain: &RequestParts, known: &[Known<'_>]) -> Vec<(RequestParts, String)> {
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
                None => Self::generated(parameter, &mut generator),
            };
            let Some(value) = value else { continue };
            let mut parts = plain.clone();
            parts.set(parameter.location, &parameter.name, value.clone());
            alone.push((
                parts,
                format!("{} {} alone", parameter.location, parameter.name),
            ));
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
        found.append(&mut alone);
        found
    }

    /// Takes in a request that breaks the contract, where every reading of what is sent breaks it.
    fn add_broken(&mut self, parts: &RequestParts, breach: Breach) -> bool {
        let Ok(request) = write_request(self.operation, &self.settings.base, parts) else {
            return false;
        };
        if !breaks_on_the_wire(self.operation, &request, parts) || !self.is_fresh(&request) {
            return false;
        }
        let before = self.cases.len();
        self.push(
            request,
            parts,
            Phase::Invalid,
            Use::Right,
            &breach.to_string(),
        );
        if let Some(case) = self.cases.get_mut(before) {
            case.intent = Intent::Break;
            case.breaks = Some(breach);
        }
        true
    }
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
fn pairs(plain: &RequestParts, around: &[Around], most: usize) -> Vec<(RequestParts, String)> {
    let mut couples = Vec::new();
    for (index, first) in around.iter().enumerate() {
        for second in &around[index + 1..] {
            // Two media types of the body exclude each other.
            if first.part != second.part && !first.edges.is_empty() && !second.edges.is_empty() {
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

/// Some of many, from the beginning to the end, so that no part takes all the room.
fn spread<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let count = all.len();
    if count <= most {
        return all;
    }
    all.into_iter()
        .enumerate()
        .filter(|(index, _)| (index * most) / count != ((index + 1) * most) / count)
        .map(|(_, one)| one)
        .collect()
}
