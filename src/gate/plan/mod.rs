//! Which cases are sent, in which order: a function of the contract, the settings and the seed.
//!
//! A plan is made in two parts. What an operation's first request needs is cheap and comes at once; the
//! values around it cost far more, and a run only makes them when it knows the values that its first
//! requests brought back. [`plan`] makes both.

mod around;
mod candidates;
mod credential;
mod extent;
mod given;
mod methods;
mod telling;

use std::{collections::HashSet, sync::Arc};

use http::Method;
use serde_json::Value;

use crate::{
    check::{Intent, Part},
    contract::{Contract, Location, Operation, Parameter},
    exchange::{Request, RequestPurpose},
    gate::{
        case_factory::{CaseFactory, Purpose},
        identity::{Identity, identity},
        knowledge::context::ResourceContext,
    },
    generate::{self, Generator, Strategies, Values},
    run::{Case, LiveSettings, Phase, Unreached, given_value},
    wire::{RequestParts, arrives_broken, sendable, travels, write_request},
};

use around::is_known_parent;
use candidates::{ParameterCandidates, usual};
pub(crate) use credential::is_last;
pub use extent::plan;
pub(super) use extent::{begin, left_out, most_cases};
pub(in crate::gate) use telling::Turn;

/// How many bodies are drawn for one that still obeys once it has travelled.
const MAX_BODY_DRAWS: usize = 20;

/// The cases of one operation.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The operation.
    pub operation: Arc<Operation>,
    /// In the order in which they are sent.
    pub cases: Vec<Case>,
    /// The parts of which no invalid value can be sent: whatever travels there is valid.
    pub unbreakable: Vec<Part>,
    /// The parts of which values at the edges, or broken ones, were left out because they cost too much.
    pub cut_short: Vec<Part>,
    /// Why there are none, where there are none.
    pub left_out: Option<Unreached>,
    /// The values of a request that the service accepted; broken ones are made from it.
    pub(super) accepted: Option<RequestParts>,
    /// A body like what the service shows, where the document leaves open what one is made of.
    pub(super) like: Option<Value>,
    /// Methods to be tried that its path does not declare; empty for all operations of a path but one.
    other_methods: Vec<Method>,
    /// Whether there ever were cases in it.
    pub(super) has_any: bool,
}

impl Plan {
    fn empty(operation: &Arc<Operation>, left_out: Option<Unreached>) -> Self {
        Self {
            operation: Arc::clone(operation),
            cases: Vec::new(),
            unbreakable: Vec::new(),
            cut_short: Vec::new(),
            left_out,
            accepted: None,
            like: None,
            other_methods: Vec::new(),
            has_any: false,
        }
    }

    /// The plan of an operation for which no request is left.
    fn beyond_budget(operation: &Arc<Operation>, settings: &LiveSettings) -> Self {
        let why = left_out(operation, settings).unwrap_or(Unreached::Budget);
        Self::empty(operation, Some(why))
    }

    /// Makes the first part, anew where there is one: examples, and what is made of the first of them.
    pub(super) fn start(
        &mut self,
        contract: &Contract,
        settings: &LiveSettings,
        strategies: &Strategies,
    ) {
        if !matches!(
            self.left_out,
            None | Some(Unreached::NoValue(_) | Unreached::NoBody | Unreached::NoRequest)
        ) {
            return;
        }
        let operation = Arc::clone(&self.operation);
        let mut planner = Planner::new(contract, &operation, settings, strategies);
        planner.other_methods.clone_from(&self.other_methods);
        planner.like.clone_from(&self.like);
        self.left_out = planner.start().err();
        self.cases = if self.left_out.is_none() {
            planner.cases
        } else {
            Vec::new()
        };
        self.has_any |= !self.cases.is_empty();
    }

