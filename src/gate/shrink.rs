//! A failing case made small against the service, and what of it does not matter.
//!
//! A step is kept when the same finding comes again. A case stays what it claims to be on the way: one
//! that obeys the contract still obeys it after every step, and one that breaks it is proved broken on
//! the wire again, in the same part and keyword. A request that may change something is only sent again
//! where the state that it meets can be set up again: what it names is made anew for each step.

use serde_json::Value;

use super::{
    driver::{Run, subject},
    failure::Shrunk,
    identity::{Identity, identity},
    polling,
    sequence::{self, State},
    synthetic::synthetic_ids,
};
use crate::{
    check::{Breach, CHECKS, Intent, Part},
    contract::{Location, Operation},
    finding::Finding,
    generate::{self, Generator},
    run::{Case, existing},
    transport::Transport,
    wire::{self, Parameters, RequestParts, arrives_broken, breaks_on_the_wire, write_request},
};

/// The most requests that one finding may cost.
const MAX_REQUESTS: usize = 30;

/// Rules about time and the connection, which other values do not change, and which cost much to see
/// again.
const NOT_SHRUNK: &[&str] = &[
    "incomplete-response",
    "limit-reached",
    "slow-response",
    "unexpected-body",
];

/// Whether a finding is one that other values may change.
fn can_shrink(case: &Case, finding: &Finding) -> bool {
    matches!(case.intent, Intent::Obey | Intent::Break)
        && !NOT_SHRUNK.contains(&finding.rule.as_str())
        && CHECKS
            .iter()
            .any(|check| check.rule().id == finding.rule.as_str())
}

