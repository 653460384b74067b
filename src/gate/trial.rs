//! A driver over a service of a test, for the tests of what stands above it.

use std::sync::Arc;

use oasgate_document::Document;

use super::{
    driver::Driver,
    executor::Executor,
    fixture,
    interrupt::Interrupt,
    judge::Judge,
    knowledge::{Knowledge, coverage::CoverageTargets},
    recorder::Recorder,
};
use crate::{
    contract::{Contract, graph::Graph},
    generate::Strategies,
    run::{Event, Listener, LiveSettings},
    transport::Transport,
};

/// What was told while a driver worked.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) rules: Vec<String>,
    pub(super) notices: Vec<String>,
}

impl Listener for Told {
    fn on(&mut self, event: &Event<'_>, _: &Document) {
        match event {
            Event::Found(finding) => self.rules.push(finding.rule.to_string()),
            Event::Notice(text) => self.notices.push((*text).to_owned()),
            _ => {}
        }
    }
}

/// Has `work` done with a driver over a service, and answers what was told.
pub(super) async fn driven<T: Transport>(
    contract: &Contract,
    settings: &LiveSettings,
    service: &T,
    work: impl AsyncFnOnce(&mut Driver<'_, T>),
) -> Told {
    let graph = Arc::new(Graph::of(contract));
    let context = fixture::context(contract, &graph, settings);
    let (strategies, targets) = (Strategies::default(), CoverageTargets::new(contract));
    let (interrupt, mut told) = (Interrupt::default(), Told::default());
    let mut driver = Driver::new(
        context,
        &strategies,
        Executor::new(service, settings, &interrupt),
        Judge::new(context, Vec::new()),
        Recorder::new(contract, &targets, None, &mut told),
        Knowledge::new(contract, Arc::clone(&graph)),
    );
    work(&mut driver).await;
    drop(driver);
    told
}
