//! `unknown-operation`

use super::documented;
use crate::{
    contract::{Contract, RouteMiss},
    exchange::{Evidence, Exchange},
    finding::{Finding, Remedy},
};

documented! {
    /// A recorded request belongs to no operation of the document.
    ///
    /// # What it holds
    ///
    /// Each recorded request fits a path template of the document, below the base path of one of its
    /// servers, with a method that the path declares. A path without parameters wins over every
    /// template, whatever its methods. At a host that a server names, what is served there counts.
    ///
    /// # Why
    ///
    /// What is not in the document is not held: an endpoint that nobody described.
    ///
    /// # Not a finding when
    ///
    /// - the request is a HEAD where GET is declared;
    /// - a browser asked it on its own (a CORS preflight), or no service was asked at all (`data:`,
    ///   `blob:`, `file:` and extension URLs): these are passed over and counted;
    /// - it went to another host than those that the document names, in a recording with exchanges of
    ///   a named host: what others serve is passed over and counted;
    /// - only a trailing slash differs.
    ///
    /// Paths that differ only in segments with digits are told once.
    ///
    /// If the recording was made below another base path, say so with `--base-path`.
    pub UnknownOperation = "unknown-operation", Warning;
}

/// The finding for a request that no operation claims.
pub fn unknown_operation(contract: &Contract, exchange: &Exchange, miss: &RouteMiss) -> Finding {
    let request = &exchange.request;
    let path = request.url.path();
    let rule = &UnknownOperation::RULE;
    let finding = match miss {
        RouteMiss::Path => Finding::new(
            rule.id,
            rule.severity,
            format!("{} {path} is no path of the document", request.method),
        )
        .with_expected("a path of the document")
        .with_help(Remedy::NameBasePath),
        RouteMiss::Method(methods) => Finding::new(
            rule.id,
            rule.severity,
            format!("{path} does not declare {}", request.method),
        )
        .with_expected(methods.join(", ")),
    };
    let place = oasgate_document::Address::default().join("paths");
    let finding = if contract.document().get(&place).is_some() {
        finding.at(place)
    } else {
        finding
    };
    finding
        .with_actual(format!("{} {path}", request.method))
        .with_evidence(Evidence::of(exchange))
        .with_discriminator(format!("{} {}", request.method, alike(path)))
}

/// The finding for a host that no server of the document names, in a recording without exchanges of a host
/// that one does.
pub fn unknown_host(contract: &Contract, host: &str) -> Finding {
    let rule = &UnknownOperation::RULE;
    let finding = Finding::new(
        rule.id,
        rule.severity,
        format!("{host} is no host of the document; its exchanges are held by their paths"),
    )
    .with_expected("a host that a server of the document names")
    .with_actual(host)
    .with_discriminator(format!("host {host}"))
    .with_help(Remedy::NameHost);
    let place = oasgate_document::Address::default().join("servers");
    if contract.document().get(&place).is_some() {
        finding.at(place)
    } else {
        finding
    }
}

/// A path with `*` for each segment that looks like the name of a resource, so that a thousand of
/// them are one finding.
fn alike(path: &str) -> String {
    let is_name = |segment: &str| {
        segment.len() > 30
            || segment
                .bytes()
                .any(|byte| byte.is_ascii_digit() || byte == b'%')
    };
    path.split('/')
        .map(|segment| if is_name(segment) { "*" } else { segment })
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn paths_that_differ_in_the_names_of_resources_are_alike() {
        assert_eq!(alike("/v2/users/17/posts"), alike("/v2/users/42/posts"));
        assert_eq!(alike("/a/%C3%BC"), "/a/*");
        assert_eq!(alike("/static/logo.png"), "/static/logo.png");
        assert_ne!(alike("/users/17"), alike("/posts/17"));
    }
}
