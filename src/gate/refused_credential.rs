//! What a user can do about operations that were refused: whether it is the credential, one of its forms, or what the
//! requests named, as all operations of a run together show it.

use std::collections::{BTreeMap, HashMap};

use super::plan::Plan;
use crate::{
    contract::Operation,
    finding::{Help, Remedy},
    run::{LiveSettings, OperationSummary, Unreached},
};

/// How many operations of one form all fail before the form is blamed.
const MIN_FAILING: usize = 3;

/// How often the operations that the credential is sent to in one form succeeded.
#[derive(Default)]
struct Form {
    reached: usize,
    failed: usize,
}

/// In which forms the credential of a run is accepted.
pub(super) struct Acceptance<'s> {
    settings: &'s LiveSettings,
    /// By what the alternatives are called that the credential may prove; the empty name where a field of every request
    /// has it.
    forms: BTreeMap<String, Form>,
    /// Whether anybody asks for a credential: the document, or the service by a 401.
    is_asked: bool,
}

impl<'s> Acceptance<'s> {
    pub(super) fn of(
        summaries: &[OperationSummary],
        plans: &HashMap<&str, &Plan>,
        settings: &'s LiveSettings,
    ) -> Self {
        let mut all = Self {
            settings,
            forms: BTreeMap::new(),
            is_asked: false,
        };
        for summary in summaries {
            let Some(plan) = plans.get(summary.id.as_str()) else {
                continue;
            };
            let operation = &plan.operation;
            all.is_asked |= operation.requires_credential() || summary.statuses.contains_key(&401);
            if summary.held == 0 || !settings.credentials.is_sent_to(operation) {
                continue;
            }
            let form = all.forms.entry(all.form(operation)).or_default();
            if summary.unreached.is_none() {
                form.reached += 1;
            } else if summary
                .statuses
                .keys()
                .any(|status| (400..500).contains(status))
            {
                form.failed += 1;
            }
        }
        all
    }

    fn form(&self, operation: &Operation) -> String {
        self.settings
            .credentials
            .alternatives(operation)
            .join(" or ")
    }

    /// What may let an operation be reached, the best first.
    pub(super) fn help(
        &self,
        plan: &Plan,
        summary: &OperationSummary,
        why: &Unreached,
    ) -> Vec<Help> {
        let operation = &plan.operation;
        let is_sent = self.settings.credentials.is_sent_to(operation);
        if is_sent && let Some(help) = self.of_another_form(operation, why) {
            return vec![help.into()];
        }
        match why {
            Unreached::Refused if is_sent => self.where_it_is_sent(operation, summary),
            Unreached::Refused => vec![self.where_none_is_sent(operation)],
            why => why.remedy().map(Help::from).into_iter().collect(),
        }
    }

    fn where_it_is_sent(&self, operation: &Operation, summary: &OperationSummary) -> Vec<Help> {
        if !self.is_accepted_beside(operation, summary) {
            return vec![Remedy::CheckCredential.into()];
        }
        let has_names = operation.path.parameters().next().is_some();
        if has_names && summary.statuses.contains_key(&403) {
            return vec![
                Remedy::NameExisting.into(),
                "other operations accept the credential: what is refused may be the names that the run made up".into(),
            ];
        }
        vec![
            "other operations accept the credential: it may lack a right that this one asks for, or what was sent is refused".into(),
        ]
    }

    fn where_none_is_sent(&self, operation: &Operation) -> Help {
        if !self.is_asked {
            return "neither the document nor the service asks for a credential anywhere: what the response says is the reason".into();
        }
        if operation.is_open && self.settings.credentials.main.is_known() {
            return "the document asks for no credential here, so that none was sent: declare `security`".into();
        }
        Remedy::GiveCredential.into()
    }

    /// Whether other operations take the credential in the form in which this one gets it.
    fn is_accepted_beside(&self, operation: &Operation, summary: &OperationSummary) -> bool {
        let reached = self
            .forms
            .get(&self.form(operation))
            .map_or(0, |form| form.reached);
        if operation.requires_credential() {
            return reached > 0;
        }
        // Where the document asks for none, those that succeed may be open to anybody.
        reached >= MIN_FAILING && !summary.statuses.contains_key(&401)
    }

    /// What is said where no operation takes the credential in this form, and others do in another.
    fn of_another_form(&self, operation: &Operation, why: &Unreached) -> Option<String> {
        let may_be_it = matches!(why, Unreached::Refused | Unreached::NotFound);
        let own = self.form(operation);
        let form = self
            .forms
            .get(&own)
            .filter(|_| may_be_it && !own.is_empty())?;
        if form.reached > 0 || form.failed < MIN_FAILING {
            return None;
        }
        let (other, _) = self
            .forms
            .iter()
            .find(|(name, form)| !name.is_empty() && form.reached > 0)?;
        Some(format!(
            "no operation takes the credential as {own}, and others take it as {other}: give one for {own}"
        ))
    }
}
