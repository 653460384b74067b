//! `oasgate.toml`: what a project says once, so that nobody has to type it.
//!
//! [`Config::load`] reads the file; what is wrong in it is told with line and column and the nearest
//! known word. Every key is optional, and what is typed on the command line wins.

mod auth;
mod connection;
mod duration;
mod error;
mod places;
mod run;
#[cfg(test)]
mod schema;
mod scope;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use url::Url;

use places::Places;

use crate::bounded;
use oasgate::{
    check,
    contract::Contract,
    did_you_mean::did_you_mean,
    finding::{Rule, Severity},
    gate::{PollingRule, SeverityRule},
    lint,
    snapshot::Redaction,
    transport::Rate,
};

pub(crate) use auth::{AuthConfig, ClientAuthConfig, OAuth2Config, SecretConfig};
pub(crate) use connection::ConnectionConfig;
pub(crate) use connection::proxy;
pub(crate) use duration::{MalformedDuration, parse_duration};
pub(crate) use error::ConfigError;
pub(crate) use run::{RunConfig, parse_seed};
pub(crate) use run::{UNWITNESSED, known_failure};
#[cfg(test)]
pub(crate) use schema::schema;
pub(crate) use scope::{ScopeConfig, StatusText, fits};

/// The name under which the file is looked for.
pub(crate) const FILE_NAME: &str = "oasgate.toml";

/// What `oasgate.toml` says.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// Where the service is.
    pub(crate) url: Option<String>,
    /// The command that starts the service; not run where `--url` names another one.
    pub(crate) start: Option<String>,
    /// How long a service that is still starting is waited for: `30s`.
    pub(crate) wait: Option<String>,
    /// The most requests in a time: `20/s`.
    pub(crate) rate: Option<String>,
    /// How the service and the document are reached.
    pub(crate) connection: ConnectionConfig,
    /// What a check sends.
    pub(crate) run: RunConfig,
    /// Fields of every request, by name; credentials are said elsewhere.
    pub(crate) headers: BTreeMap<String, String>,
    /// What fails the gate besides errors: `warning`, `note`, or rules.
    pub(crate) fail_on: Vec<String>,
    /// The name of the environment variable that holds the token.
    pub(crate) token_env: Option<String>,
    /// Who asks, where more is to be said than `token-env` does.
    pub(crate) auth: Option<AuthConfig>,
    /// Others who may ask, by name, to see whether one reaches what belongs to another.
    pub(crate) credentials: BTreeMap<String, AuthConfig>,
    /// Values for parameters by name.
    pub(crate) parameters: BTreeMap<String, OneOrMany>,
    /// Operations that are left out.
    pub(crate) exclude: Vec<String>,
    /// Severities by rule: `error`, `warning`, `note` or `off`.
    pub(crate) severity: BTreeMap<String, String>,
    /// Statuses that are allowed though the document does not declare them: `401`, `5XX`.
    pub(crate) allow_statuses: Vec<StatusText>,
    /// What differs for the operations of a tag.
    pub(crate) tag: BTreeMap<String, ScopeConfig>,
    /// What differs for the operations of paths; `*` stands for any text.
    pub(crate) path: BTreeMap<String, ScopeConfig>,
    /// What differs for single operations, by id.
    pub(crate) operation: BTreeMap<String, ScopeConfig>,
    /// How operations that take long are followed.
    pub(crate) polling: Vec<PollingConfig>,
    /// What is accepted beyond the contract.
    pub(crate) snapshots: SnapshotConfig,
    /// What is known and accepted.
    pub(crate) baseline: BaselineConfig,
    /// A response slower than this is a finding: `500ms`, `2s`.
    pub(crate) slow_after: Option<String>,
    /// Whether a `format` that the service does not enforce is a finding.
    pub(crate) hold_formats: bool,
    /// Where the file stands; paths in it are from there.
    #[serde(skip)]
    folder: PathBuf,
    #[serde(skip)]
    places: Places,
}

/// A text or a list of texts.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    /// One.
    One(String),
    /// Several, taken in turn.
    Many(Vec<String>),
}

