//! Who asks: what was typed and what the configuration says, turned into credentials.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use clap::Args as ClapArgs;
use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue};
use url::Url;

use crate::bounded;
use crate::common::CliError;
use crate::config::{AuthConfig, ClientAuthConfig, Config, OAuth2Config, SecretConfig};
use crate::errors::{AuthError, HeaderError};
use oasgate::{
    contract::{Contract, SecurityKind},
    exchange::variable,
    gate::{Credential, Credentials, NamedCredential, TokenForm},
    transport::{
        ClientAuth, ClientCredentials, HttpTransport, Issued, NoSecret, Secret, SecretSource,
        TokenEndpoint,
    },
};

/// Named for each option: a heading of the whole struct would also stand over what follows it.
const HEADING: &str = "Credentials";

/// What proves who asks. No secret is ever typed: it comes from the environment or a file.
#[derive(Debug, ClapArgs)]
pub(crate) struct AuthArgs {
    /// The environment variable that holds the token (bearer, API key or user:password)
    #[arg(help_heading = HEADING, long, value_name = "NAME")]
    token_env: Option<String>,
    /// The file that holds the token; read again when the service refuses what it held
    #[arg(help_heading = HEADING, long, value_name = "PATH", conflicts_with = "token_env")]
    token_file: Option<PathBuf>,
    /// Send the token as user:password by HTTP basic, also where the document does not say so
    #[arg(help_heading = HEADING, long)]
    basic: bool,
    /// Get tokens by OAuth 2 client credentials: the variable that holds the client's id
    #[arg(help_heading = HEADING, long, value_name = "NAME", requires = "client_secret_env", conflicts_with_all = ["token_env", "token_file"])]
    client_id_env: Option<String>,
    /// The variable that holds the client's secret
    #[arg(help_heading = HEADING, long, value_name = "NAME", requires = "client_id_env")]
    client_secret_env: Option<String>,
    /// Where tokens are given out, in place of the token URL of the document
    #[arg(help_heading = HEADING, long, value_name = "URL")]
    token_url: Option<String>,
    /// What the token is to be good for; repeatable
    #[arg(help_heading = HEADING, long, value_name = "SCOPE", requires = "client_id_env")]
    scope: Vec<String>,
    /// A header for every request; repeatable. For credentials use --token-env
    #[arg(help_heading = HEADING, short = 'H', long, value_name = "NAME: VALUE")]
    header: Vec<String>,
}

/// What a run needs of those who ask.
pub(crate) struct Who {
    pub(crate) credentials: Credentials,
    /// What the configuration names and the environment does not have: one sentence each.
    pub(crate) notices: Vec<String>,
}

type Result<T, E = AuthError> = std::result::Result<T, E>;

/// Reads secrets from where they are. What was typed must be there; what the file names may be left
/// out, so that one configuration serves those who have a credential and those who have none.
pub(crate) fn credentials(
    args: &AuthArgs,
    config: &Config,
    contract: &Contract,
    base: &Url,
    client: &HttpTransport,
) -> Result<Who, CliError> {
    let reader = Reader {
        contract,
        base,
        client,
        folder: config.folder(),
        token_url: args.token_url.as_deref(),
    };
    let mut notices = Vec::new();
    let typed = typed(args, &reader)?;
    let mut main = match config.main_auth() {
        // What was typed takes the place of what the file says.
        Some(auth) if typed.is_some() => {
            let schemes = AuthConfig {
                schemes: auth.schemes,
                ..AuthConfig::default()
            };
            reader.credential("", &schemes, &mut notices)?
        }
        Some(auth) => reader.credential("", &auth, &mut notices)?,
        None => Credential::default(),
    };
    main.token = typed.or(main.token);
    if args.basic {
        main.unless_told = TokenForm::Basic;
    }
    let mut others = Vec::new();
    for (name, auth) in &config.credentials {
        let credential = reader.credential(name, auth, &mut notices)?;
        if credential.is_known() {
            others.push(NamedCredential {
                name: name.clone(),
                credential,
            });
        }
    }
    Ok(Who {
        credentials: Credentials {
            main,
            headers: together(headers(&args.header)?, config.header_fields()?),
            others,
            ..Credentials::default()
        },
        notices,
    })
}

/// Gets every token once, so that a wrong client is told before the run and not by each request.
pub(crate) async fn try_all(credentials: &Credentials) -> Result<()> {
    for secret in credentials.secrets() {
        secret.value().await?;
    }
    Ok(())
}

