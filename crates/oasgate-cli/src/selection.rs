//! Which operations a run is about, chosen on the command line.

use clap::Args as ClapArgs;
use oasgate::contract::{Contract, Operation};
use regex::Regex;

/// Operations chosen by what they have in common. Several values of one option are alternatives,
/// several options have to hold together.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct Selection {
    /// Check the operations with this tag alone; repeatable
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Check the operations of this path alone, in which * stands for any text; repeatable
    #[arg(long, value_name = "PATTERN")]
    path: Vec<String>,
    /// Check the operations with this method alone; repeatable
    #[arg(long, value_name = "METHOD")]
    method: Vec<String>,
    /// Check the operations alone whose id, or METHOD /path, a regular expression finds something in
    #[arg(long, value_name = "REGEX")]
    matching: Vec<Regex>,
    /// Leave out the operations whose id, or METHOD /path, a regular expression finds something in
    #[arg(long, value_name = "REGEX")]
    not_matching: Vec<Regex>,
    /// Leave out the operations that the document calls deprecated
    #[arg(long)]
    no_deprecated: bool,
}

impl Selection {
    /// Whether nothing was chosen, so that all operations are meant.
    pub(crate) fn is_all(&self) -> bool {
        self.tag.is_empty()
            && self.path.is_empty()
            && self.method.is_empty()
            && self.matching.is_empty()
            && self.not_matching.is_empty()
            && !self.no_deprecated
    }

    /// The ids of the operations that were not chosen.
    pub(crate) fn left_out(&self, contract: &Contract) -> Vec<String> {
        let all = contract.operations().iter();
        all.filter(|operation| !self.has(operation))
            .map(|operation| operation.id.to_string())
            .collect()
    }

    fn has(&self, operation: &Operation) -> bool {
        let route = format!("{} {}", operation.method, operation.path.as_str());
        let finds = |one: &Regex| one.is_match(operation.id.as_str()) || one.is_match(&route);
        let fits = |pattern: &String| crate::config::fits(pattern, operation.path.as_str());
        let is_method = |method: &String| operation.method.as_str().eq_ignore_ascii_case(method);
        (self.tag.is_empty() || operation.tags.iter().any(|tag| self.tag.contains(tag)))
            && (self.path.is_empty() || self.path.iter().any(fits))
            && (self.method.is_empty() || self.method.iter().any(is_method))
            && (self.matching.is_empty() || self.matching.iter().any(finds))
            && !self.not_matching.iter().any(finds)
            && !(self.no_deprecated && operation.deprecated)
    }
}

#[cfg(test)]
mod tests {
    use oasgate::document::Document;

    use super::*;

    fn left_out(selection: &Selection) -> Vec<String> {
        let text = r"
openapi: 3.0.3
info: { title: t, version: '1' }
paths:
  /admin/users: { get: { operationId: listUsers, tags: [people], responses: {} } }
  /things:
    get: { operationId: listThings, tags: [things], deprecated: true, responses: {} }
    post: { tags: [things], responses: {} }
";
        let contract =
            Contract::from_document(Document::parse("t.yaml", text).expect("a document"));
        selection.left_out(&contract)
    }

    #[test]
    fn several_options_hold_together_and_several_values_are_alternatives() {
        let regex = |text: &str| vec![Regex::new(text).expect("an expression")];
        assert!(left_out(&Selection::default()).is_empty());
        let of_things = Selection {
            tag: vec!["things".to_owned()],
            ..Selection::default()
        };
        assert_eq!(left_out(&of_things), ["listUsers"]);
        let posts = Selection {
            method: vec!["post".to_owned()],
            ..of_things
        };
        assert_eq!(left_out(&posts), ["listUsers", "listThings"]);
        let below = Selection {
            path: vec!["/admin/*".to_owned(), "/nothing".to_owned()],
            ..Selection::default()
        };
        assert_eq!(left_out(&below), ["listThings", "POST /things"]);
        let matching = Selection {
            matching: regex("^POST /th"),
            ..Selection::default()
        };
        assert_eq!(left_out(&matching), ["listUsers", "listThings"]);
        let without = Selection {
            not_matching: regex("Users$"),
            no_deprecated: true,
            ..Selection::default()
        };
        assert_eq!(left_out(&without), ["listUsers", "listThings"]);
    }
}