impl OneOrMany {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// One polling rule.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PollingConfig {
    /// The operation's id.
    pub(crate) operation: String,
    /// The status that means "pending"; 202 unless said.
    pub(crate) status: Option<u16>,
    /// The most requests after the first; 10 unless said.
    pub(crate) max_polls: Option<u32>,
    /// The longest wait between two requests; `30s` unless said.
    pub(crate) max_wait: Option<String>,
    /// Whether a pending response must have `Location`; yes unless said.
    pub(crate) needs_location: Option<bool>,
    /// Whether a pending response must have `Retry-After`; yes unless said.
    pub(crate) needs_retry_after: Option<bool>,
}

/// What is accepted beyond the contract.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SnapshotConfig {
    /// The folder; `snapshots` unless said.
    pub(crate) folder: Option<PathBuf>,
    /// Places whose values themselves are kept, as JSON Pointers.
    pub(crate) values: Vec<String>,
    /// Places whose values are replaced in samples.
    pub(crate) redact: Vec<RedactConfig>,
}

/// What is known and accepted.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct BaselineConfig {
    /// The file.
    pub(crate) file: Option<PathBuf>,
    /// Whether it may only become smaller.
    pub(crate) ratchet: bool,
}

/// One redaction.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RedactConfig {
    /// A JSON Pointer in which `*` stands for any name or index.
    pub(crate) at: String,
    /// What stands there instead.
    pub(crate) with: String,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no TOML or has a key that is not known.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            bounded::read_text(path, bounded::WRITTEN).map_err(|source| ConfigError::Read {
                path: path.to_path_buf(),
                source,
            })?;
        let name = path.display().to_string();
        let mut config = Self::parse(&name, &text)?;
        config.folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(config)
    }

    /// Reads a text; `name` stands for the file in messages.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let places = Places::of(name, text);
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            ConfigError::Malformed {
                place: places.line_and_column(at),
                message: error.message().to_owned(),
                hint: nearest_key(error.message()),
            }
        })?;
        config.places = places;
        Ok(config)
    }

    /// Whether what the file says can be read, whatever this run needs of it.
    ///
    /// # Errors
    ///
    /// The first that cannot.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.slow_limit()?;
        self.wait()?;
        self.rate()?;
        self.redactions()?;
        self.values_at()?;
        self.url()?;
        self.validate_connection()?;
        self.validate_run()?;
        for index in 0..self.polling.len() {
            self.longest_wait(index)?;
        }
        let named = self
            .credentials
            .iter()
            .map(|(name, auth)| (vec!["credentials", name.as_str()], auth));
        let main = self.auth.iter().map(|auth| (vec!["auth"], auth));
        for (path, auth) in main.chain(named) {
            auth.validate(&self.places, &path)?;
        }
        Ok(())
    }

    /// Whether all that the file names of a document is there.
    ///
    /// # Errors
    ///
    /// The first that is not.
    pub(crate) fn fits(&self, contract: &Contract) -> Result<(), ConfigError> {
        self.polling_rules(contract)?;
        self.excluded(contract)?;
        self.known_parameters(contract)?;
        let named = self
            .credentials
            .iter()
            .map(|(name, auth)| (vec!["credentials", name.as_str()], auth));
        let main = self.auth.iter().map(|auth| (vec!["auth"], auth));
        for (path, auth) in main.chain(named) {
            auth.fits(&self.places, &path, contract)?;
        }
        Ok(())
    }

    /// Where the service is.
    ///
    /// # Errors
    ///
    /// When it is no URL, or holds a credential.
    pub(crate) fn url(&self) -> Result<Option<Url>, ConfigError> {
        let wrong = |message: &str| ConfigError::Wrong {
            place: self.places.value_at(&["url"]),
            message: message.to_owned(),
        };
        let Some(text) = &self.url else {
            return Ok(None);
        };
        let url = Url::parse(text)
            .ok()
            .filter(|url| ["http", "https"].contains(&url.scheme()) && url.host().is_some())
            .ok_or_else(|| {
                wrong(&format!(
                    "{text:?} is not a URL; it begins with http:// or https://"
                ))
            })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "the URL holds a credential; name one with token-env instead",
            ));
        }
        Ok(Some(url))
    }

    fn known_parameters(&self, contract: &Contract) -> Result<(), ConfigError> {
        let operations = contract.operations().iter();
        let all: Vec<String> = if self.parameters.is_empty() {
            Vec::new()
        } else {
            operations.flat_map(|one| one.value_names()).collect()
        };
        let known = || all.iter().map(String::as_str);
        match self
            .parameters
            .keys()
            .find(|name| !known().any(|known| known == *name))
        {
            Some(name) => Err(ConfigError::UnknownParameter {
                place: self.places.key(&["parameters", name]),
                name: name.clone(),
                hint: oasgate::did_you_mean::hint(name, known()),
            }),
            None => Ok(()),
        }
    }

    /// The folder that paths in the file start from.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Who asks, unless a case says otherwise.
    pub(crate) fn main_auth(&self) -> Option<AuthConfig> {
        let mut auth = self.auth.clone();
        if let Some(name) = &self.token_env {
            auth.get_or_insert_default().token_env = Some(name.clone());
        }
        auth
    }

    /// The values for parameters, by name.
    pub(crate) fn parameter_values(&self) -> Vec<(String, String)> {
        self.parameters
            .iter()
            .flat_map(|(name, values)| {
                values
                    .texts()
                    .iter()
                    .map(move |value| (name.clone(), value.clone()))
            })
            .collect()
    }

    fn severity_rule(
        &self,
        path: &[&str],
        rule: &str,
        word: &str,
    ) -> Result<SeverityRule, ConfigError> {
        if !rules().any(|known| known.id == rule) {
            return Err(ConfigError::UnknownRule {
                place: self.places.key(path),
                rule: rule.to_owned(),
                hint: oasgate::did_you_mean::hint(rule, rules().map(|known| known.id)),
            });
        }
        let severity = match word {
            "off" => None,
            word => Some(
                word.parse::<Severity>()
                    .map_err(|_| ConfigError::UnknownSeverity {
                        place: self.places.value_at(path),
                        rule: rule.to_owned(),
                        word: word.to_owned(),
                    })?,
            ),
        };
        Ok(SeverityRule {
            rule: rule.to_owned(),
            operation: None,
            status: None,
            severity,
        })
    }

    /// The polling rules.
    ///
    /// # Errors
    ///
    /// When an operation is not known or a time cannot be read.
    pub(crate) fn polling_rules(
        &self,
        contract: &Contract,
    ) -> Result<Vec<PollingRule>, ConfigError> {
        self.polling
            .iter()
            .enumerate()
            .map(|(index, polling)| {
                let path = ["polling", &index.to_string(), "operation"];
                let place = self.places.value_at(&path);
                let usual = PollingRule::new(known_operation(contract, &polling.operation, place)?);
                Ok(PollingRule {
                    status: polling.status.unwrap_or(usual.status),
                    most_polls: polling.max_polls.unwrap_or(usual.most_polls),
                    longest_wait: self.longest_wait(index)?.unwrap_or(usual.longest_wait),
                    needs_location: polling.needs_location.unwrap_or(usual.needs_location),
                    needs_retry_after: polling.needs_retry_after.unwrap_or(usual.needs_retry_after),
                    ..usual
                })
            })
            .collect()
    }

    fn longest_wait(&self, index: usize) -> Result<Option<Duration>, ConfigError> {
        let text = self.polling[index].max_wait.as_deref();
        self.duration(text, &["polling", &index.to_string(), "max-wait"])
    }

    /// The limit beyond which a response is slow.
    ///
    /// # Errors
    ///
    /// When the time cannot be read.
    pub(crate) fn slow_limit(&self) -> Result<Option<Duration>, ConfigError> {
        self.duration(self.slow_after.as_deref(), &["slow-after"])
    }

    /// How long a service that is still starting is waited for.
    ///
    /// # Errors
    ///
    /// When the time cannot be read.
    pub(crate) fn wait(&self) -> Result<Option<Duration>, ConfigError> {
        self.duration(self.wait.as_deref(), &["wait"])
    }

    /// The most requests in a time.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(crate) fn rate(&self) -> Result<Option<Rate>, ConfigError> {
        self.rate
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|source| ConfigError::Rate {
                place: self.places.value_at(&["rate"]),
                source,
            })
    }

    fn duration(&self, text: Option<&str>, path: &[&str]) -> Result<Option<Duration>, ConfigError> {
        text.map(parse_duration)
            .transpose()
            .map_err(|source| ConfigError::Duration {
                place: self.places.value_at(path),
                source,
            })
    }

    /// The folder of snapshots.
    pub(crate) fn snapshot_folder(&self) -> PathBuf {
        self.folder.join(
            self.snapshots
                .folder
                .as_deref()
                .unwrap_or(Path::new("snapshots")),
        )
    }

    /// Whether the project has snapshots: its folder of them is there, or the file speaks of them.
    pub(crate) fn wants_snapshots(&self) -> bool {
        let SnapshotConfig {
            folder,
            values,
            redact,
        } = &self.snapshots;
        let is_told = folder.is_some() || !values.is_empty() || !redact.is_empty();
        is_told || self.snapshot_folder().is_dir()
    }

    /// The baseline, and whether it may only become smaller.
    pub(crate) fn baseline(&self) -> (Option<PathBuf>, bool) {
        let file = self.baseline.file.as_ref();
        (
            file.map(|file| self.folder.join(file)),
            self.baseline.ratchet,
        )
    }

    /// The redactions of samples.
    ///
    /// # Errors
    ///
    /// When the place of one is no JSON Pointer.
    pub(crate) fn redactions(&self) -> Result<Vec<Redaction>, ConfigError> {
        let rules = self.snapshots.redact.iter().enumerate();
        rules
            .map(|(index, rule)| {
                let index = index.to_string();
                self.pointer(&rule.at, &["snapshots", "redact", &index, "at"])?;
                Ok(Redaction {
                    at: rule.at.clone(),
                    with: rule.with.clone(),
                })
            })
            .collect()
    }

    fn pointer(
        &self,
        text: &str,
        path: &[&str],
    ) -> Result<oasgate::document::Pointer, ConfigError> {
        oasgate::document::Pointer::parse(text).ok_or_else(|| ConfigError::Pointer {
            place: self.places.value_at(path),
            text: text.to_owned(),
        })
    }

    /// The places whose values are kept in snapshots.
    ///
    /// # Errors
    ///
    /// When one is no JSON Pointer.
    pub(crate) fn values_at(&self) -> Result<Vec<oasgate::document::Pointer>, ConfigError> {
        self.snapshots
            .values
            .iter()
            .enumerate()
            .map(|(index, text)| self.pointer(text, &["snapshots", "values", &index.to_string()]))
            .collect()
    }
}