fn typed(args: &AuthArgs, reader: &Reader<'_>) -> Result<Option<Secret>> {
    if let Some(name) = &args.token_env {
        return match environment(name) {
            Some(token) => Ok(Some(Secret::new(name, token))),
            None => Err(unset("--token-env", name)),
        };
    }
    if let Some(path) = &args.token_file {
        let file = TokenFile(path.clone());
        file.read().map_err(AuthError::TokenFile)?;
        return Ok(Some(Secret::from_source("TOKEN", file)));
    }
    if let (Some(id), Some(secret)) = (&args.client_id_env, &args.client_secret_env) {
        let of = |option, name: &String| environment(name).ok_or_else(|| unset(option, name));
        let ask = ClientCredentials {
            token_url: reader.token_url(None)?,
            client_id: of("--client-id-env", id)?,
            client_secret: of("--client-secret-env", secret)?,
            scopes: args.scope.clone(),
            fields: Vec::new(),
            client_auth: ClientAuth::Basic,
        };
        return reader.endpoint("TOKEN", ask).map(Some);
    }
    Ok(None)
}

fn unset(option: &'static str, variable: &str) -> AuthError {
    AuthError::Unset {
        option,
        variable: variable.to_owned(),
    }
}

type Fields = Vec<(HeaderName, HeaderValue)>;

fn headers(typed: &[String]) -> Result<Fields, HeaderError> {
    typed
        .iter()
        .map(|text| {
            // What was typed may be a secret, so that it is not repeated.
            let (name, value) = text.split_once(':').ok_or(HeaderError::NoColon)?;
            let name = HeaderName::from_bytes(name.trim().as_bytes())
                .map_err(|_| HeaderError::Name(name.to_owned()))?;
            match HeaderValue::from_str(value.trim()) {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(HeaderError::Value(name)),
            }
        })
        .collect()
}

/// The typed fields, and those of the file that were not typed.
fn together(mut typed: Fields, configured: Fields) -> Fields {
    let is_typed = |name: &HeaderName| typed.iter().any(|(known, _)| known == name);
    let more: Fields = configured
        .into_iter()
        .filter(|(name, _)| !is_typed(name))
        .collect();
    typed.extend(more);
    typed
}

fn environment(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

struct Reader<'r> {
    contract: &'r Contract,
    base: &'r Url,
    client: &'r HttpTransport,
    /// Where the configuration stands; files in it are from there.
    folder: &'r Path,
    /// What was typed.
    token_url: Option<&'r str>,
}

impl Reader<'_> {
    /// What one who asks has. `name` is empty for the one who asks unless a case says otherwise.
    fn credential(
        &self,
        name: &str,
        auth: &AuthConfig,
        notices: &mut Vec<String>,
    ) -> Result<Credential> {
        let usual = if name.is_empty() {
            "TOKEN".to_owned()
        } else {
            format!("{}_TOKEN", variable(name))
        };
        let mut credential = Credential::default();
        if let Some(oauth2) = &auth.oauth2 {
            credential.token = self.oauth2(&usual, oauth2, notices)?;
        } else {
            credential.token = self.secret(&usual, &auth.token(), auth.user.as_deref(), notices)?;
        }
        if auth.user.is_some() {
            credential.unless_told = TokenForm::Basic;
        }
        for (scheme, config) in &auth.schemes {
            let usual = format!("{usual}_{}", variable(scheme));
            if let Some(secret) = self.secret(&usual, config, None, notices)? {
                credential.schemes.insert(scheme.clone(), secret);
            }
        }
        Ok(credential)
    }

    fn secret(
        &self,
        usual: &str,
        config: &SecretConfig,
        user: Option<&str>,
        notices: &mut Vec<String>,
    ) -> Result<Option<Secret>> {
        let with_user = |value: String| match user {
            Some(user) => format!("{user}:{value}"),
            None => value,
        };
        match config {
            SecretConfig {
                env: Some(name),
                file: None,
                command: None,
            } => {
                let Some(value) = environment(name) else {
                    notices.push(format!(
                        "{name} is not set, so that its credential is left out"
                    ));
                    return Ok(None);
                };
                let name = if user.is_some() { usual } else { name };
                Ok(Some(Secret::new(name, with_user(value))))
            }
            SecretConfig {
                env: None,
                file: Some(path),
                command: None,
            } => {
                let file = TokenFile(self.folder.join(path));
                let value = file.read()?;
                Ok(Some(match user {
                    Some(_) => Secret::new(usual, with_user(value)),
                    None => Secret::from_source(usual, file),
                }))
            }
            SecretConfig {
                env: None,
                file: None,
                command: Some(command),
            } => Ok(Some(Secret::from_source(
                usual,
                TokenCommand {
                    command: command.clone(),
                    user: user.map(str::to_owned),
                },
            ))),
            SecretConfig {
                env: None,
                file: None,
                command: None,
            } => Ok(None),
            // The configuration was held to name one.
            _ => Ok(None),
        }
    }

    fn oauth2(
        &self,
        usual: &str,
        config: &OAuth2Config,
        notices: &mut Vec<String>,
    ) -> Result<Option<Secret>> {
        let id = match (&config.client_id, &config.client_id_env) {
            (Some(id), _) => Some(id.clone()),
            (None, Some(name)) => environment(name).or_else(|| {
                notices.push(format!(
                    "{name} is not set, so that its credential is left out"
                ));
                None
            }),
            (None, None) => return Err(AuthError::NoClientId),
        };
        let secret = match &config.client_secret {
            SecretConfig {
                env: Some(name), ..
            } => environment(name).or_else(|| {
                notices.push(format!(
                    "{name} is not set, so that its credential is left out"
                ));
                None
            }),
            SecretConfig {
                file: Some(path), ..
            } => Some(TokenFile(self.folder.join(path)).read()?),
            _ => return Err(AuthError::NoClientSecret),
        };
        let (Some(client_id), Some(client_secret)) = (id, secret) else {
            return Ok(None);
        };
        let ask = ClientCredentials {
            token_url: self.token_url(config.token_url.as_deref())?,
            client_id,
            client_secret,
            scopes: config.scopes.clone(),
            fields: config
                .fields
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            client_auth: match config.client_auth {
                ClientAuthConfig::Basic => ClientAuth::Basic,
                ClientAuthConfig::Body => ClientAuth::Body,
            },
        };
        self.endpoint(usual, ask).map(Some)
    }

    fn endpoint(&self, name: &str, ask: ClientCredentials) -> Result<Secret> {
        let endpoint =
            TokenEndpoint::new(self.client.clone(), ask).map_err(AuthError::TokenEndpoint)?;
        Ok(Secret::from_source(name, endpoint))
    }

    /// Where tokens are given out: as typed, as configured, as the document says. The document may name the
    /// service's own origin alone.
    fn token_url(&self, configured: Option<&str>) -> Result<Url> {
        let declared = || {
            let mut schemes = self
                .contract
                .operations()
                .iter()
                .flat_map(|operation| &operation.security)
                .flat_map(|one| &one.schemes);
            schemes.find_map(|scheme| match &scheme.kind {
                Some(SecurityKind::OAuth2 {
                    token_url: Some(url),
                }) => Some(url.as_str()),
                _ => None,
            })
        };
        let named = self.token_url.or(configured);
        let text = named.or_else(declared).ok_or(AuthError::NoTokenUrl)?;
        let url = self
            .base
            .join(text)
            .ok()
            .filter(|url| ["http", "https"].contains(&url.scheme()) && url.host().is_some())
            .ok_or_else(|| AuthError::TokenUrl(text.to_owned()))?;
        // A document is not trusted with a client's secret: it may come from anybody.
        if named.is_none() && url.origin() != self.base.origin() {
            return Err(AuthError::ForeignTokenUrl { url });
        }
        Ok(url)
    }
}

