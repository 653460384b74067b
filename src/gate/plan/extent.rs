//! How far planning goes: no further than the requests of a run do.

use std::{collections::HashMap, sync::Arc};

use http::Method;

use super::{IN_SECOND_PART, Plan, methods};
use crate::{
    contract::{Contract, Operation, graph::Shape},
    gate::budget::share,
    generate::Strategies,
    run::{LiveSettings, Methods, Unreached},
};

/// How many times the requests of a run are planned at most, when nothing is sent.
const MAX_PLANNED: u64 = 10;

/// How many times its share of the requests is planned of one operation: others may leave theirs.
const MAX_SHARES: usize = 4;

/// Plans the operations of a contract, each when it is asked for: nothing is kept of what came before.
///
/// A run sends [`max_requests`](LiveSettings::max_requests) of all that is planned. When many times as
/// many are planned, the operations that follow are left out as [`Unreached::Budget`].
pub fn plan<'p>(
    contract: &'p Contract,
    settings: &'p LiveSettings,
) -> impl Iterator<Item = Plan> + 'p {
    let strategies = Strategies::default();
    let mut declared = declared_methods(contract);
    let mut left = settings.max_requests.saturating_mul(MAX_PLANNED);
    contract.operations().iter().map(move |operation| {
        if left == 0 {
            return Plan::beyond_budget(operation, settings);
        }
        let mut plan = begun(contract, settings, &strategies, operation, &mut declared);
        plan.complete(contract, settings, &strategies);
        left = left.saturating_sub(plan.cases.len() as u64);
        contract.trim();
        plan
    })
}

/// The methods of each path that have not been looked at yet.
type DeclaredMethods<'p> = HashMap<Shape, Vec<&'p Method>>;

fn declared_methods(contract: &Contract) -> DeclaredMethods<'_> {
    let mut declared = DeclaredMethods::new();
    for operation in contract.operations() {
        declared
            .entry(Shape::of(operation))
            .or_default()
            .push(&operation.method);
    }
    declared
}

/// The first part of the plan of one operation.
fn begun(
    contract: &Contract,
    settings: &LiveSettings,
    strategies: &Strategies,
    operation: &Arc<Operation>,
    declared: &mut DeclaredMethods<'_>,
) -> Plan {
    let is_stopped = || contract.document().stop().reason().is_some();
    let out_of_time = || is_stopped().then_some(Unreached::Budget);
    let left_out = left_out(operation, settings).or_else(out_of_time);
    let mut plan = Plan::empty(operation, left_out);
    // What a path does not declare is looked at once, with the first of its operations.
    if plan.left_out.is_none()
        && let Some(declared) = declared.remove(&Shape::of(operation))
    {
        plan.other_methods = methods::undeclared(&declared, settings);
    }
    plan.start(contract, settings, strategies);
    // A search that was ended found no value, which says nothing of the operation.
    if let Some(Unreached::NoValue(_) | Unreached::NoBody | Unreached::NoRequest) = plan.left_out
        && is_stopped()
    {
        plan.left_out = Some(Unreached::Budget);
    }
    plan
}

/// The first part of every plan, of as many operations as requests may be sent.
pub(in crate::gate) fn begin(
    contract: &Contract,
    settings: &LiveSettings,
    strategies: &Strategies,
) -> Vec<Plan> {
    let mut declared = declared_methods(contract);
    let mut left = settings.max_requests;
    let operations = contract.operations().iter();
    operations
        .map(|operation| {
            if left == 0 {
                return Plan::beyond_budget(operation, settings);
            }
            let plan = begun(contract, settings, strategies, operation, &mut declared);
            left -= u64::from(plan.has_any);
            plan
        })
        .collect()
}

/// How many cases of a phase may be planned of each operation where `left` requests may still be sent; none
/// where none of them would be.
pub(in crate::gate) fn most_cases(
    plans: &[Plan],
    settings: &LiveSettings,
    left: usize,
) -> Vec<usize> {
    let wanted = |plan: &Plan| {
        let phases = IN_SECOND_PART.iter();
        let counts = phases.map(|phase| plan.estimate(*phase, settings));
        counts.max().unwrap_or(0)
    };
    let wanted: Vec<usize> = plans.iter().map(wanted).collect();
    let shares = share(left.saturating_mul(MAX_SHARES), &wanted);
    let shares = shares.into_iter().zip(wanted);
    shares
        .map(|(share, wanted)| if share < wanted { share } else { usize::MAX })
        .collect()
}

