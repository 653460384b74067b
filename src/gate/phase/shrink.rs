//! A failing case made small against the service, what of it does not matter, and both kept for the
//! next run.
//!
//! A step is kept when the same finding comes again. A case stays what it claims to be on the way: one
//! that obeys the contract still obeys it after every step, and one that breaks it is proved broken on
//! the wire again, in the same part and keyword. A request that may change something is only sent again
//! where the state that it meets can be set up again: what it names is made anew for each step.

use std::collections::HashSet;

use http::StatusCode;
use serde_json::Value;

use crate::{
    check::{self, CHECKS, Intent, Part, ids},
    contract::{Location, Operation},
    finding::{Finding, Remedy, Trait},
    gate::{
        case_factory::CaseFactory,
        driver::{Driver, MIN_CONFIRMATIONS},
        failure::{Failure, may_be_chance},
        identity::{Identity, identity},
        knowledge::{
            context::ResourceContext, creation_signs::MIN_RANDOM_NAME, existing::named_path,
            view::plain,
        },
        saved,
        sequence::{self, State},
    },
    generate::{self, Generator},
    run::{Case, Phase, existing},
    transport::Transport,
    wire::RequestParts,
};

/// The most requests that one finding may cost.
const MAX_REQUESTS: usize = 30;

/// The most smaller requests that are made at one step, of which few are sent: most were sent before.
const MAX_CANDIDATES: usize = 1_000;

/// Answers to a request whose failure may depend on what it names.
const MISSES: [StatusCode; 3] = [
    StatusCode::NOT_FOUND,
    StatusCode::CONFLICT,
    StatusCode::GONE,
];

/// How many characters of the id of a case are shown.
const ID: usize = 8;

/// Whether requests may still be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Failures are made small.
    Shrink,
    /// The run ended early: they are kept as they were sent.
    KeepOnly,
}

/// What became of a case.
#[derive(Debug)]
struct Shrunk {
    case: Case,
    /// The finding of the smallest request.
    finding: Finding,
    /// The parts of it for which any other value fails too.
    does_not_matter: Vec<String>,
}

/// Makes the failures of a run small, shows the smallest request of each, and saves it.
pub(crate) async fn run<T: Transport>(driver: &mut Driver<'_, T>, mode: Mode) {
    driver.begin_confirmations();
    // To set up a state may show something new.
    while let Some(Failure { case, finding }) = driver.failures.next() {
        let mut shrunk = match mode {
            Mode::Shrink => shrink(driver, &case, &finding).await,
            Mode::KeepOnly => Err(Unshrunk::NotSent),
        };
        // What the first request named may have been made since.
        if shrunk.as_ref().err() == Some(&Unshrunk::NotRepeated)
            && let Some(newest) = driver.failures.newest(&finding)
            && let Ok(other) = shrink(driver, &newest, &finding).await
        {
            shrunk = Ok(other);
        }
        let is_small = shrunk.is_ok();
        let is_repeated = shrunk.as_ref().err() != Some(&Unshrunk::NotRepeated);
        let missed = match &shrunk {
            Err(Unshrunk::Missed(status)) => Some(*status),
            _ => None,
        };
        let mut shrunk = shrunk.unwrap_or(Shrunk {
            case,
            finding,
            does_not_matter: Vec::new(),
        });
        if !is_repeated {
            let help = if check::speaks_of_state(&shrunk.finding) {
                ids::DEPENDS_ON_STATE
            } else {
                ids::NOT_REPEATED
            };
            shrunk.finding = shrunk.finding.with_help(help);
        }
        if let Some(status) = missed {
            let status = status.as_u16();
            let help = format!(
                "sent again alone, it was answered {status}: what it names may be gone by now, or it fails now and then"
            );
            shrunk.finding = shrunk.finding.with_help(help);
        }
        // What sending it alone does not show, the next run would call fixed.
        let is_kept = is_repeated && save(driver, &shrunk);
        show(driver, &shrunk, is_kept);
        if is_small && mode == Mode::Shrink {
            tell_another(driver, &shrunk).await;
        }
    }
}

/// How many further cases of a failure are tried for another fault behind it.
const MAX_OTHERS: usize = 3;

