//! A response in hand, held against the operation that a test asked for:
//! `contract.operation("getDataExport")?.check(&response)?`.

use std::{error::Error, fmt, ops::Deref};

use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;

use super::verdict::hold_response;
use crate::{
    contract::OperationIn,
    exchange::{Body, CutReason, Response, decoded},
    finding::Finding,
    transport::Limits,
};

/// A response that breaks the contract.
///
/// It reads the same with `{}` and `{:?}`, since a test that answers `Result` shows the latter.
pub struct Breach {
    report: String,
    findings: Vec<Finding>,
}

impl Breach {
    /// The findings, notes included.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the response breaks the contract\n\n{}", self.report)
    }
}

impl fmt::Debug for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Breach {}

/// A response that keeps the contract, with its body read and its content coding undone. It reads as
/// the [`http::Response`] that it is.
#[derive(Clone, Debug)]
pub struct Checked<'c> {
    operation: OperationIn<'c>,
    response: http::Response<Bytes>,
}

impl<'c> Checked<'c> {
    /// The operation.
    pub fn operation(&self) -> OperationIn<'c> {
        self.operation
    }

    /// The body as a value.
    ///
    /// # Errors
    ///
    /// When it is not JSON of that form.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.response.body())
    }

    /// The response alone.
    pub fn into_response(self) -> http::Response<Bytes> {
        self.response
    }
}

impl Deref for Checked<'_> {
    type Target = http::Response<Bytes>;

    fn deref(&self) -> &Self::Target {
        &self.response
    }
}

/// What a test can do with an operation that it has a response of.
impl<'c> OperationIn<'c> {
    /// Holds a response whose body is there already.
    ///
    /// # Errors
    ///
    /// With the findings, when the response breaks the contract.
    pub fn check<B: AsRef<[u8]>>(
        self,
        response: &http::Response<B>,
    ) -> Result<Checked<'c>, Breach> {
        let mut held = Response::new(response.status());
        held.headers = response.headers().clone();
        held.body = Bytes::copy_from_slice(response.body().as_ref()).into();
        self.checked(held)
    }

    /// Holds a response whose body is still to be read: what a `tower::Service` answers, or a
    /// `reqwest::Response`.
    ///
    /// # Errors
    ///
    /// With the findings, when the response breaks the contract or breaks off.
    pub async fn check_async<B>(
        self,
        response: impl Into<http::Response<B>>,
    ) -> Result<Checked<'c>, Breach>
    where
        B: http_body::Body,
        B::Error: fmt::Display,
    {
        let (head, body) = response.into().into_parts();
        let mut held = Response::new(head.status);
        held.headers = head.headers;
        let mut body = std::pin::pin!(body);
        let mut content = BytesMut::new();
        held.body = loop {
            match body.frame().await {
                None => break Body::Complete(content.freeze()),
                Some(Err(error)) => {
                    break Body::Cut {
                        bytes: content.freeze(),
                        reason: CutReason::Connection(error.to_string()),
                    };
                }
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        content.extend_from_slice(&data.copy_to_bytes(data.remaining()));
                    }
                }
            }
        };
        self.checked(held)
    }

    fn checked(self, mut held: Response) -> Result<Checked<'c>, Breach> {
        held.body = decoded(&held.headers, held.body, Limits::default().body);
        let mut response = http::Response::new(Bytes::copy_from_slice(held.body.bytes()));
        *response.status_mut() = held.status;
        *response.headers_mut() = held.headers.clone();
        let verdict = hold_response(self, held);
        if verdict.holds() {
            return Ok(Checked {
                operation: self,
                response,
            });
        }
        Err(Breach {
            report: verdict.to_string(),
            findings: verdict.findings().to_vec(),
        })
    }
}
