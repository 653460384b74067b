//! What a gate says: one breach of the contract, where it stands, and what was expected.
//!
//! A [`Finding`] is made by a check, a lint rule or a snapshot comparison, and carries all that a
//! person needs to act: the rule, the place in the document, the exchange that showed it. Findings
//! that share a [`Fingerprint`] are one finding seen again; [`Findings`] groups them.

mod collect;
mod documented;
mod fingerprint;
mod remedy;
mod rule;

pub use collect::{Findings, Position};
#[doc(hidden)]
pub use documented::Sealed;
pub(crate) use documented::documented;
pub use documented::{Certainty, Rule, Trait};
pub use fingerprint::{Fingerprint, stable_hash};
pub use remedy::{Help, Remedy, Wording};
pub use rule::{RuleId, Severity};

use oasgate_document::{Address, Pointer};
use serde::{Deserialize, Serialize};

use crate::{exchange::Evidence, infer::Came};

/// One breach: which rule, where in the document, where in the exchange, what was expected, what came.
///
/// Built with [`Finding::new`] and the `with_` methods; every text is plain and unescaped, because
/// escaping and colour belong to the renderer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Finding {
    /// The rule that was broken.
    pub rule: RuleId,
    /// How much it matters; the gate may change it by configuration.
    pub severity: Severity,
    /// The operation it concerns, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// One sentence: what is wrong.
    pub message: String,
    /// The node of the document that was broken, or that ought to have declared what came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Address>,
    /// A short text to stand under that node, such as `declares 200, 400, 402, 404`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What the contract wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The node inside the response (or request) body, when the breach is inside one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Pointer>,
    /// The exchange that showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What came, as far as a change of the document could admit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<Came>,
    /// What to do next, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<Help>,
    /// What tells this breach from others of the same rule, operation and place: a status, a media
    /// type, a keyword, a header name. Never a value that differs from run to run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub discriminator: String,
}

impl Finding {
    /// A finding with a message; everything else is added with the `with_` methods.
    pub fn new(rule: impl Into<RuleId>, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            severity,
            operation: None,
            message: message.into(),
            document: None,
            label: None,
            expected: None,
            actual: None,
            instance: None,
            evidence: None,
            came: None,
            help: Vec::new(),
            discriminator: String::new(),
        }
    }

    /// Names the operation.
    #[must_use]
    pub fn with_operation(mut self, id: impl Into<String>) -> Self {
        self.operation = Some(id.into());
        self
    }

    /// Names the place in the document.
    #[must_use]
    pub fn at(mut self, address: Address) -> Self {
        self.document = Some(address);
        self
    }

    /// Sets the text that stands under the place in the document.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets what the contract wants.
    #[must_use]
    pub fn with_expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Sets what came instead.
    #[must_use]
    pub fn with_actual(mut self, actual: impl Into<String>) -> Self {
        self.actual = Some(actual.into());
        self
    }

    /// Names the node inside the body.
    #[must_use]
    pub fn with_instance(mut self, instance: Pointer) -> Self {
        self.instance = Some(instance);
        self
    }

    /// Attaches the exchange.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = Some(evidence);
        self
    }

    /// Says what came, for a change of the document that would admit it.
    #[must_use]
    pub fn with_came(mut self, came: Came) -> Self {
        self.came = Some(came);
        self
    }

    /// Adds one line of advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Help>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Sets what tells this breach from others at the same place.
    #[must_use]
    pub fn with_discriminator(mut self, discriminator: impl Into<String>) -> Self {
        self.discriminator = discriminator.into();
        self
    }

    /// Hands every text that a report shows to `change`: what tells the breach from others is one of them, so
    /// that its identity changes where that does.
    pub fn each_text(&mut self, mut change: impl FnMut(&mut String)) {
        change(&mut self.discriminator);
        change(&mut self.message);
        let parts = [&mut self.label, &mut self.expected, &mut self.actual];
        parts.into_iter().flatten().for_each(&mut change);
        self.help.iter_mut().for_each(|help| change(&mut help.text));
        if let Some(evidence) = &mut self.evidence {
            change(&mut evidence.url);
            change(&mut evidence.curl);
            evidence
                .before
                .iter_mut()
                .for_each(|before| change(&mut before.curl));
            let parts = [&mut evidence.content_type, &mut evidence.case];
            parts.into_iter().flatten().for_each(&mut change);
        }
        if let Some(came) = &mut self.came {
            came.each_text(&mut change);
        }
        if let Some(pointer) = &self.instance {
            let mut text = pointer.as_str().to_owned();
            change(&mut text);
            if text != pointer.as_str() {
                self.instance = Pointer::parse(&text);
            }
        }
    }

    /// The identity of this breach: the same for a new seed and for a reformatted document.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }
}