pub(in crate::gate) fn left_out(
    operation: &Operation,
    settings: &LiveSettings,
) -> Option<Unreached> {
    if !settings.is_chosen(operation) {
        return Some(Unreached::Excluded);
    }
    if settings.methods == Methods::Safe && !operation.is_safe() {
        return Some(Unreached::Unsafe);
    }
    if settings.spares(operation) {
        return Some(Unreached::Stopping);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::fixture;

    #[test]
    fn planning_ends_where_no_request_is_left() {
        let contract = fixture::things();
        let mut settings = fixture::settings();
        settings.methods = Methods::All;
        let left_out = |plans: &[Plan]| -> Vec<bool> {
            let plans = plans.iter();
            plans
                .map(|plan| plan.left_out == Some(Unreached::Budget))
                .collect()
        };
        let whole: Vec<Plan> = plan(&contract, &settings).collect();
        assert_eq!(left_out(&whole), [false, false, false]);
        assert!(whole[1].cases.len() > 2 * 10);
        settings.max_requests = 2;
        let cut: Vec<Plan> = plan(&contract, &settings).collect();
        assert_eq!(left_out(&cut), [false, false, true]);
        let first = begin(&contract, &settings, &Strategies::default());
        assert_eq!(left_out(&first), [false, false, true]);
    }

    #[test]
    fn of_a_path_of_many_parameters_few_are_looked_at_and_the_rest_is_told() {
        const MANY: usize = 1_000;
        let names = || (0..MANY).map(|number| format!("p{number}"));
        let path: String = names().map(|name| format!("/{{{name}}}")).collect();
        let parameters = names().map(|name| {
            serde_json::json!({
                "name": name, "in": "path", "required": true,
                "schema": { "type": "string", "pattern": "^[a-z]{1,3}$" },
            })
        });
        let document = serde_json::json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "paths": { path: { "get": {
                "parameters": parameters.collect::<Vec<_>>(),
                "responses": { "200": { "description": "d" } },
            } } },
        });
        let document = oasgate_document::Document::parse("t", document.to_string());
        let contract = Contract::from_document(document.expect("a document"));
        let plan = plan(&contract, &fixture::settings())
            .next()
            .expect("a plan");
        assert_eq!(plan.left_out, None);
        assert!(!plan.cases.is_empty());
        let told = plan.cut_short.len();
        assert!((MANY - 50..MANY).contains(&told), "{told}");
    }

    #[test]
    fn parameters_that_nothing_is_known_of_have_plain_values_in_a_path() {
        let path: String = (0..40).map(|number| format!("/{{p{number}}}")).collect();
        let planned = |path: &str, parameters: serde_json::Value| {
            let document = serde_json::json!({
                "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
                "paths": { path: { "get": {
                    "parameters": parameters, "responses": { "200": { "description": "d" } },
                } } },
            });
            let document = oasgate_document::Document::parse("t", document.to_string());
            let contract = Contract::from_document(document.expect("a document"));
            let settings = fixture::settings();
            let mut plans = plan(&contract, &settings);
            plans.next().expect("a plan")
        };
        let undeclared = planned(&path, serde_json::json!([]));
        assert_eq!(undeclared.left_out, None);
        let examples = undeclared.cases.iter();
        assert!(
            examples
                .clone()
                .any(|case| case.phase == crate::run::Phase::Examples)
        );
        // An empty list has no form in a path, nor can the other be broken beside it: that is told.
        let empty = ["a", "b"].map(|name| {
            serde_json::json!({
                "name": name, "in": "path", "required": true,
                "schema": { "type": "array", "maxItems": 0 },
            })
        });
        let impossible = planned("/{a}/{b}", serde_json::json!(empty));
        assert_eq!(impossible.left_out, Some(Unreached::NoRequest));
        assert!(impossible.cases.is_empty());
    }

    #[test]
    fn of_a_body_of_many_parts_few_are_broken_and_that_is_told() {
        let planned = |count: usize| {
            let names: Vec<String> = (0..count).map(|number| format!("f{number}")).collect();
            let text = serde_json::json!({ "type": "string" });
            let members = names.iter().map(|name| (name.clone(), text.clone()));
            let properties: serde_json::Map<String, serde_json::Value> = members.collect();
            let schema = serde_json::json!({
                "type": "object", "required": names, "properties": properties,
            });
            let document = serde_json::json!({
                "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
                "paths": { "/x": { "post": {
                    "requestBody": { "required": true, "content": {
                        "multipart/form-data": { "schema": schema },
                    } },
                    "responses": { "200": { "description": "d" } },
                } } },
            });
            let document = oasgate_document::Document::parse("t", document.to_string());
            let contract = Contract::from_document(document.expect("a document"));
            let mut settings = fixture::settings();
            settings.methods = Methods::All;
            let mut plans = plan(&contract, &settings);
            let plan = plans.next().expect("a plan");
            let broken = plan.cases.iter().filter(|case| case.breaks.is_some());
            (broken.count(), plan.cut_short)
        };
        let (some, cut) = planned(20);
        assert!(some > 10, "{some}");
        assert!(cut.is_empty());
        let (few, cut) = planned(2_000);
        assert!((1..some).contains(&few), "{few} of {some}");
        assert_eq!(cut.len(), 1);
    }

    #[test]
    fn few_cases_are_planned_of_each_of_many_operations() {
        let contract = fixture::things();
        let mut settings = fixture::settings();
        settings.methods = Methods::All;
        let plans = begin(&contract, &settings, &Strategies::default());
        let most = |left| most_cases(&plans, &settings, left);
        assert_eq!(most(10_000), [usize::MAX; 3]);
        // `addThing` has no part that could be varied.
        assert_eq!(most(3), [usize::MAX, 6, 6]);
        assert_eq!(most(0), [usize::MAX, 0, 0]);
    }

    #[test]
    fn what_may_end_the_service_is_left_out_unless_it_is_named() {
        let text = "openapi: 3.0.3\ninfo: { title: t, version: '1' }\npaths: { /admin/shutdown: { post: { operationId: end, responses: {} } } }";
        let document = oasgate_document::Document::parse("t", text).expect("a document");
        let contract = Contract::from_document(document);
        let mut settings = fixture::settings();
        settings.methods = Methods::All;
        let operation = &contract.operations()[0];
        assert_eq!(left_out(operation, &settings), Some(Unreached::Stopping));
        assert!(!settings.includes(operation));
        settings.only = vec!["end".to_owned()];
        assert_eq!(left_out(operation, &settings), None);
        assert!(settings.includes(operation));
    }
}
