//! Sends a request and brings the response: over the wire, or to a service in this process.
//!
//! A [`Transport`] does exactly one exchange at a time: it follows no redirect, retries nothing,
//! undoes content codings, and stops at its [`Limits`]. [`ServiceTransport`] wraps a
//! `tower::Service`; `HttpTransport` (feature `http`) sends over reqwest. [`Paced`] keeps the
//! requests of another transport apart, and [`Authorized`] puts secrets into them.

mod authorized;
mod error;
mod limits;
mod oauth2;
mod paced;
mod secret;
mod service;
mod wait;

#[cfg(feature = "http")]
mod connection;
mod disguise;
#[cfg(feature = "http")]
mod fetch;
#[cfg(feature = "http")]
mod framing;
#[cfg(feature = "http")]
mod http_client;

use std::future::Future;

pub use authorized::Authorized;
pub use error::{SendError, Stage};
pub use limits::Limits;
pub use oauth2::{ClientAuth, ClientCredentials, TokenEndpoint};
pub use paced::{MAX_PAUSE, MalformedRate, Paced, Rate, pause};
pub use secret::{Issued, NoSecret, Secret, SecretSource};
pub use service::ServiceTransport;
pub use wait::is_up;

#[cfg(feature = "http")]
pub use connection::{ClientError, Connection};
#[cfg(feature = "http")]
pub use fetch::{FetchError, Hosts, fetch};
#[cfg(feature = "http")]
pub use http_client::HttpTransport;

use crate::exchange::{Request, Response};

/// Something that answers requests.
pub trait Transport: Send + Sync {
    /// Sends one request and reads the response to its end or to a limit.
    ///
    /// # Errors
    ///
    /// When no response came at all. A response that broke off is an answer, with a cut body.
    fn send(&self, request: &Request) -> impl Future<Output = Result<Response, SendError>> + Send;

    /// Sends one request and reports every byte that follows its head, also those that HTTP does
    /// not allow there and that a client would never show. `None` where that cannot be seen.
    fn probe_framing(
        &self,
        _request: &Request,
    ) -> impl Future<Output = Option<Result<Response, SendError>>> + Send {
        std::future::ready(None)
    }
}

impl<T: Transport> Transport for &T {
    fn send(&self, request: &Request) -> impl Future<Output = Result<Response, SendError>> + Send {
        (**self).send(request)
    }

    fn probe_framing(
        &self,
        request: &Request,
    ) -> impl Future<Output = Option<Result<Response, SendError>>> + Send {
        (**self).probe_framing(request)
    }
}
