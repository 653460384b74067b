//! What a file looks like that is in no format that is read, and how to make one of it that is.

use super::beginning::Beginning;

/// Something that people have and that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Likeness {
    /// What it is, with its article.
    pub(super) what: &'static str,
    /// What to do.
    pub(super) advice: &'static str,
}

/// Files that begin with bytes of their own.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (b"PAR1", "a Parquet file", COLUMNAR),
    (b"ARROW1", "an Arrow file", COLUMNAR),
    (b"\xff\xff\xff\xff", "an Arrow stream", COLUMNAR),
    (b"\xd4\xc3\xb2\xa1", "a packet capture (pcap)", PACKETS),
    (b"\xa1\xb2\xc3\xd4", "a packet capture (pcap)", PACKETS),
    (b"\x4d\x3c\xb2\xa1", "a packet capture (pcap)", PACKETS),
    (b"\x0a\x0d\x0d\x0a", "a packet capture (pcapng)", PACKETS),
    (
        b"SQLite format 3",
        "a SQLite database",
        "export its exchanges as HAR or as NDJSON",
    ),
    (
        b"Obj\x01",
        "an Avro file",
        "convert it to Parquet or to NDJSON, such as with DuckDB",
    ),
    (
        b"ORC",
        "an ORC file",
        "convert it to Parquet or to NDJSON, such as with DuckDB",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed with zstd",
        "unpack it: zstd -dc FILE | oasgate replay SPEC -",
    ),
    (
        b"BZh",
        "compressed with bzip2",
        "unpack it: bzip2 -dc FILE | oasgate replay SPEC -",
    ),
    (
        b"\xfd7zXZ",
        "compressed with xz",
        "unpack it: xz -dc FILE | oasgate replay SPEC -",
    ),
    (
        b"\x04\x22\x4d\x18",
        "compressed with lz4",
        "unpack it: lz4 -dc FILE | oasgate replay SPEC -",
    ),
    (
        b"PK\x03\x04",
        "an archive",
        "unpack it, and name the recordings in it",
    ),
    (
        b"WARC/",
        "a web archive (WARC)",
        "convert it to HAR, such as with warc2har",
    ),
    (b"%PDF", "a PDF", "name a recording"),
];

const COLUMNAR: &str = "this program was built without the feature `columnar`; released programs and the Python package \
     `oasgate` have it, and so has cargo install oasgate-cli --features columnar";

const PACKETS: &str = "it has packets and no exchanges: convert it to HAR, such as with pcap2har; what is \
     encrypted needs the keys of its connections";

const HAR_EXPORT: &str = "export it as HAR";

/// Texts that begin so, or have this in them.
const TEXTS: &[(&[&str], &str, &str)] = &[
    (
        &["<items burpVersion"],
        "an export of Burp Suite",
        "export the same items as HAR with an extension",
    ),
    (
        &["<testResults"],
        "a result file of JMeter",
        "let JMeter write a HAR, or log its samples as NDJSON",
    ),
    (
        &["<charles-session"],
        "a session of Charles",
        "in Charles: File, Export Session, HTTP Archive (.har)",
    ),
    (
        &["<?xml", "<!DOCTYPE html", "<html"],
        "XML or HTML",
        HAR_EXPORT,
    ),
    (
        &[
            "HTTP/1.1 ",
            "HTTP/2 ",
            "* Trying ",
            "*   Trying ",
            "> GET ",
            "> POST ",
        ],
        "a trace of HTTP messages as text",
        "record the same requests through a proxy that writes HAR, such as mitmproxy",
    ),
];

/// JSON that has all of these keys.
const KEYS: &[(&[&str], &str, &str)] = &[
    (
        &["openapi"],
        "an OpenAPI document",
        "the document comes first: oasgate replay SPEC RECORDING",
    ),
    (
        &["swagger"],
        "an OpenAPI document",
        "the document comes first: oasgate replay SPEC RECORDING",
    ),
    (
        &["data/[]/traceID"],
        "an export of Jaeger",
        "collect the same spans with OpenTelemetry, and replay the OTLP JSON of its file exporter",
    ),
    (
        &["[]/traceId", "[]/localEndpoint"],
        "an export of Zipkin",
        "collect the same spans with OpenTelemetry, and replay the OTLP JSON of its file exporter",
    ),
    (
        &["__export_format"],
        "an export of Insomnia",
        "it has requests and no responses: send them through a proxy that writes HAR",
    ),
    (
        &["metric", "type", "data"],
        "what k6 writes as JSON",
        "it has times and no bodies: send the same requests through a proxy that writes HAR",
    ),
    (
        &["socket_buffered_trace"],
        "a tap of a transport socket",
        "tap with Envoy's HTTP filter, which writes exchanges",
    ),
    (
        &["host", "pathAndQuery"],
        "a session of Charles (.chlsj)",
        "in Charles: File, Export Session, HTTP Archive (.har)",
    ),
    (
        &["[]/protocolVersion", "[]/scheme", "[]/host"],
        "a session of Charles (.chlsj)",
        "in Charles: File, Export Session, HTTP Archive (.har)",
    ),
    (
        &["Records/[]/eventSource"],
        "a log of AWS CloudTrail",
        "it has no bodies: log requests and responses at the gateway",
    ),
    (
        &["consumer", "provider", "messages"],
        "a Pact of messages",
        "it has no exchanges of HTTP",
    ),
];

/// What a file is that begins so.
pub(super) fn likeness(bytes: &[u8], beginning: &Beginning<'_>) -> Option<Likeness> {
    let of = |(what, advice): (&'static str, &'static str)| Likeness { what, advice };
    let magic = MAGIC.iter().find(|(magic, ..)| bytes.starts_with(magic));
    if let Some((_, what, advice)) = magic {
        return Some(of((what, advice)));
    }
    if beginning.first_key().is_some() {
        let known = KEYS
            .iter()
            .find(|(keys, ..)| keys.iter().all(|key| beginning.has(key)));
        return known.map(|(_, what, advice)| of((what, advice)));
    }
    let first = beginning.text.lines().next().unwrap_or_default();
    let is_document = ["openapi:", "swagger:"];
    if is_document
        .iter()
        .any(|key| beginning.text.lines().any(|line| line.starts_with(key)))
    {
        return Some(of((KEYS[0].1, KEYS[0].2)));
    }
    let text = TEXTS.iter().find(|(starts, ..)| {
        starts.iter().any(|start| {
            beginning.text.starts_with(start)
                || start.starts_with('<') && first_tags(beginning.text).contains(start)
        })
    });
    if let Some((_, what, advice)) = text {
        return Some(of((what, advice)));
    }
    is_access_log(first).then_some(Likeness {
        what: "an access log as text",
        advice: "it has no bodies and no header fields: log JSON lines with them, as docs/recordings.md shows",
    })
}

/// As much of a text as may stand before the first tag that tells something.
fn first_tags(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(2_000)
        .map_or(text.len(), |(at, _)| at);
    if text.starts_with('<') {
        &text[..end]
    } else {
        ""
    }
}

/// Whether a line has a quoted request line, as the combined format and Envoy's have it.
fn is_access_log(line: &str) -> bool {
    line.split('"').any(|part| {
        let mut words = part.split(' ');
        let is_method = words.next().is_some_and(|word| {
            word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_uppercase())
        });
        is_method
            && words
                .next_back()
                .is_some_and(|word| word.starts_with("HTTP/"))
    })
}