/// A token in a file, which something else may write anew.
struct TokenFile(PathBuf);

impl TokenFile {
    fn read(&self) -> Result<String, NoSecret> {
        let shown = self.0.display();
        let text = bounded::read_text(&self.0, bounded::WRITTEN)
            .map_err(|error| NoSecret(format!("cannot read the token file {shown}: {error}")))?;
        let token = text.trim();
        if token.is_empty() {
            return Err(NoSecret(format!("the token file {shown} is empty")));
        }
        Ok(token.to_owned())
    }
}

impl SecretSource for TokenFile {
    fn issue(&self) -> BoxFuture<'_, Result<Issued, NoSecret>> {
        Box::pin(async {
            Ok(Issued {
                value: self.read()?,
                lifetime: None,
            })
        })
    }
}

/// The longest that a command may take to print a token.
const MAX_COMMAND_TIME: Duration = Duration::from_secs(60);

/// A command that prints a token.
struct TokenCommand {
    command: String,
    user: Option<String>,
}

impl TokenCommand {
    async fn run(&self) -> Result<Issued, NoSecret> {
        let no = |why: String| NoSecret(format!("the token command {:?} {why}", self.command));
        let (shell, flag) = if cfg!(windows) {
            ("cmd", "/C")
        } else {
            ("sh", "-c")
        };
        let output = tokio::process::Command::new(shell)
            .args([flag, &self.command])
            .stdin(Stdio::null())
            // Where it asks or explains, people see it.
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(MAX_COMMAND_TIME, output)
            .await
            .map_err(|_| no(format!("took longer than {MAX_COMMAND_TIME:?}")))?
            .map_err(|error| no(format!("cannot be run: {error}")))?;
        if !output.status.success() {
            return Err(no(format!("failed: {}", output.status)));
        }
        let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if token.is_empty() {
            return Err(no("printed nothing".to_owned()));
        }
        Ok(Issued {
            value: match &self.user {
                Some(user) => format!("{user}:{token}"),
                None => token,
            },
            lifetime: None,
        })
    }
}

impl SecretSource for TokenCommand {
    fn issue(&self) -> BoxFuture<'_, Result<Issued, NoSecret>> {
        Box::pin(self.run())
    }
}
