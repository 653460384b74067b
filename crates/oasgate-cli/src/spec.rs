//! The document that a command works on: a file or a URL.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args as ClapArgs;

use crate::config::Config;
use crate::{
    common::CliError,
    connection::{ReachArgs, ReferenceArgs},
    errors::SpecError,
};
use oasgate::{
    contract::Contract,
    document::{Document, Options, Url},
    transport::{self, Hosts},
};

/// The document, and how far it may reach.
#[derive(Debug, ClapArgs)]
pub(crate) struct SpecArgs {
    /// The OpenAPI document: a file or a URL
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    #[command(flatten)]
    references: ReferenceArgs,
    /// Apply an OpenAPI Overlay to the document; repeatable, in this order
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

impl SpecArgs {
    pub(crate) fn load(&self, config: &Config) -> Result<Contract, CliError> {
        load(
            &self.spec,
            &self.overlay,
            &self.references,
            &self.reach,
            config,
        )
    }
}

/// How far the references of a document may lead.
pub(crate) fn options(
    spec: &Path,
    references: &ReferenceArgs,
    reach: &ReachArgs,
    config: &Config,
) -> Result<Options, CliError> {
    let mut options = Options {
        files: references.allow_files.clone(),
        ..Options::default()
    };
    if let Some(mut hosts) = references.hosts(config) {
        // Whoever names a document by its URL allows its host.
        if let (Hosts::These(hosts), Some(url)) = (&mut hosts, url(spec)) {
            hosts.extend(url.host_str().map(str::to_owned));
        }
        let connection = reach.connection(config)?;
        let fetch = move |url: &str| {
            transport::fetch(url, &connection, &hosts).map_err(|error| error.to_string())
        };
        options.fetch = Some(Arc::new(fetch));
    }
    Ok(options)
}

/// Reads the document of a file or a URL, and what its references lead to as far as they may.
pub(crate) fn load(
    spec: &Path,
    overlays: &[PathBuf],
    references: &ReferenceArgs,
    reach: &ReachArgs,
    config: &Config,
) -> Result<Contract, CliError> {
    let options = Options {
        overlays: overlays.to_vec(),
        ..options(spec, references, reach, config)?
    };
    let document = match url(spec) {
        // The name of a document stands in every report.
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            return Err(SpecError::Credential.into());
        }
        Some(url) => {
            let connection = reach.connection(config)?;
            let bytes = transport::fetch(url.as_str(), &connection, &Hosts::All);
            let bytes = bytes.map_err(|error| SpecError::Fetch {
                url: url.clone(),
                error,
            })?;
            Document::from_url(&url, bytes, &options)?
        }
        None => Document::open_with(spec, &options)?,
    };
    Ok(Contract::from_document(document))
}

fn url(spec: &Path) -> Option<Url> {
    let text = spec.to_str()?;
    let is_web = ["http://", "https://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    is_web.then(|| Url::parse(text).ok())?
}

impl fmt::Display for SpecArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.display().fmt(f)
    }
}
