//! How the service, token endpoints and the document itself are reached: `[connection]`.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use url::Url;

use super::{Config, ConfigError};
use oasgate::transport::Hosts;

/// How things are reached over the network.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ConnectionConfig {
    /// A proxy for every request; what the environment names unless said.
    pub(crate) proxy: Option<String>,
    /// Files of certificates of authorities to be trusted beside those of the system, as PEM.
    pub(crate) ca: Vec<PathBuf>,
    /// A file with our own certificate and its private key, as PEM.
    pub(crate) client_cert: Option<PathBuf>,
    /// Whether references of the document that lead over the network are followed, or the hosts to which
    /// they are: `["schemas.example.com"]`.
    pub(crate) allow_remote: AllowRemote,
    /// The longest that one exchange may take: `30s`.
    pub(crate) timeout: Option<String>,
    /// The longest that a connection may take: `10s`.
    pub(crate) connect_timeout: Option<String>,
    /// The longest until a response begins; as long as one exchange may take unless said.
    pub(crate) first_byte_timeout: Option<String>,
    /// The most bytes of one response, before and after it is unpacked.
    pub(crate) max_body: Option<u64>,
    /// The most bytes of a response's header fields.
    pub(crate) max_headers: Option<u64>,
}

/// Where references over the network may lead.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(crate) enum AllowRemote {
    /// To any host, or to none.
    Any(bool),
    /// To these hosts alone: names or addresses, without a port.
    Hosts(Vec<String>),
}

impl Default for AllowRemote {
    fn default() -> Self {
        Self::Any(false)
    }
}

impl AllowRemote {
    /// The hosts; `None` where there are none.
    pub(crate) fn hosts(&self) -> Option<Hosts> {
        match self {
            Self::Any(is_any) => is_any.then_some(Hosts::All),
            Self::Hosts(hosts) => (!hosts.is_empty()).then(|| Hosts::These(hosts.clone())),
        }
    }
}

/// Reads the URL of a proxy; an error goes on after the word for what was read.
pub(crate) fn proxy(text: &str) -> Result<Url, &'static str> {
    // The text may hold a password, so that it is not repeated.
    let url = Url::parse(text)
        .ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()) && url.host().is_some())
        .ok_or("is not a URL such as http://proxy:3128")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "holds a credential; name the proxy by the environment variable HTTPS_PROXY instead",
        );
    }
    Ok(url)
}

impl Config {
    pub(super) fn validate_connection(&self) -> Result<(), ConfigError> {
        self.proxy()?;
        self.timeout()?;
        self.connect_timeout()?;
        self.first_byte_timeout()?;
        Ok(())
    }

    /// The proxy.
    ///
    /// # Errors
    ///
    /// When it is no URL, or holds a credential.
    pub(crate) fn proxy(&self) -> Result<Option<Url>, ConfigError> {
        let text = self.connection.proxy.as_deref();
        text.map(proxy)
            .transpose()
            .map_err(|why| ConfigError::Wrong {
                place: self.places.value_at(&["connection", "proxy"]),
                message: format!("the proxy {why}"),
            })
    }

    /// Files of authorities to be trusted.
    pub(crate) fn authorities(&self) -> Vec<PathBuf> {
        let files = self.connection.ca.iter();
        files.map(|file| self.folder.join(file)).collect()
    }

    /// The file with our own certificate.
    pub(crate) fn client_cert(&self) -> Option<PathBuf> {
        let file = self.connection.client_cert.as_ref();
        file.map(|file| self.folder.join(file))
    }

    /// The longest that one exchange may take.
    ///
    /// # Errors
    ///
    /// When the time cannot be read.
    pub(crate) fn timeout(&self) -> Result<Option<Duration>, ConfigError> {
        let text = self.connection.timeout.as_deref();
        self.duration(text, &["connection", "timeout"])
    }

    /// The longest that a connection may take.
    ///
    /// # Errors
    ///
    /// When the time cannot be read.
    pub(crate) fn connect_timeout(&self) -> Result<Option<Duration>, ConfigError> {
        let text = self.connection.connect_timeout.as_deref();
        self.duration(text, &["connection", "connect-timeout"])
    }

    /// The longest until a response begins.
    ///
    /// # Errors
    ///
    /// When the time cannot be read.
    pub(crate) fn first_byte_timeout(&self) -> Result<Option<Duration>, ConfigError> {
        let text = self.connection.first_byte_timeout.as_deref();
        self.duration(text, &["connection", "first-byte-timeout"])
    }
}