    /// Adds the second part to the first: edges, pairs, broken requests, random values.
    pub(super) fn complete(
        &mut self,
        contract: &Contract,
        settings: &LiveSettings,
        strategies: &Strategies,
    ) {
        if contract.document().stop().reason().is_some() {
            self.left_out.get_or_insert(Unreached::Budget);
        }
        if self.left_out.is_some() {
            return;
        }
        let operation = Arc::clone(&self.operation);
        let mut planner = Planner::new(contract, &operation, settings, strategies);
        planner.has_sent(&self.cases);
        planner.accepted.clone_from(&self.accepted);
        planner.like.clone_from(&self.like);
        planner.complete();
        self.unbreakable = planner.unbreakable;
        self.cut_short = planner.cut_short;
        self.cases.append(&mut planner.cases);
        self.cases.sort_by_key(|case| case.phase);
        self.has_any |= !self.cases.is_empty();
        let is_whole = contract.document().stop().reason().is_none();
        if is_whole && !self.has_any && settings.has_phase(Phase::Examples) {
            self.left_out = Some(Unreached::NoRequest);
        }
    }

    /// The cases of a phase, taken out unless the next plan builds on them.
    pub(super) fn take(&mut self, phase: Phase) -> Vec<Case> {
        let all = self.cases.iter();
        if phase == Phase::Examples {
            return all.filter(|case| case.phase == phase).cloned().collect();
        }
        let (taken, kept) = std::mem::take(&mut self.cases)
            .into_iter()
            .partition(|case| case.phase == phase);
        self.cases = kept;
        taken
    }

    /// Random cases with other settings, those that are planned left out.
    pub(super) fn random(
        &self,
        contract: &Contract,
        settings: &LiveSettings,
        strategies: &Strategies,
    ) -> Vec<Case> {
        let mut planner = Planner::new(contract, &self.operation, settings, strategies);
        planner.has_sent(&self.cases);
        let known = planner.all_known();
        planner.random(&known);
        planner.cases
    }

    /// How many cases of a phase there are.
    pub(super) fn count(&self, phase: Phase) -> usize {
        self.cases.iter().filter(|case| case.phase == phase).count()
    }

    /// How many cases of a phase there may well be, while the second part is not made.
    pub(super) fn estimate(&self, phase: Phase, settings: &LiveSettings) -> usize {
        if !IN_SECOND_PART.contains(&phase) {
            return self.count(phase);
        }
        let body = &self.operation.request_body;
        let parts = self.operation.parameters.len() + usize::from(body.is_some());
        if self.left_out.is_some() || !settings.has_phase(phase) {
            return 0;
        }
        match (phase, parts) {
            (_, 0) | (Phase::Pairs, 1) => 0,
            (Phase::Pairs, _) => settings.edge_cases / around::PAIRS_SHARE,
            (Phase::Random, _) => settings.random_cases,
            _ => settings.edge_cases,
        }
    }
}

/// The phases of cases around the plainest request.
const AROUND: [Phase; 3] = [Phase::Edges, Phase::Pairs, Phase::Invalid];

/// All phases of the second part.
const IN_SECOND_PART: [Phase; 4] = [Phase::Edges, Phase::Pairs, Phase::Invalid, Phase::Random];

struct Planner<'p> {
    contract: &'p Contract,
    operation: &'p Arc<Operation>,
    settings: &'p LiveSettings,
    strategies: &'p Strategies,
    /// Methods to be tried that the path does not declare.
    other_methods: Vec<Method>,
    /// The values of a request that the service accepted.
    accepted: Option<RequestParts>,
    /// A body like what the service shows.
    like: Option<Value>,
    /// One for each media type of the body.
    bodies: Vec<BodyValues>,
    cases: Vec<Case>,
    unbreakable: Vec<Part>,
    cut_short: Vec<Part>,
    /// What identifies each request on the wire, so that none is sent twice.
    sent: HashSet<Identity>,
}

/// The first request of an operation, from which others are made.
struct First {
    request: Request,
    parts: RequestParts,
}

/// Makes the values of one media type of the body.
struct BodyValues {
    range: String,
    /// `None` where it has no schema.
    strategy: Option<Values>,
}

fn bodies(operation: &Operation, strategies: &Strategies) -> Vec<BodyValues> {
    let media_types = operation
        .request_body
        .iter()
        .flat_map(|body| sendable(&body.content));
    media_types
        .map(|media_type| BodyValues {
            range: media_type.range.as_str().to_owned(),
            strategy: media_type
                .schema
                .as_ref()
                .map(|schema| strategies.valid(schema)),
        })
        .collect()
}

