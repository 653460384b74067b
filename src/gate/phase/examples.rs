//! The document's examples, and what is planned of the values that they bring back.

use std::{borrow::Cow, ops::ControlFlow};

use http::StatusCode;

use crate::{
    gate::{
        case_factory::{CaseFactory, Purpose},
        driver::Driver,
        knowledge::Texts,
        plan,
        schedule::Schedule,
        sequence,
    },
    run::{Case, CredentialChoice, Event, Phase, RunStatus},
    transport::Transport,
};

/// How often the examples are planned anew with values that came back: a list, its elements, what they
/// hold, and what that holds; and another where the first holds nothing.
const MAX_ROUNDS: usize = 8;

/// Sends the document's examples; then, while responses give values that operations need, the examples
/// of those operations again with these values. In the end, completes the plans with them.
pub(crate) async fn run<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
) -> ControlFlow<RunStatus> {
    let context = driver.context;
    let mut known: Vec<Texts> = vec![Vec::new(); schedule.plans.len()];
    for number in 0..MAX_ROUNDS {
        let before = schedule.sent();
        let left = driver.executor.budget.left();
        let round = schedule.take(Phase::Examples, context, left).concat();
        schedule.mark(&round);
        driver.rounds(round).await?;
        // The first may have been sent before.
        if number > 0 && schedule.sent() == before {
            break;
        }
        for (plan, known) in schedule.plans.iter_mut().zip(&mut known) {
            let values = driver.knowledge.values_for(&plan.operation, context);
            let index = context.index(&plan.operation);
            let shown = index.and_then(|index| driver.knowledge.shown.body_for(index));
            let is_new = !values.is_empty() && *known != values;
            if !is_new && plan.like == shown {
                continue;
            }
            plan.like = shown;
            let mut settings = context.settings.clone();
            settings.parameters.extend(values.iter().cloned());
            plan.start(context.contract, &settings, driver.strategies);
            *known = values;
        }
    }
    ask_with_credential(driver, schedule).await?;
    complete(driver, schedule, &known);
    ControlFlow::Continue(())
}

/// Operations for which the document asks no credential and which refused a request without one: with it
/// they show what else there is to see.
async fn ask_with_credential<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
) -> ControlFlow<RunStatus> {
    let settings = driver.context.settings;
    if !settings.credentials.main.is_known() {
        return ControlFlow::Continue(());
    }
    settings
        .credentials
        .learn_usual(driver.context.contract.operations());
    let mut guarded = sent_with_credential(driver, schedule).await?;
    // A key that is all of `Authorization` may be wanted behind `Bearer`.
    if guarded.is_empty() && settings.credentials.is_usually_bare() {
        settings.credentials.refused.note_bearer(true);
        guarded = sent_with_credential(driver, schedule).await?;
        settings
            .credentials
            .refused
            .note_bearer(!guarded.is_empty());
    }
    if !guarded.is_empty() {
        let text = format!(
            "the document asks for no credential of {}, and the service refuses without one: it is sent there from now \
             on; declare `security`",
            guarded.join(", ")
        );
        driver.recorder.notice(text);
    }
    ControlFlow::Continue(())
}

/// How many operations that ask for a credential without saying so show that the whole service does: others may refuse a
/// request with it too, for what that is about.
const MIN_OF_SERVICE: usize = 3;

/// Sends the operations that have refused a request the credential that the document does not ask for, and names those
/// that do not refuse it: they are sent it from now on.
async fn sent_with_credential<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
) -> ControlFlow<RunStatus, Vec<String>> {
    let settings = driver.context.settings;
    let purpose = Purpose::new(
        Phase::Examples,
        "with the credential, which the document does not ask for",
    )
    .with_credential(CredentialChoice::Unasked);
    let factory = CaseFactory::new(settings);
    let open = schedule.plans.iter().filter(|plan| plan.operation.is_open);
    let refused = open.filter(|plan| driver.recorder.account.is_refused(&plan.operation));
    let round: Vec<Case> = refused
        .filter_map(|plan| {
            let mut examples = plan.cases.iter();
            let case = examples.find(|case| case.phase == Phase::Examples)?;
            factory.make(&plan.operation, case.parts.clone(), purpose)
        })
        .collect();
    schedule.mark(&round);
    let answers = driver.round(&round).await?;
    let refusals = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
    let is_refusal = |status: Option<StatusCode>| status.is_none_or(|one| refusals.contains(&one));
    let accepted = answers.iter().filter(|status| !is_refusal(**status));
    let is_of_service = accepted.count() >= MIN_OF_SERVICE;
    let answered = round.iter().zip(answers);
    let guarded = answered
        .filter(|(_, status)| is_of_service || !is_refusal(*status))
        .map(|(case, _)| {
            settings.credentials.undeclared.note(&case.operation);
            case.operation.id.to_string()
        });
    ControlFlow::Continue(guarded.collect())
}

/// Plans what lies around the first requests, with the values that they brought back, and says how much
/// there is to do. This takes a while where there are many operations.
fn complete<T: Transport>(driver: &mut Driver<'_, T>, schedule: &mut Schedule, known: &[Texts]) {
    let context = driver.context;
    let left = driver.executor.budget.left();
    let most = plan::most_cases(&schedule.plans, context.settings, left);
    for ((plan, known), most) in schedule.plans.iter_mut().zip(known).zip(most) {
        if driver.executor.is_over() {
            break;
        }
        if most == 0 {
            continue;
        }
        let mut settings = Cow::Borrowed(context.settings);
        if most < settings.edge_cases.max(settings.random_cases) {
            let settings = settings.to_mut();
            settings.edge_cases = settings.edge_cases.min(most);
            settings.random_cases = settings.random_cases.min(most);
        }
        if !known.is_empty() {
            settings.to_mut().parameters.extend(known.iter().cloned());
        }
        plan.accepted = driver.knowledge.used.accepted(&plan.operation).cloned();
        plan.complete(context.contract, &settings, driver.strategies);
    }
    schedule.is_complete = true;
    let sequences = sequence::outline(context.contract, context.graph, context.settings);
    let sequences = sequences.iter().map(sequence::Sequence::requests);
    let cases = schedule.plans.iter().map(|plan| plan.cases.len());
    let planned = cases.chain(sequences).sum::<usize>() as u64;
    let planned = planned.min(context.settings.max_requests);
    driver.recorder.tell(&Event::Planned(planned));
}
