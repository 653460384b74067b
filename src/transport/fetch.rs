//! Documents over the network: one GET, bounded, from a program that waits for it.

use std::{thread, time::Duration};

use super::{ClientError, Connection};

/// The most bytes that a document may have.
const MOST_BYTES: usize = 256 << 20;

/// How long a document may take.
const LONGEST: Duration = Duration::from_secs(60);

/// The bytes at a URL, by the connection's proxy and certificates but within bounds of its own: a
/// document is not a response of the service. Redirects are followed. Blocks, also inside a runtime.
///
/// # Errors
///
/// A sentence: the URL cannot be reached, answers with an error, or holds too much.
pub fn fetch(url: &str, connection: &Connection) -> Result<Vec<u8>, String> {
    // A runtime of its own on a thread of its own, so that the caller may be inside of another.
    thread::scope(|scope| {
        scope
            .spawn(|| {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|error| error.to_string())?
                    .block_on(get(url, connection))
            })
            .join()
            .unwrap_or_else(|_| Err("it could not be fetched".to_owned()))
    })
}

async fn get(url: &str, connection: &Connection) -> Result<Vec<u8>, String> {
    let said = |error: reqwest::Error| {
        let mut deepest: &dyn std::error::Error = &error;
        while let Some(source) = deepest.source() {
            deepest = source;
        }
        deepest.to_string()
    };
    let client = connection
        .builder()
        .and_then(|builder| {
            let builder = builder.timeout(LONGEST);
            builder
                .build()
                .map_err(|error| ClientError::Client(error.into()))
        })
        .map_err(|error| error.to_string())?;
    let mut response = client.get(url).send().await.map_err(said)?;
    if !response.status().is_success() {
        return Err(format!("the server answers {}", response.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(said)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_BYTES {
            return Err(format!("it has more than {MOST_BYTES} bytes"));
        }
    }
    Ok(bytes)
}
