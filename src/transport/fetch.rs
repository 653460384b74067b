//! Documents over the network: one GET, bounded, from a program that waits for it.

use std::{io, thread, time::Duration};

use http::StatusCode;
use reqwest::redirect::Policy;
use url::Url;

use super::{ClientError, Connection};

/// The most bytes that a document may have.
const MAX_BYTES: usize = 256 << 20;

/// How long a document may take.
const MAX_TIME: Duration = Duration::from_secs(60);

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 10;

/// Why a document cannot be had over the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Its name is no URL.
    #[error("it is no URL: {0}")]
    Url(url::ParseError),
    /// It is on another host than those that are allowed.
    #[error("{host} is none of the hosts that are allowed")]
    Host {
        /// The host.
        host: String,
    },
    /// The client could not be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The request could not be sent, or its response not be read.
    #[error("{reason}")]
    Broken {
        /// What is at the bottom of it.
        reason: String,
    },
    /// The server answers with an error.
    #[error("the server answers {0}")]
    Status(StatusCode),
    /// It has more bytes than a document may have.
    #[error("it has more than {most} bytes")]
    TooLong {
        /// How many it may have.
        most: usize,
    },
    /// There is no way to wait for it.
    #[error("{0}")]
    Runtime(io::Error),
    /// What was to fetch it broke down.
    #[error("it could not be fetched")]
    Panicked,
}

impl FetchError {
    fn host(url: &Url) -> Self {
        Self::Host {
            host: url.host_str().unwrap_or_default().to_owned(),
        }
    }

    fn broken(error: &reqwest::Error) -> Self {
        let mut deepest: &dyn std::error::Error = error;
        while let Some(source) = deepest.source() {
            deepest = source;
        }
        Self::Broken {
            reason: deepest.to_string(),
        }
    }
}

/// Where documents may come from over the network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hosts {
    /// From any host.
    All,
    /// From these alone: names or addresses, without a port.
    These(Vec<String>),
}

impl Hosts {
    /// Whether a URL is one of a host that is allowed.
    fn allow(&self, url: &Url) -> bool {
        let Self::These(hosts) = self else {
            return true;
        };
        let own = url.host_str().unwrap_or_default();
        hosts.iter().any(|host| host.eq_ignore_ascii_case(own))
    }
}

/// The bytes at a URL, by the connection's proxy and certificates but within bounds of its own: a
/// document is not a response of the service. Redirects are followed to `hosts`. Blocks, also inside a
/// runtime.
///
/// # Errors
///
/// When the URL cannot be reached, is one of another host, answers with an error, or holds too much.
pub fn fetch(url: &str, connection: &Connection, hosts: &Hosts) -> Result<Vec<u8>, FetchError> {
    let url = Url::parse(url).map_err(FetchError::Url)?;
    if !hosts.allow(&url) {
        return Err(FetchError::host(&url));
    }
    // A runtime of its own on a thread of its own, so that the caller may be inside of another.
    thread::scope(|scope| {
        scope
            .spawn(|| {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(FetchError::Runtime)?
                    .block_on(get(url, connection, hosts))
            })
            .join()
            .unwrap_or(Err(FetchError::Panicked))
    })
}

async fn get(url: Url, connection: &Connection, hosts: &Hosts) -> Result<Vec<u8>, FetchError> {
    let hosts = hosts.clone();
    let redirects = Policy::custom(move |attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("it redirects too often")
        } else if hosts.allow(attempt.url()) {
            attempt.follow()
        } else {
            let why = FetchError::host(attempt.url());
            attempt.error(why)
        }
    });
    let broken = |error: reqwest::Error| FetchError::broken(&error);
    let builder = connection.builder()?;
    let client = builder.timeout(MAX_TIME).redirect(redirects).build();
    let client = client.map_err(|error| ClientError::Client(error.into()))?;
    let mut response = client.get(url).send().await.map_err(broken)?;
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            return Err(FetchError::TooLong { most: MAX_BYTES });
        }
    }
    Ok(bytes)
}
