//! `response-without-schema`

use super::{Finding, Lint, Rule, Subject, documented, finding};

documented! {
    /// The content of a success has no schema, so that nothing about it is held.
    ///
    /// # What it holds
    ///
    /// Each media type of a 2xx response that is taken apart (JSON, forms) has a `schema`.
    ///
    /// # Why
    ///
    /// A media type alone promises nothing.
    ///
    /// # Not a finding when
    ///
    /// - the media type is one that no schema describes: images, archives, text, XML.
    pub ResponseWithoutSchema = "response-without-schema", Warning;
}

impl Lint for ResponseWithoutSchema {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        for operation in subject.contract.operations() {
            for response in &operation.responses.declared {
                let is_success = response.key.to_string().starts_with('2');
                for media_type in &response.content.media_types {
                    let essence = media_type.range.essence();
                    let is_json = essence == "application/json" || essence.ends_with("+json");
                    if is_success
                        && is_json
                        && media_type.schema.is_none()
                        && media_type.item_schema.is_none()
                    {
                        findings.push(
                            finding(
                                &Self::RULE,
                                format!(
                                    "the {} {} of {} has no schema",
                                    response.key, media_type.range, operation.id
                                ),
                            )
                            .with_operation(operation.id.as_str())
                            .at(media_type.address.clone())
                            .with_discriminator(format!("{} {}", response.key, media_type.range)),
                        );
                    }
                }
            }
        }
    }
}
