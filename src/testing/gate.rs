//! A whole service held against its document.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use http_body_util::Full;

use super::{
    contract::ContractHandle,
    hooks::{Hooked, Hooks},
    wording::OPTIONS,
};
use crate::{
    contract::UnknownOperation,
    exchange::{Request, Response},
    gate::{
        self, CleanUp, Credential, Credentials, Event, Existing, Interrupt, Listener as _,
        LiveSettings, Methods, NamedCredential, Outcome, Phase, PollingRule, Scope,
    },
    report::{Colour, Detail, Terminal},
    transport::{Secret, ServiceTransport, Transport},
};

/// A run to be: a contract, and what the run is told. Say what it is held against with
/// [`Gate::service`] or `Gate::url`.
#[derive(Debug)]
#[must_use = "a gate does nothing until it is run"]
pub struct Gate<'c> {
    pub(super) contract: ContractHandle<'c>,
    pub(super) settings: LiveSettings,
    hooks: Hooks,
    /// Tags of the operations that are meant; all of them where there is none.
    pub(super) tags: Vec<String>,
    /// What was given and cannot be used; told when the run begins.
    unusable: Option<GateError>,
}

/// A run that knows its service.
#[derive(Debug)]
#[must_use = "a gate does nothing until it is run"]
pub struct BoundGate<'c, T> {
    gate: Gate<'c>,
    transport: T,
}

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// An operation was named that the contract does not have.
    #[error(transparent)]
    Operation(#[from] UnknownOperation),
    /// A text that is no URL.
    #[error("{url:?} is not a URL: {reason}")]
    Url {
        /// The text.
        url: String,
        /// Why not.
        reason: String,
    },
    /// A header field that cannot be sent.
    #[error("the header `{0}` cannot be sent: its name or value is not one of HTTP")]
    Header(String),
    /// A rule that is not known.
    #[error("there is no rule {rule:?}{hint}; `oasgate explain` lists them")]
    Rule {
        /// The word.
        rule: String,
        /// The nearest known one.
        hint: String,
    },
    /// A text that is no status.
    #[error("{0:?} is no status; write \"401\" or \"5XX\"")]
    Status(String),
    /// A baseline that cannot be read.
    #[error("the baseline {path} cannot be read: {reason}")]
    Baseline {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The HTTP client could not be set up.
    #[cfg(feature = "http")]
    #[error(transparent)]
    Client(#[from] crate::transport::ClientError),
}

impl<'c> Gate<'c> {
    /// A gate with the usual settings: every method is sent, since a test owns its service.
    pub fn new(contract: impl Into<ContractHandle<'c>>) -> Self {
        let contract = contract.into();
        // The service in this process sees the base path that the document declares first.
        let base = gate::base_of(contract.operations().first().map(AsRef::as_ref));
        let mut settings = LiveSettings {
            methods: Methods::All,
            ..LiveSettings::new(base)
        };
        settings.common.wording = OPTIONS;
        Self {
            contract,
            settings,
            hooks: Hooks::default(),
            tags: Vec::new(),
            unusable: None,
        }
    }

    /// Keeps what cannot be used, to be told when the run begins.
    pub(super) fn refuse(&mut self, error: GateError) {
        self.unusable.get_or_insert(error);
    }

    /// The path that the service mounts the document's paths under, in place of the first server's.
    pub fn base_path(mut self, path: &str) -> Self {
        self.settings.base.set_path(path);
        self
    }

    /// A value for a parameter, such as the id of something that exists; may be given again.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.parameters.push((name.into(), value.into()));
        self
    }

    /// Values for parameters, as [`Gate::param`] takes one.
    pub fn params<N, V>(self, values: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        values
            .into_iter()
            .fold(self, |gate, (name, value)| gate.param(name, value))
    }

    /// A header field for every request; may be given again.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let field = HeaderName::from_bytes(name.as_ref().as_bytes());
        match (field, HeaderValue::from_str(value.as_ref())) {
            (Ok(field), Ok(value)) => self.settings.credentials.headers.push((field, value)),
            _ => self.refuse(GateError::Header(name.as_ref().to_owned())),
        }
        self
    }

    /// Header fields for every request, as [`Gate::header`] takes one.
    pub fn headers<N, V>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        fields
            .into_iter()
            .fold(self, |gate, (name, value)| gate.header(name, value))
    }

    /// Calls a function before each request is sent, which may change it: to sign it, or to bring the
    /// service into a state. May be given again.
    pub fn before_request(mut self, hook: impl Fn(&mut Request) + Send + Sync + 'static) -> Self {
        self.hooks.before.push(Arc::new(hook));
        self
    }

    /// Calls a function after each response, before it is held: to look at it, or to take out what the
    /// test puts in. May be given again.
    pub fn after_response(
        mut self,
        hook: impl Fn(&Request, &mut Response) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.after.push(Arc::new(hook));
        self
    }

    /// A bearer token, an API key or `user:password`, as the operations' security wants it.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.settings.credentials.main = Credentials::with_token(token).main;
        self
    }

    /// Another who may ask, with a token as [`Gate::token`] takes one, to see whether one reaches what
    /// belongs to the other (`broken-object-authorization`). The name stands in findings; may be given
    /// again.
    pub fn other(mut self, name: impl Into<String>, token: impl Into<String>) -> Self {
        let name = name.into();
        let credential = Credential {
            token: Some(Secret::new(&format!("{name}_TOKEN"), token)),
            ..Credential::default()
        };
        let others = &mut self.settings.credentials.others;
        others.push(NamedCredential { name, credential });
        self
    }

    /// How many things of each kind sequences make, read, change and delete; 2 unless said.
    pub fn sequences(mut self, number: usize) -> Self {
        self.settings.sequences = number;
        self
    }

    /// Leaves what the run made where it is, in place of deleting it in the end.
    pub fn without_clean_up(mut self) -> Self {
        self.settings.clean_up = CleanUp::Leave;
        self
    }

    /// Changes and deletes also what was there before the run; it is only read unless said.
    pub fn touching_existing(mut self) -> Self {
        self.settings.existing = Existing::Touch;
        self
    }

    /// The most requests of the whole run; 10000 unless said.
    pub fn max_requests(mut self, number: u64) -> Self {
        self.settings.max_requests = number;
        self
    }

    /// How many requests may be under way at once; 4 unless said.
    pub fn workers(mut self, number: usize) -> Self {
        self.settings.workers = number.max(1);
        self
    }

    /// The seed of everything that is generated; 0 unless said, so that a test does not change its
    /// mind from run to run.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// How many random requests each operation gets; 30 unless said.
    pub fn cases(mut self, cases: usize) -> Self {
        self.settings.random_cases = cases;
        self
    }

    /// Runs these phases alone; all of them unless said.
    pub fn phases(mut self, phases: impl IntoIterator<Item = Phase>) -> Self {
        self.settings.phases = phases.into_iter().collect();
        self
    }

    /// Holds this operation alone; may be given again.
    pub fn only(mut self, operation: impl Into<String>) -> Self {
        self.settings.only.push(operation.into());
        self
    }

    /// Leaves an operation out; may be given again.
    pub fn except(mut self, operation: impl Into<String>) -> Self {
        self.settings.excluded.push(operation.into());
        self
    }

    /// Follows an operation that takes long; may be given again.
    pub fn polling(mut self, rule: PollingRule) -> Self {
        self.settings.polling.push(rule);
        self
    }

    /// Holds a service in this process that takes any kind of body, such as axum's `Router`.
    pub fn service<S>(self, service: S) -> BoundGate<'c, ServiceTransport<S, Full<Bytes>>>
    where
        ServiceTransport<S, Full<Bytes>>: Transport,
    {
        self.service_of(service)
    }

    /// Holds a service in this process that takes one kind of body, which must be named where the
    /// compiler cannot tell: `gate.service_of::<_, axum::body::Body>(service)`.
    pub fn service_of<S, B>(self, service: S) -> BoundGate<'c, ServiceTransport<S, B>>
    where
        ServiceTransport<S, B>: Transport,
    {
        BoundGate {
            gate: self,
            transport: ServiceTransport::new(service),
        }
    }

    /// Holds a service at a URL, which holds the base path too.
    ///
    /// # Errors
    ///
    /// When the text is no URL.
    #[cfg(feature = "http")]
    pub fn url(
        mut self,
        url: &str,
    ) -> Result<BoundGate<'c, crate::transport::HttpTransport>, GateError> {
        self.settings.base = url
            .parse()
            .map_err(|error: url::ParseError| GateError::Url {
                url: url.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(BoundGate {
            gate: self,
            transport: crate::transport::HttpTransport::new(crate::transport::Limits::default())?,
        })
    }
}

