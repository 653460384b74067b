//! Keeps requests apart: a rate, and a pause for all when the service asks for one.

use std::{
    num::NonZeroU32,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::StatusCode;
use tokio::time::{Instant, sleep_until};

use super::{SendError, Transport};
use crate::{
    exchange::{Request, Response},
    wire::http_syntax::RetryAfter,
};

/// How many requests are sent in which time: `20/s`, `100/min`, `5/h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: NonZeroU32,
    /// In which time.
    pub every: Duration,
}

/// A text that is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a rate; write a number and s, min or h, such as 20/s")]
pub struct MalformedRate(String);

impl FromStr for Rate {
    type Err = MalformedRate;

    fn from_str(text: &str) -> Result<Self, MalformedRate> {
        let malformed = || MalformedRate(text.to_owned());
        let (requests, unit) = text.split_once('/').ok_or_else(malformed)?;
        let seconds = match unit.trim() {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            _ => return Err(malformed()),
        };
        Ok(Self {
            requests: requests.trim().parse().map_err(|_| malformed())?,
            every: Duration::from_secs(seconds),
        })
    }
}

/// The longest pause that one `Retry-After` is granted.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long a response asks everybody to wait: a 429 with a `Retry-After`, at most
/// [`LONGEST_PAUSE`].
pub fn pause(response: &Response) -> Option<Duration> {
    if response.status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let after = response.header("retry-after").and_then(RetryAfter::parse)?;
    Some(after.wait(response.header("date")).min(LONGEST_PAUSE))
}

/// A transport on which the requests of all workers together keep to one rate, and on which all
/// wait when one was answered 429 with a `Retry-After`. That 429 is handed on: it is a response to
/// be held, and whoever sent the request decides whether to send it again.
#[derive(Debug)]
pub struct Paced<T> {
    inner: T,
    interval: Duration,
    next: Mutex<Instant>,
}

impl<T: Transport> Paced<T> {
    /// Sends over `inner`, at this rate where one is given.
    pub fn new(inner: T, rate: Option<Rate>) -> Self {
        Self {
            inner,
            interval: rate.map_or(Duration::ZERO, |rate| rate.every / rate.requests.get()),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for a turn. Nobody holds a place in a queue, so that a pause that begins meanwhile
    /// holds for all who wait.
    async fn turn(&self) {
        loop {
            let next = {
                let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                if *next <= now {
                    *next = now + self.interval;
                    return;
                }
                *next
            };
            sleep_until(next).await;
        }
    }

    fn heed(&self, response: &Response) {
        if let Some(pause) = pause(response) {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            *next = (*next).max(Instant::now() + pause);
        }
    }
}

impl<T: Transport> Transport for Paced<T> {
    async fn send(&self, request: &Request) -> Result<Response, SendError> {
        self.turn().await;
        let sent = self.inner.send(request).await;
        if let Ok(response) = &sent {
            self.heed(response);
        }
        sent
    }

    async fn probe_framing(&self, request: &Request) -> Option<Result<Response, SendError>> {
        self.turn().await;
        let sent = self.inner.probe_framing(request).await;
        if let Some(Ok(response)) = &sent {
            self.heed(response);
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};
    use url::Url;

    use super::*;

    /// Answers the first request with 429, and notes when each came.
    struct Busy {
        begun: Instant,
        came: Mutex<Vec<Duration>>,
        retry_after: Option<&'static str>,
    }

    impl Busy {
        fn new(retry_after: Option<&'static str>) -> Self {
            Self {
                begun: Instant::now(),
                came: Mutex::default(),
                retry_after,
            }
        }
    }

    impl Transport for Busy {
        async fn send(&self, _: &Request) -> Result<Response, SendError> {
            let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
            came.push(self.begun.elapsed());
            let Some(retry_after) = self.retry_after.filter(|_| came.len() == 1) else {
                return Ok(Response::new(StatusCode::OK));
            };
            let mut response = Response::new(StatusCode::TOO_MANY_REQUESTS);
            let value = HeaderValue::from_static(retry_after);
            response.headers.insert("retry-after", value);
            Ok(response)
        }
    }

    /// When each of `number` requests came, in milliseconds, one after the other and then at once.
    async fn times(busy: Busy, rate: Option<&str>, number: usize) -> Vec<u128> {
        let rate = rate.map(|rate| rate.parse().expect("a rate"));
        let transport = Paced::new(busy, rate);
        let url = Url::parse("http://api.test/").expect("a URL");
        let request = Request::new(Method::GET, url);
        transport.send(&request).await.expect("a response");
        let rest = (1..number).map(|_| transport.send(&request));
        futures_util::future::join_all(rest).await;
        let came = transport.inner.came.into_inner();
        let came = came.unwrap_or_else(PoisonError::into_inner);
        came.iter().map(Duration::as_millis).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_holds_for_all_workers_together() {
        assert_eq!(
            times(Busy::new(None), Some("20/s"), 5).await,
            [0, 50, 100, 150, 200]
        );
        assert_eq!(times(Busy::new(None), None, 3).await, [0, 0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn all_workers_wait_when_one_is_told_to() {
        assert_eq!(
            times(Busy::new(Some("7")), None, 4).await,
            [0, 7000, 7000, 7000]
        );
        assert_eq!(
            times(Busy::new(Some("1")), Some("2/s"), 3).await,
            [0, 1000, 1500]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_without_end_has_one() {
        assert_eq!(times(Busy::new(Some("86400")), None, 2).await, [0, 60_000]);
        assert_eq!(times(Busy::new(Some("soon")), None, 2).await, [0, 0]);
    }

    #[test]
    fn rates_have_units() {
        let rate = |text: &str| {
            text.parse::<Rate>()
                .map(|rate| rate.every / rate.requests.get())
        };
        assert_eq!(rate("20/s"), Ok(Duration::from_millis(50)));
        assert_eq!(rate("30 / min"), Ok(Duration::from_secs(2)));
        for wrong in ["20", "0/s", "-1/s", "x/s", "20/d", "/s", ""] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
