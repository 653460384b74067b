//! `impossible-schema`

use std::collections::{HashMap, HashSet};

use oasgate_document::Address;
use serde_json::{Map, Value};

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::contract::{Direction, Schema};

documented! {
    /// No value at all is valid under a schema.
    ///
    /// # What it holds
    ///
    /// Each named schema and each schema of an operation accepts at least one value. What is told is
    /// proved; what cannot be proved is not told.
    ///
    /// # Why
    ///
    /// Every response breaks such a schema, or an optional property can never be there.
    ///
    /// # Not a finding when
    ///
    /// - the schema is `false`, which says so on purpose;
    /// - it needs a value of another that no value fits: that one is told, or one of those that need each other.
    pub ImpossibleSchema = "impossible-schema", Error;
}

/// How many schema objects are tried: a proof may take a while.
const MOST: usize = 2_000;

/// How many schemas that one needs are looked at for who is at fault.
const MAX_NEEDED: usize = 100;

impl Lint for ImpossibleSchema {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let worth = subject
            .schemas
            .iter()
            .filter(|(_, members)| is_worth(members));
        let mut causes = Causes {
            subject,
            known: HashMap::new(),
            told: HashSet::new(),
        };
        for (at, members) in worth.take(MOST) {
            let schema = subject.contract.schema_at(at.clone(), Direction::Response);
            match members.get("enum").and_then(Value::as_array) {
                Some(listed) if listed.iter().any(|value| schema.is_valid(value)) => {}
                Some(listed) => {
                    findings.push(no_listed_value(&schema, listed).at(at.clone()));
                }
                None if causes.is_impossible(at) && causes.is_here(at) => {
                    causes.told.insert(at.clone());
                    findings.push(
                        finding(
                            &Self::RULE,
                            "no value is valid under this schema: its keywords contradict each other",
                        )
                        .at(at.clone()),
                    );
                }
                None => {}
            }
        }
    }
}

/// Whether a schema can contradict itself: one with more than one thing to say.
fn is_worth(members: &Map<String, Value>) -> bool {
    let has_alternatives = members.contains_key("oneOf") || members.contains_key("anyOf");
    members.contains_key("allOf")
        || has_alternatives && members.contains_key("type")
        || members.get("enum").is_some_and(Value::is_array) && members.len() > 1
        || members
            .keys()
            .any(|keyword| keyword.starts_with("min") || keyword.starts_with("exclusive"))
        || members.contains_key("const") && members.len() > 1
        || members.contains_key("pattern")
        || members.contains_key("format") && members.contains_key("maxLength")
        || members.contains_key("required") && members.contains_key("properties")
        || members.contains_key("required")
            && members.get("additionalProperties") == Some(&Value::Bool(false))
}

/// Which of the schemas that no value fits is at fault: what needs another of them is not told.
struct Causes<'s> {
    subject: &'s Subject<'s>,
    known: HashMap<Address, bool>,
    told: HashSet<Address>,
}

impl Causes<'_> {
    fn is_impossible(&mut self, at: &Address) -> bool {
        let contract = self.subject.contract;
        *self.known.entry(at.clone()).or_insert_with(|| {
            contract
                .schema_at(at.clone(), Direction::Response)
                .contradicts_itself()
        })
    }

    /// Whether the fault is this schema's: it needs no other that no value fits, or it is the first told of
    /// those that need each other.
    fn is_here(&mut self, at: &Address) -> bool {
        let mut needed: Vec<Address> = self.needs(at);
        let mut all: HashSet<Address> = needed.iter().cloned().collect();
        while let Some(one) = needed.pop() {
            for next in self.needs(&one) {
                if all.len() < MAX_NEEDED && all.insert(next.clone()) {
                    needed.push(next);
                }
            }
        }
        all.is_empty() || all.contains(at) && all.is_disjoint(&self.told)
    }

    /// The schemas without a value that one must have a value of: parts of `allOf`, required properties and
    /// elements.
    fn needs(&mut self, at: &Address) -> Vec<Address> {
        let document = self.subject.document();
        let Some(Value::Object(members)) = document.get(at) else {
            return Vec::new();
        };
        let mut places = Vec::new();
        let parts = members.get("allOf").and_then(Value::as_array);
        places.extend((0..parts.map_or(0, Vec::len)).map(|index| at.join("allOf").index(index)));
        let required = members.get("required").and_then(Value::as_array);
        let names = required.into_iter().flatten().filter_map(Value::as_str);
        places.extend(names.map(|name| at.join("properties").join(name)));
        if members.get("minItems").and_then(Value::as_u64) > Some(0) {
            places.push(at.join("items"));
        }
        let targets = places.into_iter().filter_map(|place| {
            let (target, value) = document.follow(&place).ok()?;
            value.as_object().is_some_and(is_worth).then_some(target)
        });
        let targets: Vec<Address> = targets.collect();
        targets
            .into_iter()
            .filter(|target| self.is_impossible(target))
            .collect()
    }
}

/// What is wrong with the first value of an `enum` of which none is valid.
fn no_listed_value(schema: &Schema, listed: &[Value]) -> Finding {
    let why = listed
        .first()
        .and_then(|value| schema.violations(value).into_iter().next());
    let told = finding(
        &ImpossibleSchema::RULE,
        match &why {
            Some(why) => format!("no value of the enum is valid: {}", why.message),
            None => "the enum lists no value".to_owned(),
        },
    );
    match why {
        Some(why) => told.with_actual(why.actual).with_expected(why.expected),
        None => told,
    }
}
