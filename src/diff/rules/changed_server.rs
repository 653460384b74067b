//! `changed-server`

use serde_json::Value;

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::contract::{Contract, Server};

documented! {
    /// A server is no longer named.
    ///
    /// # What it checks
    ///
    /// Each server URL of an old operation is one of the new operation's, with each value that its variables list. A
    /// variable that lists none stands for any text without a slash.
    ///
    /// # Why
    ///
    /// Clients call it; whether it still answers, no document tells.
    ///
    /// # Not a finding when
    ///
    /// - servers are added, or only their order, a trailing slash, the name of a variable or a description differs.
    pub ChangedServer = "changed-server", Warning;
}

impl ChangeRule for ChangedServer {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            let named: Vec<String> = operation
                .new
                .servers
                .iter()
                .flat_map(|server| forms(subject.new, server))
                .collect();
            for server in &operation.old.servers {
                let is_named = |form: &String| named.iter().any(|one| covers(one, form));
                let lost = forms(subject.old, server)
                    .into_iter()
                    .find(|form| !is_named(form));
                let Some(lost) = lost else {
                    continue;
                };
                let url = if lost.contains(ANY) {
                    &server.url
                } else {
                    &lost
                };
                let change =
                    Change::new(&Self::RULE, format!("the server {url} is no longer named"))
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

/// What stands for a variable that lists no values.
const ANY: &str = "{}";

/// How many URLs the variables of one server make.
const MAX_FORMS: usize = 64;

/// The URLs of a server with each value that its variables list.
fn forms(contract: &Contract, server: &Server) -> Vec<String> {
    let variables = contract
        .document()
        .get(&server.address)
        .and_then(|one| one.get("variables"));
    let values = |name: &str| -> Vec<String> {
        let listed = variables
            .and_then(|all| all.get(name)?.get("enum")?.as_array())
            .filter(|listed| !listed.is_empty());
        match listed {
            Some(listed) => listed
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            None => vec![ANY.to_owned()],
        }
    };
    let mut forms = vec![String::new()];
    let mut rest = server.url.as_str();
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else {
            break;
        };
        let values = values(name);
        forms = forms
            .iter()
            .flat_map(|form| {
                values
                    .iter()
                    .map(move |value| format!("{form}{before}{value}"))
            })
            .take(MAX_FORMS)
            .collect();
        rest = after;
    }
    forms
        .into_iter()
        .map(|form| plain(&format!("{form}{rest}")))
        .collect()
}

/// A URL without a trailing slash, its scheme and host in small letters.
fn plain(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let path = url
        .find("://")
        .and_then(|start| Some(start + 3 + url[start + 3..].find('/')?));
    let (origin, path) = match path {
        Some(at) => url.split_at(at),
        None if url.contains("://") => (url, ""),
        None => ("", url),
    };
    format!("{}{path}", origin.to_ascii_lowercase())
}

/// Whether a form is one that another one with variables stands for.
fn covers(template: &str, form: &str) -> bool {
    let Some((before, behind)) = template.split_once(ANY) else {
        return template == form;
    };
    let Some(rest) = form.strip_prefix(before) else {
        return false;
    };
    let end = rest.find('/').unwrap_or(rest.len());
    (1..=end)
        .filter(|at| rest.is_char_boundary(*at))
        .any(|at| covers(behind, &rest[at..]))
}
