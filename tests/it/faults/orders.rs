//! The orders service: without a fault it keeps its document, with one it does not.

use axum::body::Body;
use oasgate::{
    contract::Contract,
    finding::{Finding, Severity},
    gate::{
        self, Credential, Credentials, Interrupt, Listener, LiveSettings, Methods, NamedCredential,
        Outcome, PollingRule,
    },
    transport::{Secret, ServiceTransport},
};

use super::{SEEDS, Tried, Wanted, Watch, assert_found, in_process, is_registered, with_seeds};
use crate::orders::{
    faults::{Act, FAULTS, Fault, Habit},
    service::{Operation, Service},
    shop::USERS,
};

/// Where the document is.
pub(super) const DOCUMENT: &str = "tests/specs/orders.yaml";

/// `only` names the operations that take part; all of them where it is empty.
fn settings(only: &[&str], seed: u64) -> LiveSettings {
    let polling = PollingRule {
        most_polls: 3,
        ..PollingRule::new("getExport")
    };
    LiveSettings {
        seed,
        workers: 1,
        // Where there are many parameters, there are many ways to put them together.
        random_cases: if only == LIST { 16 } else { 4 },
        edge_cases: 60,
        methods: Methods::All,
        credentials: credentials(),
        polling: vec![polling],
        only: only.iter().map(|id| (*id).to_owned()).collect(),
        ..LiveSettings::new("http://localhost/v1".parse().expect("it is a URL"))
    }
}

/// One user, and another who must not see what belongs to the first.
fn credentials() -> Credentials {
    let [(_, token), (name, other)] = USERS;
    Credentials {
        others: vec![NamedCredential {
            name: name.to_owned(),
            credential: Credential {
                token: Some(Secret::new("OTHER", other)),
                ..Credential::default()
            },
        }],
        ..Credentials::with_token(token)
    }
}

async fn run(
    contract: &Contract,
    faults: Vec<&'static Fault>,
    settings: &LiveSettings,
    listener: &mut dyn Listener,
) -> Outcome {
    let transport = ServiceTransport::<_, Body>::new(Service::new(faults).router());
    let interrupt = Interrupt::default();
    gate::check(contract, &transport, settings, None, listener, &interrupt).await
}

/// Nothing is found in the service without a fault.
fn nothing(_: &Finding) -> bool {
    false
}

/// Runs each fault from each seed.
pub(super) fn try_all(contract: &Contract) -> Vec<Tried> {
    let faults = FAULTS
        .iter()
        .filter(|fault| is_registered(fault.check) && is_within_reach(fault));
    in_process(&with_seeds(faults), |&(fault, seed)| async move {
        let mut watch = Watch::new(fault.check, &nothing);
        let settings = settings(concerned(fault), seed);
        let outcome = run(contract, vec![fault], &settings, &mut watch).await;
        let wanted = Wanted {
            fault: fault.name,
            check: fault.check,
            also: fault.also,
            operations: concerned(fault),
        };
        Tried::new(wanted, seed, &watch, outcome)
    })
}

const STATUS: &[&str] = &["getStatus"];
const ME: &[&str] = &["getMe"];
const PREFERENCES: &[&str] = &["setPreferences"];
const LIST: &[&str] = &["listOrders"];
const CREATE: &[&str] = &["createOrder", "getOrder"];
const ORDERS: &[&str] = &["createOrder", "getOrder", "changeOrder", "deleteOrder"];
const NOTES: &[&str] = &[
    "createOrder",
    "listNotes",
    "addNote",
    "getNote",
    "deleteNote",
];
const REPLACED_NOTES: &[&str] = &["createOrder", "addNote", "getNote", "replaceNote"];
const CHANGED_NOTES: &[&str] = &["createOrder", "addNote", "getNote", "changeNote"];
const EXPORTS: &[&str] = &["createExport", "getExport"];

