//! Connections, and the faults that a web framework would not let anyone commit.

use std::{
    io,
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use flate2::{Compression, write::GzEncoder};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::{TcpListener, TcpStream},
};

use super::{faults::Act, service::Service};

/// What is sent in place of a response.
#[derive(Clone, Copy)]
pub(crate) enum Script {
    /// These bytes, and then the end of the connection.
    Send(&'static [u8]),
    /// These bytes, and then nothing.
    Stall(&'static [u8]),
    /// A head, and then a body without end.
    Endless,
    /// A head and a body for HEAD; other requests are answered as ever.
    AnswerHeadWithBody,
}

/// Serves until the listener fails.
pub(crate) async fn serve(listener: TcpListener, service: Service) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = service.clone();
        tokio::spawn(async move {
            // A client that goes away is no trouble of the service.
            let _ = connection(stream, service).await;
        });
    }
}

async fn connection(mut stream: TcpStream, service: Service) -> io::Result<()> {
    let _ = stream.set_nodelay(true);
    let script = service.faults().iter().find_map(|fault| match fault.act {
        Act::Raw(script) => Some(script),
        _ => None,
    });
    let Some(script) = script else {
        return answer(
            Rewound {
                beginning: Vec::new(),
                stream,
            },
            service,
            KeepAlive::Yes,
        )
        .await;
    };
    let beginning = head(&mut stream).await?;
    let Some((method, path, headers)) = parse(&beginning) else {
        return Ok(());
    };
    let is_meant = match script {
        Script::AnswerHeadWithBody => method == "HEAD",
        _ => method == "GET",
    };
    if is_meant && service.is_ordinary(&path, &headers) {
        return play(stream, script).await;
    }
    // The next request on this connection would not be looked at, so there is none.
    answer(Rewound { beginning, stream }, service, KeepAlive::No).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum KeepAlive {
    Yes,
    No,
}

async fn answer(stream: Rewound, service: Service, keep_alive: KeepAlive) -> io::Result<()> {
    hyper::server::conn::http1::Builder::new()
        .keep_alive(keep_alive == KeepAlive::Yes)
        .serve_connection(
            TokioIo::new(stream),
            TowerToHyperService::new(service.router()),
        )
        .await
        .map_err(io::Error::other)
}

async fn play(mut stream: TcpStream, script: Script) -> io::Result<()> {
    match script {
        Script::Send(bytes) => stream.write_all(bytes).await?,
        Script::Stall(bytes) => {
            stream.write_all(bytes).await?;
            tokio::time::sleep(Duration::from_mins(10)).await;
        }
        Script::Endless => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
                .await?;
            let chunk = vec![b'1'; 64 << 10];
            loop {
                stream.write_all(&chunk).await?;
            }
        }
        Script::AnswerHeadWithBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}").await?;
        }
    }
    stream.shutdown().await
}

/// The bytes of a request's head, which has no body here.
async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") && bytes.len() < 64 << 10 {
        if stream.read_buf(&mut bytes).await? == 0 {
            break;
        }
    }
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<(String, String, HeaderMap)> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut fields);
    request.parse(bytes).ok()?;
    let mut headers = HeaderMap::new();
    for field in request.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(field.value).ok()?);
    }
    Some((
        request.method?.to_owned(),
        request.path?.to_owned(),
        headers,
    ))
}

/// A gigabyte of spaces in a megabyte.
pub(crate) fn gzip_bomb(mut response: Response) -> Response {
    static BOMB: LazyLock<Bytes> = LazyLock::new(|| {
        use std::io::Write as _;
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        let block = vec![b' '; 1 << 20];
        for _ in 0..1024 {
            // Memory takes all that it is given.
            let _ = packed.write_all(&block);
        }
        packed.finish().unwrap_or_default().into()
    });
    *response.body_mut() = Body::from(BOMB.clone());
    response
        .headers_mut()
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

/// A stream whose beginning was read already and is given out again.
struct Rewound {
    beginning: Vec<u8>,
    stream: TcpStream,
}

impl AsyncRead for Rewound {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.beginning.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, out);
        }
        let length = self.beginning.len().min(out.remaining());
        out.put_slice(&self.beginning[..length]);
        self.beginning.drain(..length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewound {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
