//! Tables as engines write them, and what is wrong with some.

use std::io::{Cursor, Seek as _, SeekFrom, Write as _};

use arrow_array::{
    ArrayRef, BinaryArray, DictionaryArray, DurationMicrosecondArray, Float64Array, Int32Array,
    Int64Array, RecordBatch, StringArray, StructArray,
    builder::{ListBuilder, MapBuilder, MapFieldNames, StringBuilder},
    types::Int32Type,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};
use tempfile::NamedTempFile;

use crate::{
    exchange::{Body, Exchange},
    recording::{Columns, open_with, read_with},
};

fn text(values: &[Option<&str>]) -> ArrayRef {
    std::sync::Arc::new(StringArray::from(values.to_vec()))
}

fn of(array: impl arrow_array::Array + 'static) -> ArrayRef {
    std::sync::Arc::new(array)
}

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .expect("columns of one length")
}

fn text_of(value: &str) -> ArrayRef {
    text(&[Some(value)])
}

/// Two exchanges in the plainest form.
fn plain() -> RecordBatch {
    table(vec![
        ("method", text(&[Some("GET"), Some("POST")])),
        (
            "url",
            text(&[Some("http://a.test/x?q=1"), Some("http://a.test/y")]),
        ),
        ("status", of(Int32Array::from(vec![200, 201]))),
        ("response_body", text(&[Some("{}"), None])),
    ])
}

fn parquet(batches: &[RecordBatch], compression: Compression) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .build();
    let mut writer =
        ArrowWriter::try_new(&mut file, batches[0].schema(), Some(properties)).expect("a writer");
    for batch in batches {
        writer.write(batch).expect("it is written");
        writer.flush().expect("a row group ends");
    }
    writer.close().expect("it is written");
    file
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).expect("a writer");
    for batch in batches {
        writer.write(batch).expect("it is written");
    }
    writer.finish().expect("it ends");
    writer.into_inner().expect("it is whole")
}

