//! What breaking changes mean for recorded traffic.
//!
//! Recorded requests are read by both documents: one that the old document accepts and the new one refuses
//! breaks, and the keyword that refuses it tells by which change. A response that grew was never recorded;
//! there the exchanges count whose client reads that response.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use indexmap::IndexMap;
use oasgate_document::Address;

use super::{
    Comparison, Flow, Verdict, change::Concerned, operations, rules::added_security::AddedSecurity,
};
use crate::{
    check::{CHECKS, Subject, ids, unread_entry},
    contract::{Contract, Operation, Route},
    exchange::Exchange,
    finding::{Finding, Fingerprint},
};

/// Recorded exchanges beside the breaking changes of a comparison.
pub struct Traffic<'c> {
    old: &'c Contract,
    new: &'c Contract,
    /// The new operation of each old one that clients call, by its id.
    matched: HashMap<String, Arc<Operation>>,
    /// Numbers of changes, by the old operation that they reach.
    reaching: HashMap<String, Vec<usize>>,
    counts: Vec<Option<u64>>,
    exchanges: u64,
    breaking: u64,
    /// How many entries could be read, whatever they ask.
    read: u64,
    /// How many could not.
    unread: u64,
    /// A finding for each reason, by what tells them apart.
    reasons: IndexMap<Fingerprint, Finding>,
}

/// How many reasons for what could not be read are told.
const MAX_REASONS: usize = 1_000;

impl<'c> Traffic<'c> {
    /// No exchanges yet.
    pub fn new(old: &'c Contract, new: &'c Contract, comparison: &Comparison) -> Self {
        let matching = operations::Subject::of(old, new);
        let matched = matching
            .called()
            .map(|one| (one.id().to_owned(), Arc::clone(&one.new)))
            .collect();
        let mut reaching: HashMap<String, Vec<usize>> = HashMap::new();
        let mut counts = Vec::new();
        let operations: HashSet<&str> = old
            .operations()
            .iter()
            .map(|operation| operation.id.as_str())
            .collect();
        for (number, change) in comparison.changes.iter().enumerate() {
            // What calls a client is not recorded, nor are credentials.
            let is_seen = change.verdict == Verdict::Breaking
                && change.rule.as_str() != AddedSecurity::RULE.id
                && change
                    .operations
                    .iter()
                    .any(|operation| operations.contains(operation.as_str()));
            counts.push(is_seen.then_some(0));
            if is_seen {
                for operation in &change.operations {
                    reaching.entry(operation.clone()).or_default().push(number);
                }
            }
        }
        Self {
            old,
            new,
            matched,
            reaching,
            counts,
            exchanges: 0,
            breaking: 0,
            read: 0,
            unread: 0,
            reasons: IndexMap::new(),
        }
    }

    /// Notes an entry of the recording `file` that could not be read; `message` says where and why.
    pub fn unread(&mut self, file: &str, message: String) {
        self.unread += 1;
        if self.reasons.len() < MAX_REASONS {
            let reason = message.clone();
            let finding = unread_entry(file, &reason, message);
            self.reasons.entry(finding.fingerprint()).or_insert(finding);
        }
    }

    /// Looks at one exchange.
    pub fn look(&mut self, exchange: &Exchange, comparison: &Comparison) {
        self.read += 1;
        let request = &exchange.request;
        let Ok(route) = self.old.route(&request.method, &request.url) else {
            return;
        };
        self.exchanges += 1;
        let Some(numbers) = self.reaching.get(route.operation.id.as_str()) else {
            return;
        };
        let refused = self.refused(exchange, &route);
        let status = route.operation.responses.get(exchange.response.status);
        let status = status.map(|response| response.key.to_string());
        let mut breaks = false;
        for number in numbers {
            let (Some(change), Some(Some(count))) = (
                comparison.changes.get(*number),
                self.counts.get_mut(*number),
            ) else {
                continue;
            };
            let concerns = match change.flow {
                None => true,
                Some(Flow::Request) => change.new.as_ref().is_some_and(|at| refused.contains(at)),
                Some(Flow::Response) => {
                    let is_about = |one: &String| Some(one) == status.as_ref();
                    change.statuses.is_empty() || change.statuses.iter().any(is_about)
                }
            };
            if concerns {
                *count += 1;
                breaks = true;
            }
        }
        self.breaking += u64::from(breaks);
    }

