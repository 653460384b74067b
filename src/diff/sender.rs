//! The side of a question that sends: what it sends under a lens, and values of that.
//!
//! It is shared by all that is asked of one pair of schemas, so that its values are made once.

use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashSet},
};

use serde_json::Value;

use super::{
    Lens,
    close::Closed,
    isolate::Isolated,
    keywords::each,
    subsume::{self, Node},
};
use crate::{
    contract::{
        Schema,
        canonical::{self, CanonicalSchema},
    },
    generate::{self, Generator, Values},
};

/// How many alternatives that the consumer does not have get values of their own.
const MAX_OWN: usize = 20;

/// The numbers of the alternatives of what is sent that the consumer does not have, each in its list.
fn own_alternatives(producer: &Isolated, consumer: &Isolated) -> Vec<usize> {
    let known: HashSet<String> = consumer
        .written()
        .flat_map(alternatives)
        .flatten()
        .map(|branch| written(branch, consumer))
        .collect();
    let lists = producer.written().flat_map(alternatives);
    let own = lists.flat_map(|list| {
        list.iter()
            .enumerate()
            .filter(|(_, branch)| !known.contains(&written(branch, producer)))
            .map(|(number, _)| number)
    });
    let numbers: BTreeSet<usize> = own.collect();
    numbers.into_iter().take(MAX_OWN).collect()
}

/// A schema and what it refers to at once.
fn written(schema: &Value, side: &Isolated) -> String {
    let target = schema.get("$ref").and_then(Value::as_str);
    match target.and_then(|name| side.definitions.get(name)) {
        Some(behind) => behind.to_string(),
        None => schema.to_string(),
    }
}

/// Each list of alternatives in a schema.
fn alternatives(schema: &Value) -> Vec<&[Value]> {
    let mut all = Vec::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        let Value::Object(members) = schema else {
            continue;
        };
        for keyword in ["anyOf", "oneOf"] {
            let list = members.get(keyword).and_then(Value::as_array);
            all.extend(list.map(Vec::as_slice));
        }
        each(members, &mut |_, _, one| open.push(one));
    }
    all
}

/// The side that sends, taken out of its document.
pub(super) struct Sender {
    pub(super) isolated: Isolated,
    /// The name of what is sent, and whether it is wider than what is declared.
    pub(super) sent: Closed,
    pub(super) sent_schema: Schema,
    pub(super) open_schema: Schema,
    /// Values of `sent_schema`, made when they are first asked for.
    values: OnceCell<Values>,
    /// A few of them that have much in them, and little.
    bases: OnceCell<Vec<Value>>,
    /// The canonical forms of what is sent and of the schema as it is written, once they were asked for.
    forms: [OnceCell<Option<CanonicalSchema>>; 2],
}

impl Sender {
    pub(super) fn of(mut isolated: Isolated, lens: Lens) -> Option<Self> {
        let mut sent = isolated.produced(lens);
        // What is required or demanded in number may not be declared: then it is sent undeclared.
        if subsume::is_empty(Node::named(&isolated.definitions, &sent.name)) {
            sent = isolated.open();
        }
        let contract = isolated.contract()?;
        Some(Self {
            sent_schema: isolated.schema(&contract, &sent.name),
            open_schema: isolated.schema(&contract, &isolated.root),
            sent,
            isolated,
            values: OnceCell::new(),
            bases: OnceCell::new(),
            forms: Default::default(),
        })
    }

    /// The canonical form of what is sent, which is given as a schema of its own.
    pub(super) fn closed_form(&self, sent: &Value) -> Option<&CanonicalSchema> {
        self.forms[0]
            .get_or_init(|| canonical::canonical(sent))
            .as_ref()
    }

    /// The canonical form of the schema as it is written.
    pub(super) fn open_form(&self) -> Option<&CanonicalSchema> {
        self.forms[1]
            .get_or_init(|| {
                canonical::canonical(&self.isolated.self_contained(&self.isolated.root))
            })
            .as_ref()
    }

    /// Values that are sent.
    pub(super) fn values(&self) -> &Values {
        self.values
            .get_or_init(|| generate::valid_in_haste(&self.sent_schema))
    }

    /// A few values: one that has much in it, one that has little, and others; of the alternatives those first that
    /// the consumer does not have.
    pub(super) fn bases(&self, consumer: &Isolated) -> &[Value] {
        self.bases.get_or_init(|| {
            let mut generator = Generator::new(0, &["diff", "bases"]);
            let own = own_alternatives(&self.isolated, consumer);
            generate::bases_with(self.values(), &own, &mut generator)
        })
    }
}
