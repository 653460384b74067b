//! `contract_tests!` against a service that a test starts: what needs the feature `http`.

use std::net::SocketAddr;

use axum::{Json, Router, http::StatusCode, routing::get};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

/// Starts a service on a free port; it ends with the runtime.
async fn start() -> (SocketAddr, JoinHandle<()>) {
    let missing = || async {
        (
            StatusCode::NOT_FOUND,
            Json(json!({ "errors": ["not here"] })),
        )
    };
    let app = Router::new().route("/v2/data_exports/{token}", get(missing));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let served = tokio::spawn(async move {
        axum::serve(listener, app).await.expect("it serves");
    });
    (address, served)
}

mod started {
    oasgate::contract_tests!(
        "spec/vantage-data-exports.yaml",
        start = super::start,
        phases = [examples, random],
        cases = 3,
    );
}

mod at_a_url {
    oasgate::contract_tests!(
        "spec/vantage-data-exports.yaml",
        url = {
            let (address, served) = super::start().await;
            (format!("http://{address}/v2"), served)
        },
        phases = [examples],
    );
}

mod guarded {
    // `async` functions and closures are both functions that start a service.
    oasgate::contract_tests!(
        "spec/vantage-data-exports.yaml",
        start = || async { super::start().await.0 },
        phases = [examples],
    );
}
