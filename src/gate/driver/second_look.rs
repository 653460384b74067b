//! A second look at what one response leaves in doubt: the same request again, or one with fresh values in
//! place of those that may have been used before.

use http::StatusCode;

use super::{
    super::{
        case_factory::CaseFactory,
        knowledge::{context::ResourceContext, existing::may_be_taken, used::Which},
        renewal::Renewal,
        synthetic::drawn_name,
    },
    Driver,
};
use crate::{
    check::Intent,
    contract::Location,
    exchange::Exchange,
    finding::Finding,
    generate::Generator,
    run::{Case, Phase},
    transport::Transport,
    wire::RequestParts,
};

/// How many names are drawn for one that is hardly that of anything.
const MAX_NAMES: usize = 10;

/// A finding that only stands when fresh values show it too, and what showed it.
pub(super) struct Doubtful {
    pub(super) case: Case,
    pub(super) exchange: Exchange,
    pub(super) finding: Finding,
}

/// When it is decided about refusals of values that may have been used before.
pub(super) enum Decide<'d> {
    /// At once.
    Now,
    /// When the round is over: what one request used, another that was under way with it may have been
    /// refused for.
    AfterRound(&'d mut Later),
    /// Not at all: the values are fresh.
    Not,
}

/// What is looked at again when a round is over.
#[derive(Default)]
pub(super) struct Later {
    pub(super) doubtful: Vec<Doubtful>,
    /// Conflicts that may be about values that are taken, and their statuses.
    pub(super) conflicts: Vec<(Case, StatusCode)>,
}

/// A request with fresh values in place of used ones, and an answer that is another than before.
pub(super) type Otherwise = Box<(Case, Exchange)>;

