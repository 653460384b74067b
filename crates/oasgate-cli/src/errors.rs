//! Why a command could not run, by kind. The words stand with the kind: this is the edge where they are made.

use std::{fmt, io, path::PathBuf, process::ExitStatus};

use http::HeaderName;
use oasgate::{
    contract::OperationId,
    gate::{BaselineError, StateError},
    report::MergeError,
    transport::{FetchError, NoSecret},
};
use thiserror::Error;
use url::Url;

use crate::config::FILE_NAME;

/// Why files cannot be joined.
#[derive(Debug, Error)]
pub(crate) enum JoinError {
    #[error("cannot read {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("there is no file in {} that ends with .json", .0.display())]
    EmptyFolder(PathBuf),
    #[error("some of the files are states and some are reports; join each kind for itself")]
    Mixed,
    #[error("{}: {error}", path.display())]
    NoState { path: PathBuf, error: StateError },
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Report(#[from] MergeError),
    #[error("reports need the document: name it with --spec")]
    NoDocument,
    #[error("the states are about another document than {}", .0.display())]
    OtherDocument(PathBuf),
    #[error("JSON reports are joined to a JSON report; other reports are made of states (--state)")]
    NotJson,
}

/// Why a file of a revision cannot be had.
#[derive(Debug, Error)]
pub(crate) enum RevisionError {
    #[error("{0:?} names no file of a revision: write git:REVISION:PATH")]
    NoFile(String),
    #[error("{0:?} is no revision")]
    NoRevision(String),
    #[error("cannot read {name}: {error}")]
    Unreadable { name: String, error: Box<Self> },
    #[error("{} is not in the repository {}", path.display(), repository.display())]
    Outside { path: PathBuf, repository: PathBuf },
    #[error("git cannot be run: {0}")]
    NoGit(io::Error),
    #[error("git {arguments}: {said}")]
    Git { arguments: String, said: String },
}

/// Why no kept failure is sent again.
#[derive(Debug, Error)]
pub(crate) enum KeptError {
    #[error(
        "no failures are kept here: they are where snapshots are; write these with `--snapshots review`"
    )]
    Nowhere,
    #[error(
        "no failure is kept under {0}; the ids end the names of the files in `snapshots/regressions`"
    )]
    Unknown(String),
    #[error("{count} kept failures have an id that begins with {id}; give more of it")]
    Several { count: usize, id: String },
}

/// Why it is not known where the service is.
#[derive(Debug, Error)]
pub(crate) enum UrlError {
    #[error("where is the service? Name it with --url {example}{why}")]
    Missing { example: String, why: &'static str },
    #[error("--url {text:?} is not a URL: {error}{hint}")]
    Malformed {
        text: String,
        error: url::ParseError,
        hint: &'static str,
    },
    #[error("--url {0:?} is not an http or https URL")]
    Scheme(String),
    #[error("--url holds a credential; give it with --token-env instead")]
    Credential,
}

/// Why a word that was typed is none that is known; `hint` says which may have been meant.
#[derive(Debug, Error)]
pub(crate) enum UnknownWord {
    #[error("there is no rule {word:?}{hint}; `oasgate explain` lists them")]
    Rule { word: String, hint: String },
    #[error("--fail-on: there is no rule {word:?}{hint}; `oasgate explain` lists them")]
    FailOn { word: String, hint: String },
    #[error(
        "--fail-on: there is no {word:?}{hint}; there are breaking, warning, unknown, and the rules of `oasgate explain`"
    )]
    FailOnChange { word: String, hint: String },
    #[error("{spec} has no operation {word:?}{hint}")]
    Operation {
        spec: String,
        word: String,
        hint: String,
    },
    #[error("{spec} has no schema {word:?}{hint}")]
    Schema {
        spec: String,
        word: String,
        hint: String,
    },
    #[error("no parameter of the document, and no property of a body, is called {word:?}{hint}")]
    Parameter { word: String, hint: String },
}

/// Why a credential cannot be had.
#[derive(Debug, Error)]
pub(crate) enum AuthError {
    #[error("{option} {variable}: the environment variable is not set")]
    Unset {
        option: &'static str,
        variable: String,
    },
    #[error("--token-file: {0}")]
    TokenFile(NoSecret),
    #[error(transparent)]
    Secret(#[from] NoSecret),
    #[error("oauth2 wants client-id or client-id-env")]
    NoClientId,
    #[error("oauth2 wants client-secret = {{ env = \"NAME\" }} or {{ file = \"PATH\" }}")]
    NoClientSecret,
    #[error("{0}; name another with --token-url")]
    TokenEndpoint(NoSecret),
    #[error("the document names no token URL for client credentials; name one with --token-url")]
    NoTokenUrl,
    #[error("the token URL {0:?} is not an http or https URL; name another with --token-url")]
    TokenUrl(String),
    #[error(
        "the document asks for tokens at {}, which is not the service: a client secret goes there only \
         where you name it, with --token-url {url} or as token-url under [auth.oauth2] of oasgate.toml",
        url.origin().ascii_serialization()
    )]
    ForeignTokenUrl { url: Url },
}

