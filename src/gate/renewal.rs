//! Cases with other values in place of those that the service has taken once already, or is known to refuse.

use std::borrow::Cow;

use super::{
    case_factory::CaseFactory,
    knowledge::{
        shared::SharedRefusals,
        used::{UsedValues, Which},
    },
};
use crate::{
    generate::Strategies,
    run::{Case, LiveSettings},
};

/// Cases without values of which it is known that no operation accepts them. Those that come to the same
/// without them are left out.
pub(crate) fn without_refused<'c>(
    cases: Cow<'c, [Case]>,
    shared: &mut SharedRefusals,
    settings: &LiveSettings,
) -> Cow<'c, [Case]> {
    let others: Vec<Option<Case>> = cases
        .iter()
        .map(|case| {
            let parts = shared.without_refused(case)?;
            CaseFactory::new(settings).with_parts(case, parts)
        })
        .collect();
    if others.iter().all(Option::is_none) {
        return cases;
    }
    let settled = cases.iter().zip(others).filter_map(|(case, other)| {
        let Some(other) = other else {
            return Some(case.clone());
        };
        shared.is_first(&other.request).then_some(other)
    });
    Cow::Owned(settled.collect())
}

/// Cases with another in the place of each for which there is one.
pub(crate) fn with_others(
    mut cases: Cow<'_, [Case]>,
    mut other: impl FnMut(&Case) -> Option<Case>,
) -> Cow<'_, [Case]> {
    for at in 0..cases.len() {
        if let Some(other) = other(&cases[at]) {
            cases.to_mut()[at] = other;
        }
    }
    cases
}

/// Makes values of cases anew.
pub(crate) struct Renewal<'n> {
    pub(crate) used: &'n mut UsedValues,
    pub(crate) settings: &'n LiveSettings,
    pub(crate) strategies: &'n Strategies,
}

