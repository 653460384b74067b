//! `header-mismatch`

use serde_json::Value;

use super::{
    Check, Rule, Subject, documented,
    subject::{Verdict, too_long},
};
use crate::{
    contract::{Header, effort},
    exchange::holds_redaction,
    finding::Finding,
    infer::{Came, Inferred},
    wire::header::{HeaderBreach, read_header},
};

documented! {
    /// A required response header is missing, or a header's value breaks its schema.
    ///
    /// # What it holds
    ///
    /// Each header that the response declares is there when required, and every value of it, read
    /// by its style or its `content`, is valid under its schema. A repeated field is held value by
    /// value; `Set-Cookie` is never joined.
    ///
    /// # Why
    ///
    /// Paging, rate limits and locations live in headers, and clients parse them.
    ///
    /// # Not a finding when
    ///
    /// - the header is `Content-Type`, which `OpenAPI` says to ignore in a list of headers;
    /// - the header is optional and absent;
    /// - a recorder has replaced the value, or a part of it, by a placeholder;
    /// - the header is missing from a recording that left header fields out.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200':
    ///     description: Fine
    ///     headers: { X-Total: { required: true, schema: { type: integer } } }
    /// response: { status: 200, headers: { x-total: many } }
    /// ```
    pub HeaderMismatch = "header-mismatch", Error;
}

impl Check for HeaderMismatch {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        verdict(subject).is_valid
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Some(declared) = subject.declared() else {
            return;
        };
        let status = subject.exchange.response.status;
        for header in &declared.headers {
            let Some(breach) = breach(subject, header) else {
                continue;
            };
            let finding = subject
                .finding(
                    &Self::RULE,
                    format!(
                        "{}: {} in a {} response of {}",
                        header.name,
                        breach.message(),
                        status.as_u16(),
                        subject.operation.id
                    ),
                )
                .with_expected(breach.expected())
                .with_actual(breach.actual())
                .with_came(Came::value(text_value(&breach)))
                .with_discriminator(format!(
                    "{} {} {}",
                    status.as_str(),
                    header.name.to_lowercase(),
                    breach.kind()
                ));
            let place = breach.schema().unwrap_or(&header.address).clone();
            findings.push(finding.at(place));
        }
    }
}

/// The header's text as the value that it reads like.
fn text_value(breach: &HeaderBreach) -> Inferred {
    match breach {
        HeaderBreach::Missing => Inferred::default(),
        HeaderBreach::Unreadable(_, text)
        | HeaderBreach::Json(_, text)
        | HeaderBreach::Broken(_, text) => {
            let value = serde_json::from_str(text).ok();
            let value = value.filter(|value: &Value| value.is_number() || value.is_boolean());
            Inferred::of(&value.unwrap_or_else(|| Value::from(text.as_str())))
        }
    }
}

/// Whether all declared header fields are as they are declared. All are paid for together.
pub(super) fn verdict<'s>(subject: &'s Subject<'_>) -> &'s Verdict {
    subject.header_verdict(|| {
        let headers = subject.declared().map_or(&[][..], |one| &one.headers);
        let mut verdict = Verdict {
            is_valid: true,
            too_long: Vec::new(),
        };
        effort::during(|| {
            for header in headers {
                let (breach, effort) = effort::during(|| breach(subject, header));
                verdict.is_valid &= breach.is_none();
                let place = format!("the field {}", header.name);
                let left = too_long(&effort, &place, &Value::Null);
                verdict.too_long.extend(left);
            }
        });
        verdict
    })
}

fn breach(subject: &Subject<'_>, header: &Header) -> Option<HeaderBreach> {
    let values = subject
        .exchange
        .response
        .headers
        .get_all(header.name.as_str());
    if values
        .iter()
        .any(|value| value.to_str().is_ok_and(holds_redaction))
    {
        return None;
    }
    let breach = read_header(header, &subject.exchange.response.headers).err()?;
    let kept = subject.exchange.origin.kept();
    let is_left_out = kept.is_some_and(|kept| kept.response_headers_are_partial);
    (breach != HeaderBreach::Missing || !is_left_out).then_some(breach)
}