fn shown(exchange: &Exchange) -> String {
    let headers = |headers: &http::HeaderMap| {
        let fields = headers.iter();
        let fields =
            fields.map(|(name, value)| format!(" {name}={}", value.to_str().expect("text")));
        fields.collect::<String>()
    };
    let body = |body: &Body| match body {
        Body::Complete(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
        Body::NotRecorded => "?".to_owned(),
        Body::Cut { .. } => "cut".to_owned(),
    };
    let (request, response) = (&exchange.request, &exchange.response);
    let elapsed = response
        .elapsed
        .map_or_else(String::new, |time| format!(" {time:?}"));
    format!(
        "{} {}{} {} -> {}{} {}{elapsed}",
        request.method,
        request.url,
        headers(&request.headers),
        body(&request.body),
        response.status.as_u16(),
        headers(&response.headers),
        body(&response.body),
    )
}

fn all(reader: crate::recording::Reader) -> Vec<String> {
    let entries = reader.map(|entry| match entry {
        Ok(entry) => match entry.exchange() {
            Ok(exchange) => format!("{}:{} {}", entry.file(), entry.number(), shown(&exchange)),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    });
    entries.collect()
}

/// What is read of a table, by way of a stream.
fn read(batch: RecordBatch, columns: &str) -> Vec<String> {
    match read_with("t", Cursor::new(stream(&[batch])), &given(columns)) {
        Ok(reader) => all(reader),
        Err(error) => vec![error.to_string()],
    }
}

fn given(columns: &str) -> Columns {
    if columns.is_empty() {
        Columns::default()
    } else {
        columns.parse().expect("columns")
    }
}

/// What is read of a Parquet file, its name left out.
fn read_file(file: &NamedTempFile) -> Vec<String> {
    let name = file.path().display().to_string();
    let texts = match open_with(file.path(), &Columns::default()) {
        Ok(reader) => all(reader),
        Err(error) => vec![error.to_string()],
    };
    texts
        .into_iter()
        .map(|text| text.replace(&name, "t"))
        .collect()
}

const PLAIN: [&str; 2] = [
    "t:1 GET http://a.test/x?q=1 ? -> 200 \"{}\"",
    "t:2 POST http://a.test/y ? -> 201 ?",
];

#[test]
fn row_groups_of_every_codec_are_read_in_order() {
    let zstd = ZstdLevel::default();
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::ZSTD(zstd),
        Compression::LZ4_RAW,
    ] {
        let file = parquet(&[plain(), plain()], compression);
        let read = read_file(&file);
        assert_eq!(read[..2], PLAIN, "{compression}");
        assert_eq!(read.len(), 4, "{compression}");
        assert_eq!(read[3], PLAIN[1].replace(":2", ":4"), "{compression}");
    }
}

#[test]
fn an_arrow_file_is_read_as_a_stream_is() {
    let mut writer = FileWriter::try_new(Vec::new(), &plain().schema()).expect("a writer");
    writer.write(&plain()).expect("it is written");
    writer.finish().expect("it ends");
    let bytes = writer.into_inner().expect("it is whole");
    let reader = read_with("t", Cursor::new(bytes), &Columns::default()).expect("it opens");
    assert_eq!(all(reader), PLAIN);
    assert_eq!(read(plain(), ""), PLAIN);
}

#[test]
fn headers_are_maps_structs_lists_or_json() {
    let mut map = MapBuilder::new(
        Some(MapFieldNames {
            entry: "key_value".into(),
            key: "key".into(),
            value: "value".into(),
        }),
        StringBuilder::new(),
        ListBuilder::new(StringBuilder::new()),
    );
    map.keys().append_value("set-cookie");
    map.values().append_value([Some("a=1"), Some("b=2")]);
    map.append(true).expect("an entry");
    let fields = StructArray::from(vec![
        (
            std::sync::Arc::new(arrow_schema::Field::new(
                "etag",
                arrow_schema::DataType::Utf8,
                true,
            )),
            text(&[Some("x")]),
        ),
        (
            std::sync::Arc::new(arrow_schema::Field::new(
                "age",
                arrow_schema::DataType::Utf8,
                true,
            )),
            text(&[None]),
        ),
    ]);
    let json = text(&[Some(r#"[{"name": "etag", "value": "y"}]"#)]);
    for (headers, shown) in [
        (of(map.finish()), " set-cookie=a=1 set-cookie=b=2"),
        (of(fields), " etag=x"),
        (json, " etag=y"),
    ] {
        let batch = table(vec![
            ("method", text(&[Some("GET")])),
            ("url", text(&[Some("http://a.test/x")])),
            ("status", text(&[Some("200 OK")])),
            ("response_headers", headers),
            ("response_body", of(BinaryArray::from(vec![&b"[]"[..]]))),
            ("elapsed_ms", of(Float64Array::from(vec![1.5]))),
        ]);
        assert_eq!(
            read(batch, ""),
            [format!(
                "t:1 GET http://a.test/x ? -> 200{shown} \"[]\" 1.5ms"
            )]
        );
    }
}

#[test]
fn columns_have_the_names_that_are_given() {
    let methods: DictionaryArray<Int32Type> = vec!["GET", "GET"].into_iter().collect();
    let batch = table(vec![
        ("verb", of(methods)),
        ("path", text(&[Some("/x"), Some("/y?a=1")])),
        ("query", text(&[Some("?b=2"), Some("b=2")])),
        ("host", text(&[Some("a.test"), None])),
        ("code", of(Float64Array::from(vec![Some(404.0), None]))),
        ("took", of(DurationMicrosecondArray::from(vec![250, 251]))),
        ("file", text(&[Some("monday"), Some("tuesday")])),
        ("row", of(Int64Array::from(vec![7, 3]))),
    ]);
    assert_eq!(
        read(
            batch,
            "method=verb,status=code,elapsed_ms=took,source=file,entry=row"
        ),
        [
            "monday:7 GET http://a.test/x?b=2 ? -> 404 ? 250µs",
            "tuesday, entry 3: the column code has no value",
        ]
    );
}

#[test]
fn the_objects_of_ndjson_are_columns_too() {
    let field = |name: &str, array: &ArrayRef| {
        std::sync::Arc::new(arrow_schema::Field::new(
            name,
            array.data_type().clone(),
            true,
        ))
    };
    let columns = [
        ("method", text(&[Some("GET")])),
        ("url", text(&[Some("http://a.test/x")])),
        ("body", text(&[None])),
    ];
    let request = StructArray::from(
        columns
            .map(|(name, array)| (field(name, &array), array))
            .to_vec(),
    );
    let columns = [
        ("status", of(Int64Array::from(vec![200]))),
        ("body_base64", text(&[Some("e30=")])),
    ];
    let response = StructArray::from(
        columns
            .map(|(name, array)| (field(name, &array), array))
            .to_vec(),
    );
    let batch = table(vec![("request", of(request)), ("response", of(response))]);
    assert_eq!(
        read(batch, ""),
        ["t:1 GET http://a.test/x \"\" -> 200 \"{}\""]
    );
}

#[test]
fn spans_have_attributes_as_columns_or_in_a_map() {
    let batch = table(vec![
        ("http.request.method", text(&[Some("GET"), None])),
        ("url.full", text(&[Some("http://a.test/x"), None])),
        (
            "http.response.status_code",
            of(Int64Array::from(vec![Some(200), None])),
        ),
        ("http.response.body.content", text(&[Some("[1]"), None])),
        ("duration_nano", of(Int64Array::from(vec![1_000_000, 1]))),
    ]);
    // What is no span of HTTP is passed over.
    assert_eq!(
        read(batch, ""),
        ["t:1 GET http://a.test/x ? -> 200 \"[1]\" 1ms"]
    );
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for (key, value) in [
        ("http.method", "GET"),
        ("http.url", "http://a.test/x"),
        ("http.status_code", "204"),
        ("http.response.header.content-type", "[\"text/plain\"]"),
    ] {
        map.keys().append_value(key);
        map.values().append_value(value);
    }
    map.append(true).expect("an entry");
    let batch = table(vec![("SpanAttributes", of(map.finish()))]);
    assert_eq!(
        read(batch, ""),
        ["t:1 GET http://a.test/x ? -> 204 content-type=text/plain ?"]
    );
}

#[test]
fn logs_of_nginx_are_columns_too() {
    let batch = table(vec![
        ("request_method", text(&[Some("GET")])),
        ("host", text(&[Some("a.test")])),
        ("request_uri", text(&[Some("/x?a=1")])),
        ("status", text(&[Some("200")])),
        ("sent_http_content_type", text(&[Some("application/json")])),
        ("resp_body", text(&[Some("{}")])),
    ]);
    assert_eq!(
        read(batch, ""),
        ["t:1 GET http://a.test/x?a=1 ? -> 200 content-type=application/json \"{}\""]
    );
}

#[test]
fn what_is_missing_is_told_before_the_first_row() {
    let batch = table(vec![
        ("method", text(&[Some("GET")])),
        ("http_url", text(&[Some("http://a.test/x")])),
        ("code", of(Int32Array::from(vec![200]))),
    ]);
    assert_eq!(
        read(batch.clone(), ""),
        [
            "t: no column has the url: looked for url, request.url, path; name it as url=COLUMN. The columns are \
          method (text), http_url (text), code (int32)"
        ]
    );
    assert_eq!(
        read(batch.clone(), "url=http_url,status=status"),
        [
            "t: no column has the status: looked for status; name it as status=COLUMN. The columns are \
          method (text), http_url (text), code (int32)"
        ]
    );
    assert_eq!(
        read(batch, "url=code"),
        ["t: the column code is int32, and text is wanted"]
    );
}

#[test]
fn a_parquet_file_that_is_cut_off_is_told_as_such() {
    let file = parquet(&[plain()], Compression::SNAPPY);
    let length = file.as_file().metadata().expect("it is there").len();
    for cut in [5, length / 2, length - 1] {
        file.as_file().set_len(cut).expect("it is cut");
        assert_eq!(
            read_file(&file),
            [
                "t: it is a Parquet file that is cut off: the table of contents at its end is missing"
            ]
        );
    }
    let bytes = std::fs::read(parquet(&[plain()], Compression::SNAPPY).path()).expect("bytes");
    let error = read_with("-", Cursor::new(bytes), &Columns::default()).err();
    let text = error.expect("it is refused").to_string();
    assert!(text.contains("name the file itself"), "{text}");
}

#[test]
fn a_damaged_row_group_costs_no_other() {
    let mut file = parquet(&[plain(), plain(), plain()], Compression::SNAPPY);
    let metadata = parquet::file::metadata::ParquetMetaDataReader::new()
        .parse_and_finish(file.as_file())
        .expect("metadata");
    let column = metadata.row_group(1).column(0);
    let (start, length) = column.byte_range();
    file.seek(SeekFrom::Start(start)).expect("it is there");
    let noise = vec![0xee; usize::try_from(length).expect("it is short")];
    file.write_all(&noise).expect("it is written");
    file.flush().expect("it is written");
    let read = read_file(&file);
    assert_eq!(read[..2], PLAIN);
    assert!(
        read[2].starts_with("t, entry 3: rows 3 to 4 (row group 2) cannot be read: "),
        "{read:?}"
    );
    assert_eq!(
        read[3..],
        [PLAIN[0].replace(":1", ":5"), PLAIN[1].replace(":2", ":6")]
    );
}

#[test]
fn a_stream_that_ends_early_never_looks_whole() {
    let whole = stream(&[plain(), plain()]);
    for length in 4..whole.len() {
        let read = match read_with(
            "t",
            Cursor::new(whole[..length].to_vec()),
            &Columns::default(),
        ) {
            Ok(reader) => all(reader),
            Err(error) => vec![error.to_string()],
        };
        let last = read.last().expect("something is told");
        assert!(
            last.contains("the Arrow stream ends early"),
            "{length}: {read:?}"
        );
    }
    let read = read_with("t", Cursor::new(whole), &Columns::default()).expect("it opens");
    assert_eq!(all(read).len(), 4);
}

/// `arrow-ipc` asserts some of what a damaged batch breaks; such a panic fails the run, as every one does.
#[test]
fn damage_is_read_to_an_end() {
    let whole = stream(&[plain()]);
    let mut told = 0;
    for at in 4..whole.len() {
        for byte in [0, 0x7f, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            let read = std::panic::catch_unwind(|| {
                read_with("t", Cursor::new(damaged), &Columns::default()).map(all)
            });
            match read {
                Ok(Ok(read)) => assert!(read.len() <= 3, "{at}: {read:?}"),
                Ok(Err(_)) | Err(_) => told += 1,
            }
        }
    }
    assert!(told > 0);
}

#[test]
fn rows_that_take_nothing_are_announced_in_vain() {
    let rows = 1 << 40;
    let names = ["http.request.method", "url.full"];
    let columns = names.map(|name| (name, of(arrow_array::NullArray::new(rows))));
    let read = read(table(columns.to_vec()), "");
    assert_eq!(
        read,
        [
            "t, entry 1: the Arrow stream is damaged: a batch of 1099511627776 rows is announced; 0 rows were read"
        ]
    );
}

#[test]
fn a_page_of_gzip_that_unpacks_to_more_than_it_says_is_not_read() {
    let text = "a".repeat(32 << 20);
    let body = table(vec![
        ("method", text_of("GET")),
        ("url", text_of("http://a.test/x")),
        ("status", of(Int32Array::from(vec![200]))),
        ("response_body", text_of(&text)),
    ]);
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(parquet::basic::GzipLevel::default()))
        .set_dictionary_enabled(false)
        .build();
    let mut file = NamedTempFile::new().expect("a file");
    let mut writer =
        ArrowWriter::try_new(&mut file, body.schema(), Some(properties)).expect("a writer");
    writer.write(&body).expect("it is written");
    writer.close().expect("it is written");
    assert_eq!(read_file(&file).len(), 1);
    assert!(!read_file(&file)[0].contains("cannot be read"));
    let metadata = parquet::file::metadata::ParquetMetaDataReader::new()
        .parse_and_finish(file.as_file())
        .expect("metadata");
    let (start, _) = metadata.row_group(0).column(3).byte_range();
    let mut bytes = std::fs::read(file.path()).expect("bytes");
    // The kind of the page, a field before its size of four bytes: 2^25 and a few; after this the few.
    let size = usize::try_from(start).expect("it is short") + 3;
    assert_eq!(bytes[size + 1..size + 4], [0x80, 0x80, 0x20]);
    bytes[size + 3] = 0;
    std::fs::write(file.path(), &bytes).expect("it is written");
    let read = read_file(&file);
    assert_eq!(
        read,
        [
            "t, entry 1: rows 1 to 1 (row group 1) cannot be read: a page unpacks to more than it says"
        ]
    );
}
