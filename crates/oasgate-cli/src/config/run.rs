//! What a check sends: `[run]`, and the header fields of every request.

use std::{
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use http::{HeaderName, HeaderValue};
use serde::Deserialize;

use super::{Config, ConfigError};
use oasgate::{
    exchange::is_credential,
    gate::{CleanUp, Existing, LiveSettings, Phase, RandomEnd},
};

/// The most requests that may be under way at once.
const MAX_WORKERS: u16 = 1024;

/// What a check sends; each key is the option of that name.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RunConfig {
    /// The seed of everything that is generated, as a run prints it; another one each time unless said.
    pub(crate) seed: Option<String>,
    /// Random requests for each operation; 30 unless said.
    pub(crate) cases: Option<usize>,
    /// Whether all random requests are sent, also where nothing new came for a while.
    pub(crate) exhaustive: bool,
    /// The most valid edges, and the most broken requests, for each operation; 40 unless said.
    pub(crate) edges: Option<usize>,
    /// The phases that are run; all of them unless said.
    pub(crate) phases: Vec<String>,
    /// The most requests of the whole run; 10000 unless said.
    pub(crate) max_requests: Option<u64>,
    /// The longest that the whole run may take: `10min`.
    pub(crate) max_time: Option<String>,
    /// How many errors that no baseline knows end the run.
    pub(crate) max_failures: Option<NonZeroU32>,
    /// Requests under way at once; 4 unless said.
    pub(crate) workers: Option<NonZeroU16>,
    /// How many things of each kind sequences make, read, change and delete; 2 unless said.
    pub(crate) sequences: Option<usize>,
    /// Whether what the run made is deleted in the end; it is unless said.
    pub(crate) clean_up: Option<bool>,
    /// Whether what was there before the run may be changed and deleted; it is only read unless said.
    pub(crate) touch_existing: bool,
    /// Whether methods that may change something are sent to the `url` of this file, though its host is
    /// not this machine. Another service, named with `--url`, is not meant.
    pub(crate) allow_unsafe: bool,
}

/// Reads a seed.
///
/// # Errors
///
/// A sentence, when it is none.
pub(crate) fn parse_seed(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16)
        .map_err(|_| "a seed is up to 16 hexadecimal digits".to_owned())
}

impl Config {
    pub(super) fn validate_run(&self) -> Result<(), ConfigError> {
        self.seed()?;
        self.max_time()?;
        self.phases()?;
        self.workers()?;
        self.header_fields()?;
        self.failures().map(drop)
    }

    /// What the file says of a run, in place of what is usual.
    ///
    /// # Errors
    ///
    /// When something cannot be read.
    pub(crate) fn settle(&self, usual: LiveSettings) -> Result<LiveSettings, ConfigError> {
        let run = &self.run;
        Ok(LiveSettings {
            seed: self.seed()?.unwrap_or(usual.seed),
            workers: self.workers()?.unwrap_or(usual.workers),
            max_requests: run.max_requests.unwrap_or(usual.max_requests),
            max_time: self.max_time()?.or(usual.max_time),
            max_failures: run
                .max_failures
                .map(|most| most.get() as usize)
                .or(usual.max_failures),
            random_cases: run.cases.unwrap_or(usual.random_cases),
            random_end: if run.exhaustive {
                RandomEnd::AllSent
            } else {
                usual.random_end
            },
            edge_cases: run.edges.unwrap_or(usual.edge_cases),
            sequences: run.sequences.unwrap_or(usual.sequences),
            clean_up: match run.clean_up {
                Some(true) => CleanUp::Delete,
                Some(false) => CleanUp::Leave,
                None => usual.clean_up,
            },
            existing: if run.touch_existing {
                Existing::Touch
            } else {
                usual.existing
            },
            phases: self.phases()?,
            ..usual
        })
    }

    /// The seed.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub(crate) fn seed(&self) -> Result<Option<u64>, ConfigError> {
        let seed = self.run.seed.as_deref().map(parse_seed).transpose();
        seed.map_err(|message| ConfigError::Wrong {
            place: self.places.value_at(&["run", "seed"]),
            message,
        })
    }

    fn max_time(&self) -> Result<Option<Duration>, ConfigError> {
        self.duration(self.run.max_time.as_deref(), &["run", "max-time"])
    }

    fn workers(&self) -> Result<Option<usize>, ConfigError> {
        match self.run.workers {
            Some(number) if number.get() > MAX_WORKERS => Err(ConfigError::Wrong {
                place: self.places.value_at(&["run", "workers"]),
                message: format!("there are at most {MAX_WORKERS} workers"),
            }),
            number => Ok(number.map(|number| usize::from(number.get()))),
        }
    }

    fn phases(&self) -> Result<Vec<Phase>, ConfigError> {
        let phases = self.run.phases.iter().enumerate();
        phases
            .map(|(index, text)| {
                text.parse().map_err(|message| ConfigError::Wrong {
                    place: self.places.value_at(&["run", "phases", &index.to_string()]),
                    message,
                })
            })
            .collect()
    }

    /// The fields for every request.
    ///
    /// # Errors
    ///
    /// When one cannot be sent, or is a credential.
    pub(crate) fn header_fields(&self) -> Result<Vec<(HeaderName, HeaderValue)>, ConfigError> {
        let fields = self.headers.iter();
        fields
            .map(|(name, value)| {
                let wrong = |place: String, message: String| ConfigError::Wrong { place, message };
                let path = ["headers", name.as_str()];
                if is_credential(&name.to_ascii_lowercase()) {
                    let message = format!(
                        "{name} proves who asks, and a secret is never in the file; name one with token-env or [auth]"
                    );
                    return Err(wrong(self.places.key(&path), message));
                }
                let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                    let message = format!("{name:?} is not a header name");
                    wrong(self.places.key(&path), message)
                })?;
                let value = HeaderValue::from_str(value).map_err(|_| {
                    let message = format!("the value of {name} cannot be sent");
                    wrong(self.places.value_at(&path), message)
                })?;
                Ok((field, value))
            })
            .collect()
    }

    /// What fails the gate besides errors: rules, or a severity.
    ///
    /// # Errors
    ///
    /// When one is not known.
    pub(crate) fn failures(&self) -> Result<&[String], ConfigError> {
        for (index, word) in self.fail_on.iter().enumerate() {
            if let Err(hint) = known_failure(word) {
                return Err(ConfigError::UnknownRule {
                    place: self.places.value_at(&["fail-on", &index.to_string()]),
                    rule: word.clone(),
                    hint,
                });
            }
        }
        Ok(&self.fail_on)
    }
}

/// Stands before a kind of what the document declares and nobody saw: `unwitnessed=status`.
pub(crate) const UNWITNESSED: &str = "unwitnessed=";

/// Whether a gate can fail on a word; an error is what was meant perhaps.
pub(crate) fn known_failure(word: &str) -> Result<(), String> {
    let known = || {
        super::rules()
            .map(|rule| rule.id)
            .chain(["warning", "note"])
    };
    if let Some(kind) = word.strip_prefix(UNWITNESSED) {
        return if oasgate::report::witness_kinds().any(|known| known == kind) {
            Ok(())
        } else {
            Err(oasgate::did_you_mean::hint(
                kind,
                oasgate::report::witness_kinds(),
            ))
        };
    }
    if known().any(|known| known == word) {
        Ok(())
    } else {
        Err(oasgate::did_you_mean::hint(word, known()))
    }
}
