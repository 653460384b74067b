//! What a service answers where nothing is: the page of an application that takes every path no route has.

use http::{Method, StatusCode};

use super::Driver;
use crate::{exchange::Exchange, transport::Transport};

/// A path that no service has.
const NOWHERE: &str = "oasgate-no-such-path";

/// How a response to a path that nothing has looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fallback {
    status: StatusCode,
    content_type: Option<String>,
}

impl Fallback {
    fn of(exchange: &Exchange) -> Self {
        let content_type = exchange.response.header("content-type");
        let essence = content_type.and_then(|text| text.split(';').next());
        Self {
            status: exchange.response.status,
            content_type: essence.map(|text| text.trim().to_ascii_lowercase()),
        }
    }
}

impl<T: Transport> Driver<'_, T> {
    /// Whether a success of GET is what the service answers at a path that nothing has. The service is asked once in
    /// a run.
    pub(super) async fn is_fallback(&mut self, exchange: &Exchange) -> bool {
        if exchange.request.method != Method::GET || !exchange.response.status.is_success() {
            return false;
        }
        if self.fallback.is_none() {
            let mut request = exchange.request.clone();
            request.url.set_query(None);
            let base = self.context.base_path();
            request.url.set_path(&format!("{base}/{NOWHERE}"));
            let nowhere = self.executor.send_once(&request).await;
            self.fallback = Some(nowhere.as_ref().map(Fallback::of));
        }
        self.fallback.as_ref() == Some(&Some(Fallback::of(exchange)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        check::Intent,
        contract::graph::Graph,
        gate::{
            executor::Executor,
            fixture::{
                self,
                Answer::{self, Status},
                Script, case, settings, things,
            },
            interrupt::Interrupt,
            judge::Judge,
            knowledge::{Knowledge, coverage::CoverageTargets},
            recorder::Recorder,
        },
        generate::Strategies,
        run::Phase,
    };

    /// The rules of what is found where GET, which only POST is declared beside, is answered so, and a path that
    /// nothing has.
    async fn found(answers: [Answer; 2]) -> Vec<String> {
        let (contract, settings) = (things(), settings());
        let graph = Arc::new(Graph::of(&contract));
        let context = fixture::context(&contract, &graph, &settings);
        let (strategies, targets) = (Strategies::default(), CoverageTargets::new(&contract));
        let (script, interrupt, mut nobody) = (Script::new(answers), Interrupt::default(), ());
        let mut driver = Driver::new(
            context,
            &strategies,
            Executor::new(&script, &settings, &interrupt),
            Judge::new(context, Vec::new()),
            Recorder::new(&contract, &targets, None, &mut nobody),
            Knowledge::new(&contract, Arc::clone(&graph)),
        );
        let mut undeclared = case(&contract, "addThing", Phase::Methods);
        undeclared.intent = Intent::OtherMethod;
        undeclared.request.method = Method::GET;
        assert!(driver.round(&[undeclared]).await.is_continue());
        let findings = driver.recorder.account.findings().iter();
        findings.map(|finding| finding.rule.to_string()).collect()
    }

    #[tokio::test]
    async fn what_every_path_is_answered_with_is_no_method_of_this_one() {
        assert!(found([Status(200), Status(200)]).await.is_empty());
        let rules = found([Status(200), Status(404)]).await;
        assert_eq!(rules, ["accepted-undeclared-method"]);
    }
}
