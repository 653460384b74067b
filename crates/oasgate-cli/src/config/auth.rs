//! Who asks, as the file tells it: names of variables, files and commands, never a secret itself.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use super::{ConfigError, places::Places};
use oasgate::contract::Contract;

/// Where a secret comes from. One of the three is said.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SecretConfig {
    /// The environment variable that holds it.
    pub(crate) env: Option<String>,
    /// The file that holds it; read again when the service refuses what it held.
    pub(crate) file: Option<PathBuf>,
    /// The command that prints it; run again when the service refuses what it printed.
    pub(crate) command: Option<String>,
}

impl SecretConfig {
    fn is_one_at_most(&self) -> bool {
        let said = [
            self.env.is_some(),
            self.file.is_some(),
            self.command.is_some(),
        ];
        said.into_iter().filter(|is_said| *is_said).count() <= 1
    }
}

/// What one who asks proves it with.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AuthConfig {
    /// The environment variable that holds the token: a bearer token, an API key or `user:password`.
    pub(crate) token_env: Option<String>,
    /// The file that holds the token.
    pub(crate) token_file: Option<PathBuf>,
    /// The command that prints the token.
    pub(crate) token_command: Option<String>,
    /// The user of HTTP basic; the password comes from where the token would.
    pub(crate) user: Option<String>,
    /// Secrets for single security schemes of the document, by the scheme's name.
    pub(crate) schemes: BTreeMap<String, SecretConfig>,
    /// Access tokens by client credentials.
    pub oauth2: Option<OAuth2Config>,
}

/// How access tokens are got.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct OAuth2Config {
    /// Where; unless said, that of the document where it is on the origin of the service.
    pub(crate) token_url: Option<String>,
    /// The client's id, which is no secret.
    pub(crate) client_id: Option<String>,
    /// The environment variable that holds the client's id.
    pub(crate) client_id_env: Option<String>,
    /// Where the client's secret comes from.
    pub(crate) client_secret: SecretConfig,
    /// What the token is to be good for; what the server gives unasked unless said.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// Further fields of the request, such as `audience`.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, String>,
    /// How the client proves itself; `basic` unless said.
    #[serde(default)]
    pub(crate) client_auth: ClientAuthConfig,
}

/// How a client proves itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClientAuthConfig {
    /// By HTTP basic.
    #[default]
    Basic,
    /// By fields of the form.
    Body,
}

const SEVERAL: &str = "a secret comes from a variable, a file or a command; name one of them";

impl AuthConfig {
    /// Whether what is said is enough, and said once.
    pub(super) fn validate(&self, places: &Places, path: &[&str]) -> Result<(), ConfigError> {
        let wrong = |more: &[&str], message: &str| {
            Err(ConfigError::Wrong {
                place: places.key(&[path, more].concat()),
                message: message.to_owned(),
            })
        };
        if !self.token().is_one_at_most() {
            return wrong(&[], SEVERAL);
        }
        for (name, scheme) in &self.schemes {
            if !scheme.is_one_at_most() {
                return wrong(&["schemes", name], SEVERAL);
            }
        }
        let Some(oauth2) = &self.oauth2 else {
            return Ok(());
        };
        if oauth2.client_id.is_some() == oauth2.client_id_env.is_some() {
            return wrong(&["oauth2"], "the client wants client-id or client-id-env");
        }
        let secret = &oauth2.client_secret;
        if secret.command.is_some() || secret.env.is_some() == secret.file.is_some() {
            return wrong(
                &["oauth2", "client-secret"],
                "a client's secret comes from { env = \"NAME\" } or { file = \"PATH\" }",
            );
        }
        Ok(())
    }

    /// Whether the document has the security schemes.
    pub(super) fn fits(
        &self,
        places: &Places,
        path: &[&str],
        contract: &Contract,
    ) -> Result<(), ConfigError> {
        let known = || {
            contract
                .operations()
                .iter()
                .flat_map(|operation| &operation.security)
                .flat_map(|one| &one.schemes)
                .map(|scheme| scheme.name.as_str())
        };
        match self
            .schemes
            .keys()
            .find(|name| !known().any(|known| known == *name))
        {
            Some(name) => Err(ConfigError::UnknownScheme {
                place: places.key(&[path, &["schemes", name]].concat()),
                name: name.clone(),
                hint: oasgate::did_you_mean::hint(name, known()),
            }),
            None => Ok(()),
        }
    }

    /// Where the token comes from.
    pub(crate) fn token(&self) -> SecretConfig {
        SecretConfig {
            env: self.token_env.clone(),
            file: self.token_file.clone(),
            command: self.token_command.clone(),
        }
    }
}
