//! Makes findings of what came: the checks, the severities that the user wants, and no secrets.

use std::{borrow::Cow, collections::HashSet};

use serde_json::Value;

use super::{
    hold::{Held, hold},
    knowledge::{context::ResourceContext, used::UsedValues},
    polling::PendingFault,
};
use crate::{
    check::{self, CHECKS, Subject},
    exchange::{Exchange, Request},
    finding::{Finding, RuleId, Trait},
    run::{Case, hide, hide_in},
    transport::{Secret, SendError},
};

/// Judges exchanges of one run against a service.
#[derive(Debug)]
pub(crate) struct Judge<'r> {
    context: ResourceContext<'r>,
    /// What must not be shown, also when a service sends it back.
    secrets: Vec<Secret>,
    /// Rules and operations of breaches that were looked at a second time.
    confirmed: HashSet<(RuleId, String)>,
}

/// Why a finding is only believed when it is seen again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// A refusal that may say that a value was used before.
    UsedValue,
    /// A breach that the same request shows again, looked at once for each operation.
    Once,
    /// An answer that the service may give at every path that nothing has.
    Fallback,
}

impl<'r> Judge<'r> {
    pub(crate) fn new(context: ResourceContext<'r>, secrets: Vec<Secret>) -> Self {
        Self {
            context,
            secrets,
            confirmed: HashSet::new(),
        }
    }

    /// An exchange of a case, as checks are given it.
    pub(crate) fn subject<'s>(&self, case: &'s Case, exchange: &'s Exchange) -> Subject<'s>
    where
        'r: 's,
    {
        let settings = self.context.settings;
        Subject::new(self.context.contract, &case.operation, exchange, &[])
            .with_intent(case.intent)
            .with_breach(case.breaks.as_ref())
            .with_made_up(&case.made_up)
            .with_formats_held(settings.common.hold_formats)
            .with_credential(case.credential_sent(&settings.credentials))
            .with_slow_after(settings.common.slow_after)
    }

    /// What the checks say of an exchange, as far as its phase lets them.
    pub(crate) fn judge(&self, case: &Case, subject: &Subject<'_>) -> Held {
        let mut held = hold(subject, &self.context.settings.common);
        if let Some(wanted) = case.phase.speakers() {
            held.findings
                .retain(|finding| check::has_trait(&finding.rule, wanted));
        }
        held
    }

    /// The same finding, when another exchange of a case like it shows it again.
    pub(crate) fn again(
        &self,
        case: &Case,
        exchange: &Exchange,
        finding: &Finding,
    ) -> Option<Finding> {
        let rule = finding.rule.as_str();
        let check = CHECKS.iter().find(|check| check.rule().id == rule)?;
        let mut findings = Vec::new();
        check.explain(&self.subject(case, exchange), &mut findings);
        findings
            .into_iter()
            .find(|one| one.fingerprint() == finding.fingerprint())
    }

    /// What an operation that takes long did wrong while it was pending.
    pub(crate) fn pending(
        case: &Case,
        fault: &PendingFault,
        exchanges: &[Exchange],
    ) -> Option<Finding> {
        let exchange = exchanges.get(fault.exchange)?;
        let operation = &case.operation;
        Some(check::broken_polling(operation, exchange, &fault.fault))
    }

    /// A request that got no response.
    pub(crate) fn unanswered(case: &Case, request: &Request, error: &SendError) -> Finding {
        let text = error.to_string();
        let mut finding = check::no_response(
            &case.operation,
            request,
            (&text, error.kind()),
            error.is_late(),
        );
        if let Some(evidence) = &mut finding.evidence {
            evidence.case = Some(case.reason());
        }
        finding
    }

    /// Whether a finding only stands when it is seen again.
    pub(crate) fn doubt(
        &self,
        case: &Case,
        exchange: &Exchange,
        finding: &Finding,
    ) -> Option<Doubt> {
        if UsedValues::may_be_taken(case, finding, exchange.response.status) {
            return Some(Doubt::UsedValue);
        }
        if check::has_trait(&finding.rule, Trait::MayBeFallback) {
            return Some(Doubt::Fallback);
        }
        let is_resent = check::has_trait(&finding.rule, Trait::ConfirmedByResending)
            && exchange.request.method.is_safe()
            && !self.confirmed.contains(&key(case, finding));
        is_resent.then_some(Doubt::Once)
    }

