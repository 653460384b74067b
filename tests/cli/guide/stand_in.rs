//! The stand-in services, served within the test.

use std::thread;

use tokio::{net::TcpListener, sync::oneshot};

#[path = "../../../examples/stand_in/fault.rs"]
#[expect(dead_code, reason = "what a fault is told by is for its list")]
mod fault;

mod orders;
mod vantage;

/// A service that runs until it is let go.
pub(super) struct StandIn {
    /// `http://127.0.0.1:PORT`
    pub(super) origin: String,
    _end: oneshot::Sender<()>,
}

/// Starts a stand-in on a free port.
pub(super) fn start(name: &str, faults: &[String]) -> StandIn {
    let (end, ended) = oneshot::channel::<()>();
    let (say, said) = std::sync::mpsc::channel();
    let (name, faults) = (name.to_owned(), faults.to_vec());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            say.send(listener.local_addr().expect("an address"))
                .expect("somebody hears");
            match name.as_str() {
                "orders" => {
                    let faults = chosen(&faults, orders::faults::FAULTS);
                    let router = orders::service::Service::new(faults).router();
                    tokio::spawn(async { axum::serve(listener, router).await });
                }
                "vantage" => {
                    let faults = chosen(&faults, vantage::faults::FAULTS);
                    let service = vantage::service::Service::new("demo-token", faults);
                    tokio::spawn(vantage::raw::serve(listener, service));
                }
                other => panic!("there is no stand-in {other}"),
            }
            let _ = ended.await;
        });
    });
    let address = said.recv().expect("it listens");
    StandIn {
        origin: format!("http://{address}"),
        _end: end,
    }
}

fn chosen<A>(names: &[String], all: &'static [fault::Fault<A>]) -> Vec<&'static fault::Fault<A>> {
    let find = |name: &String| {
        all.iter()
            .find(|fault| fault.name == *name)
            .unwrap_or_else(|| panic!("there is no fault {name}"))
    };
    names.iter().map(find).collect()
}
