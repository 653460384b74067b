//! Where a service in this process is, for URLs that nobody resolves.

use url::Url;

use crate::contract::Operation;

/// `http://localhost` and the base path that the operation's first server has.
pub(super) fn base_of(operation: Option<&Operation>) -> Url {
    let path = operation
        .and_then(|operation| operation.servers.first()?.base_paths.first().cloned())
        .unwrap_or_default();
    let mut base: Url = "http://localhost/"
        .parse()
        .unwrap_or_else(|_| unreachable!("it is a URL"));
    base.set_path(&path);
    base
}
