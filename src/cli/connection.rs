//! How the service is reached: bounds, a proxy, certificates.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args as ClapArgs;
use url::Url;

use super::common::CliError;
use crate::{
    config::parse_duration,
    transport::{Connection, Limits, Rate},
};

/// How the service is reached.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArgs {
    /// The most requests in a time, of all workers together: 20/s, 100/min
    #[arg(long, value_name = "RATE")]
    pub(super) rate: Option<Rate>,
    /// Wait so long for a service that is still starting
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) wait: Option<Duration>,
    /// The longest that one exchange may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    timeout: Duration,
    /// The longest that a connection may take [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    connect_timeout: Option<Duration>,
    /// The longest until a response begins [default: that of --timeout]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    first_byte_timeout: Option<Duration>,
    /// The most bytes of one response, before and after it is unpacked
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    max_body: u64,
    /// The most bytes of a response's header fields
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 10)]
    max_headers: u64,
    /// A proxy for every request [default: what the environment names]
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// Trust the authorities in this PEM file too; repeatable
    #[arg(long, value_name = "PATH")]
    ca: Vec<PathBuf>,
    /// A PEM file with our own certificate and its private key
    #[arg(long, value_name = "PATH")]
    client_cert: Option<PathBuf>,
}

impl ConnectionArgs {
    pub(super) fn connection(&self) -> Result<Connection, CliError> {
        let usual = Limits::within(self.timeout);
        let limits = Limits {
            connect: self
                .connect_timeout
                .map_or(usual.connect, |connect| connect.min(self.timeout)),
            first_byte: self
                .first_byte_timeout
                .map_or(usual.first_byte, |first| first.min(self.timeout)),
            body: self.max_body,
            headers: self.max_headers,
            ..usual
        };
        Ok(Connection {
            limits,
            proxy: self.proxy.as_deref().map(proxy).transpose()?,
            authorities: self
                .ca
                .iter()
                .map(|path| file("--ca", path))
                .collect::<Result<_, _>>()?,
            identity: self
                .client_cert
                .as_deref()
                .map(|path| file("--client-cert", path))
                .transpose()?,
        })
    }
}

fn file(option: &str, path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|error| {
        CliError::Usage(format!("{option}: cannot read {}: {error}", path.display()))
    })
}

fn proxy(text: &str) -> Result<Url, CliError> {
    // What was typed may hold a password, so that it is not repeated.
    let url = Url::parse(text)
        .ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()) && url.host().is_some())
        .ok_or_else(|| {
            CliError::Usage("--proxy is not a URL such as http://proxy:3128".to_owned())
        })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(CliError::Usage(
            "--proxy holds a credential; name the proxy by the environment variable HTTPS_PROXY instead"
                .to_owned(),
        ));
    }
    Ok(url)
}
