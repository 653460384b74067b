//! `make fault-report`: how many requests it takes to find each fault, from each seed.

use std::{collections::BTreeMap, path::Path};

use oasgate::{contract::Contract, report::write_atomically};
use serde_json::{Value, json};

use super::{Tried, orders, vantage};

/// Writes what was found into the file that `FAULT_REPORT` names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a report, not a test"]
async fn report() {
    let file = std::env::var("FAULT_REPORT").expect("FAULT_REPORT names a file");
    let load = |document| Contract::load(document).expect("it loads");
    let mut rows = rows("orders", &orders::try_all(&load(orders::DOCUMENT)));
    let mut tried = vantage::try_in_process(&load(vantage::DOCUMENT));
    tried.extend(vantage::try_over_loopback().await);
    rows.extend(self::rows("vantage", &tried));
    let text = Value::from(rows).to_string();
    write_atomically(Path::new(&file), text.as_bytes()).expect("it is written");
}

/// A row for each fault: the operations that took part, and the requests from each seed.
fn rows(service: &str, tried: &[Tried]) -> Vec<Value> {
    let mut faults: BTreeMap<&str, Vec<&Tried>> = BTreeMap::new();
    for one in tried {
        faults.entry(one.wanted.fault).or_default().push(one);
    }
    let row = |(fault, runs): (&str, Vec<&Tried>)| {
        let requests: Vec<_> = runs.iter().map(|run| run.requests).collect();
        let wanted = runs[0].wanted;
        json!({
            "service": service,
            "fault": fault,
            "check": wanted.check,
            "operations": wanted.operations,
            "requests": requests,
        })
    };
    faults.into_iter().map(row).collect()
}
