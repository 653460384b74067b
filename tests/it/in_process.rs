//! A run against a small service of a test, without a network.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use oasgate::{
    Contract,
    document::Document,
    gate::{self, Interrupt, LiveSettings, Methods, Outcome},
    transport::ServiceTransport,
};
use serde_json::Value;

/// Settings under which everything is sent.
pub(crate) fn settings(seed: u64) -> LiveSettings {
    LiveSettings {
        seed,
        methods: Methods::All,
        ..LiveSettings::new("http://localhost".parse().expect("a URL"))
    }
}

/// Checks a service against a document.
pub(crate) async fn check(document: &str, router: Router, settings: &LiveSettings) -> Outcome {
    let document = Document::parse("service.yaml", document).expect("it is YAML");
    let contract = Contract::from_document(document);
    let transport = ServiceTransport::<_, Body>::new(router);
    let interrupt = Interrupt::default();
    gate::check(&contract, &transport, settings, None, &mut (), &interrupt).await
}

/// The value of the only member that a JSON body has, and that has this name; else the status that refuses the request.
pub(crate) fn only_member(
    headers: &HeaderMap,
    body: &[u8],
    name: &str,
) -> Result<Value, StatusCode> {
    let media_type = headers.get(header::CONTENT_TYPE);
    if media_type.is_none_or(|one| one != "application/json") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let sent: Value = serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let members = sent.as_object().filter(|members| members.len() == 1);
    let member = members.and_then(|members| members.get(name));
    member.cloned().ok_or(StatusCode::BAD_REQUEST)
}
