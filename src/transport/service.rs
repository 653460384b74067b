//! A `tower::Service` in this process, called without a network.

use std::{any::Any, fmt, future::poll_fn, marker::PhantomData, panic::AssertUnwindSafe};

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::FutureExt as _;
use http::{HeaderMap, header::HOST};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use super::{Limits, SendError, Stage, Transport, limits::next_part};
use crate::exchange::{Body, CutReason, Request, Response, decoded, may_be_endless, so_far};

/// Calls a service such as axum's `Router` as it is. Each request gets a clone of the service.
pub struct ServiceTransport<S, B> {
    service: S,
    limits: Limits,
    // `fn() -> B`: the transport makes bodies and holds none, so it is Send whatever B is.
    body: PhantomData<fn() -> B>,
}

impl<S, B> ServiceTransport<S, B> {
    /// Wraps a service.
    pub fn new(service: S) -> Self {
        Self {
            service,
            limits: Limits::default(),
            body: PhantomData,
        }
    }

    /// Sets the bounds on one exchange.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl<S, B> fmt::Debug for ServiceTransport<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTransport")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl<S, B, R> Transport for ServiceTransport<S, B>
where
    S: Service<http::Request<B>, Response = http::Response<R>> + Clone + Send + Sync,
    S::Future: Send,
    S::Error: fmt::Display + Send,
    B: From<Bytes> + Send,
    R: http_body::Body + Send,
    R::Data: Send,
    R::Error: fmt::Display,
{
    async fn send(&self, request: &Request) -> Result<Response, SendError> {
        let started = Instant::now();
        let message = Self::message(request)?;
        let mut service = self.service.clone();
        let call = async move {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(message).await
        };
        let answer = timeout_at(
            started + self.limits.first_byte,
            AssertUnwindSafe(call).catch_unwind(),
        )
        .await
        .map_err(|_| SendError::TimedOut {
            stage: Stage::Head,
            after: self.limits.first_byte,
        })?;
        let (head, body) = match answer {
            Ok(Ok(response)) => response.into_parts(),
            Ok(Err(error)) => return Err(SendError::Broken(error.to_string())),
            Err(panic) => return Err(SendError::Panicked(panic_text(panic.as_ref()))),
        };
        let body = self
            .read(body, &head.headers, started + self.limits.whole)
            .await?;
        let wire_length = body.complete().map(|bytes| bytes.len() as u64);
        let body = decoded(&head.headers, body, self.limits.body);
        Ok(Response {
            status: head.status,
            headers: head.headers,
            body,
            elapsed: Some(started.elapsed()),
            wire_length,
        })
    }
}

impl<S, B: From<Bytes>> ServiceTransport<S, B> {
    /// The request as a server would have read it: origin-form target, and a `Host` field.
    fn message(request: &Request) -> Result<http::Request<B>, SendError> {
        let url = &request.url;
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut message = http::Request::new(B::from(Bytes::copy_from_slice(request.body.bytes())));
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = target
            .parse()
            .map_err(|error: http::uri::InvalidUri| SendError::Unsendable(error.to_string()))?;
        *message.headers_mut() = request.headers.clone();
        if let Some(host) = url.host_str()
            && let Ok(host) = host.parse()
        {
            message.headers_mut().entry(HOST).or_insert(host);
        }
        Ok(message)
    }

    async fn read<R>(
        &self,
        body: R,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<Body, SendError>
    where
        R: http_body::Body + Send,
        R::Error: fmt::Display,
    {
        let mut body = std::pin::pin!(body);
        let mut content = BytesMut::new();
        let cut = |content: BytesMut, reason| {
            Ok(Body::Cut {
                bytes: content.freeze(),
                reason,
            })
        };
        let is_stream = may_be_endless(headers);
        loop {
            let until = next_part(deadline, is_stream);
            let frame = match timeout_at(until, AssertUnwindSafe(body.frame()).catch_unwind()).await
            {
                Err(_) if is_stream => return Ok(so_far(headers, &content.freeze())),
                Err(_) => return cut(content, CutReason::TimedOut),
                Ok(Err(panic)) => return Err(SendError::Panicked(panic_text(panic.as_ref()))),
                Ok(Ok(None)) => return Ok(Body::Complete(content.freeze())),
                Ok(Ok(Some(Err(error)))) => {
                    return cut(content, CutReason::Connection(error.to_string()));
                }
                Ok(Ok(Some(Ok(frame)))) => frame,
            };
            let Ok(mut data) = frame.into_data() else {
                continue;
            };
            let room = usize::try_from(self.limits.body).unwrap_or(usize::MAX) - content.len();
            if data.remaining() > room {
                content.extend_from_slice(&data.copy_to_bytes(room));
                return cut(content, CutReason::Limit(self.limits.body));
            }
            content.extend_from_slice(&data.copy_to_bytes(data.remaining()));
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a text".to_owned())
}
