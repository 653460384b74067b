//! Who asks, as the file tells it: names of variables, files and commands, never a secret itself.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

/// Where a secret comes from. One of the three is said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecretConfig {
    /// The environment variable that holds it.
    pub env: Option<String>,
    /// The file that holds it; read again when the service refuses what it held.
    pub file: Option<PathBuf>,
    /// The command that prints it; run again when the service refuses what it printed.
    pub command: Option<String>,
}

/// What one who asks proves it with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuthConfig {
    /// The environment variable that holds the token: a bearer token, an API key or `user:password`.
    pub token_env: Option<String>,
    /// The file that holds the token.
    pub token_file: Option<PathBuf>,
    /// The command that prints the token.
    pub token_command: Option<String>,
    /// The user of HTTP basic; the password comes from where the token would.
    pub user: Option<String>,
    /// Secrets for single security schemes of the document, by the scheme's name.
    pub schemes: BTreeMap<String, SecretConfig>,
    /// Access tokens by client credentials.
    pub oauth2: Option<OAuth2Config>,
}

/// How access tokens are got.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OAuth2Config {
    /// Where; that of the document unless said.
    pub token_url: Option<String>,
    /// The client's id, which is no secret.
    pub client_id: Option<String>,
    /// The environment variable that holds the client's id.
    pub client_id_env: Option<String>,
    /// Where the client's secret comes from.
    pub client_secret: SecretConfig,
    /// What the token is to be good for; what the server gives unasked unless said.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Further fields of the request, such as `audience`.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// How the client proves itself; `basic` unless said.
    #[serde(default)]
    pub client_auth: ClientAuthConfig,
}

/// How a client proves itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuthConfig {
    /// By HTTP basic.
    #[default]
    Basic,
    /// By fields of the form.
    Body,
}

impl AuthConfig {
    /// Where the token comes from.
    pub fn token(&self) -> SecretConfig {
        SecretConfig {
            env: self.token_env.clone(),
            file: self.token_file.clone(),
            command: self.token_command.clone(),
        }
    }
}
