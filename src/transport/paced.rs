//! Keeps requests apart: a rate, and a pause when the service asks for one: a short one for all, a long
//! one for the operation that was asked.

use std::{
    collections::HashMap,
    fmt,
    num::NonZeroU32,
    str::FromStr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
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
pub const MAX_PAUSE: Duration = Duration::from_secs(60);

/// How long a response asks everybody to wait: a 429 with a `Retry-After`, at most
/// [`MAX_PAUSE`].
pub fn pause(response: &Response) -> Option<Duration> {
    if response.status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let after = response.header("retry-after").and_then(RetryAfter::parse)?;
    Some(after.wait(response.header("date")).min(MAX_PAUSE))
}

/// The longest pause that everybody takes part in, where it is known which operation a request is for.
const MAX_SHARED_PAUSE: Duration = Duration::from_secs(5);

/// How many operations that are paused at once show that the limit is one of the whole service.
const MIN_OF_ONE_LIMIT: usize = 4;

/// How many long pauses everybody takes part in: a run that waits for a minute now and then ends, and one that does so for
/// each hundred requests does not.
const MAX_LONG_PAUSES: u32 = 3;

/// Which operation a request is for, by a number.
type OperationOf<'o> = Box<dyn Fn(&Request) -> Option<usize> + Send + Sync + 'o>;

/// The operations whose pauses are told apart.
struct Operations<'o> {
    count: usize,
    of: OperationOf<'o>,
    /// Until when each of them is paused.
    paused: Mutex<HashMap<usize, Instant>>,
    /// How often everybody may still wait for long.
    long_pauses: AtomicU32,
}

impl Operations<'_> {
    /// Whether everybody may wait for long once more, which is counted.
    fn may_wait(&self) -> bool {
        let left = &self.long_pauses;
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
        .is_ok()
    }
}

/// A transport on which the requests of all workers together keep to one rate, and on which all
/// wait when one was answered 429 with a `Retry-After`. That 429 is handed on: it is a response to
/// be held, and whoever sent the request decides whether to send it again.
///
/// Where it is known which operation a request is for, a pause of more than a few seconds is for that
/// operation alone: its requests fail with [`SendError::RateLimited`] until it is over, and those of the
/// others go on. When all operations are paused there is nothing else to do than to wait; and where several are at once, the
/// limit is one of the service, which is waited for a few times.
pub struct Paced<'o, T> {
    inner: T,
    interval: Duration,
    next: Mutex<Instant>,
    operations: Option<Operations<'o>>,
}

impl<T: fmt::Debug> fmt::Debug for Paced<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paced")
            .field("inner", &self.inner)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

impl<'o, T: Transport> Paced<'o, T> {
    /// Sends over `inner`, at this rate where one is given.
    pub fn new(inner: T, rate: Option<Rate>) -> Self {
        Self {
            inner,
            interval: rate.map_or(Duration::ZERO, |rate| rate.every / rate.requests.get()),
            next: Mutex::new(Instant::now()),
            operations: None,
        }
    }

    /// Tells the pauses of `count` operations apart.
    #[must_use]
    pub fn with_operations(
        mut self,
        count: usize,
        of: impl Fn(&Request) -> Option<usize> + Send + Sync + 'o,
    ) -> Self {
        self.operations = Some(Operations {
            count,
            of: Box::new(of),
            paused: Mutex::default(),
            long_pauses: AtomicU32::new(MAX_LONG_PAUSES),
        });
        self
    }

    /// Lets a request through unless its operation is paused and others are not.
    async fn admit(&self, request: &Request) -> Result<(), SendError> {
        let Some(operations) = &self.operations else {
            return Ok(());
        };
        let Some(operation) = (operations.of)(request) else {
            return Ok(());
        };
        loop {
            let (until, is_all) = {
                let paused = operations.paused.lock();
                let mut paused = paused.unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                paused.retain(|_, until| *until > now);
                match paused.get(&operation) {
                    None => return Ok(()),
                    Some(until) => (*until, paused.len() >= operations.count),
                }
            };
            if !is_all {
                return Err(SendError::RateLimited(until - Instant::now()));
            }
            sleep_until(until).await;
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

    fn heed(&self, request: &Request, response: &Response) {
        if let Some(pause) = pause(response) {
            let operations = self.operations.as_ref();
            if pause > MAX_SHARED_PAUSE
                && let Some(operations) = operations
                && let Some(operation) = (operations.of)(request)
            {
                let paused = operations.paused.lock();
                let mut paused = paused.unwrap_or_else(PoisonError::into_inner);
                paused.insert(operation, Instant::now() + pause);
                if paused.len() < MIN_OF_ONE_LIMIT || !operations.may_wait() {
                    return;
                }
                paused.clear();
            }
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            *next = (*next).max(Instant::now() + pause);
        }
    }
}

impl<T: Transport> Transport for Paced<'_, T> {
    async fn send(&self, request: &Request) -> Result<Response, SendError> {
        self.admit(request).await?;
        self.turn().await;
        let sent = self.inner.send(request).await;
        if let Ok(response) = &sent {
            self.heed(request, response);
        }
        sent
    }

    async fn probe_framing(&self, request: &Request) -> Option<Result<Response, SendError>> {
        if let Err(error) = self.admit(request).await {
            return Some(Err(error));
        }
        self.turn().await;
        let sent = self.inner.probe_framing(request).await;
        if let Some(Ok(response)) = &sent {
            self.heed(request, response);
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

    #[tokio::test(start_paused = true)]
    async fn a_long_pause_is_for_the_operation_that_was_asked() {
        let of = |request: &Request| request.url.path().trim_matches('/').parse().ok();
        let transport = Paced::new(Busy::new(Some("30")), None).with_operations(2, of);
        let request = |path: &str| {
            let url = Url::parse("http://api.test/").and_then(|base| base.join(path));
            Request::new(Method::GET, url.expect("a URL"))
        };
        transport.send(&request("/1")).await.expect("a response");
        let refused = transport
            .send(&request("/1"))
            .await
            .expect_err("it is paused");
        assert_eq!(refused, SendError::RateLimited(Duration::from_secs(30)));
        transport.send(&request("/2")).await.expect("a response");
        tokio::time::advance(Duration::from_secs(31)).await;
        transport
            .send(&request("/1"))
            .await
            .expect("the pause is over");
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_paused_all_wait() {
        let transport = Paced::new(Busy::new(Some("30")), None).with_operations(1, |_| Some(0));
        let request = Request::new(Method::GET, Url::parse("http://api.test/").expect("a URL"));
        transport.send(&request).await.expect("a response");
        transport.send(&request).await.expect("it waited");
        assert_eq!(transport.inner.begun.elapsed(), Duration::from_secs(30));
    }

    /// Answers each request with 429.
    struct Full;

    impl Transport for Full {
        async fn send(&self, _: &Request) -> Result<Response, SendError> {
            let mut response = Response::new(StatusCode::TOO_MANY_REQUESTS);
            let value = HeaderValue::from_static("30");
            response.headers.insert("retry-after", value);
            Ok(response)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_of_the_service_is_waited_for_a_few_times() {
        let of = |request: &Request| request.url.path().trim_matches('/').parse().ok();
        let transport = Paced::new(Full, None).with_operations(100, of);
        let begun = Instant::now();
        for number in 0..40 {
            let url = format!("http://api.test/{number}").parse();
            let request = Request::new(Method::GET, url.expect("a URL"));
            transport.send(&request).await.expect("a response");
        }
        let waited = begun.elapsed();
        assert_eq!(waited, Duration::from_secs(30) * MAX_LONG_PAUSES);
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