#[cfg(feature = "http")]
impl<'c> Gate<'c> {
    /// Holds a service that a test has started: at a URL, which holds the base path too, or at the
    /// address of a socket.
    ///
    /// # Errors
    ///
    /// When it says no URL.
    pub fn target(
        self,
        target: &(impl super::Target + ?Sized),
    ) -> Result<BoundGate<'c, crate::transport::HttpTransport>, GateError> {
        let url = target.url(self.settings.base.path());
        self.url(&url)
    }
}

impl<'c, T: Transport> BoundGate<'c, T> {
    /// Sends the requests and holds the responses.
    ///
    /// # Errors
    ///
    /// When an operation or a rule was named that is not there, or what was given cannot be used.
    pub async fn run(self) -> Result<GateReport<'c>, GateError> {
        let mut gate = self.gate;
        gate.settle_tags();
        let Gate {
            contract,
            mut settings,
            hooks,
            unusable,
            ..
        } = gate;
        if let Some(error) = unusable {
            return Err(error);
        }
        let polled = settings.polling.iter_mut().map(|rule| &mut rule.operation);
        let chosen = settings.only.iter_mut().chain(&mut settings.excluded);
        for name in chosen.chain(polled) {
            // `GET /things` names an operation as its id does.
            *name = contract.operation(name)?.id.to_string();
        }
        let transport = Hooked {
            transport: &self.transport,
            hooks: &hooks,
        };
        // On the heap, so that the tests that await a run stay small.
        let mut outcome = Box::pin(gate::check(
            &contract,
            &transport,
            &settings,
            None,
            &mut (),
            &Interrupt::default(),
        ))
        .await;
        let scope = Scope {
            leaves_operations: !settings.only.is_empty() || !settings.excluded.is_empty(),
            leaves_phases: !settings.phases.is_empty(),
        };
        settings.known.settle(&mut outcome, scope);
        Ok(GateReport { contract, outcome })
    }
}

/// A run that is over.
#[derive(Debug)]
#[must_use = "a run that nobody looks at holds nothing; call `assert`"]
pub struct GateReport<'c> {
    contract: ContractHandle<'c>,
    outcome: Outcome,
}

impl GateReport<'_> {
    /// Everything about it.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Fails the test unless the contract holds and something was held.
    ///
    /// # Panics
    ///
    /// When it does not, with the report that the command line would print.
    #[track_caller]
    pub fn assert(&self) {
        if let Some(why) = self.failure() {
            panic!("{why}");
        }
    }

    /// Why the test fails, with the report that the command line would print; `None` where the contract
    /// holds and something was held.
    pub(super) fn failure(&self) -> Option<String> {
        if !self.outcome.holds() {
            return Some(format!("the contract does not hold\n\n{self}"));
        }
        // What held nothing must not look green.
        (self.outcome.held == 0)
            .then(|| format!("no request was sent, so nothing was checked\n\n{self}"))
    }
}

impl fmt::Display for GateReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut terminal = Terminal::new(Vec::new(), Colour::None, Detail::Usual);
        terminal.on(&Event::Finished(&self.outcome), self.contract.document());
        f.write_str(&String::from_utf8_lossy(&terminal.into_inner()))
    }
}
