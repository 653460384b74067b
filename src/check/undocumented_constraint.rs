//! `undocumented-constraint`

use super::{Part, documented};
use crate::{
    contract::Operation,
    exchange::{Evidence, Exchange},
    finding::Finding,
};

documented! {
    /// Two refusals name a rule that the document does not have.
    ///
    /// # What it holds
    ///
    /// What a service says when it refuses a valid request (`limit must be a multiple of 5`) stands in
    /// the document as well.
    ///
    /// # Why
    ///
    /// A rule that only refusals tell is one that every client finds out by failing.
    ///
    /// # Not a finding when
    ///
    /// - one refusal alone says so, or the sentence names no part of the request, or several;
    /// - the refused request was sent to break the contract.
    ///
    /// Later random values of the run keep the rule.
    pub UndocumentedConstraint = "undocumented-constraint", Note, [Inferred];
}

/// The finding for a rule that was learned from refusals, in words.
pub fn undocumented_constraint(
    operation: &Operation,
    exchange: &Exchange,
    part: &Part,
    property: Option<&str>,
    keyword: &str,
    words: &str,
) -> Finding {
    let place = match part {
        Part::Parameter(location, name) => operation
            .parameters_in(*location)
            .find(|parameter| parameter.name == *name)
            .map(|parameter| &parameter.address),
        Part::Body => operation.request_body.as_ref().map(|body| &body.address),
    };
    let what = property.map_or_else(|| part.to_string(), |name| format!("body {name}"));
    Finding::new(
        UndocumentedConstraint::RULE.id,
        UndocumentedConstraint::RULE.severity,
        format!(
            "{} wants {what} to be {words}, and the document does not say so",
            operation.id
        ),
    )
    .with_operation(operation.id.as_str())
    .at(place.unwrap_or(&operation.address).clone())
    .with_label(format!("says no {keyword} of it"))
    .with_evidence(Evidence::of(exchange))
    .with_discriminator(format!("{what} {keyword}"))
}
