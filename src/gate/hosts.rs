//! Whose service a recorded exchange is of: what a browser or a proxy records goes to more than one.
//!
//! Where a document's servers name hosts, an exchange with one of them is the service's. Another host may be
//! the service all the same (a test's, a staging service): it counts only when nothing surer is in the
//! recording.

use std::net::IpAddr;

use url::{Host, Url};

use crate::{
    contract::{Contract, HostPattern, HostStanding},
    exchange::{Exchange, REDACTED_HOST},
    run::Claim,
};

/// How sure it is that an exchange is of the service; `None` for one that asks no service or another one.
/// `hosts` are those that the user names: then no others count.
pub(super) fn claim(
    contract: &Contract,
    hosts: &[HostPattern],
    exchange: &Exchange,
) -> Option<Claim> {
    let url = &exchange.request.url;
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return None;
    }
    if url.host_str() == Some(REDACTED_HOST) {
        return Some(Claim::Named);
    }
    if !hosts.is_empty() {
        let is_named = hosts.iter().any(|host| host.matches_on_any_port(url));
        return is_named.then_some(Claim::Named);
    }
    Some(match contract.host_standing(url) {
        HostStanding::Declared | HostStanding::Unsaid => Claim::Named,
        HostStanding::Other if is_local(url) => Claim::Local,
        HostStanding::Other => Claim::Other,
    })
}

/// Whether a browser asks on its own before it sends a request to another origin (Fetch §4.8).
pub(super) fn is_preflight(exchange: &Exchange) -> bool {
    let marked = exchange.origin.kept().is_some_and(|kept| kept.is_preflight);
    let request = &exchange.request;
    marked
        || request.method == http::Method::OPTIONS
            && request
                .headers
                .contains_key("access-control-request-method")
}

/// Whether a host is of a local network: loopback, private addresses, names without a dot, and the names
/// that are kept for such networks (RFC 6761, RFC 6762, RFC 9476).
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        Some(Host::Ipv6(address)) => match IpAddr::from(address).to_canonical() {
            IpAddr::V4(address) => address.is_loopback() || address.is_private(),
            IpAddr::V6(address) => {
                address.is_loopback()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
        },
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            !name.contains('.')
                || [".localhost", ".local", ".internal", ".lan", ".home.arpa"]
                    .iter()
                    .any(|ending| name.ends_with(ending))
        }
        None => false,
    }
}
