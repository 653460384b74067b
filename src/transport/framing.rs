//! One exchange over a bare connection, to see what a client library hides.
//!
//! HTTP says that a response to HEAD, a 204 and a 304 end with their head. A client library
//! believes it and throws away what follows; so does it with what follows the announced length.
//! Here every byte of the final response up to the end of the connection is read and shown. Interim
//! responses (100, 102 to 199) come before it and are read past (RFC 9110 §15.2).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout_at},
};

use super::{Limits, SendError, Stage};
use crate::exchange::{Body, CutReason, Request, Response};

/// The most bytes that are read: enough to see that something follows.
const MAX_BYTES: usize = 1 << 20;

/// The most fields of a head.
const MAX_FIELDS: usize = 256;

/// How long a connection stays open for what may follow a whole response, where the service does not
/// close it though it was asked to.
const LINGER: Duration = Duration::from_secs(1);

/// Sends `request` over a connection of its own. `None` for a scheme other than `http`.
pub(super) async fn probe(
    request: &Request,
    limits: &Limits,
) -> Option<Result<Response, SendError>> {
    if request.url.scheme() != "http" {
        return None;
    }
    let started = Instant::now();
    Some(
        exchange(request, limits, started)
            .await
            .map(|mut response| {
                response.elapsed = Some(started.elapsed());
                response
            }),
    )
}

async fn exchange(
    request: &Request,
    limits: &Limits,
    started: Instant,
) -> Result<Response, SendError> {
    let origin = request.url.origin().ascii_serialization();
    let unreachable = |reason: String| SendError::Unreachable {
        origin: origin.clone(),
        reason,
    };
    let host = request
        .url
        .host_str()
        .ok_or_else(|| unreachable("the URL has no host".to_owned()))?;
    let port = request.url.port_or_known_default().unwrap_or(80);
    let address = (host.trim_matches(['[', ']']), port);
    let mut stream = timeout_at(started + limits.connect, TcpStream::connect(address))
        .await
        .map_err(|_| SendError::TimedOut {
            stage: Stage::Connection,
            after: limits.connect,
        })?
        .map_err(|error| unreachable(error.to_string()))?;
    let broken = |error: std::io::Error| SendError::Broken(error.to_string());
    stream.write_all(&message(request)).await.map_err(broken)?;

    let mut received = BytesMut::new();
    let mut interim = 0;
    let mut head_deadline = Some(started + limits.first_byte);
    let mut deadline = started + limits.whole;
    let mut is_whole = false;
    let end = loop {
        if received.len() >= MAX_BYTES {
            break Some(CutReason::Limit(MAX_BYTES as u64));
        }
        match timeout_at(
            head_deadline.unwrap_or(deadline),
            stream.read_buf(&mut received),
        )
        .await
        {
            Err(_) if head_deadline.is_some() => {
                return Err(SendError::TimedOut {
                    stage: Stage::Head,
                    after: limits.first_byte,
                });
            }
            Err(_) if is_whole => break None,
            Err(_) => break Some(CutReason::TimedOut),
            Ok(Err(error)) if head_deadline.is_some() => return Err(broken(error)),
            Ok(Err(error)) => break Some(CutReason::Connection(error.to_string())),
            Ok(Ok(0)) => break None,
            Ok(Ok(_)) if head_deadline.is_some() => {
                let next = interim_responses(&received[interim..]);
                interim += next.length;
                if next.is_final {
                    head_deadline = None;
                }
            }
            Ok(Ok(_)) => {}
        }
        if head_deadline.is_none() && !is_whole {
            let length = whole_length(&request.method, &received[interim..]);
            is_whole = length.is_some_and(|length| received.len() - interim >= length);
            if is_whole {
                deadline = deadline.min(Instant::now() + LINGER);
            }
        }
    };
    let received = received.freeze();
    interim += interim_responses(&received[interim..]).length;
    read(&request.method, &received.slice(interim..), end)
}

/// What stands before a final response.
struct Interim {
    /// How many bytes the interim responses take that are whole.
    length: usize,
    /// Whether what follows them is the final response.
    is_final: bool,
}

/// Reads interim responses. A 101 is none: what follows it is another protocol.
fn interim_responses(received: &[u8]) -> Interim {
    let mut length = 0;
    loop {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        let parsed = head.parse(&received[length..]);
        let is_final = match (parsed, head.code) {
            (Ok(httparse::Status::Complete(next)), Some(100 | 102..=199)) => {
                length += next;
                continue;
            }
            // Its head has not come as far as to tell.
            (Ok(httparse::Status::Partial), None | Some(100 | 102..=199)) => false,
            _ => true,
        };
        return Interim { length, is_final };
    }
}

/// How many bytes a response takes, as far as its head says so (RFC 9112 §6.3).
fn whole_length(method: &Method, received: &[u8]) -> Option<usize> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let Ok(httparse::Status::Complete(length)) = head.parse(received) else {
        return None;
    };
    if *method == Method::HEAD || matches!(head.code, Some(204 | 304)) {
        return Some(length);
    }
    let mut announced = None;
    for field in head.headers.iter() {
        if field.name.eq_ignore_ascii_case("transfer-encoding") {
            let is_ended = received[length..].ends_with(b"0\r\n\r\n");
            return is_ended.then_some(received.len());
        }
        if field.name.eq_ignore_ascii_case("content-length") {
            announced = std::str::from_utf8(field.value).ok()?.trim().parse().ok();
        }
    }
    length.checked_add(announced?)
}

