//! `changed-server`

use super::{Change, ChangeRule, Rule, Subject, documented};

documented! {
    /// A server is no longer named.
    ///
    /// # What it checks
    ///
    /// Each server URL of an old operation is one of the new operation's.
    ///
    /// # Why
    ///
    /// Clients call it; whether it still answers, no document tells.
    ///
    /// # Not a finding when
    ///
    /// - servers are added, or only their order, a trailing slash or a description differs.
    pub ChangedServer = "changed-server", Warning;
}

impl ChangeRule for ChangedServer {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            let plain = |url: &str| url.trim_end_matches('/').to_ascii_lowercase();
            for server in &operation.old.servers {
                let is_there = operation
                    .new
                    .servers
                    .iter()
                    .any(|other| plain(&other.url) == plain(&server.url));
                if is_there {
                    continue;
                }
                let change = Change::new(
                    &Self::RULE,
                    format!("the server {} is no longer named", server.url),
                )
                .of(operation.id())
                .with_place("servers")
                .with_discriminator(server.url.as_str())
                .at_old(&server.address);
                changes.push(match operation.new.servers.first() {
                    Some(other) => change.at_new(&other.address),
                    None => change,
                });
            }
        }
    }
}