    /// Where the new document refuses a request that the old one accepts.
    fn refused(&self, exchange: &Exchange, route: &Route<'_>) -> HashSet<Address> {
        let Some(new) = self.matched.get(route.operation.id.as_str()) else {
            return HashSet::new();
        };
        let old = mismatches(self.old, route.operation, exchange, &route.path_values);
        if !old.is_empty() {
            return HashSet::new();
        }
        // What stands at the same place of the path may have another name, and the server another address.
        let names = new.path.parameters();
        let values = route.operation.path.parameters().map(|name| {
            let value = route.path_values.iter().find(|(one, _)| one == name);
            value.map(|(_, value)| value.clone()).unwrap_or_default()
        });
        let path_values: Vec<(String, String)> = names.map(str::to_owned).zip(values).collect();
        mismatches(self.new, new, exchange, &path_values)
            .into_iter()
            .filter_map(|finding| finding.document)
            .collect()
    }

    /// Gives each breaking change the number of exchanges that it concerns, and the comparison what was seen of the
    /// recordings.
    pub fn settle(self, comparison: &mut Comparison) {
        for (change, count) in comparison.changes.iter_mut().zip(self.counts) {
            change.recorded = count;
        }
        comparison.unread = self.reasons.into_values().collect();
        comparison.concerned = Some(Concerned {
            exchanges: self.exchanges,
            breaking: self.breaking,
            read: self.read,
            unread: self.unread,
        });
    }
}

fn mismatches(
    contract: &Contract,
    operation: &Operation,
    exchange: &Exchange,
    path_values: &[(String, String)],
) -> Vec<Finding> {
    let subject = Subject::new(contract, operation, exchange, path_values);
    let mut findings = Vec::new();
    CHECKS
        .iter()
        .filter(|check| check.rule().id == ids::REQUEST_MISMATCH)
        .for_each(|check| check.explain(&subject, &mut findings));
    findings
}

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode};
    use oasgate_document::Document;
    use serde_json::json;
    use url::Url;

    use super::{super::Lens, *};
    use crate::exchange::{Origin, Request, Response};

    #[test]
    fn a_request_is_read_by_the_operation_that_took_its_place() {
        let contract = |server: &str, name: &str, most: u64| {
            let parameters = json!([
                { "name": name, "in": "path", "required": true, "schema": { "type": "integer" } },
                { "name": "limit", "in": "query", "schema": { "type": "integer", "maximum": most } },
            ]);
            let responses = json!({ "200": { "description": "ok" } });
            let operation =
                json!({ "operationId": "a", "parameters": parameters, "responses": responses });
            let root = json!({
                "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
                "servers": [{ "url": server }],
                "paths": { (format!("/things/{{{name}}}")): { "get": operation } },
            });
            let document = Document::parse("t", root.to_string()).expect("a document");
            Contract::from_document(document)
        };
        let old = contract("https://a.example/v1", "id", 100);
        let new = contract("https://a.example/v2", "key", 10);
        let mut comparison = super::super::compare(&old, &new, Lens::Declared);
        let mut traffic = Traffic::new(&old, &new, &comparison);
        for limit in [5, 50] {
            let url = format!("https://a.example/v1/things/5?limit={limit}");
            let url = Url::parse(&url).expect("an address");
            let exchange = Exchange {
                request: Request::new(Method::GET, url),
                response: Response::new(StatusCode::OK),
                origin: Origin::Live,
            };
            traffic.look(&exchange, &comparison);
        }
        traffic.settle(&mut comparison);
        let concerned = comparison.concerned.expect("traffic was looked at");
        assert_eq!((concerned.exchanges, concerned.breaking), (2, 1));
    }
}
