//! `undeclared-path-parameter`

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::contract::Location;

documented! {
    /// A path template and the declared path parameters do not agree.
    ///
    /// # What it holds
    ///
    /// Each `{name}` in a path has a parameter `in: path` of that name, and each such parameter
    /// stands in the path.
    ///
    /// # Why
    ///
    /// A value without a schema cannot be held, and a parameter without a place cannot be sent.
    ///
    /// # Not a finding when
    ///
    /// - the parameter is declared on the path item.
    pub UndeclaredPathParameter = "undeclared-path-parameter", Error;
}

impl Lint for UndeclaredPathParameter {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        for operation in subject.contract.operations() {
            let declared = operation.parameters_in(Location::Path);
            let declared: Vec<_> = declared
                .filter(|parameter| !parameter.is_undeclared(operation))
                .collect();
            for name in operation.path.parameters() {
                if !declared.iter().any(|parameter| parameter.name == name) {
                    findings.push(
                        finding(
                            &Self::RULE,
                            format!(
                                "{} declares no path parameter `{name}`, which its path has",
                                operation.id
                            ),
                        )
                        .with_operation(operation.id.as_str())
                        .at(operation.address.clone())
                        .with_discriminator(name),
                    );
                }
            }
            for parameter in declared {
                if !operation
                    .path
                    .parameters()
                    .any(|name| name == parameter.name)
                {
                    findings.push(
                        finding(
                            &Self::RULE,
                            format!(
                                "the path of {} has no `{{{}}}`",
                                operation.id, parameter.name
                            ),
                        )
                        .with_operation(operation.id.as_str())
                        .at(parameter.address.clone())
                        .with_discriminator(format!("unused {}", parameter.name)),
                    );
                }
            }
        }
    }
}