impl Renewal<'_> {
    /// Cases in which no property that is known to be unique repeats a value.
    pub(crate) fn distinct<'c>(&mut self, cases: Cow<'c, [Case]>) -> Cow<'c, [Case]> {
        with_others(cases, |case| self.unused(case))
    }

    /// A case with fresh values for properties that are known to be unique; `None` where it has them.
    pub(crate) fn unused(&mut self, case: &Case) -> Option<Case> {
        if !self.used.knows_unique() {
            return None;
        }
        let factory = CaseFactory::new(self.settings);
        // A body that is not what the values come to is broken as a text.
        let is_written = || {
            let again = factory.with_parts(case, case.parts.clone());
            again.is_some_and(|again| again.request.body == case.request.body)
        };
        if case.phase.repeats() || case.operation.is_safe() || !is_written() {
            return None;
        }
        let drawing = (self.settings.seed, self.strategies);
        let about = case.breaks.as_ref();
        let parts = self
            .used
            .without_repetition(&case.operation, &case.parts, about, drawing)?;
        factory.with_parts(case, parts)
    }

    /// A case with fresh values in place of those that were used before, and the names of the
    /// properties that have them; `None` where none was.
    pub(crate) fn renewed(&mut self, case: &Case, which: Which) -> Option<(Case, Vec<String>)> {
        let drawing = (self.settings.seed, self.strategies);
        let renewed = self.used.renewed(case, which, drawing)?;
        let case = CaseFactory::new(self.settings).with_parts(case, renewed.parts)?;
        Some((case, renewed.names))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use oasgate_document::{Document, Pointer};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        check::{Breach, Part},
        contract::{Contract, Operation},
        exchange::{Exchange, Origin, Response},
        gate::{case_factory::Purpose, fixture},
        run::Phase,
        wire::RequestParts,
    };

    /// `addUser`, whose body has a name, an age, and a name inside.
    fn add_user() -> Arc<Operation> {
        adding("/users")
    }

    /// What makes a thing of a collection.
    fn adding(path: &str) -> Arc<Operation> {
        let text = json!({ "type": "string", "minLength": 1, "maxLength": 20 });
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": { path: { "post": {
                "operationId": "addUser",
                "requestBody": { "content": { "application/json": { "schema": {
                    "type": "object",
                    "properties": {
                        "name": text,
                        "age": { "type": "integer", "maximum": 99 },
                        "account": { "type": "object", "properties": { "login": text } },
                    },
                } } } },
                "responses": { "201": { "description": "Fine" } },
            } } },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        fixture::operation(&Contract::from_document(document), "addUser")
    }

    fn case(body: Value, breaks: Option<Breach>) -> Case {
        case_of(&add_user(), body, breaks)
    }

    fn case_of(operation: &Arc<Operation>, body: Value, breaks: Option<Breach>) -> Case {
        let settings = fixture::settings();
        let parts = RequestParts {
            body: Some(("application/json".to_owned(), body)),
            ..RequestParts::default()
        };
        let purpose = Purpose::new(Phase::Random, "a test");
        let factory = CaseFactory::new(&settings);
        let restored = factory.restored(operation, parts, breaks, purpose);
        restored.expect("it is what it claims to be")
    }

    fn body(case: &Case) -> &Value {
        &case.parts.body.as_ref().expect("a body").1
    }

    /// What was sent was taken.
    fn taken(used: &mut UsedValues, case: &Case) {
        let exchange = Exchange {
            request: case.request.clone(),
            response: Response::new(http::StatusCode::CREATED),
            origin: Origin::Live,
        };
        used.observe(case, &exchange);
    }

    fn with_renewal<R>(used: &mut UsedValues, act: impl FnOnce(&mut Renewal<'_>) -> R) -> R {
        act(&mut Renewal {
            used,
            settings: &fixture::settings(),
            strategies: &Strategies::default(),
        })
    }

    #[test]
    fn what_was_used_is_made_anew_wherever_it_stands() {
        let mut used = UsedValues::default();
        let first = case(json!({ "name": "ann", "account": { "login": "a" } }), None);
        assert!(with_renewal(&mut used, |all| all.renewed(&first, Which::Names)).is_none());
        taken(&mut used, &first);
        let (again, names) =
            with_renewal(&mut used, |all| all.renewed(&first, Which::Names)).expect("fresh");
        assert_ne!(body(&again)["name"], "ann");
        assert_ne!(body(&again)["account"]["login"], "a");
        assert_eq!(names, ["name", "login"]);
    }

    #[test]
    fn a_number_that_was_kept_as_a_text_is_used() {
        let mut used = UsedValues::default();
        let breach = Breach {
            part: Part::Body,
            pointer: Pointer::root().join("name"),
            keyword: "type".to_owned(),
            rule: "type string".to_owned(),
        };
        taken(&mut used, &case(json!({ "name": 7 }), Some(breach)));
        let text = case(json!({ "name": "7" }), None);
        assert!(with_renewal(&mut used, |all| all.renewed(&text, Which::Names)).is_some());
    }

    #[test]
    fn cases_of_a_round_share_no_value_that_is_unique() {
        let mut used = UsedValues::default();
        let all = vec![case(json!({ "name": "ann", "age": 3 }), None); 3];
        let same = with_renewal(&mut used, |renewal| {
            renewal.distinct((&all).into()).into_owned()
        });
        assert!(same.iter().all(|one| body(one)["name"] == "ann"));
        used.learn_unique(vec!["name".to_owned()]);
        let others = with_renewal(&mut used, |renewal| {
            renewal.distinct((&all).into()).into_owned()
        });
        let names: std::collections::HashSet<String> = others
            .iter()
            .map(|one| body(one)["name"].to_string())
            .collect();
        assert_eq!(names.len(), 3);
        assert!(others.iter().all(|one| body(one)["age"] == 3));
    }

    #[test]
    fn another_collection_may_have_a_thing_of_the_same_name() {
        let mut used = UsedValues::default();
        used.learn_unique(vec!["name".to_owned()]);
        let body = json!({ "name": "a/b" });
        let users = [case(body.clone(), None)];
        with_renewal(&mut used, |renewal| {
            renewal.distinct((&users).into()).into_owned()
        });
        let teams = [case_of(&adding("/teams"), body, None)];
        let same = with_renewal(&mut used, |renewal| {
            renewal.distinct((&teams).into()).into_owned()
        });
        assert_eq!(self::body(&same[0])["name"], "a/b");
    }

    #[test]
    fn what_a_request_is_broken_in_stays() {
        let mut used = UsedValues::default();
        used.learn_unique(vec!["name".to_owned()]);
        let breach = Breach {
            part: Part::Body,
            pointer: Pointer::root().join("name"),
            keyword: "minLength".to_owned(),
            rule: "minLength 1".to_owned(),
        };
        let broken = case(json!({ "name": "" }), Some(breach));
        taken(&mut used, &broken);
        assert!(with_renewal(&mut used, |all| all.unused(&broken)).is_none());
    }
}
