//! `discriminator-mapping`

use serde_json::Value;

use super::{Finding, Lint, Rule, Subject, documented, finding};

documented! {
    /// A discriminator's mapping leads to a schema that is not there.
    ///
    /// # What it holds
    ///
    /// Each value of `discriminator.mapping` is the name of a component schema or a reference that
    /// leads to one (OpenAPI 3.1.1 §4.8.25).
    ///
    /// # Why
    ///
    /// Generated clients cannot tell which class a value is of.
    ///
    /// # Not a finding when
    ///
    /// - there is no mapping: names are then taken as they are.
    pub DiscriminatorMapping = "discriminator-mapping", Warning;
}

impl Lint for DiscriminatorMapping {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let names = subject.contract.schema_names();
        for (at, members) in &subject.schemas {
            let mapping = members
                .get("discriminator")
                .and_then(|discriminator| discriminator.get("mapping"));
            for (value, target) in mapping.and_then(Value::as_object).into_iter().flatten() {
                let Some(target) = target.as_str() else {
                    continue;
                };
                let is_there =
                    names.contains(&target) || subject.document().resolve(at.file, target).is_ok();
                if !is_there {
                    findings.push(
                        finding(
                            &Self::RULE,
                            format!(
                                "the mapping of `{value}` leads to `{target}`, which is not there"
                            ),
                        )
                        .at(at.join("discriminator").join("mapping").join(value))
                        .with_discriminator(value.clone()),
                    );
                }
            }
        }
    }
}