impl<T: Transport> Run<'_, T> {
    /// Makes a case small. `None` when it does not fail a second time, or cannot be sent again.
    pub(crate) async fn shrink(&mut self, case: &Case, finding: &Finding) -> Option<Shrunk> {
        let left = MAX_REQUESTS.min(self.budget.left());
        if left == 0 || !can_shrink(case, finding) {
            return None;
        }
        let mut attempt = Attempt {
            left,
            tried: vec![identity(&case.request)],
            state: sequence::state_for(self, case)?,
        };
        let mut smallest = case.clone();
        // What fails once and never again is not made smaller by guessing.
        let mut seen = self.fails(&smallest, finding, &mut attempt).await;
        if seen.is_none() && attempt.state == State::Any && !existing(case).is_empty() {
            // What it names may be gone by now.
            smallest = self.anew(case, &mut attempt).await?;
            seen = self.fails(&smallest, finding, &mut attempt).await;
        }
        let mut seen = seen?;
        while let Some((smaller, next)) = self.step(&smallest, finding, &mut attempt).await {
            (smallest, seen) = (smaller, next);
        }
        let does_not_matter = self
            .what_does_not_matter(&smallest, finding, &mut attempt)
            .await;
        Some(Shrunk {
            case: seen.case,
            finding: seen.finding,
            does_not_matter,
        })
    }

    /// The first smaller case that still fails.
    async fn step(
        &mut self,
        case: &Case,
        finding: &Finding,
        attempt: &mut Attempt,
    ) -> Option<(Case, Failed)> {
        for parts in smaller(case) {
            let Some(candidate) = self.with_parts(case, parts) else {
                continue;
            };
            let key = identity(&candidate.request);
            if attempt.tried.contains(&key) {
                continue;
            }
            attempt.tried.push(key);
            if let Some(again) = self.fails(&candidate, finding, attempt).await {
                return Some((candidate, again));
            }
            if attempt.left == 0 {
                return None;
            }
        }
        None
    }

    /// The parts that fail with any other value too, as far as two others tell.
    async fn what_does_not_matter(
        &mut self,
        case: &Case,
        finding: &Finding,
        attempt: &mut Attempt,
    ) -> Vec<String> {
        let mut found = Vec::new();
        let named = existing(case);
        for (location, name, value) in &case.parts.parameters {
            let part = Part::Parameter(*location, name.clone());
            let is_broken = case
                .breaks
                .as_ref()
                .is_some_and(|breach| breach.part == part);
            // What is made anew each time has another name each time already.
            let is_made =
                attempt.state == State::Anew && *location == Location::Path && named.contains(name);
            if is_broken || is_made {
                continue;
            }
            let others = self.other_values(&case.operation, *location, name, value);
            let mut failed = 0;
            for other in others {
                let mut parts = case.parts.clone();
                parts.set(*location, name, other);
                let Some(candidate) = self.with_parts(case, parts) else {
                    continue;
                };
                if self.fails(&candidate, finding, attempt).await.is_none() {
                    failed = 0;
                    break;
                }
                failed += 1;
            }
            if failed > 0 {
                found.push(part.to_string());
            }
        }
        found
    }

    fn other_values(
        &self,
        operation: &Operation,
        location: Location,
        name: &str,
        value: &Value,
    ) -> Vec<Value> {
        let Some(schema) = operation
            .parameters_in(location)
            .find(|parameter| parameter.name == name)
            .and_then(|parameter| parameter.value.schema())
        else {
            return Vec::new();
        };
        let purpose = [operation.id.as_str(), name, "other"];
        let mut generator = Generator::new(self.settings.seed, &purpose);
        let strategy = generate::valid(schema);
        let mut others = Vec::new();
        for _ in 0..20 {
            if let Some(other) = generator.draw(&strategy)
                && other != *value
                && !others.contains(&other)
            {
                others.push(other);
            }
            if others.len() == 2 {
                break;
            }
        }
        others
    }

    /// A case with other values; `None` where it would not be what it claims to be.
    pub(crate) fn with_parts(&self, case: &Case, parts: RequestParts) -> Option<Case> {
        let operation = &case.operation;
        let mut request = write_request(operation, &self.settings.base, &parts).ok()?;
        let is_sound = match &case.breaks {
            None => obeys(operation, &parts) && !arrives_broken(operation, &request),
            Some(breach) => {
                breaks_on_the_wire(operation, &request, &parts)
                    && part_breaks(operation, &request, &breach.part)
                    && is_meant(operation, &parts, breach)
            }
        };
        if !is_sound {
            return None;
        }
        self.settings
            .credentials
            .apply(operation, &mut request, case.credential);
        let mut unknown = synthetic_ids(&parts, self.settings);
        // What was known to be there is known under the same name still.
        unknown.retain(|name| {
            let same = case.parts.get(Location::Path, name);
            case.made_up.contains(name) || same.is_none() || same != parts.get(Location::Path, name)
        });
        Some(Case {
            request,
            made_up: unknown,
            parts,
            ..case.clone()
        })
    }

    /// The same finding, when a case gives it.
    async fn fails(
        &mut self,
        case: &Case,
        finding: &Finding,
        attempt: &mut Attempt,
    ) -> Option<Failed> {
        let case = match attempt.state {
            State::Any => case.clone(),
            State::Anew => self.anew(case, attempt).await?,
        };
        if attempt.left == 0 || self.interrupt.is_set() || self.budget.is_late() {
            return None;
        }
        attempt.left -= 1;
        self.budget.spend(1);
        let sent = polling::send_once(self.transport, &case.request).await;
        let exchange = sent.exchanges.first()?;
        self.note_created(&case, exchange);
        let subject = subject(self.contract, self.settings, &case, exchange);
        let mut findings = Vec::new();
        let check = CHECKS
            .iter()
            .find(|check| check.rule().id == finding.rule.as_str())?;
        check.explain(&subject, &mut findings);
        let finding = findings
            .into_iter()
            .find(|one| one.fingerprint() == finding.fingerprint())?;
        Some(Failed { case, finding })
    }

    /// A case with what it names made anew, as far as what is left allows.
    async fn anew(&mut self, case: &Case, attempt: &mut Attempt) -> Option<Case> {
        if attempt.left < 2 || self.interrupt.is_set() || self.budget.is_late() {
            return None;
        }
        let before = self.budget.left();
        let anew = Box::pin(sequence::set_up(self, case)).await;
        let spent = before.saturating_sub(self.budget.left());
        attempt.left = attempt.left.saturating_sub(spent);
        anew
    }
}

/// A case as it was sent, and what it gave.
struct Failed {
    case: Case,
    finding: Finding,
}