    /// Remembers that a breach of an operation was looked at a second time.
    pub(crate) fn note_confirmed(&mut self, case: &Case, finding: &Finding) {
        self.confirmed.insert(key(case, finding));
    }

    /// A finding with its severity and without secrets; `None` when its rule is switched off.
    pub(crate) fn finalize(&self, finding: Finding) -> Option<Finding> {
        let mut finding = self.context.settings.common.severities.apply(finding)?;
        finding.each_text(|text| {
            if let Cow::Owned(hidden) = hide(&self.secrets, text) {
                *text = hidden;
            }
        });
        if let Some(came) = finding.came.as_mut().filter(|_| !self.secrets.is_empty()) {
            // A short one may well be the contract's own word.
            came.each_name(&mut |name| {
                for secret in &self.secrets {
                    if let Cow::Owned(hidden) = secret.hide_long(name) {
                        *name = hidden;
                    }
                }
            });
        }
        Some(finding)
    }

    /// A value without secrets.
    pub(crate) fn redacted<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        hide_in(&self.secrets, value).map_or(Cow::Borrowed(value), Cow::Owned)
    }
}

fn key(case: &Case, finding: &Finding) -> (RuleId, String) {
    (finding.rule.clone(), case.operation.id.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        check::ids,
        contract::graph::Graph,
        exchange::{Origin, Response},
        finding::Severity,
        gate::fixture,
        run::{Phase, SeverityRule},
    };

    fn exchange(case: &Case, status: u16) -> Exchange {
        let status = http::StatusCode::from_u16(status).expect("a status");
        Exchange {
            request: case.request.clone(),
            response: Response::new(status),
            origin: Origin::Live,
        }
    }

    #[test]
    fn secrets_are_hidden_in_findings_and_values() {
        let contract = fixture::contract();
        let (graph, settings) = (Graph::of(&contract), fixture::settings());
        let context = fixture::context(&contract, &graph, &settings);
        let judge = Judge::new(context, vec![Secret::new("TOKEN", "s3cret-token")]);
        let finding = Finding::new("a-rule", Severity::Error, "it says s3cret-token");
        let shown = judge.finalize(finding).expect("it is on");
        assert!(!shown.message.contains("s3cret"), "{}", shown.message);
        let value = json!({ "echo": "s3cret-token" });
        assert!(!judge.redacted(&value).to_string().contains("s3cret"));
    }

    #[test]
    fn a_rule_that_is_off_finds_nothing() {
        let contract = fixture::contract();
        let (graph, mut settings) = (Graph::of(&contract), fixture::settings());
        settings.common.severities.0.push(SeverityRule {
            rule: "a-rule".to_owned(),
            operation: None,
            status: None,
            severity: None,
        });
        let context = fixture::context(&contract, &graph, &settings);
        let judge = Judge::new(context, Vec::new());
        let finding = Finding::new("a-rule", Severity::Error, "something is wrong");
        assert!(judge.finalize(finding).is_none());
    }

    #[test]
    fn only_some_rules_speak_of_other_methods() {
        let contract = fixture::contract();
        let (graph, settings) = (Graph::of(&contract), fixture::settings());
        let context = fixture::context(&contract, &graph, &settings);
        let judge = Judge::new(context, Vec::new());
        let rules = |phase| {
            let case = fixture::case(&contract, "listPets", phase);
            let exchange = exchange(&case, 500);
            let held = judge.judge(&case, &judge.subject(&case, &exchange));
            let rules = held.findings.into_iter().map(|one| one.rule.to_string());
            rules.collect::<Vec<_>>()
        };
        assert!(rules(Phase::Random).contains(&ids::SERVER_ERROR.to_owned()));
        assert_eq!(rules(Phase::Methods), [ids::SERVER_ERROR]);
    }

    #[test]
    fn a_breach_that_is_looked_at_again_is_so_once_for_each_operation() {
        let contract = fixture::contract();
        let (graph, settings) = (Graph::of(&contract), fixture::settings());
        let context = fixture::context(&contract, &graph, &settings);
        let mut judge = Judge::new(context, Vec::new());
        let case = fixture::case(&contract, "listPets", Phase::Auth);
        let exchange = exchange(&case, 200);
        let finding = Finding::new(ids::IGNORED_AUTH, Severity::Error, "it was let in");
        assert_eq!(judge.doubt(&case, &exchange, &finding), Some(Doubt::Once));
        judge.note_confirmed(&case, &finding);
        assert_eq!(judge.doubt(&case, &exchange, &finding), None);
    }
}
