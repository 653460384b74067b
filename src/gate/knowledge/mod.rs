//! What responses teach: values for later requests, rules that refusals name, what is new, what of the
//! contract was seen, which resources the run created.
//!
//! Nothing here sends anything or makes a finding: [`Knowledge::observe`] takes in an exchange, and the
//! rest are queries.

pub(crate) mod broken_kinds;
pub(crate) mod constraints;
pub(crate) mod context;
pub(crate) mod coverage;
pub(crate) mod created;
pub(crate) mod creation_signs;
pub(crate) mod existing;
pub(crate) mod first_look;
pub(crate) mod history;
pub(crate) mod instance;
pub(crate) mod memory;
pub(crate) mod mentioned;
pub(crate) mod named_by_refusal;
pub(crate) mod novelty;
pub(crate) mod pool;
pub(crate) mod refusal;
pub(crate) mod removals;
mod self_link;
pub(crate) mod settings;
pub(crate) mod shared;
pub(crate) mod shown;
pub(crate) mod used;
pub(crate) mod view;

use std::sync::Arc;

use http::{Method, StatusCode};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    check::Intent,
    contract::{
        Contract, Location, Operation, OperationIndex,
        graph::{Graph, Need},
    },
    exchange::Exchange,
    run::{Case, CredentialChoice, Existing},
};

use broken_kinds::BrokenKinds;
use constraints::{InferredConstraint, InferredConstraints};
use context::ResourceContext;
use created::CreatedResources;
use existing::ExistingResources;
use first_look::FirstLooks;
use memory::SequenceMemory;
use mentioned::MentionedIds;
use named_by_refusal::{RefusedReferences, Things};
use novelty::Novelty;
use pool::{Pool, fitting};
use refusal::sentences;
use removals::PendingRemovals;
use settings::KnownSettings;
use shared::SharedRefusals;
use shown::ShownThings;
use used::{UsedValues, is_a_title};
use view::{ExchangeView, begun_at, plain};

/// The most values from responses that a parameter of an example is given.
const MAX_KNOWN_VALUES: usize = 2;

/// Values of parameters by name, as texts.
pub(crate) type Texts = Vec<(String, String)>;

/// All that the responses of a run have taught.
#[derive(Debug)]
pub(crate) struct Knowledge {
    /// What responses gave for later requests.
    pub(crate) pool: Pool,
    /// What was accepted once, and may be refused as used.
    pub(crate) used: UsedValues,
    /// What each operation has shown.
    pub(crate) novelty: Novelty,
    /// What refusals have said.
    pub(crate) constraints: InferredConstraints,
    /// Which kinds of broken requests were taken and refused.
    pub(crate) broken: BrokenKinds,
    /// What operations refuse alike.
    pub(crate) shared: SharedRefusals,
    /// What reads show of things whose requests the document leaves open.
    pub(crate) shown: ShownThings,
    /// What only refusals say to be references.
    pub(crate) references: RefusedReferences,
    /// What was created and not deleted yet.
    pub(crate) created: CreatedResources,
    /// What answers to changes that are no known creations spoke of.
    pub(crate) mentioned: MentionedIds,
    /// What was there before the run.
    pub(crate) existing: ExistingResources,
    /// What lists showed before the run changed anything.
    pub(crate) first_looks: FirstLooks,
    /// What is to be removed that has no path.
    pub(crate) removals: PendingRemovals,
    /// What settings were before the run.
    pub(crate) settings: KnownSettings,
    /// What sequences have learned.
    pub(crate) memory: SequenceMemory,
    /// The first exchange of each operation that names by `Location` what it has begun, where no graph says what
    /// that is.
    pub(crate) located: IndexMap<OperationIndex, (Case, Exchange)>,
}

