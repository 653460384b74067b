//! `query-or-fragment-in-path`

use oasgate_document::{Address, Pointer};
use serde_json::Value;

use super::{Finding, Lint, Rule, Subject, documented, finding};

documented! {
    /// A path has a query or a fragment, which is no part of a path.
    ///
    /// # What it holds
    ///
    /// A path of the document is the path of a URL: `?` and `#` end one (OpenAPI 3.1.1 §4.8.8,
    /// RFC 3986 §3.3).
    ///
    /// # Why
    ///
    /// What stands behind `?` or `#` tells no operation from another: a fragment is never sent, and
    /// the query is what parameters declare. Such a path is read up to there.
    ///
    /// # Not a finding when
    ///
    /// - the character is percent-encoded.
    pub QueryOrFragmentInPath = "query-or-fragment-in-path", Warning;
}

impl Lint for QueryOrFragmentInPath {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let paths = subject.document().root().get("paths");
        let names = paths.and_then(Value::as_object).into_iter().flatten();
        for (path, _) in names.filter(|(path, _)| path.starts_with('/')) {
            let Some(start) = path.find(['?', '#']) else {
                continue;
            };
            let rest = &path[start..];
            let (what, help) = if rest.starts_with('?') {
                (
                    "a query, not part of the path",
                    "declare each query parameter with `in: query`",
                )
            } else {
                (
                    "a fragment, which is never sent",
                    "declare one operation for the path, and its forms in the parameters or the body",
                )
            };
            findings.push(
                finding(&Self::RULE, format!("`{rest}` is {what}"))
                    .at(Address::in_root(Pointer::root().join("paths").join(path)))
                    .with_help(help),
            );
        }
    }
}