/// Two faults of one operation, of which the service says the same, are one finding: what fails without
/// what the smallest request needs is the other one.
async fn tell_another<T: Transport>(driver: &mut Driver<'_, T>, shrunk: &Shrunk) {
    let Shrunk { case, finding, .. } = shrunk;
    let others = driver.failures.without_a_part_of(case, finding);
    for (other, part) in others.into_iter().take(MAX_OTHERS) {
        if let Ok(small) = shrink(driver, &other, finding).await {
            let mut found = check::without(&small.finding, &part);
            if let Some(evidence) = &mut found.evidence {
                evidence.case = Some(small.case.reason());
            }
            driver.add(found);
            return;
        }
    }
}

/// Why a case was not made small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unshrunk {
    /// It cannot be sent again.
    NotSent,
    /// It was sent again, alone, and did not fail.
    NotRepeated,
    /// It was sent again, alone, and answered with this: what it names may be gone.
    Missed(StatusCode),
}

/// Puts the smallest request in the place of the first.
fn show<T: Transport>(driver: &mut Driver<'_, T>, shrunk: &Shrunk, is_kept: bool) {
    let mut finding = shrunk.finding.clone();
    if is_kept {
        let id = finding.fingerprint().to_string().chars().take(ID).collect();
        finding = finding.with_help(Remedy::SendAgain(id));
    }
    if let Some(evidence) = &mut finding.evidence {
        evidence.case = Some(shrunk.case.reason());
    }
    for part in &shrunk.does_not_matter {
        finding = finding.with_help(format!("other values of {part} fail too"));
    }
    let operation = &shrunk.case.operation;
    let named = named_path(&driver.context, operation, shrunk.case.request.url.path());
    let was_there = named.is_some_and(|named| driver.knowledge.existing.holds(named));
    if !operation.is_safe() && !existing(&shrunk.case).is_empty() && !was_there {
        finding = finding.with_help(
            "the path names a resource that the run created or made up: name one that is there to send it",
        );
    }
    driver.replace_evidence(finding);
}

/// Keeps a case for the next run; whether it is kept now.
fn save<T: Transport>(driver: &mut Driver<'_, T>, shrunk: &Shrunk) -> bool {
    let settings = driver.context.settings;
    let Some(store) = &settings.regressions else {
        return false;
    };
    let Shrunk {
        case,
        finding,
        does_not_matter,
    } = shrunk;
    if !case.has_values() {
        return false;
    }
    let saved = saved::save(case, finding, does_not_matter, settings);
    let Some(saved) = driver.recorder.without_secrets(saved) else {
        let text = "a failure is not saved: a part of it that has a fixed form is a secret";
        driver.recorder.notice(text.to_owned());
        return false;
    };
    if let Err(error) = store.save(&saved) {
        driver
            .recorder
            .not_saved(format!("a failure cannot be saved: {error}"));
    }
    store.keeps(&saved)
}

/// Whether a finding is one that other values may change.
fn can_shrink(case: &Case, finding: &Finding) -> bool {
    matches!(case.intent, Intent::Obey | Intent::Break)
        && CHECKS.iter().any(|check| {
            let rule = check.rule();
            rule.id == finding.rule.as_str() && !rule.has(Trait::NotShrunk)
        })
}

/// Makes a case small, where it can be sent again and fails a second time.
async fn shrink<T: Transport>(
    driver: &mut Driver<'_, T>,
    case: &Case,
    finding: &Finding,
) -> Result<Shrunk, Unshrunk> {
    let all = driver.executor.budget.left();
    // Each of those that wait is to be sent once more at least.
    let part = all / (driver.failures.waiting() + 1);
    let left = MAX_REQUESTS.min(part.max(MIN_CONFIRMATIONS.min(all)));
    if left > 0 && !case.has_values() && may_be_chance(case, finding) {
        let again = driver.executor.send_once(&case.request).await;
        let status = again.map(|exchange| exchange.response.status);
        let is_chance = status.is_some_and(|status| !status.is_server_error());
        return Err(if is_chance {
            Unshrunk::NotRepeated
        } else {
            Unshrunk::NotSent
        });
    }
    if left == 0 || !can_shrink(case, finding) {
        return Err(Unshrunk::NotSent);
    }
    let mut attempt = Attempt {
        left,
        tried: vec![identity(&case.request)],
        state: sequence::state_for(driver, case).ok_or(Unshrunk::NotSent)?,
        answer: None,
    };
    let mut smallest = case.clone();
    // What fails once and never again is not made smaller by guessing.
    let mut seen = fails(driver, &smallest, finding, &mut attempt).await;
    if seen.is_none() && attempt.state == State::Any && !existing(case).is_empty() {
        // What it names may be gone by now.
        smallest = anew(driver, case, &mut attempt)
            .await
            .ok_or(Unshrunk::NotSent)?;
        seen = fails(driver, &smallest, finding, &mut attempt).await;
    }
    let Some(mut seen) = seen else {
        // What a request names may be gone, and what came before it in a sequence is a part of it.
        let may_miss = !existing(case).is_empty();
        let is_failure =
            finding.rule.as_str() == ids::SERVER_ERROR && case.phase != Phase::Sequences;
        return Err(match attempt.answer.filter(|_| is_failure) {
            Some(status) if may_miss && MISSES.contains(&status) => Unshrunk::Missed(status),
            Some(_) => Unshrunk::NotRepeated,
            None => Unshrunk::NotSent,
        });
    };
    while let Some((smaller, next)) = step(driver, &smallest, finding, &mut attempt).await {
        (smallest, seen) = (smaller, next);
    }
    let does_not_matter = what_does_not_matter(driver, &smallest, finding, &mut attempt).await;
    Ok(Shrunk {
        case: seen.case,
        finding: seen.finding,
        does_not_matter,
    })
}