impl Knowledge {
    pub(crate) fn new(contract: &Contract, graph: Arc<Graph>) -> Self {
        let mut used = UsedValues::default();
        let creators = graph.resources.iter().flat_map(|one| &one.creators);
        let keys = creators.filter_map(|one| one.key_in_body.as_ref()?.last());
        // Two things may have one name as long as the service does not say otherwise.
        used.learn_unique(keys.filter(|key| !is_a_title(key)).collect());
        Self {
            pool: Pool::new(contract, graph),
            used,
            novelty: Novelty::default(),
            constraints: InferredConstraints::default(),
            broken: BrokenKinds::default(),
            shared: SharedRefusals::default(),
            shown: ShownThings::default(),
            references: RefusedReferences::default(),
            created: CreatedResources::default(),
            mentioned: MentionedIds::default(),
            existing: ExistingResources::default(),
            first_looks: FirstLooks::default(),
            removals: PendingRemovals::default(),
            settings: KnownSettings::default(),
            memory: SequenceMemory::default(),
            located: IndexMap::new(),
        }
    }

    /// Takes in what an exchange changed at the service, whatever it was sent for.
    pub(crate) fn note_state(
        &mut self,
        context: ResourceContext<'_>,
        case: &Case,
        exchange: &Exchange,
    ) {
        let view = ExchangeView::new(exchange, &case.parts);
        self.note_created(context, case, &view);
        if let Some(index) = context.index(&case.operation) {
            self.settings.observe(&context, index, &view);
            self.removals.observe(&context, index, case, exchange);
        }
        self.used.observe(case, exchange);
        self.note_located(context, case, exchange);
    }

    /// Notes what an exchange has begun elsewhere, to be looked for there.
    fn note_located(&mut self, context: ResourceContext<'_>, case: &Case, exchange: &Exchange) {
        if case.intent != Intent::Obey
            || case.credential != CredentialChoice::Primary
            || exchange.request.method != case.operation.method
            || begun_at(exchange).is_none()
        {
            return;
        }
        let is_polled = context.settings.polling_rule(&case.operation).is_some();
        if let Some(index) = context.index(&case.operation)
            && context.graph.made_by(index).is_none()
            && !is_polled
        {
            let first = self.located.entry(index);
            first.or_insert_with(|| (case.clone(), exchange.clone()));
        }
    }

    /// Notes what an exchange created or deleted.
    pub(crate) fn note_created(
        &mut self,
        context: ResourceContext<'_>,
        case: &Case,
        given: &ExchangeView<'_>,
    ) {
        let request = &given.exchange.request;
        let path = context::path_of(&request.url);
        let is_own = request.method == case.operation.method;
        // What is always there is not made.
        if is_own && self.settings.is_set_by(&context, &case.operation, path) {
            return;
        }
        let kept = self.created.kept().count();
        self.created.note(&context, &mut self.existing, case, given);
        if self.created.kept().count() > kept {
            // What is found by its name is made by another.
            self.used.learn_unique(creation_signs::names_given(case));
        }
        let makes = context
            .index(&case.operation)
            .and_then(|index| context.graph.made_by(index));
        self.mentioned
            .observe(&context, case, given, makes.is_some());
        if makes.is_none() {
            self.created.note_called_so(&context, case, given);
        }
    }

    /// Takes in the values that a response gives, and what was there before the run.
    pub(crate) fn observe_values(
        &mut self,
        context: ResourceContext<'_>,
        case: &Case,
        view: &ExchangeView<'_>,
    ) {
        let base = context.base_path();
        self.pool
            .take(context.contract, base, &case.operation, view);
        if let Some(index) = context.index(&case.operation) {
            let is_created = |path: &str| self.created.holds(path);
            self.existing.observe(&context, index, view, &is_created);
            self.shown.observe(&context, index, view);
            if context.shows_no_part(index, view) {
                self.pool.note_childless(&case.operation, view);
            }
            // What can be reached by no read of its own was there all the same.
            let collection = context::path_of(&view.exchange.request.url);
            for name in self.first_looks.observe(index, case, view) {
                self.existing.note_shown(format!("{collection}/{name}"));
            }
            self.offer_sent_name(context, index, case, view);
        }
    }

