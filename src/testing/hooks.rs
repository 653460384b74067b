//! What a test does before each request and after each response.

use std::{fmt, sync::Arc};

use crate::{
    exchange::{Request, Response},
    transport::{SendError, Transport},
};

type Before = Arc<dyn Fn(&mut Request) + Send + Sync>;
type After = Arc<dyn Fn(&Request, &mut Response) + Send + Sync>;

/// The hooks of a run, called in the order in which they were given.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    pub(super) before: Vec<Before>,
    pub(super) after: Vec<After>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("before", &self.before.len())
            .field("after", &self.after.len())
            .finish()
    }
}

/// A transport with the hooks around it.
pub(super) struct Hooked<'h, T> {
    pub(super) transport: &'h T,
    pub(super) hooks: &'h Hooks,
}

impl<T> Hooked<'_, T> {
    fn changed(&self, request: &Request) -> Request {
        let mut request = request.clone();
        for before in &self.hooks.before {
            before(&mut request);
        }
        request
    }

    fn seen(&self, request: &Request, response: &mut Response) {
        for after in &self.hooks.after {
            after(request, response);
        }
    }
}

impl<T: Transport> Transport for Hooked<'_, T> {
    async fn send(&self, request: &Request) -> Result<Response, SendError> {
        let request = self.changed(request);
        let mut response = self.transport.send(&request).await?;
        self.seen(&request, &mut response);
        Ok(response)
    }

    async fn probe_framing(&self, request: &Request) -> Option<Result<Response, SendError>> {
        let request = self.changed(request);
        let mut answer = self.transport.probe_framing(&request).await?;
        if let Ok(response) = &mut answer {
            self.seen(&request, response);
        }
        Some(answer)
    }
}
