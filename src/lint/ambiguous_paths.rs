//! `ambiguous-paths`

use std::collections::HashMap;

use super::{Finding, Lint, Rule, Subject, documented, finding};

documented! {
    /// Two path templates fit the same requests equally well.
    ///
    /// # What it holds
    ///
    /// No two templates with a method in common differ in the names of their parameters alone
    /// (OpenAPI 3.1.1 §4.8.8).
    ///
    /// # Why
    ///
    /// Nobody can tell which operation a request belongs to.
    ///
    /// # Not a finding when
    ///
    /// - one of them is concrete where the other is templated: the concrete one is meant;
    /// - they have no method in common;
    /// - they differ in a query or a fragment: that is `query-or-fragment-in-path`.
    pub AmbiguousPaths = "ambiguous-paths", Error;
}

impl Lint for AmbiguousPaths {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for operation in subject.contract.operations() {
            let path = operation.path.as_str();
            if path.contains(['?', '#']) {
                continue;
            }
            let shape = format!(
                "{} {}",
                operation.method,
                operation.path.fill(|_| "{}".to_owned())
            );
            match seen.get(shape.as_str()) {
                Some(other) if *other != path => findings.push(
                    finding(
                        &Self::RULE,
                        format!(
                            "{} {path} fits the same requests as {other}",
                            operation.method
                        ),
                    )
                    .with_operation(operation.id.as_str())
                    .at(operation.address.clone())
                    .with_discriminator(*other),
                ),
                Some(_) => {}
                None => {
                    seen.insert(shape, path);
                }
            }
        }
    }
}