    /// Offers the name that a request gave to what it made, where the response names nothing, to all that is at or below
    /// it. A name that is none is refused with a 404 there.
    fn offer_sent_name(
        &mut self,
        context: ResourceContext<'_>,
        creator: OperationIndex,
        case: &Case,
        view: &ExchangeView<'_>,
    ) {
        let is_made = view.exchange.response.status.is_success() && case.intent == Intent::Obey;
        if !is_made || context.made(creator, view).is_some() {
            return;
        }
        let Some(thing) = context.assumed(creator, &case.parts) else {
            return;
        };
        let resource = context.graph.resource(thing.resource);
        let own = resource.read.into_iter().chain(resource.delete);
        let own = own.chain(resource.updates.iter().copied());
        let below = context.graph.below(thing.resource).iter().copied();
        let consumers: Vec<OperationIndex> = own.chain(below).collect();
        for consumer in consumers {
            for (segment, value) in &thing.values {
                let operation = context.operation(consumer);
                if let Some(name) = resource.shape.key_at(operation, *segment) {
                    let need = Need::Parameter(Location::Path, name.to_owned());
                    self.pool.offer(consumer, need, value);
                }
            }
        }
    }

    /// Takes in what a response of the case's own operation teaches; `body` is what was read of it.
    /// Answers the rules that are believed from now on.
    pub(crate) fn observe(
        &mut self,
        context: ResourceContext<'_>,
        case: &Case,
        exchange: &Exchange,
        body: Option<&Value>,
    ) -> Vec<InferredConstraint> {
        self.novelty.take(&case.operation, exchange, body);
        let view = ExchangeView::with_body(exchange, &case.parts, body);
        self.observe_values(context, case, &view);
        let status = exchange.response.status;
        self.broken.observe(case, status);
        if case.intent != Intent::Obey {
            return Vec::new();
        }
        if !status.is_client_error() {
            if status.is_success() {
                self.shared.accept(case);
            }
            return Vec::new();
        }
        let text = String::from_utf8_lossy(exchange.response.body.bytes());
        let said = sentences(body, &text);
        let things = Things {
            created: &self.created,
            existing: &self.existing,
        };
        self.references
            .observe(&context, things, case, status, &said);
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => self.refuse_last_value(case),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                self.shared.refuse(case, &said);
                return self.constraints.take(case, &said);
            }
            _ => {}
        }
        Vec::new()
    }

    /// What is known to be there.
    pub(crate) fn things(&self) -> Things<'_> {
        Things {
            created: &self.created,
            existing: &self.existing,
        }
    }

    /// A value that named nothing is not offered again.
    fn refuse_last_value(&mut self, case: &Case) {
        // What stands before it in the path may be what names nothing, but more often is not.
        let last = case
            .parts
            .parameters
            .iter()
            .rfind(|(location, ..)| *location == Location::Path);
        if let Some((location, name, value)) = last
            && !case.made_up.contains(name)
        {
            let need = Need::Parameter(*location, name.clone());
            self.pool.refuse(&case.operation, &need, value);
        }
    }

    /// Values for the parameters that name a resource and for which the user gave none: what the run
    /// created, else what responses gave.
    pub(crate) fn values_for(&self, operation: &Operation, context: ResourceContext<'_>) -> Texts {
        let settings = context.settings;
        let keeps = settings.existing == Existing::Keep && !operation.is_safe();
        let key = ResourceContext::key_of(operation);
        let changed = key.filter(|name| keeps && context.can_be_made(operation, name));
        let mut values = Texts::new();
        if changed.is_some() && operation.method != Method::DELETE {
            values = self.created_for(operation, context);
        } else if operation.is_safe() {
            values = self.shown_for(operation, context);
        }
        for parameter in &operation.parameters {
            let name = parameter.name.as_str();
            let is_wanted = parameter.location == Location::Path || parameter.required;
            let is_known = values.iter().any(|(known, _)| known == name);
            if !is_wanted || is_known || !settings.given(name).is_empty() {
                continue;
            }
            let is_key = parameter.location == Location::Path && key == Some(name);
            // What a run deletes in passing, its later requests miss; and what was there before is not
            // changed where something like it can be made.
            if is_key && (operation.method == Method::DELETE || changed.is_some()) {
                continue;
            }
            let need = Need::Parameter(parameter.location, parameter.name.clone());
            let schema = parameter.value.schema();
            let mut found = self.pool.values_for(operation, &need, schema);
            // Where nothing gives it, what has worked elsewhere may work here.
            if found.is_empty() && parameter.location == Location::Path {
                found.extend(self.pool.worked(operation, &need, schema));
            }
            for value in found.into_iter().take(MAX_KNOWN_VALUES) {
                values.push((parameter.name.clone(), plain(&value)));
            }
        }
        // What a body names beside.
        let index = context.index(operation);
        for need in index
            .map(|index| context.body_needs(index))
            .unwrap_or_default()
        {
            let Need::Body(pointer) = &need else { continue };
            // What stands deeper is put in where it is sent.
            if !need.is_shallow() {
                continue;
            }
            let mut tokens = pointer.tokens();
            let Some(name) = tokens.next() else { continue };
            if !settings.given(&name).is_empty() {
                continue;
            }
            let inner = tokens.next();
            let text = |value: Value| match &inner {
                Some(inner) => json!({ inner: value }).to_string(),
                None => plain(&value),
            };
            let found = self.pool.values_for(operation, &need, None).into_iter();
            values.extend(found.take(1).map(|value| (name.clone(), text(value))));
        }
        values
    }

    /// The names in an operation's path that belong together, where there are several: those of one thing that the run
    /// created, or that a list showed. Of several things the one that has most of the names: to
    /// `/runs/{run}/tasks/{task}/tries/{number}` a task gives two.
    fn shown_for(&self, operation: &Operation, context: ResourceContext<'_>) -> Texts {
        let names: Vec<&str> = operation.path.parameters().collect();
        let given = |name: &&str| !context.settings.given(name).is_empty();
        if names.len() < 2 || names.iter().any(given) {
            return Texts::new();
        }
        let resources = context.graph.indexed_resources().rev();
        let shown = resources.filter_map(|(at, _)| self.existing.shown(at));
        let things = self.created.present().chain(shown);
        let text = |name: &str, value| {
            let mut path = operation.parameters_in(Location::Path);
            let declared = path.find(|one| one.name == name);
            // What a service calls its own need not be of the form that the document wants.
            let schema = declared.and_then(|one| one.value.schema());
            Some(plain(&fitting(value, schema)?))
        };
        let named = context.most_named(operation, things, text).into_iter();
        let named: Texts = named.map(|(name, text)| (name.to_owned(), text)).collect();
        // One name alone belongs to nothing.
        if named.len() < 2 { Texts::new() } else { named }
    }

    /// The names in an operation's path of the newest resources that the run created for it.
    fn created_for(&self, operation: &Operation, context: ResourceContext<'_>) -> Texts {
        let names: Vec<&str> = operation.path.parameters().collect();
        let key = ResourceContext::key_of(operation);
        let named = self.created.present().filter_map(|created| {
            let shape = &context.graph.resource(created.resource).shape;
            let found = names.iter().filter_map(|name| {
                let value = created.value_for(shape, operation, name)?;
                Some(((*name).to_owned(), plain(value)))
            });
            let found: Texts = found.collect();
            let is_whole = key.is_some_and(|key| found.iter().any(|(name, _)| name == key));
            is_whole.then_some(found)
        });
        named.take(MAX_KNOWN_VALUES).flatten().collect()
    }
}
