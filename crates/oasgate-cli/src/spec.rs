//! The document that a command works on: a file or a URL.

use std::{fmt, path::PathBuf, sync::Arc};

use clap::Args as ClapArgs;

use crate::config::Config;
use crate::{common::CliError, connection::ReachArgs};
use oasgate::{
    contract::Contract,
    document::{Document, Options, Url},
    transport,
};

/// The document, and how far it may reach.
#[derive(Debug, ClapArgs)]
pub(crate) struct SpecArgs {
    /// The OpenAPI document: a file or a URL
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    /// Follow references that lead over the network
    #[arg(long)]
    allow_remote: bool,
    /// Apply an OpenAPI Overlay to the document; repeatable, in this order
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

impl SpecArgs {
    pub(crate) fn load(&self, config: &Config) -> Result<Contract, CliError> {
        let mut options = Options {
            overlays: self.overlay.clone(),
            ..Options::default()
        };
        if self.allow_remote || config.connection.allow_remote {
            let connection = self.reach.connection(config)?;
            let fetch = move |url: &str| transport::fetch(url, &connection);
            options.fetch = Some(Arc::new(fetch));
        }
        let document = match self.url() {
            // The name of a document stands in every report.
            Some(url) if !url.username().is_empty() || url.password().is_some() => {
                return Err(CliError::Usage(
                    "the URL of the document holds a credential; fetch the document first"
                        .to_owned(),
                ));
            }
            Some(url) => {
                let connection = self.reach.connection(config)?;
                let bytes = transport::fetch(url.as_str(), &connection).map_err(|error| {
                    CliError::Usage(format!("the document {url} cannot be fetched: {error}"))
                })?;
                Document::from_url(&url, bytes, &options)?
            }
            None => Document::open_with(&self.spec, &options)?,
        };
        Ok(Contract::from_document(document))
    }

    fn url(&self) -> Option<Url> {
        let text = self.spec.to_str()?;
        let is_web = ["http://", "https://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        is_web.then(|| Url::parse(text).ok())?
    }
}

impl fmt::Display for SpecArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.display().fmt(f)
    }
}