impl<'p> Planner<'p> {
    fn new(
        contract: &'p Contract,
        operation: &'p Arc<Operation>,
        settings: &'p LiveSettings,
        strategies: &'p Strategies,
    ) -> Self {
        Self {
            contract,
            operation,
            settings,
            strategies,
            other_methods: Vec::new(),
            accepted: None,
            like: None,
            bodies: bodies(operation, strategies),
            cases: Vec::new(),
            unbreakable: Vec::new(),
            cut_short: Vec::new(),
            sent: HashSet::new(),
        }
    }

    /// Takes in what was planned before, so that it is not planned again.
    fn has_sent(&mut self, cases: &[Case]) {
        for case in cases.iter().filter(|case| !case.phase.repeats()) {
            // What tells it apart is what is sent but for the credential.
            if let Ok(request) = write_request(self.operation, &self.settings.base, &case.parts) {
                self.sent.insert(identity(&request));
            }
        }
    }

    /// Plans the first part; the error says for what required part no value can be made.
    fn start(&mut self) -> Result<(), Unreached> {
        let known = self.all_known();
        let first = self.examples(&known)?;
        self.methods(first.as_ref());
        self.framing(first.as_ref());
        self.auth(first.as_ref());
        Ok(())
    }

    /// Plans the second part, as far as it is wanted.
    fn complete(&mut self) {
        let known = self.all_known();
        let settings = self.settings;
        let is_around = AROUND.iter().any(|phase| settings.has_phase(*phase));
        if is_around && let Some(plain) = self.plain(&known) {
            self.around(&plain, &known);
        }
        if settings.has_phase(Phase::Random) {
            self.random(&known);
        }
    }

