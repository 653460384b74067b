//! What differs for some operations: those of a tag, below a path, or one by its id.
//!
//! Severities, statuses that are allowed beyond the document, and what is left out. The more
//! particular wins: an operation over a path, a path over a tag, a tag over what holds for all.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;

use super::{Config, ConfigError};
use oasgate::{
    contract::{Contract, Operation, StatusKey},
    did_you_mean::hint,
    gate::{Severities, SeverityRule},
};

/// What differs for some operations.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ScopeConfig {
    /// Severities by rule.
    pub(crate) severity: BTreeMap<String, String>,
    /// Statuses that are allowed though the document does not declare them: `401`, `5XX`.
    pub(crate) allow_statuses: Vec<StatusText>,
    /// Whether the operations are left out.
    pub(crate) exclude: bool,
}

/// A status or a class of statuses: `401`, `"401"`, `"5XX"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(crate) enum StatusText {
    /// As a number.
    Number(u16),
    /// As a text.
    Text(String),
}

impl StatusText {
    fn key(&self) -> Option<StatusKey> {
        match self {
            Self::Number(number) => exact(*number),
            Self::Text(text) => match text.strip_suffix("XX") {
                Some(class) => class
                    .parse()
                    .ok()
                    .filter(|class| (1..=5).contains(class))
                    .map(StatusKey::Range),
                None => exact(text.parse().ok()?),
            },
        }
    }
}

fn exact(number: u16) -> Option<StatusKey> {
    let status = StatusCode::from_u16(number).ok()?;
    (number < 600).then_some(StatusKey::Exact(status))
}

/// Some operations, where the file speaks of them, and what differs for them.
struct Scope<'c> {
    path: [&'c str; 2],
    operations: Vec<String>,
    config: &'c ScopeConfig,
}

impl Config {
    /// The severities that differ from the rules' own, the most particular last.
    ///
    /// # Errors
    ///
    /// When a rule, a severity, a status, a tag, a path or an operation is not known.
    pub(crate) fn severities(&self, contract: &Contract) -> Result<Severities, ConfigError> {
        self.severities_of(&[contract])
    }

    /// The same for several documents: what is named is in one of them.
    ///
    /// # Errors
    ///
    /// As [`Config::severities`].
    pub(crate) fn severities_of(&self, contracts: &[&Contract]) -> Result<Severities, ConfigError> {
        let mut all = Vec::new();
        for (rule, word) in &self.severity {
            let path = ["severity", rule.as_str()];
            all.push(self.severity_rule(&path, rule, word)?);
        }
        all.extend(self.allowed(&["allow-statuses"], &self.allow_statuses)?);
        for scope in self.scopes(contracts)? {
            let [kind, name] = scope.path;
            let mut own = Vec::new();
            for (rule, word) in &scope.config.severity {
                let path = [kind, name, "severity", rule.as_str()];
                own.push(self.severity_rule(&path, rule, word)?);
            }
            let path = [kind, name, "allow-statuses"];
            own.extend(self.allowed(&path, &scope.config.allow_statuses)?);
            for operation in &scope.operations {
                all.extend(own.iter().map(|rule| SeverityRule {
                    operation: Some(operation.clone()),
                    ..rule.clone()
                }));
            }
        }
        Ok(Severities(all))
    }

    /// The operations that are left out.
    ///
    /// # Errors
    ///
    /// When one is not known.
    pub(crate) fn excluded(&self, contract: &Contract) -> Result<Vec<String>, ConfigError> {
        self.excluded_of(&[contract])
    }

    /// The same for several documents: what is named is in one of them.
    ///
    /// # Errors
    ///
    /// As [`Config::excluded`].
    pub(crate) fn excluded_of(&self, contracts: &[&Contract]) -> Result<Vec<String>, ConfigError> {
        let mut all = Vec::new();
        for (index, name) in self.exclude.iter().enumerate() {
            let place = self.places.value_at(&["exclude", &index.to_string()]);
            all.extend(known_in(contracts, name, &place)?);
        }
        for scope in self.scopes(contracts)? {
            if scope.config.exclude {
                all.extend(scope.operations);
            }
        }
        Ok(all)
    }

    fn allowed(
        &self,
        path: &[&str],
        statuses: &[StatusText],
    ) -> Result<Vec<SeverityRule>, ConfigError> {
        let mut all = Vec::new();
        for (index, text) in statuses.iter().enumerate() {
            let at = index.to_string();
            let Some(status) = text.key() else {
                let path: Vec<&str> = path.iter().copied().chain([at.as_str()]).collect();
                return Err(ConfigError::UnknownStatus {
                    place: self.places.value_at(&path),
                });
            };
            all.extend(SeverityRule::allowing(status));
        }
        Ok(all)
    }

