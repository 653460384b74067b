//! Documents over the network: one GET, bounded, from a program that waits for it.

use std::{thread, time::Duration};

use reqwest::redirect::Policy;
use url::Url;

use super::{ClientError, Connection};

/// The most bytes that a document may have.
const MAX_BYTES: usize = 256 << 20;

/// How long a document may take.
const MAX_TIME: Duration = Duration::from_secs(60);

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 10;

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
/// A sentence: the URL cannot be reached, is one of another host, answers with an error, or holds too much.
pub fn fetch(url: &str, connection: &Connection, hosts: &Hosts) -> Result<Vec<u8>, String> {
    let url = Url::parse(url).map_err(|error| format!("it is no URL: {error}"))?;
    if !hosts.allow(&url) {
        return Err(not_allowed(&url));
    }
    // A runtime of its own on a thread of its own, so that the caller may be inside of another.
    thread::scope(|scope| {
        scope
            .spawn(|| {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|error| error.to_string())?
                    .block_on(get(url, connection, hosts))
            })
            .join()
            .unwrap_or_else(|_| Err("it could not be fetched".to_owned()))
    })
}

fn not_allowed(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host} is none of the hosts that are allowed")
}

async fn get(url: Url, connection: &Connection, hosts: &Hosts) -> Result<Vec<u8>, String> {
    let hosts = hosts.clone();
    let redirects = Policy::custom(move |attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("it redirects too often")
        } else if hosts.allow(attempt.url()) {
            attempt.follow()
        } else {
            let why = not_allowed(attempt.url());
            attempt.error(why)
        }
    });
    let said = |error: reqwest::Error| {
        let mut deepest: &dyn std::error::Error = &error;
        while let Some(source) = deepest.source() {
            deepest = source;
        }
        deepest.to_string()
    };
    let client = connection
        .builder()
        .and_then(|builder| {
            let builder = builder.timeout(MAX_TIME).redirect(redirects);
            builder
                .build()
                .map_err(|error| ClientError::Client(error.into()))
        })
        .map_err(|error| error.to_string())?;
    let mut response = client.get(url).send().await.map_err(said)?;
    if !response.status().is_success() {
        return Err(format!("the server answers {}", response.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(said)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            return Err(format!("it has more than {MAX_BYTES} bytes"));
        }
    }
    Ok(bytes)
}