/// The first smaller case that still fails.
async fn step<T: Transport>(
    driver: &mut Driver<'_, T>,
    case: &Case,
    finding: &Finding,
    attempt: &mut Attempt,
) -> Option<(Case, Failed)> {
    let factory = CaseFactory::new(driver.context.settings);
    for parts in smaller(case).take(MAX_CANDIDATES) {
        if attempt.left == 0 || driver.executor.is_stopped() {
            return None;
        }
        let Some(candidate) = factory.with_parts(case, parts) else {
            continue;
        };
        let key = identity(&candidate.request);
        if attempt.tried.contains(&key) || may_name_others(driver, case, &candidate) {
            continue;
        }
        attempt.tried.push(key);
        if let Some(again) = fails(driver, &candidate, finding, attempt).await {
            return Some((candidate, again));
        }
    }
    None
}

/// Whether a candidate changes something by a name that is not that of the case, and so short that something may be
/// called so, or refers to what the case does not and the run has not made.
fn may_name_others<T: Transport>(driver: &Driver<'_, T>, case: &Case, candidate: &Case) -> bool {
    if driver.refers_to_others(case, candidate) {
        return true;
    }
    let name = ResourceContext::key_of(&case.operation);
    let named = |one: &Case| one.parts.get(Location::Path, name?).map(plain);
    let (before, now) = (named(case), named(candidate));
    !case.operation.is_safe() && before != now && now.is_some_and(|now| now.len() < MIN_RANDOM_NAME)
}

/// The parts that fail with any other value too, as far as two others tell.
async fn what_does_not_matter<T: Transport>(
    driver: &mut Driver<'_, T>,
    case: &Case,
    finding: &Finding,
    attempt: &mut Attempt,
) -> Vec<String> {
    let factory = CaseFactory::new(driver.context.settings);
    let mut found = Vec::new();
    let named = existing(case);
    for (location, name, value) in &case.parts.parameters {
        if attempt.left == 0 || driver.executor.is_stopped() {
            break;
        }
        let part = Part::Parameter(*location, name.clone());
        let is_broken = case
            .breaks
            .as_ref()
            .is_some_and(|breach| breach.part == part);
        // What is made anew each time has another name each time already.
        let is_made =
            attempt.state == State::Anew && *location == Location::Path && named.contains(name);
        if is_broken || is_made {
            continue;
        }
        let others = other_values(
            driver.context.settings.seed,
            &case.operation,
            *location,
            name,
            value,
        );
        let mut failed = 0;
        for other in others {
            let mut parts = case.parts.clone();
            parts.set(*location, name, other);
            let Some(candidate) = factory.with_parts(case, parts) else {
                continue;
            };
            if may_name_others(driver, case, &candidate) {
                continue;
            }
            if fails(driver, &candidate, finding, attempt).await.is_none() {
                failed = 0;
                break;
            }
            failed += 1;
        }
        if failed > 0 {
            found.push(part.to_string());
        }
    }
    found
}

