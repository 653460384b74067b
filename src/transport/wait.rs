//! Waits for a service that is still starting.

use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use super::{SendError, Transport};
use crate::exchange::Request;

/// How long it takes until the service is asked again.
const BETWEEN: Duration = Duration::from_millis(100);

/// Asks until something answers at `url`, at most for this long. A 502, 503 or 504 is a gateway that
/// waits as well. Tells whether something answered.
pub async fn is_up<T: Transport>(transport: &T, url: &Url, longest: Duration) -> bool {
    let until = Instant::now() + longest;
    let request = Request::new(Method::GET, url.clone());
    loop {
        match timeout_at(until, transport.send(&request)).await {
            Ok(Ok(response)) if !is_gateway(response.status) => return true,
            // What is no HTTP is for the run to tell.
            Ok(Err(SendError::Malformed(_))) => return true,
            Err(_) => return false,
            Ok(_) if Instant::now() + BETWEEN >= until => return false,
            Ok(_) => sleep(BETWEEN).await,
        }
    }
}

fn is_gateway(status: StatusCode) -> bool {
    [
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ]
    .contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Response;

    /// Is not there, then answers 503, then answers.
    struct Starting(Instant);

    impl Transport for Starting {
        async fn send(&self, _: &Request) -> Result<Response, SendError> {
            match self.0.elapsed().as_secs() {
                0..5 => Err(SendError::Unreachable {
                    origin: "http://api.test".to_owned(),
                    reason: "refused".to_owned(),
                }),
                5..10 => Ok(Response::new(StatusCode::SERVICE_UNAVAILABLE)),
                _ => Ok(Response::new(StatusCode::NOT_FOUND)),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn any_answer_but_that_of_a_gateway_ends_the_wait() {
        let url = Url::parse("http://api.test/").expect("a URL");
        let begun = Instant::now();
        assert!(is_up(&Starting(begun), &url, Duration::from_secs(30)).await);
        assert_eq!(begun.elapsed().as_secs(), 10);
        let begun = Instant::now();
        assert!(!is_up(&Starting(begun), &url, Duration::from_secs(8)).await);
        assert!(begun.elapsed() <= Duration::from_secs(8));
    }
}
