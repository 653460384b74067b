//! What a run created and has not deleted yet.

use std::collections::{BTreeSet, HashMap, HashSet};

use http::StatusCode;
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    context::{ResourceContext, is_new, path_of, says_absent},
    creation_signs::{
        gives_drawn_name, gives_shown_name, is_named_at_random, says_it_failed, shows,
        shows_as_many, shows_drawn_name, shows_new_secret,
    },
    existing::{ExistingResources, named_path},
    instance::ResourceInstance,
    mentioned::MentionedIds,
    view::{ExchangeView, plain},
};
use crate::{
    check::Intent,
    contract::{Operation, OperationIndex, ResourceIndex, graph::Graph},
    exchange::Exchange,
    run::{Case, CredentialChoice},
    wire::RequestParts,
};

/// How many creations that no response names are remembered.
const MAX_UNNAMED: usize = 10_000;

/// How many ids of one answer are remembered.
const MAX_MENTIONS: usize = 100;

/// How many paths are remembered of what is there no more.
const MAX_GONE: usize = 10_000;

/// The resources that a run created, by their path, in the order of creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct CreatedResources {
    things: IndexMap<String, ResourceInstance>,
    unnamed: Vec<Unnamed>,
    /// What the deletion of a path was answered with.
    refusals: HashMap<String, StatusCode>,
    /// Paths of what the run created that a request found.
    found: HashSet<String>,
    /// Paths of what an action was done to: archived, closed, deactivated.
    acted_on: HashSet<String>,
    /// Paths of what a POST has answered with and that is kept, since it may have been there before.
    kept: BTreeSet<String>,
    /// Paths of what a POST has answered with, and not with a 201: it may have been there before.
    shown_by_post: HashSet<String>,
    /// Operations that said of a name that there is nothing, and so make nothing of it.
    makes_nothing: HashSet<OperationIndex>,
    /// What was there and is no more, by its path: deleted, or gone with what it was a part of.
    gone: HashMap<String, ResourceInstance>,
    /// Whether the service has said in the end that it will delete something, and not that it has.
    has_pending_deletions: bool,
}

/// A creation whose response does not say what was created.
#[derive(Clone, Debug)]
pub(crate) struct Unnamed {
    /// The operation.
    pub(crate) operation: OperationIndex,
    /// The path that it was sent to.
    path: String,
    /// What was sent.
    pub(crate) parts: RequestParts,
    /// Whether the service said that it failed, so that nothing need be there.
    has_failed: bool,
    /// The ids that its answer speaks of, whatever they are those of.
    mentions: HashSet<String>,
}