/// The request in HTTP/1.1 (RFC 9112), asking for the connection to be closed after it.
fn message(request: &Request) -> Vec<u8> {
    let mut text = request.method.as_str().as_bytes().to_vec();
    text.push(b' ');
    text.extend(request.url.path().bytes());
    if let Some(query) = request.url.query() {
        text.push(b'?');
        text.extend(query.bytes());
    }
    text.extend(b" HTTP/1.1\r\nconnection: close\r\nhost: ");
    text.extend(
        request
            .url
            .authority()
            .rsplit('@')
            .next()
            .unwrap_or_default()
            .bytes(),
    );
    for (name, value) in &request.headers {
        // Codings are left to the transport that undoes them; here only lengths matter.
        if [header::HOST, header::CONNECTION, header::ACCEPT_ENCODING].contains(name) {
            continue;
        }
        text.extend(b"\r\n");
        text.extend(name.as_str().bytes());
        text.extend(b": ");
        text.extend(value.as_bytes());
    }
    let body = request.body.bytes();
    if !body.is_empty() {
        text.extend(format!("\r\ncontent-length: {}", body.len()).bytes());
    }
    text.extend(b"\r\n\r\n");
    text.extend(body);
    text
}

/// Reads the head with `httparse` and takes the rest as it is.
fn read(method: &Method, received: &Bytes, end: Option<CutReason>) -> Result<Response, SendError> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let length = match head.parse(received) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => {
            return Err(SendError::Broken(
                "the connection was closed within the head".to_owned(),
            ));
        }
        Err(error) => return Err(SendError::Malformed(error.to_string())),
    };
    let status = head
        .code
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| SendError::Malformed("there is no status".to_owned()))?;
    let mut headers = HeaderMap::new();
    for field in head.headers.iter() {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(field.name.as_bytes()),
            HeaderValue::from_bytes(field.value),
        ) {
            headers.append(name, value);
        }
    }
    let mut rest = received.slice(length..);
    let chunked = headers
        .get(header::TRANSFER_ENCODING)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse::<u64>().ok());
    // Fewer bytes than announced are a connection that broke, unless there was to be no body.
    let is_short = method != Method::HEAD
        && status != StatusCode::NOT_MODIFIED
        && announced.is_some_and(|announced| (rest.len() as u64) < announced);
    let end = end.or_else(|| {
        is_short.then(|| CutReason::Connection("the connection was closed".to_owned()))
    });
    let wire_length = (!chunked && end.is_none()).then_some(rest.len() as u64);
    if chunked
        && end.is_none()
        && let Some(joined) = joined_chunks(&rest)
    {
        rest = joined;
    }
    let body = match end {
        None => Body::Complete(rest),
        Some(reason) => Body::Cut {
            bytes: rest,
            reason,
        },
    };
    Ok(Response {
        status,
        headers,
        body,
        elapsed: None,
        wire_length,
    })
}

/// The content of a chunked body (RFC 9112 §7.1), what follows its end included; `None` where the chunks are not whole.
fn joined_chunks(received: &[u8]) -> Option<Bytes> {
    let mut content = BytesMut::new();
    let mut left = received;
    loop {
        let Ok(httparse::Status::Complete((line, size))) = httparse::parse_chunk_size(left) else {
            return None;
        };
        left = left.get(line..)?;
        if size == 0 {
            let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
            let trailers = httparse::parse_headers(left, &mut fields).ok()?;
            let httparse::Status::Complete((length, _)) = trailers else {
                return None;
            };
            content.extend_from_slice(left.get(length..)?);
            return Some(content.freeze());
        }
        let size = usize::try_from(size).ok()?;
        content.extend_from_slice(left.get(..size)?);
        left = left.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_head_says_where_its_response_ends() {
        let length = |method, text: &str| whole_length(&method, text.as_bytes());
        let ten = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
        assert_eq!(length(Method::GET, ten), Some(ten.len() + 10));
        assert_eq!(length(Method::HEAD, ten), Some(ten.len()));
        let none = "HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(length(Method::GET, none), Some(none.len()));
        let open = "HTTP/1.1 200 OK\r\n\r\nabc";
        assert_eq!(length(Method::GET, open), None);
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n";
        assert_eq!(length(Method::GET, chunked), None);
        let ended = format!("{chunked}0\r\n\r\n");
        assert_eq!(length(Method::GET, &ended), Some(ended.len()));
    }

    #[test]
    fn the_content_of_a_chunked_body_is_joined() {
        let joined = |body: &[u8]| joined_chunks(body).map(|joined| joined.to_vec());
        let whole = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        assert_eq!(joined(whole).as_deref(), Some(b"abcde".as_slice()));
        let with_trailers = b"1\r\na\r\n0\r\nx: y\r\n\r\nrest";
        assert_eq!(joined(with_trailers).as_deref(), Some(b"arest".as_slice()));
        assert_eq!(joined(b"3\r\nab"), None);
        assert_eq!(joined(b"3\r\nabcd\r\n0\r\n\r\n"), None);
        assert_eq!(joined(b"ffffffffffffffff\r\na\r\n0\r\n\r\n"), None);
        assert_eq!(joined(b""), None);
    }

    #[tokio::test]
    async fn a_connection_that_stays_open_is_left_once_its_response_is_whole() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let service = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(answer).await.expect("it is read");
            stream
        });
        let url = format!("http://{address}/").parse().expect("a URL");
        let limits = Limits {
            whole: Duration::from_secs(60),
            ..Limits::default()
        };
        let response = probe(&Request::new(Method::GET, url), &limits).await;
        let response = response.expect("it is http").expect("a response");
        assert_eq!(response.body.bytes(), b"ok".as_slice());
        assert!(
            response
                .elapsed
                .is_some_and(|elapsed| elapsed < LINGER * 10)
        );
        drop(service.await);
    }
}