fn other_values(
    seed: u64,
    operation: &Operation,
    location: Location,
    name: &str,
    value: &Value,
) -> Vec<Value> {
    let Some(schema) = operation
        .parameters_in(location)
        .find(|parameter| parameter.name == name)
        .and_then(|parameter| parameter.value.schema())
    else {
        return Vec::new();
    };
    let purpose = [operation.id.as_str(), name, "other"];
    let mut generator = Generator::new(seed, &purpose);
    let strategy = generate::valid(schema);
    let mut others = Vec::new();
    for _ in 0..20 {
        if let Some(other) = generator.draw(&strategy)
            && other != *value
            && !others.contains(&other)
        {
            others.push(other);
        }
        if others.len() == 2 {
            break;
        }
    }
    others
}

/// The same finding, when a case gives it.
async fn fails<T: Transport>(
    driver: &mut Driver<'_, T>,
    case: &Case,
    finding: &Finding,
    attempt: &mut Attempt,
) -> Option<Failed> {
    let case = match attempt.state {
        State::Any => case.clone(),
        State::Anew => anew(driver, case, attempt).await?,
    };
    if attempt.left == 0 || driver.executor.is_stopped() {
        return None;
    }
    attempt.left -= 1;
    // What is refused because it is taken does not show the finding.
    let unused = if check::has_trait(&finding.rule, Trait::ConfirmedWithFreshValues) {
        driver.with_renewed_values(&case)
    } else {
        driver.with_unused_values(&case)
    };
    let case = driver.with_own_key(unused.unwrap_or(case));
    let exchange = driver.executor.send_once(&case.request).await?;
    attempt.answer = Some(exchange.response.status);
    driver.note_created(&case, &exchange);
    let finding = driver.judge.again(&case, &exchange, finding)?;
    Some(Failed { case, finding })
}

/// A case with what it names made anew, as far as what is left allows.
async fn anew<T: Transport>(
    driver: &mut Driver<'_, T>,
    case: &Case,
    attempt: &mut Attempt,
) -> Option<Case> {
    if attempt.left < 2 || driver.executor.is_stopped() {
        return None;
    }
    let before = driver.executor.budget.spent();
    let anew = Box::pin(sequence::set_up(driver, case)).await;
    let spent = driver.executor.budget.spent().saturating_sub(before);
    attempt.left = (attempt.left).saturating_sub(usize::try_from(spent).unwrap_or(usize::MAX));
    anew
}

/// A case as it was sent, and what it gave.
struct Failed {
    case: Case,
    finding: Finding,
}

/// What is left for one finding.
struct Attempt {
    left: usize,
    /// Requests that were sent already.
    tried: Vec<Identity>,
    /// What must be there before each.
    state: State,
    /// What the last request was answered with.
    answer: Option<StatusCode>,
}

/// Every way to make a case one step smaller, the boldest first: without a part, without a piece of the
/// body, with a simpler value. Each is made when it is asked for.
fn smaller(case: &Case) -> impl Iterator<Item = RequestParts> {
    let operation = &case.operation;
    let broken = case.breaks.as_ref().map(|breach| &breach.part);
    let required: HashSet<(Location, &str)> = (operation.parameters.iter())
        .filter(|parameter| parameter.required)
        .map(|parameter| (parameter.location, parameter.name.as_str()))
        .collect();
    let without_parameter = case
        .parts
        .parameters
        .iter()
        .filter(move |(location, name, _)| {
            !required.contains(&(*location, name.as_str()))
                && broken != Some(&Part::Parameter(*location, name.clone()))
        })
        .map(|(location, name, _)| {
            let mut parts = case.parts.clone();
            parts.remove(*location, name);
            parts
        });
    let body_is_required = operation
        .request_body
        .as_ref()
        .is_some_and(|body| body.required);
    let is_left_out = case.parts.body.is_some() && !body_is_required && broken != Some(&Part::Body);
    let without_body = is_left_out.then(|| {
        let mut parts = case.parts.clone();
        parts.body = None;
        parts
    });
    let body = case.parts.body.iter().flat_map(|(range, value)| {
        generate::simpler(value).into_iter().map(|simpler| {
            let mut parts = case.parts.clone();
            parts.body = Some((range.clone(), simpler));
            parts
        })
    });
    let parameters = case.parts.parameters.iter();
    // The name of a resource that is there has no simpler form.
    let parameters = parameters
        .filter(|(location, name, _)| *location != Location::Path || case.made_up.contains(name))
        .flat_map(|(location, name, value)| {
            generate::simpler(value).into_iter().map(|simpler| {
                let mut parts = case.parts.clone();
                parts.set(*location, name, simpler);
                parts
            })
        });
    without_parameter
        .chain(without_body)
        .chain(body)
        .chain(parameters)
}