impl CreatedResources {
    /// Takes in what an exchange created or deleted, whatever it was sent for.
    pub(crate) fn note(
        &mut self,
        context: &ResourceContext<'_>,
        existing: &mut ExistingResources,
        case: &Case,
        given: &ExchangeView<'_>,
    ) {
        let exchange = given.exchange;
        let (request, status) = (&exchange.request, exchange.response.status);
        self.note_presence(context, case, exchange);
        if case.operation.is_safe() {
            return;
        }
        if status.is_server_error() {
            self.note_failure(context, case, given);
        }
        let is_plain = case.intent == Intent::Obey && request.method == case.operation.method;
        if says_absent(status) && is_plain {
            self.makes_nothing.extend(context.index(&case.operation));
        }
        if !status.is_success() {
            return;
        }
        if request.method == http::Method::DELETE {
            self.remove(path_of(&request.url));
            return;
        }
        let Some(index) = context.index(&case.operation) else {
            return;
        };
        let named = path_of(&request.url);
        self.note_action(context, &case.operation, named);
        let changes = [http::Method::PUT, http::Method::PATCH].contains(&request.method);
        if let Some(known) = self.things.get(named).filter(|_| changes) {
            let renamed = context.renamed(known, given);
            if let Some(thing) = renamed.filter(|thing| !existing.holds(&thing.path)) {
                self.insert(thing);
            }
            return;
        }
        let was_absent = changes
            && (existing.lacks(named)
                || is_named_at_random(case) && !existing.holds(named)
                || self.is_attached(context, index, case));
        let is_said_to_be_new = is_new(&case.operation, &request.method, status);
        if !was_absent && !is_said_to_be_new && !shows_drawn_name(context, case, given) {
            return;
        }
        if self.note_many(context, existing, index, given) {
            return;
        }
        // PUT creates what its own path names (RFC 9110 §9.3.4), and so may PATCH (RFC 5789 §2).
        let at_path = changes
            .then(|| context.at_path(index, &case.parts))
            .flatten();
        let made = at_path.or_else(|| context.made(index, given));
        match made {
            Some(thing) if existing.holds(&thing.path) => {}
            Some(thing) if self.was_got(context, existing, &thing, (case, exchange)) => {
                self.things.shift_remove(&thing.path);
                self.kept.insert(thing.path.clone());
                existing.note_found(thing.path);
            }
            Some(thing) => {
                existing.note_made(thing.resource);
                self.insert(thing);
            }
            None if request.method == case.operation.method => {
                let makes = context.graph.indexed_resources();
                let makes = makes.filter(|(_, resource)| {
                    let mut creators = resource.creators.iter();
                    creators.any(|one| one.operation == index)
                });
                let mut is_creator = false;
                for (at, _) in makes {
                    existing.note_made(at);
                    is_creator = true;
                }
                let is_said = status == http::StatusCode::CREATED;
                // An empty list of what was made names all of it.
                let is_nothing = exchange.response.body.bytes().trim_ascii() == b"[]";
                if (is_creator || is_said) && !is_nothing {
                    self.note_unnamed(context, index, given);
                }
            }
            None => {}
        }
    }

    /// Notes that something was done to what the run created, after which it may be of no use for others.
    fn note_action(&mut self, context: &ResourceContext<'_>, operation: &Operation, path: &str) {
        let named = named_path(context, operation, path).filter(|named| *named != path);
        let is_action = !context.adds_a_part(operation);
        if let Some(named) = named.filter(|named| is_action && self.things.contains_key(*named)) {
            self.acted_on.insert(named.to_owned());
        }
    }

    /// Whether a POST has answered with what may have been there: with one thing twice, or with one of a name that the
    /// document shows, and never with a 201. Some services get by its name what is there, and make what is not; what no
    /// list showed before the run may be somebody's.
    fn was_got(
        &mut self,
        context: &ResourceContext<'_>,
        existing: &ExistingResources,
        thing: &ResourceInstance,
        (case, exchange): (&Case, &Exchange),
    ) -> bool {
        let is_said = exchange.response.status == StatusCode::CREATED;
        let collection = thing.path.rsplit_once('/').map_or("", |(above, _)| above);
        let list = context.graph.resource(thing.resource).list;
        let base = context.base_path().trim_end_matches('/');
        let list = list.map(|list| format!("{base}{}", context.operation(list).path));
        // What is below the run's own is the run's own.
        let is_known_to_be_new = existing.was_listed(collection)
            || list.is_some_and(|list| existing.was_listed(&list))
            || self.is_below(&thing.path);
        if exchange.request.method != http::Method::POST || is_known_to_be_new {
            return false;
        }
        let is_known = self.things.contains_key(&thing.path);
        if is_said || is_known && !self.shown_by_post.contains(&thing.path) {
            return false;
        }
        let is_second = !self.shown_by_post.insert(thing.path.clone());
        is_second && !gives_drawn_name(context, &case.parts) || gives_shown_name(context, case)
    }

