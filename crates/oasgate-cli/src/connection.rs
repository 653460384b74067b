//! How the service and the document are reached: bounds, a proxy, certificates. What is typed goes
//! before what the configuration says.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args as ClapArgs;

use crate::bounded;
use crate::common::CliError;
use crate::config::{self, Config, parse_duration};
use crate::errors::ReachError;
use oasgate::transport::{Connection, Hosts, Limits, Rate};

/// Named for each option: a heading of the whole struct would also stand over what follows it.
const HEADING: &str = "Connection";

/// By which way things are reached: the service, token endpoints and the document itself.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReachArgs {
    /// A proxy for every request, also for the document's [default: what the environment names]
    #[arg(help_heading = HEADING, long, value_name = "URL")]
    proxy: Option<String>,
    /// Trust the authorities in this PEM file too; repeatable
    #[arg(help_heading = HEADING, long, value_name = "PATH")]
    ca: Vec<PathBuf>,
    /// A PEM file with our own certificate and its private key
    #[arg(help_heading = HEADING, long, value_name = "PATH")]
    client_cert: Option<PathBuf>,
}

impl ReachArgs {
    /// How connections are made, within the usual bounds.
    pub(crate) fn connection(&self, config: &Config) -> Result<Connection, CliError> {
        let typed = self.proxy.as_deref().map(config::proxy).transpose();
        let typed = typed.map_err(ReachError::Proxy)?;
        let authorities = self.ca.iter().map(|path| file("--ca", path));
        let configured = config.authorities();
        let configured = configured.iter().map(|path| file("[connection] ca", path));
        let identity = match (&self.client_cert, config.client_cert()) {
            (Some(path), _) => Some(file("--client-cert", path)?),
            (None, Some(path)) => Some(file("[connection] client-cert", &path)?),
            (None, None) => None,
        };
        Ok(Connection {
            limits: Limits::default(),
            proxy: typed.or(config.proxy()?),
            authorities: authorities.chain(configured).collect::<Result<_, _>>()?,
            identity,
        })
    }
}

/// How far references of a document may lead.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReferenceArgs {
    /// Follow references that lead over the network, with HOST to that host alone; repeatable
    #[arg(
        long,
        value_name = "HOST",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "*"
    )]
    allow_remote: Vec<String>,
    /// Read referenced files at or below this path too, not below the document's folder alone; repeatable
    #[arg(long, value_name = "PATH")]
    pub(crate) allow_files: Vec<PathBuf>,
}

impl ReferenceArgs {
    /// The hosts that references may lead to; `None` where they may not lead over the network. What is typed
    /// goes before what the configuration says.
    pub(crate) fn hosts(&self, config: &Config) -> Option<Hosts> {
        let is_any = |host: &String| host == "*";
        if self.allow_remote.is_empty() {
            return config.connection.allow_remote.hosts();
        }
        Some(if self.allow_remote.iter().any(is_any) {
            Hosts::All
        } else {
            Hosts::These(self.allow_remote.clone())
        })
    }
}

fn file(option: &'static str, path: &Path) -> Result<Vec<u8>, ReachError> {
    bounded::read(path, bounded::WRITTEN).map_err(|error| ReachError::Unreadable {
        option,
        path: path.to_owned(),
        error,
    })
}

/// The bounds on what is exchanged with the service.
#[derive(Debug, ClapArgs)]
pub(crate) struct ConnectionArgs {
    /// The most requests in a time, of all workers together: 20/s, 100/min
    #[arg(help_heading = HEADING, long, value_name = "RATE")]
    pub(crate) rate: Option<Rate>,
    /// Wait so long for a service that is still starting
    #[arg(help_heading = HEADING, long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) wait: Option<Duration>,
    /// The longest that one exchange may take [default: 30s]
    #[arg(help_heading = HEADING, long, value_name = "TIME", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// The longest that a connection may take [default: 10s]
    #[arg(help_heading = HEADING, long, value_name = "TIME", value_parser = parse_duration)]
    connect_timeout: Option<Duration>,
    /// The longest until a response begins [default: that of --timeout]
    #[arg(help_heading = HEADING, long, value_name = "TIME", value_parser = parse_duration)]
    first_byte_timeout: Option<Duration>,
    /// The most bytes of one response, before and after it is unpacked [default: 67108864]
    #[arg(help_heading = HEADING, long, value_name = "BYTES")]
    max_body: Option<u64>,
    /// The most bytes of a response's header fields [default: 65536]
    #[arg(help_heading = HEADING, long, value_name = "BYTES")]
    max_headers: Option<u64>,
}

impl ConnectionArgs {
    pub(crate) fn limits(&self, config: &Config) -> Result<Limits, CliError> {
        let timeout = self.timeout.or(config.timeout()?);
        let usual = Limits::within(timeout.unwrap_or(Duration::from_secs(30)));
        let within = |asked: Option<Duration>| asked.map(|time| time.min(usual.whole));
        Ok(Limits {
            connect: within(self.connect_timeout.or(config.connect_timeout()?))
                .unwrap_or(usual.connect),
            first_byte: within(self.first_byte_timeout.or(config.first_byte_timeout()?))
                .unwrap_or(usual.first_byte),
            body: self
                .max_body
                .or(config.connection.max_body)
                .unwrap_or(usual.body),
            headers: self
                .max_headers
                .or(config.connection.max_headers)
                .unwrap_or(usual.headers),
            ..usual
        })
    }
}