    fn scopes(&self, contracts: &[&Contract]) -> Result<Vec<Scope<'_>>, ConfigError> {
        let operations = || contracts.iter().flat_map(|one| one.operations().iter());
        // Reading them takes as long as reading the operations.
        let hooks: Vec<Operation> = if self.tag.is_empty() {
            Vec::new()
        } else {
            contracts.iter().flat_map(|one| one.hooks()).collect()
        };
        let mut scopes = Vec::new();
        for (tag, config) in &self.tag {
            let all = || operations().map(AsRef::as_ref).chain(&hooks);
            let tagged = all().filter(|operation| operation.tags.contains(tag));
            let ids: Vec<String> = tagged.map(|operation| operation.id.to_string()).collect();
            if ids.is_empty() {
                let known = all().flat_map(|one| &one.tags).map(String::as_str);
                return Err(ConfigError::UnknownTag {
                    place: self.places.key(&["tag", tag]),
                    tag: tag.clone(),
                    hint: hint(tag, known),
                });
            }
            scopes.push(Scope {
                path: ["tag", tag],
                operations: ids,
                config,
            });
        }
        for (pattern, config) in &self.path {
            let below = operations().filter(|operation| fits(pattern, operation.path.as_str()));
            let ids: Vec<String> = below.map(|operation| operation.id.to_string()).collect();
            if ids.is_empty() {
                return Err(ConfigError::NoSuchPath {
                    place: self.places.key(&["path", pattern]),
                    pattern: pattern.clone(),
                });
            }
            scopes.push(Scope {
                path: ["path", pattern],
                operations: ids,
                config,
            });
        }
        for (name, config) in &self.operation {
            let place = self.places.key(&["operation", name]);
            scopes.push(Scope {
                path: ["operation", name],
                operations: known_in(contracts, name, &place)?,
                config,
            });
        }
        Ok(scopes)
    }
}

/// The ids of an operation, a webhook or a callback in the documents that have it under this name.
fn known_in(contracts: &[&Contract], name: &str, place: &str) -> Result<Vec<String>, ConfigError> {
    let mut ids = Vec::new();
    let mut failure = None;
    for contract in contracts {
        match contract.operation(name) {
            Ok(found) => ids.push(found.id.to_string()),
            Err(error) => failure = Some(error),
        }
    }
    let is_hook = || {
        let mut hooks = contracts.iter().flat_map(|one| one.hooks());
        hooks.any(|hook| hook.id.as_str() == name)
    };
    match failure {
        Some(_) if ids.is_empty() && is_hook() => ids.push(name.to_owned()),
        Some(source) if ids.is_empty() => {
            return Err(ConfigError::UnknownOperation {
                place: place.to_owned(),
                source,
            });
        }
        _ => {}
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Whether a path template is meant by a pattern in which `*` stands for any text.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == path;
    };
    let Some(behind) = path.strip_prefix(start) else {
        return false;
    };
    behind
        .char_indices()
        .map(|(at, _)| at)
        .chain([behind.len()])
        .any(|at| fits(rest, &behind[at..]))
}

#[cfg(test)]
mod tests {
    use oasgate::document::Document;

    use super::*;
    use oasgate::finding::{Finding, RuleId, Severity};

    fn contract() -> Contract {
        let text = r"
openapi: 3.0.3
info: { title: t, version: '1' }
paths:
  /admin/users: { get: { operationId: listUsers, tags: [people], responses: {} } }
  /admin/keys: { get: { operationId: listKeys, responses: {} } }
  /things: { get: { operationId: listThings, tags: [things], responses: {} } }
";
        Contract::from_document(Document::parse("t.yaml", text).expect("a document"))
    }

    fn config(text: &str) -> Config {
        Config::parse("o.toml", text).expect("it is read")
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(fits("/admin/*", "/admin/users/{id}"));
        assert!(fits("*/users", "/admin/users"));
        assert!(fits("/things", "/things"));
        assert!(!fits("/things", "/things/{id}"));
        assert!(!fits("/admin/*", "/things"));
    }

    #[test]
    fn operations_are_left_out_by_id_tag_and_path() {
        let config = config(
            "exclude = ['GET /things']\n[tag.people]\nexclude = true\n[path.'/admin/k*']\nexclude = true",
        );
        let mut excluded = config.excluded(&contract()).expect("all is known");
        excluded.sort();
        assert_eq!(excluded, ["listKeys", "listThings", "listUsers"]);
    }

    #[test]
    fn the_more_particular_severity_wins() {
        let config = config(
            "[severity]\nslow-response = 'note'\n[path.'/admin/*'.severity]\nslow-response = 'error'\n\
             [operation.'GET /admin/keys'.severity]\nslow-response = 'off'",
        );
        let severities = config.severities(&contract()).expect("all is known");
        let of = |operation: &str| {
            let rule = RuleId::new("slow-response");
            let finding = Finding::new(rule, Severity::Warning, "slow").with_operation(operation);
            severities.apply(finding).map(|finding| finding.severity)
        };
        assert_eq!(of("listThings"), Some(Severity::Note));
        assert_eq!(of("listUsers"), Some(Severity::Error));
        assert_eq!(of("listKeys"), None);
    }

    #[test]
    fn a_tag_a_path_or_a_status_that_is_not_there_is_told_with_its_place() {
        let said = |text: &str| {
            config(text)
                .severities(&contract())
                .expect_err("something is not known")
                .to_string()
        };
        assert_eq!(
            said("[tag.peopel]"),
            "o.toml:1:6: no operation has the tag \"peopel\" (did you mean \"people\"?)"
        );
        assert_eq!(
            said("[path.'/nothing']"),
            "o.toml:1:7: no path of the document fits \"/nothing\"; `*` stands for any text"
        );
        assert_eq!(
            said("allow-statuses = [401, '6XX']"),
            "o.toml:1:24: this is no status: write 401 or \"5XX\""
        );
    }
}