    /// The paths of what a creation has answered with and that is not deleted, since it may have been there before.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &String> {
        self.kept.iter()
    }

    /// Whether an operation is known to make nothing of a name of nothing.
    pub(crate) fn makes_nothing(&self, operation: OperationIndex) -> bool {
        self.makes_nothing.contains(&operation)
    }

    /// Notes a creation of which the service says that it failed: it may have made something all the same.
    fn note_failure(
        &mut self,
        context: &ResourceContext<'_>,
        case: &Case,
        given: &ExchangeView<'_>,
    ) {
        let request = &given.exchange.request;
        let creator = context.index(&case.operation);
        let creator = creator.filter(|_| {
            request.method == http::Method::POST && request.method == case.operation.method
        });
        if let Some(index) = creator.filter(|index| context.graph.made_by(*index).is_some()) {
            self.note_unnamed(context, index, given);
        }
    }

    /// Notes what an operation made that is called a creation, and of which nothing says what it is.
    pub(crate) fn note_called_so(
        &mut self,
        context: &ResourceContext<'_>,
        case: &Case,
        given: &ExchangeView<'_>,
    ) {
        let (request, status) = (&given.exchange.request, given.exchange.response.status);
        let is_own =
            request.method == http::Method::POST && request.method == case.operation.method;
        // What a 201 says is noted already.
        let is_made = status.is_success()
            && status != StatusCode::CREATED
            && !case.operation.is_called_a_look();
        let index = context.index(&case.operation);
        let makes = || case.operation.is_called_a_creation() || shows_new_secret(given);
        if let Some(index) = index.filter(|_| is_own && is_made && makes()) {
            self.note_unnamed(context, index, given);
        }
    }

    fn note_unnamed(
        &mut self,
        context: &ResourceContext<'_>,
        operation: OperationIndex,
        given: &ExchangeView<'_>,
    ) {
        let is_success = given.exchange.response.status.is_success();
        if self.unnamed.len() >= MAX_UNNAMED || is_success && says_it_failed(given) {
            return;
        }
        let mut parts = given.parts.clone();
        // A list need not show what the service sets itself.
        if let (Some((_, Value::Object(members))), Some(schema)) =
            (&mut parts.body, context.body_schema(operation))
        {
            members.retain(|name, _| {
                let property = schema.property(name);
                !property.is_some_and(|property| property.is_read_only())
            });
        }
        let mentions = MentionedIds::of(given).into_iter();
        self.unnamed.push(Unnamed {
            operation,
            path: path_of(&given.exchange.request.url).to_owned(),
            parts,
            has_failed: given.exchange.response.status.is_server_error(),
            mentions: mentions.take(MAX_MENTIONS).collect(),
        });
    }

    /// Takes in all that a request with a list of resources created, as its response lists them. Answers whether it
    /// did.
    fn note_many(
        &mut self,
        context: &ResourceContext<'_>,
        existing: &mut ExistingResources,
        creator: OperationIndex,
        given: &ExchangeView<'_>,
    ) -> bool {
        let sent = given.parts.body.as_ref().map(|(_, body)| body);
        if !sent.is_some_and(|sent| sent.is_array() || shows_as_many(given, sent)) {
            return false;
        }
        let resources = context.graph.indexed_resources();
        let made = resources.filter(|(_, resource)| {
            let mut creators = resource.creators.iter();
            creators.any(|one| one.operation == creator)
        });
        let things: Vec<ResourceInstance> = made
            .flat_map(|(at, _)| {
                let mut things = context.named_alone(at, given);
                let listed = context.listed(at, given).into_iter();
                things.extend(listed.map(|(_, thing)| thing));
                things
            })
            .collect();
        let is_listed = !things.is_empty();
        for thing in things {
            if !existing.holds(&thing.path) {
                existing.note_made(thing.resource);
                self.insert(thing);
            }
        }
        is_listed
    }

    /// Notes whether what the run created is there. What was never found is not gone: its path may be another.
    fn note_presence(&mut self, context: &ResourceContext<'_>, case: &Case, exchange: &Exchange) {
        let status = exchange.response.status;
        let is_absent = says_absent(status);
        let is_own = case.credential == CredentialChoice::Primary;
        if !is_own || !(is_absent || status.is_success()) {
            return;
        }
        let path = path_of(&exchange.request.url);
        let Some(named) = named_path(context, &case.operation, path) else {
            return;
        };
        let Some(thing) = self.things.get(named) else {
            return;
        };
        if status.is_success() {
            self.gone.remove(named);
            self.found.insert(named.to_owned());
        } else if self.found.contains(named) && self.gone.len() < MAX_GONE {
            self.gone.insert(named.to_owned(), thing.clone());
        }
    }

    /// Whether a path names what the run created and that is there no more.
    pub(crate) fn is_gone(&self, path: &str) -> bool {
        self.gone.contains_key(path)
    }

    /// Whether a value is the key of something of a resource that is there no more, and of nothing that is.
    pub(crate) fn is_key_of_gone(&self, resource: ResourceIndex, value: &Value) -> bool {
        let is_it = |thing: &ResourceInstance| thing.resource == resource && thing.has_key(value);
        self.gone.values().any(is_it) && !self.present().any(is_it)
    }

    /// Whether a value is the key of something of a resource that an action was done to.
    pub(crate) fn is_key_of_acted_on(&self, resource: ResourceIndex, value: &Value) -> bool {
        let mut present = self.present();
        present.any(|thing| {
            thing.resource == resource
                && thing.has_key(value)
                && self.acted_on.contains(&thing.path)
        })
    }

    /// Something of a resource that is there, if there is any that no action was done to.
    pub(crate) fn usable(&self, resource: ResourceIndex) -> Option<&ResourceInstance> {
        let mut present = self.present();
        present.find(|thing| thing.resource == resource && !self.acted_on.contains(&thing.path))
    }

    /// Whether a request attaches something to what the run made, as `PUT /groups/{key}/members/{user_id}`: nothing shows
    /// what is attached, and a DELETE at the same path takes it off again.
    fn is_attached(
        &self,
        context: &ResourceContext<'_>,
        index: OperationIndex,
        case: &Case,
    ) -> bool {
        let Some(thing) = context.at_path(index, &case.parts) else {
            return false;
        };
        let resource = context.graph.resource(thing.resource);
        let is_seen_by_nobody = resource.read.is_none() || case.operation.request_body.is_none();
        is_seen_by_nobody && resource.delete.is_some() && self.is_below(&thing.path)
    }

    /// Whether a path is below that of anything that the run created.
    pub(crate) fn is_below(&self, path: &str) -> bool {
        let mut above = path.match_indices('/').map(|(at, _)| &path[..at]);
        above.any(|above| self.holds(above))
    }

    /// Notes that the service has taken a deletion upon itself (202).
    pub(crate) fn note_pending_deletion(&mut self) {
        self.has_pending_deletions = true;
    }

    /// Whether something may be there for a little longer.
    pub(crate) fn has_pending_deletions(&self) -> bool {
        self.has_pending_deletions
    }

    /// Whether the run has created nothing that is there or was.
    pub(crate) fn has_made_nothing(&self) -> bool {
        self.things.is_empty() && self.gone.is_empty()
    }

    /// Whether the run has created something of a resource that is there no more.
    pub(crate) fn has_gone_of(&self, resource: ResourceIndex) -> bool {
        self.gone.values().any(|thing| thing.resource == resource)
    }

    /// Whether anything that the run created is known to be there no more.
    pub(crate) fn has_gone(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Takes in a resource that the run is known to have created.
    pub(crate) fn insert(&mut self, thing: ResourceInstance) {
        self.gone.remove(&thing.path);
        self.things.insert(thing.path.clone(), thing);
    }

    /// Takes out what is gone, and what was a part of it.
    pub(crate) fn remove(&mut self, gone: &str) {
        let is_left = |path: &str| {
            let below = path.strip_prefix(gone);
            below.is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'))
        };
        for (path, thing) in self.things.iter().filter(|(path, _)| !is_left(path)) {
            if self.gone.len() < MAX_GONE {
                self.gone.insert(path.clone(), thing.clone());
            }
        }
        self.things.retain(|path, _| is_left(path));
        self.unnamed.retain(|one| is_left(&one.path));
    }

    /// Notes that a deletion was refused.
    pub(crate) fn note_refusal(&mut self, path: &str, status: StatusCode) {
        self.refusals.insert(path.to_owned(), status);
    }

    /// What the last deletion of a path was refused with.
    pub(crate) fn refusal(&self, path: &str) -> Option<StatusCode> {
        self.refusals.get(path).copied()
    }

    /// Whether everything is gone, as far as it is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.things.is_empty() && self.unnamed.is_empty()
    }

    /// How many things there are that can be deleted.
    pub(crate) fn deletable(&self, graph: &Graph) -> usize {
        let things = self.things.values();
        let can_be = |thing: &&ResourceInstance| graph.resource(thing.resource).delete.is_some();
        things.filter(can_be).count()
    }

    /// Whether the run created what a path names.
    pub(crate) fn holds(&self, path: &str) -> bool {
        self.things.contains_key(path)
    }

    /// Whether a value is the key of anything that the run created.
    pub(crate) fn has_key(&self, value: &Value) -> bool {
        self.newest().any(|thing| thing.has_key(value))
    }

    /// What is there, newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &ResourceInstance> {
        self.things.values().rev()
    }

    /// What is there as far as the run knows, newest first.
    pub(crate) fn present(&self) -> impl Iterator<Item = &ResourceInstance> {
        self.newest().filter(|thing| !self.is_gone(&thing.path))
    }

    /// The creations of which no response says what was created, failed ones among them.
    pub(crate) fn unnamed(&self) -> &[Unnamed] {
        &self.unnamed
    }

    /// The operations of creations that succeeded and of which nobody knows what was created.
    pub(crate) fn left_unnamed(&self) -> impl Iterator<Item = OperationIndex> {
        let succeeded = self.unnamed.iter().filter(|one| !one.has_failed);
        succeeded.map(|one| one.operation)
    }

    /// Takes the resources that a list shows, and that must be those of nameless creations: they were
    /// not there before, and they have every plain value that was sent. Answers them.
    pub(crate) fn name_listed(
        &mut self,
        existing: &ExistingResources,
        operation: OperationIndex,
        shown: Vec<(&Value, ResourceInstance)>,
    ) -> Vec<ResourceInstance> {
        let mut found = Vec::new();
        for (item, thing) in shown {
            if existing.holds(&thing.path) || self.holds(&thing.path) {
                continue;
            }
            let mut all = self.unnamed.iter();
            let at = all.position(|one| one.operation == operation && shows(item, &one.parts));
            if let Some(at) = at {
                self.unnamed.remove(at);
                self.insert(thing.clone());
                found.push(thing);
            }
        }
        found
    }

    /// Takes in what a list shows and answers to creations spoke of: these are named by it.
    pub(crate) fn insert_mentioned(&mut self, thing: ResourceInstance) {
        if let Some(key) = thing.key().map(plain) {
            self.unnamed.retain(|one| {
                let sent = one.parts.body.as_ref().map(|(_, body)| body);
                let is_sent = sent.is_some_and(|sent| sent.get(&key).is_some());
                !one.mentions.contains(&key) && !is_sent
            });
        }
        self.insert(thing);
    }

    /// Names the creations of one operation that no response has named, as far as what they were sent
    /// names them.
    pub(crate) fn name_assumed(
        &mut self,
        operation: OperationIndex,
        name: impl Fn(&RequestParts) -> Option<ResourceInstance>,
    ) {
        let (named, unnamed) = std::mem::take(&mut self.unnamed)
            .into_iter()
            .map(|one| {
                let is_own = one.operation == operation;
                (is_own.then(|| name(&one.parts)).flatten(), one)
            })
            .partition::<Vec<_>, _>(|(thing, _)| thing.is_some());
        self.unnamed = unnamed.into_iter().map(|(_, one)| one).collect();
        for thing in named.into_iter().filter_map(|(thing, _)| thing) {
            self.insert(thing);
        }
    }

    /// The resources that lie deepest, newest first: what they are a part of comes after them.
    pub(crate) fn deepest(&self) -> Vec<ResourceInstance> {
        let depth = |path: &str| path.split('/').count();
        let deepest = self.things.keys().map(|path| depth(path)).max();
        let newest = self.things.iter().rev();
        newest
            .filter(|(path, _)| Some(depth(path)) == deepest)
            .map(|(_, thing)| thing.clone())
            .collect()
    }
}
