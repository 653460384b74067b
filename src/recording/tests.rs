//! Every format from small recordings with the traps that real ones set.

use std::io::{Cursor, Write as _};

use http::{Method, StatusCode};
use proptest::prelude::*;
use url::Url;

use super::*;
use crate::exchange::Body;

fn all(recording: impl Into<Vec<u8>>) -> Vec<Result<Exchange, String>> {
    read("test", Cursor::new(recording.into()))
        .expect("the recording is in a known format")
        .map(|entry| {
            entry
                .and_then(|entry| entry.exchange())
                .map_err(|error| error.to_string())
        })
        .collect()
}

fn har(entries: &str) -> String {
    format!(r#"{{"log": {{"version": "1.2", "creator": {{}}, "entries": [{entries}]}}}}"#)
}

fn har_entry(response: &str) -> String {
    format!(
        r#"{{"time": 12.5, "request": {{"method": "GET", "url": "http://a.test/x", "headers": []}}, "response": {response}}}"#
    )
}

fn only(recording: impl Into<Vec<u8>>) -> Exchange {
    let mut all = all(recording);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).expect("the entry is good")
}

#[test]
fn har_gives_its_exchanges_in_order_with_their_place() {
    let one = har_entry(
        r#"{"status": 200, "headers": [{"name": "A", "value": "1"}, {"name": "a", "value": "2"}], "content": {"size": 2, "text": "{}"}}"#,
    );
    let all = all(har(&format!("{one}, {one}")));
    assert_eq!(all.len(), 2);
    let second = all[1].as_ref().expect("it is good");
    assert_eq!(
        second.origin,
        Origin::Recorded {
            file: "test".into(),
            entry: 2,
            line: None,
            kept: second.origin.kept().expect("it is recorded"),
        }
    );
    assert_eq!(second.response.headers.get_all("a").iter().count(), 2);
    assert_eq!(second.response.body, Body::from("{}"));
    assert_eq!(
        second.response.elapsed.map(|elapsed| elapsed.as_micros()),
        Some(12_500)
    );
}