    fn all_known(&self) -> Vec<ParameterCandidates<'p>> {
        let operation = self.operation;
        let parameters = operation.parameters.iter();
        parameters.map(|parameter| self.known(parameter)).collect()
    }

    fn known<'k>(&self, parameter: &'k Parameter) -> ParameterCandidates<'k> {
        let schema = parameter.value.schema();
        let given = self
            .settings
            .given(&parameter.name)
            .into_iter()
            .map(|text| given_value(text, schema))
            .collect();
        let mut shown: Vec<Value> = Vec::new();
        let declared = parameter
            .examples
            .iter()
            .map(|example| example.value.clone());
        let guessed = generate::shown_for(self.operation, parameter);
        for value in declared.chain(guessed) {
            if !shown.contains(&value) && schema.is_none_or(|schema| schema.is_valid(&value)) {
                shown.push(value);
            }
        }
        let strategy =
            schema.map(|schema| self.strategies.valid(schema).like(&parameter.name, &shown));
        ParameterCandidates {
            parameter,
            given,
            shown,
            usual: usual(self.operation, parameter),
            strategy,
        }
    }

    /// One case for each value that is shown or given, all parameters that have one taking part.
    fn examples(&mut self, known: &[ParameterCandidates<'_>]) -> Result<Option<First>, Unreached> {
        let mut generator = Generator::new(
            self.settings.seed,
            &[self.operation.id.as_str(), "examples"],
        );
        let bodies = self.example_bodies(&mut generator);
        let rounds = known
            .iter()
            .map(ParameterCandidates::rounds)
            .chain([bodies.len(), 1])
            .max()
            .unwrap_or(1)
            .min(16);
        let is_drawn = self.shown_bodies().is_empty();
        let mut first = None;
        for round in 0..rounds {
            let mut parts = RequestParts::default();
            let mut is_synthetic = false;
            for one in known {
                let parameter = one.parameter;
                if let Some(value) = one.example(round) {
                    parts.set(parameter.location, &parameter.name, value.clone());
                    is_synthetic |= one.is_unknown();
                } else if parameter.required {
                    let value = one
                        .generated(&mut generator)
                        .ok_or_else(|| Unreached::NoValue(parameter.name.clone()))?;
                    parts.set(parameter.location, &parameter.name, value);
                    is_synthetic = true;
                }
            }
            parts.body = bodies.get(round % bodies.len().max(1)).cloned();
            // What is shown is meant as it is; what is drawn may have no form on the wire, such as an empty object.
            if round > 0
                && is_drawn
                && write_request(self.operation, &self.settings.base, &parts)
                    .is_ok_and(|request| arrives_broken(self.operation, &request))
            {
                continue;
            }
            if parts.body.is_none() && self.requires_body() {
                return Err(Unreached::NoBody);
            }
            let why = if is_synthetic {
                "a plain request"
            } else {
                "values from the document or the user"
            };
            let request = self.add(&parts, Phase::Examples, why);
            first = first.or(request.map(|request| First { request, parts }));
        }
        Ok(first)
    }

    /// The bodies of the examples: what the document shows; where it shows none as a whole, one with all that it
    /// shows in parts, or else any that obeys, and the least that obeys.
    fn example_bodies(&self, generator: &mut Generator) -> Vec<(String, Value)> {
        let shown = self.shown_bodies_with_given();
        if !shown.is_empty() || self.bodies.is_empty() {
            return shown;
        }
        let strategy = self.bodies.first().and_then(|body| body.strategy.as_ref());
        let shows_parts = strategy.is_some_and(Values::shows_something);
        let whole = if shows_parts {
            self.drawn_body(|values| values.with_all().as_shown(), generator)
        } else {
            self.generated_body(generator)
        };
        let least = self.drawn_body(|values| values.minimal().as_shown(), generator);
        let mut bodies: Vec<_> = whole.into_iter().collect();
        bodies.extend(least.filter(|least| !bodies.contains(least)));
        bodies
    }

    fn requires_body(&self) -> bool {
        let body = self.operation.request_body.as_ref();
        body.is_some_and(|body| body.required)
    }

    fn generated_body(&self, generator: &mut Generator) -> Option<(String, Value)> {
        self.drawn_body(Values::clone, generator)
    }

    fn drawn_body(
        &self,
        manner: fn(&Values) -> Values,
        generator: &mut Generator,
    ) -> Option<(String, Value)> {
        let body = self.bodies.first()?;
        let value = match body.strategy.as_ref().map(manner) {
            Some(strategy) => (0..MAX_BODY_DRAWS)
                .filter_map(|_| generator.draw(&strategy))
                .find(|value| self.travels(&body.range, value))
                .or_else(|| generator.draw(&strategy))?,
            None => Value::Object(serde_json::Map::new()),
        };
        let value = self.with_given(&body.range, value, None);
        Some((body.range.clone(), value))
    }

    fn travels(&self, range: &str, value: &Value) -> bool {
        let body = self.operation.request_body.as_ref();
        body.and_then(|body| body.content.entry(range))
            .is_none_or(|media_type| travels(media_type, value))
    }

    /// The plainest request that obeys: what is required and nothing else.
    fn plain(&self, known: &[ParameterCandidates<'_>]) -> Option<RequestParts> {
        let mut generator =
            Generator::new(self.settings.seed, &[self.operation.id.as_str(), "plain"]);
        let mut parts = RequestParts::default();
        for one in known.iter().filter(|one| one.parameter.required) {
            let value = match one.example(0) {
                Some(value) => value.clone(),
                None => one.plain(&mut generator)?,
            };
            parts.set(one.parameter.location, &one.parameter.name, value);
        }
        if self.requires_body() {
            parts.body = Some(
                self.shown_bodies()
                    .into_iter()
                    .next()
                    .map(|(range, body)| {
                        let filled = self.with_given(&range, body, None);
                        (range, filled)
                    })
                    .or_else(|| self.drawn_body(Values::plain, &mut generator))?,
            );
        }
        Some(parts)
    }

    /// Random values that obey the contract; each optional parameter takes part in half of them.
    fn random(&mut self, known: &[ParameterCandidates<'_>]) {
        let mut generator =
            Generator::new(self.settings.seed, &[self.operation.id.as_str(), "random"]);
        let key = ResourceContext::key_of(self.operation);
        let is_varied = known.len() > 1 || !self.bodies.is_empty();
        let body_is_required = self.requires_body();
        for round in 0..self.settings.random_cases {
            let mut parts = RequestParts::default();
            for one in known {
                let parameter = one.parameter;
                if !parameter.required && is_left_out(parameter, &mut generator) {
                    continue;
                }
                // What the user gave names things that exist; every other case keeps it, and so
                // does every other one with what the document shows for a path.
                let is_in_turn = if is_known_parent(key, one) {
                    round % 5 != 4
                } else {
                    round % 2 == 0
                };
                let is_kept = is_in_turn
                    && is_varied
                    && (!one.given.is_empty() || parameter.location == Location::Path);
                let value = one
                    .example(round / 2)
                    .filter(|_| is_kept)
                    .cloned()
                    .or_else(|| one.generated(&mut generator));
                if let Some(value) = value {
                    parts.set(parameter.location, &parameter.name, value);
                }
            }
            if body_is_required || generator.below(2) == 0 {
                parts.body = self.generated_body(&mut generator);
            }
            if body_is_required && parts.body.is_none() {
                return;
            }
            self.add(&parts, Phase::Random, "random values");
        }
    }

    /// The first request again, over a bare connection, and as HEAD there too.
    fn framing(&mut self, first: Option<&First>) {
        let Some(first) = first.filter(|first| first.request.method == Method::GET) else {
            return;
        };
        for method in [Method::GET, Method::HEAD] {
            let why = format!("{method} over a bare connection");
            let request = Request {
                method,
                ..first.request.clone()
            };
            let purpose = Purpose::new(Phase::Framing, &why);
            self.push(request, &first.parts, Intent::Obey, purpose);
        }
    }

    /// Writes a request and takes it in unless it was sent already. Answers it, without the
    /// credential, when it can be sent.
    fn add(&mut self, parts: &RequestParts, phase: Phase, why: &str) -> Option<Request> {
        let request = write_request(self.operation, &self.settings.base, parts).ok()?;
        // What is shown or given is meant as it is.
        if phase != Phase::Examples
            && (reroutes(&request) || arrives_broken(self.operation, &request))
        {
            return None;
        }
        if self.is_fresh(&request) {
            let purpose = Purpose::new(phase, why);
            self.push(request.clone(), parts, Intent::Obey, purpose);
        }
        Some(request)
    }

    /// Whether a request is sent for the first time; from now on it is not.
    fn is_fresh(&mut self, request: &Request) -> bool {
        self.sent.insert(identity(request))
    }

    /// Plans a case with a request that obeys, or of which nobody says more than `intent`.
    fn push(
        &mut self,
        mut request: Request,
        parts: &RequestParts,
        intent: Intent,
        purpose: Purpose<'_>,
    ) {
        if self.settings.has_phase(purpose.phase) {
            let parts = parts.clone();
            if intent == Intent::Break {
                request.purpose = Some(RequestPurpose::Break);
            }
            let case = self
                .factory()
                .with_request(self.operation, request, parts, purpose);
            self.cases.push(Case { intent, ..case });
        }
    }

    fn factory(&self) -> CaseFactory<'p> {
        CaseFactory::new(self.settings)
    }
}

/// Whether a random request goes without an optional parameter.
fn is_left_out(parameter: &Parameter, generator: &mut Generator) -> bool {
    if is_conditional(parameter) {
        generator.below(8) != 0
    } else {
        generator.below(2) == 0
    }
}

/// Whether a parameter makes a request conditional (RFC 9110 §13): with a drawn value, all that a service says is that
/// it is not met.
fn is_conditional(parameter: &Parameter) -> bool {
    const FIELDS: [&str; 5] = [
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
        "if-range",
    ];
    parameter.location == Location::Header
        && FIELDS.contains(&parameter.name.to_ascii_lowercase().as_str())
}

/// Whether a value in the path holds a slash. Many servers and proxies undo the escape before they look for
/// the route, so that what answers is not the operation. Who gives such a value means it.
fn reroutes(request: &Request) -> bool {
    request.url.path().to_ascii_lowercase().contains("%2f")
}
