//! `suspicious-token-url`

use oasgate_document::Address;
use serde_json::Value;
use url::Url;

use super::{Finding, Lint, Rule, Subject, documented, finding};

documented! {
    /// The token URL of an OAuth 2 flow does not look like one.
    ///
    /// # What it holds
    ///
    /// `tokenUrl` is a URL whose path speaks of tokens or of authorisation.
    ///
    /// # Why
    ///
    /// A web page for people is the usual mistake. No client gets a token there.
    ///
    /// # Not a finding when
    ///
    /// - any part of the path speaks of it: `token`, `oauth`, `auth`, `connect`, `login`, `sts`.
    pub SuspiciousTokenUrl = "suspicious-token-url", Warning;
}

/// Words that the paths of token endpoints have.
const WORDS: &[&str] = &[
    "token", "oauth", "auth", "connect", "login", "signin", "sts", "oidc", "sso", "access",
];

impl Lint for SuspiciousTokenUrl {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        for holder in ["/components/securitySchemes", "/securityDefinitions"] {
            let Some(pointer) = oasgate_document::Pointer::parse(holder) else {
                continue;
            };
            let at = Address::in_root(pointer);
            let Some(Value::Object(schemes)) = subject.document().get(&at) else {
                continue;
            };
            for (name, scheme) in schemes {
                let at = at.join(name);
                if let Some(url) = scheme.get("tokenUrl") {
                    look_at(name, url, at.join("tokenUrl"), findings);
                }
                for (flow, value) in scheme
                    .get("flows")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                {
                    if let Some(url) = value.get("tokenUrl") {
                        look_at(
                            name,
                            url,
                            at.join("flows").join(flow).join("tokenUrl"),
                            findings,
                        );
                    }
                }
            }
        }
    }
}

fn look_at(scheme: &str, url: &Value, at: Address, findings: &mut Vec<Finding>) {
    let Some(text) = url.as_str() else { return };
    let base = Url::parse("https://relative.invalid/");
    let parsed = Url::parse(text).or_else(|_| base.and_then(|base| base.join(text)));
    let suspicion = match parsed {
        Err(error) => Some(format!("is not a URL: {error}")),
        Ok(url) => {
            let path = url.as_str().to_ascii_lowercase();
            (!WORDS.iter().any(|word| path.contains(word)))
                .then(|| "looks like a page for people".to_owned())
        }
    };
    if let Some(suspicion) = suspicion {
        findings.push(
            finding(
                &SuspiciousTokenUrl::RULE,
                format!("the token URL of `{scheme}` {suspicion}"),
            )
            .at(at)
            .with_actual(text)
            .with_expected("the URL of a token endpoint (RFC 6749 §3.2)")
            .with_discriminator(scheme),
        );
    }
}