#[test]
fn har_text_that_is_missing_is_not_an_empty_body() {
    let body = |response: &str| only(har(&har_entry(response))).response.body;
    assert_eq!(
        body(r#"{"status": 200, "content": {"size": 10}}"#),
        Body::NotRecorded
    );
    assert_eq!(
        body(r#"{"status": 200, "content": {"size": -1}, "bodySize": -1}"#),
        Body::NotRecorded
    );
    assert_eq!(
        body(r#"{"status": 200, "content": {"size": 0}, "bodySize": -1}"#),
        Body::empty()
    );
    assert_eq!(
        body(r#"{"status": 204, "content": {"size": -1}}"#),
        Body::empty()
    );
}

#[test]
fn har_base64_and_stale_codings_are_undone_once() {
    let coded = |text: &str, encoding: &str| {
        let header = r#"[{"name": "Content-Encoding", "value": "gzip"}]"#;
        let response = format!(
            r#"{{"status": 200, "headers": {header}, "content": {{"size": 1, "text": "{text}"{encoding}}}}}"#
        );
        only(har(&har_entry(&response))).response.body
    };
    assert_eq!(coded("plain", ""), Body::from("plain"));
    assert_eq!(
        coded("cGxhaW4=", r#", "encoding": "base64""#),
        Body::from("plain")
    );
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"plain").expect("memory takes all");
    let packed = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        packed.finish().expect("it ends"),
    );
    assert_eq!(
        coded(&packed, r#", "encoding": "base64""#),
        Body::from("plain")
    );
}

#[test]
fn a_broken_entry_does_not_cost_the_others() {
    let good = har_entry(r#"{"status": 200, "content": {}}"#);
    let blocked = har_entry(r#"{"status": 0}"#);
    let all = all(har(&format!(
        "{good}, {blocked}, {{\"request\": 7}}, {good}"
    )));
    let told: Vec<_> = all
        .iter()
        .map(|one| one.as_ref().err().map(String::as_str))
        .collect();
    assert_eq!(told[0], None);
    assert_eq!(
        told[1],
        Some("test, entry 2: no response was recorded: the request failed or was blocked")
    );
    assert!(
        told[2].is_some_and(
            |error| error.starts_with("test, entry 3: the entry is not as HAR 1.2 has it")
        ),
        "{told:?}"
    );
    assert_eq!(told[3], None);
}

#[test]
fn a_recording_that_is_cut_off_is_read_up_to_the_cut() {
    let entry = har_entry(r#"{"status": 200, "content": {"text": "abc"}}"#);
    let whole = har(&format!("{entry}, {entry}"));
    let all_of_it = all(&whole.as_bytes()[..whole.len() - 20]);
    assert!(all_of_it[0].is_ok());
    let last = all_of_it
        .last()
        .and_then(|last| last.as_ref().err())
        .expect("the cut is told");
    assert!(last.contains("cut off after 1 entry"), "{last}");

    let line =
        r#"{"request": {"method": "GET", "url": "http://a.test/"}, "response": {"status": 200}}"#;
    let cut = all(format!("{line}\n{}", &line[..50]));
    assert!(cut[0].is_ok());
    assert_eq!(
        cut[1].as_ref().err().map(String::as_str),
        Some("test:2: the recording is cut off in this line")
    );

    let yaml = "interactions:\n- request: {method: GET, uri: 'http://a.test/'}\n  response: {status: {code: 200}}\n- request: {method: GE";
    let cut = all(yaml);
    assert!(cut[0].is_ok(), "{cut:?}");
    assert!(cut[1].is_err(), "{cut:?}");
}

#[test]
fn gzip_and_a_byte_order_mark_do_not_matter() {
    let recording = format!(
        "\u{feff}{}",
        har(&har_entry(r#"{"status": 200, "content": {"text": "x"}}"#))
    );
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed
        .write_all(recording.as_bytes())
        .expect("memory takes all");
    assert_eq!(
        only(packed.finish().expect("it ends")).response.body,
        Body::from("x")
    );
    assert_eq!(only(recording).response.body, Body::from("x"));
}

#[test]
fn vcr_is_read_from_yaml_and_json_alike() {
    let yaml = "interactions:\n- request:\n    body: null\n    headers:\n      accept: ['*/*']\n    method: GET\n    uri: http://a.test/x\n  response:\n    body: {string: '{\"a\": 1}\n\n        '}\n    headers: {content-type: [application/json]}\n    status: {code: 200, message: OK}\nversion: 1\n";
    let from_yaml = only(yaml);
    assert_eq!(
        from_yaml.response.header("content-type"),
        Some("application/json")
    );
    assert_eq!(from_yaml.response.body, Body::from("{\"a\": 1}\n"));
    assert_eq!(
        from_yaml.origin,
        Origin::Recorded {
            file: "test".into(),
            entry: 1,
            line: Some(2),
            kept: Kept::default(),
        }
    );
    let json = r#"{"version": 1, "interactions": [{"request": {"method": "GET", "uri": "http://a.test/x", "body": null, "headers": {}}, "response": {"status": {"code": 200}, "headers": {}, "body": {"base64_string": "YWJj"}}}]}"#;
    assert_eq!(only(json).response.body, Body::from("abc"));
}

#[test]
fn vcr_binary_bodies_are_unpacked_where_they_are_packed() {
    let yaml = "interactions:\n- request: {method: GET, uri: 'http://a.test/', body: null}\n  response:\n    headers: {content-encoding: [gzip]}\n    status: {code: 200}\n    body:\n      string: !!binary |\n        H4sIAAAAAAAA/0tMSgYAwkEkNQMAAAA=\n";
    assert_eq!(only(yaml).response.body, Body::from("abc"));
}

#[test]
fn a_broken_line_is_told_with_its_number() {
    let line = r#"{"request": {"method": "GET", "url": "http://a.test/"}, "response": {"status": 200, "body": null}}"#;
    let all = all(format!("{line}\n\nnot json\n{line}\n"));
    assert_eq!(all.len(), 3);
    assert!(
        all[1]
            .as_ref()
            .is_err_and(|error| error.starts_with("test:3, entry 2: the line is not an exchange")),
        "{all:?}"
    );
    assert!(all[2].is_ok());
}

#[test]
fn what_is_no_recording_is_refused_with_what_it_begins_with() {
    let refused = |text: &str| {
        read("x", Cursor::new(text.as_bytes().to_vec()))
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(refused(""), Some("the recording x is empty".to_owned()));
    assert!(
        refused("hello\nworld").is_some_and(|error| error.contains(r#"it begins with "hello"."#))
    );
    assert!(refused(r#"{"openapi": "3.0.0"}"#).is_some());
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        Just(Body::NotRecorded),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Body::from),
        "\\PC{0,20}".prop_map(Body::from),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        body in body(),
        status in 200_u16..600,
        // Of these letters no word is made that names a credential, whose value would be hidden.
        names in proptest::collection::btree_set("[b-h]{1,8}-[b-h]{1,8}", 0..4),
        value in "[!-~]{0,12}",
    ) {
        let url = Url::parse("http://a.test/x?y=z").expect("it is a URL");
        let mut request = Request::new(Method::POST, url);
        let mut response = Response::new(StatusCode::from_u16(status).expect("it is a status"));
        for name in &names {
            message::add_header(&mut request.headers, name, &value);
            message::add_header(&mut response.headers, name, &value);
        }
        response.body = body;
        let exchange = Exchange { request, response, origin: Origin::Live };
        let mut writer = Writer::new(Vec::new());
        writer.write(&exchange).expect("memory takes all");
        let line = writer.finish().expect("memory takes all");
        let written: Value = serde_json::from_slice(&line).expect("it is JSON");
        let schema: Value = serde_json::from_str(include_str!("../../docs/schemas/exchange.schema.json")).expect("it is JSON");
        prop_assert!(jsonschema::is_valid(&schema, &written), "{}", written);
        let read = only(line);
        prop_assert_eq!(read.response.status, exchange.response.status);
        prop_assert_eq!(&read.response.headers, &exchange.response.headers);
        prop_assert_eq!(&read.request.headers, &exchange.request.headers);
        prop_assert_eq!(&read.response.body, &exchange.response.body);
    }
}

#[test]
fn credentials_are_not_written() {
    let mut request = Request::new(
        Method::GET,
        Url::parse("http://a.test/?api_key=hunter2").expect("it is a URL"),
    );
    message::add_header(&mut request.headers, "authorization", "Bearer hunter2");
    let mut response = Response::new(StatusCode::OK);
    message::add_header(&mut response.headers, "set-cookie", "session=hunter2");
    let mut writer = Writer::new(Vec::new());
    writer
        .write(&Exchange {
            request,
            response,
            origin: Origin::Live,
        })
        .expect("memory takes all");
    let text = String::from_utf8(writer.finish().expect("memory takes all")).expect("it is text");
    assert!(!text.contains("hunter2"), "{text}");
}