impl<T: Transport> Driver<'_, T> {
    /// What makes values of cases anew.
    pub(super) fn renewal(&mut self) -> Renewal<'_> {
        Renewal {
            used: &mut self.knowledge.used,
            settings: self.context.settings,
            strategies: self.strategies,
        }
    }

    /// A case with fresh values for properties that are known to be unique; `None` where it has them.
    pub(crate) fn with_unused_values(&mut self, case: &Case) -> Option<Case> {
        self.renewal().unused(case)
    }

    /// A case with fresh values in place of those that were used before; `None` where none was.
    pub(crate) fn with_renewed_values(&mut self, case: &Case) -> Option<Case> {
        Some(self.renewal().renewed(case, Which::Names)?.0)
    }

    /// Looks again at what a round left in doubt. A run that ends sends nothing more.
    pub(super) async fn look_again(&mut self, later: Later, is_over: bool) {
        for one in later.doubtful {
            let status = one.exchange.response.status;
            let mut other = None;
            if !is_over {
                let again = self.with_fresh_values(&one.case, status, Which::Names);
                other = again.await;
            }
            match other {
                None => self.report(&one.case, one.finding, &[]),
                Some(other) => self.check_fresh(*other).await,
            }
        }
        for (case, status) in later.conflicts {
            if !is_over
                && let Some(which) = self.knowledge.used.suspect(&case)
                && let Some(other) = self.with_fresh_values(&case, status, which).await
            {
                self.check_fresh(*other).await;
            }
        }
    }

    async fn check_fresh(&mut self, (case, exchange): (Case, Exchange)) {
        self.check(&case, &exchange, &[], &mut Decide::Not).await;
    }

    /// Sends a request that was refused once more, with fresh values in place of those that were used
    /// before, and learns which they are where that helps; `None` where they are refused alike, or where
    /// there is nothing to try.
    pub(super) async fn with_fresh_values(
        &mut self,
        case: &Case,
        status: StatusCode,
        which: Which,
    ) -> Option<Otherwise> {
        if self.executor.is_over() || !self.knowledge.used.may_help(&case.operation) {
            return None;
        }
        let (fresh, names) = self.renewal().renewed(case, which)?;
        let exchange = self.executor.send_once(&fresh.request).await?;
        if exchange.response.status.is_success() {
            self.knowledge.used.learn_unique(names);
        }
        if exchange.response.status == status {
            self.note_created(&fresh, &exchange);
            self.knowledge.used.note_fruitless(&case.operation);
            return None;
        }
        Some(Box::new((fresh, exchange)))
    }

    /// A case about a resource of the run's own in place of the one it names: the newest that was created,
    /// else, where the client names what it creates, one of another name.
    pub(super) fn about_own(&self, case: &Case) -> Option<Case> {
        let parts = self
            .named_as_created(case)
            .or_else(|| self.named_anew(case))?;
        self.with_path_values(case, parts)
    }

    /// A case about what the run created, in place of what it names: of the things that are there the one that has most of
    /// the names in its path, the newest first.
    pub(super) fn about_created(&self, case: &Case) -> Option<Case> {
        let things = self.knowledge.created.present();
        let named = self
            .context
            .most_named(&case.operation, things, |_, value| Some(value));
        let mut parts = case.parts.clone();
        for (name, value) in named {
            parts.set(Location::Path, name, value.clone());
        }
        let is_other = parts.parameters != case.parts.parameters;
        is_other
            .then(|| self.with_path_values(case, parts))
            .flatten()
    }

    fn with_path_values(&self, case: &Case, parts: RequestParts) -> Option<Case> {
        let factory = CaseFactory::new(self.context.settings);
        if case.phase == Phase::Methods {
            factory.with_path_of(case, parts)
        } else {
            factory.about(case, parts)
        }
    }

    /// A case that needs no resource, about one that is not there: who asks, and what is broken, a service may look at
    /// before it looks for the resource.
    pub(super) fn about_nothing(&self, case: &Case) -> Option<Case> {
        let needs_none =
            [Phase::Auth, Phase::Methods].contains(&case.phase) || case.intent == Intent::Break;
        let parameter = ResourceContext::key_parameter(&case.operation).filter(|_| needs_none)?;
        let key = parameter.name.as_str();
        let schema = parameter.value.schema()?;
        let place = [case.operation.id.as_str(), "the name of nothing"];
        let mut generator = Generator::new(self.context.settings.seed, &place);
        let drawn =
            (0..MAX_NAMES).filter_map(|_| drawn_name(schema, &mut generator, self.strategies));
        let name = drawn
            .into_iter()
            .find(|name| !may_be_taken(parameter, name))?;
        let mut parts = case.parts.clone();
        parts.set(Location::Path, key, name);
        let factory = CaseFactory::new(self.context.settings);
        let mut other = if case.phase == Phase::Methods {
            factory.with_path_of(case, parts)?
        } else {
            factory.about(case, parts)?
        };
        other.made_up.push(key.to_owned());
        Some(other)
    }

    fn named_as_created(&self, case: &Case) -> Option<RequestParts> {
        let mut parts = case.parts.clone();
        let key = ResourceContext::key_of(&case.operation)?;
        let (shape, created) = self.knowledge.created.present().find_map(|created| {
            let shape = &self.context.graph.resource(created.resource).shape;
            created.value_for(shape, &case.operation, key)?;
            Some((shape, created))
        })?;
        for name in case.operation.path.parameters() {
            if let Some(value) = created.value_for(shape, &case.operation, name) {
                parts.set(Location::Path, name, value.clone());
            }
        }
        Some(parts)
    }

    fn named_anew(&self, case: &Case) -> Option<RequestParts> {
        let key = self.context.named_by_client(&case.operation)?;
        let mut path = case.operation.parameters_in(Location::Path);
        let schema = path.find(|one| one.name == key)?.value.schema()?;
        let settings = self.context.settings;
        let place = [case.operation.id.as_str(), "a name of its own"];
        let mut generator = Generator::new(settings.seed, &place);
        let name = drawn_name(schema, &mut generator, self.strategies)?;
        let mut parts = case.parts.clone();
        parts.set(Location::Path, key, name);
        Some(parts)
    }

    /// Whether the same request shows a success again, so that a finding about it stands.
    pub(super) async fn is_seen_twice(
        &mut self,
        case: &Case,
        exchange: &Exchange,
        finding: &Finding,
    ) -> bool {
        self.judge.note_confirmed(case, finding);
        let again = self.executor.send_once(&exchange.request).await;
        again.is_none_or(|again| again.response.status.is_success())
    }
}