/// What is left for one finding.
struct Attempt {
    left: usize,
    /// Requests that were sent already.
    tried: Vec<Identity>,
    /// What must be there before each.
    state: State,
}

/// Every way to make a case one step smaller, the boldest first: without a part, without a piece of the
/// body, with a simpler value.
fn smaller(case: &Case) -> Vec<RequestParts> {
    let operation = &case.operation;
    let mut found = Vec::new();
    let broken = case.breaks.as_ref().map(|breach| &breach.part);
    for (location, name, _) in &case.parts.parameters {
        let is_required = operation
            .parameters_in(*location)
            .any(|parameter| parameter.name == *name && parameter.required);
        let part = Part::Parameter(*location, name.clone());
        if !is_required && broken != Some(&part) {
            let mut parts = case.parts.clone();
            parts.remove(*location, name);
            found.push(parts);
        }
    }
    let body_is_required = operation
        .request_body
        .as_ref()
        .is_some_and(|body| body.required);
    if case.parts.body.is_some() && !body_is_required && broken != Some(&Part::Body) {
        let mut parts = case.parts.clone();
        parts.body = None;
        found.push(parts);
    }
    if let Some((range, value)) = &case.parts.body {
        for simpler in generate::simpler(value) {
            let mut parts = case.parts.clone();
            parts.body = Some((range.clone(), simpler));
            found.push(parts);
        }
    }
    for (location, name, value) in &case.parts.parameters {
        // The name of a resource that is there has no simpler form.
        if *location == Location::Path && !case.made_up.contains(name) {
            continue;
        }
        for simpler in generate::simpler(value) {
            let mut parts = case.parts.clone();
            parts.set(*location, name, simpler);
            found.push(parts);
        }
    }
    found
}

/// Whether every value is valid and everything that is required is there.
fn obeys(operation: &Operation, parts: &RequestParts) -> bool {
    let parameters = operation.parameters.iter().all(|parameter| {
        match parts.get(parameter.location, &parameter.name) {
            Some(value) => parameter
                .value
                .schema()
                .is_none_or(|schema| schema.is_valid(value)),
            None => !parameter.required,
        }
    });
    let body = match (&operation.request_body, &parts.body) {
        (None, _) => true,
        (Some(declared), None) => !declared.required,
        (Some(declared), Some((range, value))) => declared
            .content
            .media_types
            .iter()
            .find(|media_type| media_type.range.as_str() == range)
            .and_then(|media_type| media_type.schema.as_ref())
            .is_none_or(|schema| schema.is_valid(value)),
    };
    parameters && body
}

/// Whether a value breaks the very keyword that it is meant to break, at the very place.
fn is_meant(operation: &Operation, parts: &RequestParts, breach: &Breach) -> bool {
    if breach.is_left_out() {
        return true;
    }
    let (schema, value) = match &breach.part {
        Part::Parameter(location, name) => (
            operation
                .parameters_in(*location)
                .find(|parameter| parameter.name == *name)
                .and_then(|parameter| parameter.value.schema()),
            parts.get(*location, name),
        ),
        Part::Body => {
            let body = parts.body.as_ref();
            let schema = body.and_then(|(range, _)| {
                let content = &operation.request_body.as_ref()?.content;
                let mut all = content.media_types.iter();
                all.find(|one| one.range.as_str() == range)?.schema.as_ref()
            });
            (schema, body.map(|(_, value)| value))
        }
    };
    let (Some(schema), Some(value)) = (schema, value) else {
        return false;
    };
    schema
        .violations(value)
        .iter()
        .any(|one| one.keyword == breach.keyword && one.instance == breach.pointer)
}

/// Whether the part that is meant to be broken is.
fn part_breaks(operation: &Operation, request: &crate::exchange::Request, part: &Part) -> bool {
    match part {
        Part::Parameter(location, name) => {
            let path = wire::path_values(operation, request);
            operation
                .parameters_in(*location)
                .find(|parameter| parameter.name == *name)
                .is_some_and(|parameter| {
                    wire::parameter_breaks(parameter, &Parameters::of(operation, request, &path))
                })
        }
        Part::Body => operation
            .request_body
            .as_ref()
            .is_some_and(|body| wire::sent_body_breaks(body, request).unwrap_or(true)),
    }
}
