//! The body of a fake's response, which may break off.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The body of a response.
#[derive(Debug, Default)]
pub struct FakeBody {
    bytes: Option<Bytes>,
    breaks_off: bool,
}

/// A response that breaks off, or that never comes, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FakeError;

impl fmt::Display for FakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fake breaks off, as it was told to")
    }
}

impl std::error::Error for FakeError {}

impl FakeBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self {
            bytes: Some(bytes).filter(|bytes| !bytes.is_empty()),
            breaks_off: false,
        }
    }

    pub(super) fn broken(bytes: Bytes) -> Self {
        Self {
            breaks_off: true,
            ..Self::whole(bytes)
        }
    }
}

impl Body for FakeBody {
    type Data = Bytes;
    type Error = FakeError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, FakeError>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if std::mem::take(&mut self.breaks_off) {
            return Poll::Ready(Some(Err(FakeError)));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && !self.breaks_off
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if self.breaks_off {
            // More is promised than comes, so that a server tells the client of a length.
            return SizeHint::with_exact(length + 1);
        }
        SizeHint::with_exact(length)
    }
}