/// The id of an operation that is named by it, or as `METHOD /path`.
fn known_operation(contract: &Contract, name: &str, place: String) -> Result<String, ConfigError> {
    contract
        .operation(name)
        .map(|operation| operation.id.to_string())
        .map_err(|source| ConfigError::UnknownOperation { place, source })
}

/// Every rule that a severity can be given to.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    check::rules()
        .chain(lint::RULES.iter().map(|rule| rule.rule()))
        .chain(oasgate::diff::rules())
}

/// The known key nearest to the one that an error speaks of, out of those that it lists.
fn nearest_key(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let Some(unknown) = words
        .next()
        .filter(|_| message.starts_with("unknown field"))
    else {
        return String::new();
    };
    let known: Vec<&str> = words.collect();
    did_you_mean(unknown, known)
        .map(|near| format!(" (did you mean `{near}`?)"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_known_is_told_with_its_place() {
        let error = Config::parse(
            "oasgate.toml",
            "url = \"http://x\"\n\n[snapshot]\nfolder = \"x\"\n",
        )
        .expect_err("it is wrong");
        let text = error.to_string();
        assert!(
            text.starts_with("oasgate.toml:3:2: unknown field `snapshot`"),
            "{text}"
        );
        assert!(text.ends_with("(did you mean `snapshots`?)"), "{text}");
    }

    #[test]
    fn everything_may_be_left_out() {
        let config = Config::parse("oasgate.toml", "").expect("it is empty");
        assert_eq!(config.snapshot_folder(), Path::new("snapshots"));
    }
}
