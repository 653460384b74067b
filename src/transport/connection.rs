//! How connections are made: bounds, a proxy, whom to trust, who we are.

use reqwest::{Certificate, ClientBuilder, Identity, Proxy};
use url::Url;

use super::Limits;

/// How connections are made.
#[derive(Clone, Default)]
pub struct Connection {
    /// The bounds on each exchange.
    pub limits: Limits,
    /// A proxy for everything; `None` for what the environment names.
    pub proxy: Option<Url>,
    /// Certificates of authorities to be trusted beside those of the system, as PEM.
    pub authorities: Vec<Vec<u8>>,
    /// Our own certificate and its key, as PEM.
    pub identity: Option<Vec<u8>>,
}

/// The client could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The whole of it.
    #[error("the HTTP client could not be set up: {0}")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The proxy.
    #[error("the proxy cannot be used; it is a URL such as http://proxy:3128")]
    Proxy,
    /// A certificate of an authority.
    #[error(
        "a file of certificates holds none: it has PEM blocks that begin with -----BEGIN CERTIFICATE-----"
    )]
    Authority,
    /// Our own certificate.
    #[error(
        "the client certificate cannot be used: the file has PEM blocks of a CERTIFICATE and its PRIVATE KEY"
    )]
    Identity,
}

impl From<Limits> for Connection {
    fn from(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }
}

/// The most fields of a response; the library's own bound is lower than what services send.
const MAX_FIELDS: usize = 512;

/// Which connections a client sends over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reuse {
    /// Those that are idle, and new ones where there is none.
    Idle,
    /// A new one for each request.
    Never,
}

impl Connection {
    /// A client that makes connections so. It follows no redirect and retries nothing.
    pub(super) fn client(&self, reuse: Reuse) -> Result<reqwest::Client, ClientError> {
        let mut builder = self.builder()?;
        if reuse == Reuse::Never {
            builder = builder.pool_max_idle_per_host(0);
        }
        builder
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_max_headers(MAX_FIELDS)
            .http2_max_header_list_size(u32::try_from(self.limits.headers).unwrap_or(u32::MAX))
            .tcp_nodelay(true)
            .build()
            .map_err(|error| ClientError::Client(error.into()))
    }

    /// What every client has: by which way it goes, whom it trusts, who it is.
    pub(super) fn builder(&self) -> Result<ClientBuilder, ClientError> {
        // Fails only when a provider is installed already, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = ClientBuilder::new()
            .user_agent(concat!("oasgate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.limits.connect);
        if let Some(proxy) = &self.proxy {
            let proxy = Proxy::all(proxy.as_str()).map_err(|_| ClientError::Proxy)?;
            builder = builder.proxy(proxy);
        }
        for pem in &self.authorities {
            let certificates = Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or(ClientError::Authority)?;
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some(pem) = &self.identity {
            let identity = Identity::from_pem(pem).map_err(|_| ClientError::Identity)?;
            builder = builder.identity(identity);
        }
        Ok(builder)
    }
}