/// Why a header that was typed cannot be sent. It may hold a secret, so that its value is never told.
#[derive(Debug, Error)]
pub(crate) enum HeaderError {
    #[error("--header: write \"NAME: VALUE\", with a colon")]
    NoColon,
    #[error("--header: {0:?} is not a header name")]
    Name(String),
    #[error("--header: the value of {0} cannot be sent")]
    Value(HeaderName),
}

/// Why things cannot be reached the way that was asked for.
#[derive(Debug, Error)]
pub(crate) enum ReachError {
    #[error("--proxy {0}")]
    Proxy(&'static str),
    #[error("{option}: cannot read {}: {error}", path.display())]
    Unreadable {
        option: &'static str,
        path: PathBuf,
        error: io::Error,
    },
}

/// Why a document cannot be had over the network.
#[derive(Debug, Error)]
pub(crate) enum SpecError {
    #[error("the URL of the document holds a credential; fetch the document first")]
    Credential,
    #[error("the document {url} cannot be fetched: {error}")]
    Fetch { url: Url, error: FetchError },
}

/// Why there is no baseline to compare with.
#[derive(Debug, Error)]
pub(crate) enum KnownError {
    #[error("which baseline? Name it with --baseline PATH")]
    Unnamed,
    #[error("{0}; write it anew with --baseline-update")]
    Malformed(#[from] BaselineError),
    #[error("cannot read the baseline {}: {error}; --baseline-update writes one", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
}

/// Why the service that the configuration says how to start does not run.
#[derive(Debug, Error)]
pub(crate) enum StartError {
    #[error("start = {command:?}: {error}")]
    Command { command: String, error: io::Error },
    #[error("the service ended before it answered: {status}\n{words}")]
    Ended { status: ExitStatus, words: String },
}

/// Why nothing is set up.
#[derive(Debug, Error)]
pub(crate) enum InitError {
    #[error("{FILE_NAME} is there already; change it, or remove it and run this again")]
    Configured,
    #[error(
        "init wants a file, so that CI has the document without the service: save it first, as with \
         curl -o openapi.json '{}', and name that", .0.display()
    )]
    Remote(PathBuf),
    #[error("there is no document {}; name one that is there", .0.display())]
    Named(PathBuf),
    #[error("there is no document {}", .0.display())]
    Answered(PathBuf),
    #[error(
        "no OpenAPI document was found here; name it: oasgate init path/to/openapi.yaml{}",
        .0.as_ref().map_or_else(String::new, Served::to_string)
    )]
    NoneFound(Option<Served>),
    #[error(
        "several OpenAPI documents were found: {all}; name one: oasgate init {}", first.display()
    )]
    SeveralFound { all: String, first: PathBuf },
}

/// Where a framework serves a document while the service runs.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) framework: &'static str,
    pub(crate) port: u16,
    pub(crate) path: &'static str,
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            framework,
            port,
            path,
        } = self;
        write!(
            f,
            "; {framework} serves one at http://127.0.0.1:{port}{path} while it runs: save it as openapi.json"
        )
    }
}

/// Why nothing can be generated.
#[derive(Debug, Error)]
pub(crate) enum GenerateError {
    #[error("{operation} declares no response {status}")]
    Undeclared { operation: OperationId, status: u16 },
    #[error("the {status} of {operation} has no schema to generate from")]
    NoSchema { operation: OperationId, status: u16 },
    #[error("{0} admits no invalid request: every value that can be sent is valid")]
    NothingInvalid(OperationId),
}

/// Why schemas cannot be written.
#[derive(Debug, Error)]
pub(crate) enum SchemaError {
    #[error("{0} gives no schema a name")]
    NoNames(String),
    #[error("cannot make the folder {}: {error}", folder.display())]
    Folder { folder: PathBuf, error: io::Error },
}

/// Why documents cannot be compared.
#[derive(Debug, Error)]
pub(crate) enum DiffError {
    #[error("name two documents, or one and the revision of the old one with --base")]
    NoPair,
    #[error("--base names the old document's revision: give the new document alone")]
    BaseAndPair,
    #[error("no recorded exchange could be read: nothing is known of the recorded traffic")]
    NothingRead,
}

/// Why options of a run cannot be followed.
#[derive(Debug, Error)]
pub(crate) enum OptionError {
    #[error("only one report can go to standard output")]
    StandardOutput,
    #[error("{option} {text:?} is not NAME=VALUE")]
    NoPair { option: &'static str, text: String },
    #[error("{} cannot be written: {error}", path.display())]
    Recording { path: PathBuf, error: io::Error },
}
