//! A client of the notes API whose document is `../axum-service/api.yaml`. How it is tested without the
//! service is in `tests/`.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// One note.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Note {
    /// By what it is found.
    pub id: u32,
    /// What it says.
    pub text: String,
    /// What it is about.
    pub tags: Vec<String>,
    /// When it was made.
    pub created_at: String,
}

/// A note that is still to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewNote {
    /// What it says.
    pub text: String,
    /// What it is about.
    pub tags: Vec<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The service says what is wrong.
    #[error("{status}: {error}")]
    Wrong {
        /// The status.
        status: StatusCode,
        /// What it says.
        error: String,
    },
    /// The token is not known.
    #[error("the token is not known")]
    Refused,
    /// What came cannot be understood.
    #[error("{0} with a body that cannot be understood")]
    NotUnderstood(StatusCode),
    /// Nothing came, or not all of it.
    #[error(transparent)]
    Connection(#[from] reqwest::Error),
}

/// The notes at a URL.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
    patience: Duration,
}

impl Client {
    /// A client of the API at a URL, base path included.
    ///
    /// # Errors
    ///
    /// When there is no HTTP client to be had.
    pub fn new(base: impl Into<String>, token: impl Into<String>) -> Result<Self, ClientError> {
        // The process may have one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            http: reqwest::Client::builder().build()?,
            base: base.into(),
            token: token.into(),
            patience: Duration::from_secs(10),
        })
    }

    /// How long a response is waited for; ten seconds unless said.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// One note.
    ///
    /// # Errors
    ///
    /// As every request.
    pub async fn note(&self, id: u32) -> Result<Note, ClientError> {
        let (status, body) = self
            .send(Method::GET, &format!("/notes/{id}"), None)
            .await?;
        understood(status, &body)
    }

    /// The notes with a tag.
    ///
    /// # Errors
    ///
    /// As every request.
    pub async fn tagged(&self, tag: &str) -> Result<Vec<Note>, ClientError> {
        let path = format!("/notes?tag={tag}");
        let (status, body) = self.send(Method::GET, &path, None).await?;
        understood(status, &body)
    }

    /// Makes a note.
    ///
    /// # Errors
    ///
    /// As every request.
    pub async fn create(&self, note: &NewNote) -> Result<Note, ClientError> {
        let (status, body) = self.send(Method::POST, "/notes", Some(note)).await?;
        understood(status, &body)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        note: Option<&NewNote>,
    ) -> Result<(StatusCode, Vec<u8>), ClientError> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .timeout(self.patience);
        if let Some(note) = note {
            let body = serde_json::to_vec(note).unwrap_or_default();
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let response = request.send().await?;
        Ok((response.status(), response.bytes().await?.to_vec()))
    }
}

/// What a response says.
///
/// # Errors
///
/// When it says that something is wrong, or cannot be understood.
pub fn understood<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, ClientError> {
    #[derive(Deserialize)]
    struct Wrong {
        error: String,
    }
    if status == StatusCode::UNAUTHORIZED {
        return Err(ClientError::Refused);
    }
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|_| ClientError::NotUnderstood(status));
    }
    match serde_json::from_slice(body) {
        Ok(Wrong { error }) => Err(ClientError::Wrong { status, error }),
        Err(_) => Err(ClientError::NotUnderstood(status)),
    }
}
