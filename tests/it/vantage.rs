//! The stand-in service of `examples/vantage_service`, started within the test.

use crate::fault;

#[path = "../../examples/vantage_service/faults.rs"]
pub(crate) mod faults;
#[path = "../../examples/vantage_service/raw.rs"]
mod raw;
#[path = "../../examples/vantage_service/service.rs"]
pub(crate) mod service;

use tokio::net::TcpListener;
use url::Url;

use faults::Fault;
use service::Service;

/// The token that the service takes.
pub(crate) const TOKEN: &str = "test-token";

/// Starts the service on a free port; it ends with the runtime.
pub(crate) async fn start(faults: Vec<&'static Fault>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(raw::serve(listener, Service::new(TOKEN, faults)));
    format!("http://{address}/v2").parse().expect("it is a URL")
}
