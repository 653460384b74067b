//! Which kinds of broken requests operations took and refused: what one has taken, others may take as well.

use std::collections::{HashMap, HashSet};

use http::StatusCode;
use serde_json::Value;

use crate::{
    check::{Breach, Intent, Part},
    contract::OperationId,
    run::Case,
};

/// How many operations refuse a kind until it is one that the service refuses.
const MANY: usize = 10;

/// What is broken in a request, whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BrokenKind {
    /// The body is not there.
    NoBody,
    /// A parameter is not there.
    NoParameter,
    /// The bytes of the body are not what they are called, and in what: one reader decides for all operations.
    Bytes(String),
    /// A keyword, and the type of the value that breaks it.
    Keyword(String, &'static str),
}

impl BrokenKind {
    /// What a case breaks; `None` where it breaks nothing.
    pub(crate) fn of(case: &Case) -> Option<Self> {
        let breach = case.breaks.as_ref()?;
        Some(match (&breach.part, breach.is_left_out()) {
            (Part::Body, true) => Self::NoBody,
            (Part::Parameter(..), true) => Self::NoParameter,
            _ if breach.is_of_bytes() => Self::Bytes(breach.rule.clone()),
            _ => Self::Keyword(breach.keyword.clone(), type_of(broken_value(case, breach))),
        })
    }
}

fn broken_value<'c>(case: &'c Case, breach: &Breach) -> Option<&'c Value> {
    let value = match &breach.part {
        Part::Parameter(location, name) => case.parts.get(*location, name)?,
        Part::Body => &case.parts.body.as_ref()?.1,
    };
    breach.pointer.get(value)
}

fn type_of(value: Option<&Value>) -> &'static str {
    match value {
        None => "nothing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}

/// What became of each kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct BrokenKinds {
    accepted: HashSet<BrokenKind>,
    refused: HashMap<BrokenKind, HashSet<OperationId>>,
}

impl BrokenKinds {
    /// Takes in what a case was answered with.
    pub(crate) fn observe(&mut self, case: &Case, status: StatusCode) {
        if case.intent != Intent::Break {
            return;
        }
        let Some(kind) = BrokenKind::of(case) else {
            return;
        };
        let refusals = [
            StatusCode::BAD_REQUEST,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ];
        if status.is_success() || status.is_server_error() {
            self.accepted.insert(kind);
        } else if refusals.contains(&status) {
            let by = self.refused.entry(kind).or_default();
            by.insert(case.operation.id.clone());
        }
    }

    /// Where a case stands among others: what some operation took comes first, what many have refused last.
    pub(crate) fn rank(&self, case: &Case) -> u8 {
        match BrokenKind::of(case) {
            Some(kind) if self.accepted.contains(&kind) => 0,
            Some(kind) => {
                let refused = self.refused.get(&kind).map_or(0, HashSet::len);
                if refused < MANY { 1 } else { 2 }
            }
            None => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gate::fixture::{case, contract},
        run::Phase,
    };

    fn without_body(id: &str) -> Case {
        Case {
            intent: Intent::Break,
            breaks: Some(Breach::left_out(Part::Body)),
            ..case(&contract(), id, Phase::Invalid)
        }
    }

    #[test]
    fn what_one_operation_takes_comes_first_at_the_others() {
        let mut kinds = BrokenKinds::default();
        let broken = without_body("addPet");
        assert_eq!(kinds.rank(&broken), 1);
        kinds.observe(&broken, StatusCode::BAD_REQUEST);
        assert_eq!(kinds.rank(&broken), 1);
        kinds.observe(&without_body("listPets"), StatusCode::OK);
        assert_eq!(kinds.rank(&broken), 0);
    }
}
