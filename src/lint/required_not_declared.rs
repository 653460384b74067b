//! `required-not-declared`

use serde_json::Value;

use super::{Finding, Lint, Rule, Subject, documented, finding};

documented! {
    /// A schema requires a property that it does not declare.
    ///
    /// # What it holds
    ///
    /// Where a schema has `properties`, each name in `required` is among them.
    ///
    /// # Why
    ///
    /// It is nearly always a slip of the pen, and generated clients drop the property.
    ///
    /// # Not a finding when
    ///
    /// - the schema is put together with others (`allOf`, `anyOf`, `oneOf`, `$ref`), which may declare it;
    /// - the schema has no `properties` at all, or says what additional ones are.
    pub RequiredNotDeclared = "required-not-declared", Warning;
}

impl Lint for RequiredNotDeclared {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        for (at, members) in &subject.schemas {
            let has = |keyword: &str| members.contains_key(keyword);
            let is_part = at
                .parent()
                .and_then(|parent| parent.pointer.last())
                .is_some_and(|keyword| ["allOf", "anyOf", "oneOf"].contains(&keyword.as_str()))
                || ["not", "if", "then", "else"]
                    .contains(&at.pointer.last().unwrap_or_default().as_str());
            if is_part
                || ["allOf", "anyOf", "oneOf", "$ref", "patternProperties"]
                    .into_iter()
                    .any(has)
            {
                continue;
            }
            if members
                .get("additionalProperties")
                .is_some_and(|value| *value != Value::Bool(false))
            {
                continue;
            }
            let Some(Value::Object(properties)) = members.get("properties") else {
                continue;
            };
            let required = members.get("required").and_then(Value::as_array);
            for (index, name) in required.into_iter().flatten().enumerate() {
                let Some(name) = name.as_str() else { continue };
                if !properties.contains_key(name) {
                    let hint =
                        crate::did_you_mean::hint(name, properties.keys().map(String::as_str));
                    findings.push(
                        finding(
                            &Self::RULE,
                            format!("`{name}` is required and not declared{hint}"),
                        )
                        .at(at.join("required").index(index))
                        .with_discriminator(name),
                    );
                }
            }
        }
    }
}
