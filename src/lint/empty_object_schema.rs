//! `empty-object-schema`

use serde_json::Value;

use super::{Finding, Lint, Rule, Subject, documented, finding};

documented! {
    /// An object schema says nothing about its properties.
    ///
    /// # What it holds
    ///
    /// An object declares properties, or says what any of them look like.
    ///
    /// # Why
    ///
    /// Whatever is in such an object is not held; only a snapshot sees it change.
    ///
    /// # Not a finding when
    ///
    /// - `additionalProperties`, `patternProperties` or `propertyNames` says something;
    /// - the schema is put together with others;
    /// - it is a part of another.
    pub EmptyObjectSchema = "empty-object-schema", Note;
}

impl Lint for EmptyObjectSchema {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        const SAYING: &[&str] = &[
            "$ref",
            "additionalProperties",
            "allOf",
            "anyOf",
            "const",
            "enum",
            "maxProperties",
            "oneOf",
            "patternProperties",
            "propertyNames",
            "required",
            "unevaluatedProperties",
        ];
        for (at, members) in &subject.schemas {
            let is_object = members.get("type") == Some(&Value::from("object"));
            let is_empty = members
                .get("properties")
                .and_then(Value::as_object)
                .is_none_or(serde_json::Map::is_empty);
            let is_part = at
                .parent()
                .and_then(|parent| parent.pointer.last())
                .is_some_and(|keyword| ["allOf", "anyOf", "oneOf"].contains(&keyword.as_str()));
            if is_object
                && is_empty
                && !is_part
                && !SAYING.iter().any(|keyword| members.contains_key(*keyword))
            {
                findings.push(finding(&Self::RULE, "the object may hold anything").at(at.clone()));
            }
        }
    }
}