/// The operations that a fault shows itself in, with those that make what they need. All others
/// answer as they do without a fault, which a test of its own holds.
fn concerned(fault: &Fault) -> &'static [&'static str] {
    match fault.act {
        Act::Body(at, ..)
        | Act::Response(at, ..)
        | Act::Refuse(at, ..)
        | Act::TakesNoBody(at, ..)
        | Act::TakesNoCredential(at)
        | Act::TakesWrongCredential(at)
        | Act::Anybody(at)
        | Act::Flicker(at) => family(at),
        Act::Skip(rule) => EVERY
            .into_iter()
            .find(|at| at.rules().iter().any(|known| known.name == rule))
            .map_or(&[], family),
        Act::Habit(Habit::KeepsDeleted | Habit::LosesCreated | Habit::NamesCreatedAnew) => ORDERS,
        Act::Habit(Habit::ChangesRefused | Habit::ForgetsChanges) => ORDERS,
        Act::Habit(Habit::CreatesRefused) => &["createOrder", "listOrders", "deleteOrder"],
        Act::Habit(Habit::KeepsDeletedNotes | Habit::LosesNotes) => NOTES,
        Act::Habit(Habit::AddsUp | Habit::TakesAuthors) => REPLACED_NOTES,
        Act::Habit(Habit::PatchesAll | Habit::KeepsNulled) => CHANGED_NOTES,
        Act::Habit(Habit::LosesExports | Habit::NeverDone) => EXPORTS,
        Act::Also(_, path) | Act::Allow(path, _) => match path {
            "/status" => STATUS,
            "/me" => ME,
            _ => LIST,
        },
        Act::Problem(..) | Act::Refusal(..) => NOTES,
    }
}

const EVERY: [Operation; 6] = [
    Operation::SetPreferences,
    Operation::ListOrders,
    Operation::CreateOrder,
    Operation::ChangeOrder,
    Operation::AddNote,
    Operation::CreateExport,
];

fn family(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::GetStatus => STATUS,
        Operation::GetMe => ME,
        Operation::SetPreferences => PREFERENCES,
        Operation::ListOrders => LIST,
        Operation::CreateOrder => CREATE,
        Operation::GetOrder | Operation::ChangeOrder | Operation::DeleteOrder => ORDERS,
        Operation::ListNotes | Operation::AddNote | Operation::GetNote | Operation::DeleteNote => {
            NOTES
        }
        Operation::ReplaceNote => REPLACED_NOTES,
        Operation::ChangeNote => CHANGED_NOTES,
        Operation::CreateExport | Operation::GetExport => EXPORTS,
    }
}

/// Whether a fault can be met: most orders, notes and exports are made by a sequence.
fn is_within_reach(fault: &Fault) -> bool {
    is_registered("missing-after-create")
        || ![ORDERS, NOTES, REPLACED_NOTES, CHANGED_NOTES, EXPORTS].contains(&concerned(fault))
}

async fn faultless(contract: &Contract, seed: u64) -> Outcome {
    run(contract, Vec::new(), &settings(&[], seed), &mut ()).await
}

#[test]
fn without_a_fault_nothing_is_found() {
    let contract = Contract::load(DOCUMENT).expect("it loads");
    let outcomes = in_process(&SEEDS, |seed| faultless(&contract, *seed));
    for outcome in outcomes {
        let found: Vec<_> = outcome
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
            .filter(|finding| {
                finding.rule.as_str() != "unreached" || is_registered("missing-after-create")
            })
            .collect();
        assert!(
            found.is_empty(),
            "seed {:?}: {found:#?}",
            outcome.header.seed
        );
        assert!(outcome.held > 100, "{} requests", outcome.held);
    }
}

#[test]
fn each_fault_is_found_by_its_check_from_every_seed() {
    assert!(FAULTS.len() >= 40, "there are {} faults", FAULTS.len());
    let contract = Contract::load(DOCUMENT).expect("it loads");
    assert_found(&try_all(&contract));
}
