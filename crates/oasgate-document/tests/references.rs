//! References: across files, over the network, and to nodes that name themselves.

use std::{collections::HashMap, fs, sync::Arc};

use oasgate_document::{Address, Document, FileId, Options, Pointer, ProblemKind, Url};
use serde_json::json;

/// What `reference`, standing in the root, leads to.
fn target(document: &Document, reference: &str) -> serde_json::Value {
    let at = document
        .resolve(FileId::ROOT, reference)
        .unwrap_or_else(|error| panic!("{error}"));
    document.get(&at).expect("it is there").clone()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn files_refer_to_each_other_in_a_circle() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("it is made");
        fs::write(path, text).expect("it is written");
    };
    write(
        "api.yaml",
        "openapi: 3.1.0\nx-a: { $ref: 'parts/my%20thing.yaml#/a' }\nname: root\n",
    );
    write(
        "parts/my thing.yaml",
        "a: { $ref: '../api.yaml#/name' }\nb: { $ref: './other.json' }\n",
    );
    write("parts/other.json", "{\"deep\": [1, 2]}");
    let document = Document::open(folder.path().join("api.yaml")).expect("it loads");
    assert!(document.problems().is_empty(), "{:?}", document.problems());
    assert_eq!(document.files().count(), 3);
    let a = Address::in_root(Pointer::parse("/x-a").expect("a pointer"));
    let (end, value) = document.follow(&a).expect("it leads to the end");
    assert_eq!((end.file, value), (FileId::ROOT, &json!("root")));
}

#[test]
fn schemas_name_themselves() {
    let document = Document::parse(
        "t.yaml",
        "\
openapi: 3.1.0
components:
  schemas:
    Thing:
      $id: https://example.com/schemas/thing
      $anchor: thing
      properties: { name: { type: string } }
    Tree: { $dynamicAnchor: node }
    Data: { example: { $id: nothing, $anchor: nobody } }
    Odd: { properties: { $id: { type: string }, $ref: { type: string } } }
",
    )
    .expect("it loads");
    assert!(document.problems().is_empty(), "{:?}", document.problems());
    let text = json!({ "type": "string" });
    for reference in [
        "https://example.com/schemas/thing#/properties/name",
        "schemas/thing#/properties/name",
    ] {
        assert_eq!(target(&document, reference), text, "{reference}");
    }
    assert_eq!(target(&document, "#thing")["properties"]["name"], text);
    assert_eq!(
        target(&document, "#node"),
        json!({ "$dynamicAnchor": "node" })
    );
    assert!(document.resolve(FileId::ROOT, "#nobody").is_err());
}

#[test]
fn a_document_of_3_2_names_itself() {
    let document = Document::parse(
        "t.yaml",
        "\
openapi: 3.2.0
$self: https://example.com/api
components:
  schemas:
    A: { $ref: 'https://example.com/api#/components/schemas/B' }
    B: { type: string }
",
    )
    .expect("it loads");
    assert!(document.problems().is_empty(), "{:?}", document.problems());
    assert_eq!(
        target(&document, "https://example.com/api#/components/schemas/B"),
        json!({ "type": "string" })
    );
}

#[test]
fn references_over_the_network_are_followed_only_when_allowed() {
    let root = "openapi: 3.1.0\na: { $ref: 'parts/a.yaml#/x' }\nb: { $ref: 'https://other.example/b.json' }\n";
    let url = Url::parse("https://example.com/v1/api.yaml").expect("a URL");
    let refused = Document::from_url(&url, root.into(), &Options::default()).expect("it loads");
    assert_eq!(refused.problems().len(), 2);
    assert!(refused.problems()[0].message.contains("not fetched unless"));
    let pages = HashMap::from([
        (
            "https://example.com/v1/parts/a.yaml",
            "x: { $ref: '../api.yaml#/openapi' }",
        ),
        ("https://other.example/b.json", "[1]"),
    ]);
    let options = Options {
        fetch: Some(Arc::new(move |url: &str| {
            let page = pages
                .get(url)
                .ok_or_else(|| format!("{url} is not there"))?;
            Ok(page.as_bytes().to_vec())
        })),
        ..Options::default()
    };
    let document = Document::from_url(&url, root.into(), &options).expect("it loads");
    assert!(document.problems().is_empty(), "{:?}", document.problems());
    let a = Address::in_root(Pointer::parse("/a").expect("a pointer"));
    assert_eq!(document.follow(&a).expect("the end").1, &json!("3.1.0"));
    assert_eq!(
        target(&document, "https://other.example/b.json"),
        json!([1])
    );
}

#[test]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn files_outside_the_folder_are_read_where_that_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
    };
    let root = |reference: &str| format!("openapi: 3.1.0\nx-a: {{ $ref: '{reference}' }}\n");
    write("out/secret.yaml", "a: 1\n");
    write("in/own.yaml", "a: 1\n");
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(folder.path().join(to), folder.path().join(name))
    };
    link("out/secret.yaml", "in/link.yaml").expect("a link");
    link("out", "in/out").expect("a link");
    link("in/own.yaml", "in/inner.yaml").expect("a link");
    let absolute = folder.path().join("out/secret.yaml");
    let absolute = absolute.to_str().expect("text");
    for (reference, is_below) in [
        ("own.yaml", true),
        ("./inner.yaml", true),
        ("../in/own.yaml", true),
        ("../out/secret.yaml", false),
        ("%2e%2e/out/secret.yaml", false),
        ("link.yaml", false),
        ("out/secret.yaml", false),
        (absolute, false),
    ] {
        write("in/api.yaml", &root(reference));
        let api = folder.path().join("in/api.yaml");
        let document = Document::open(&api).expect("it loads");
        let kinds: Vec<_> = document.problems().iter().map(|one| one.kind).collect();
        let wanted = if is_below {
            vec![]
        } else {
            vec![ProblemKind::OutsideReference]
        };
        assert_eq!(kinds, wanted, "{reference}: {:?}", document.problems());
        let options = Options {
            files: vec![folder.path().join("out")],
            ..Options::default()
        };
        let document = Document::open_with(&api, &options).expect("it loads");
        assert!(document.problems().is_empty(), "{reference}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn a_file_that_only_a_discriminator_names_is_loaded() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("it is written");
    };
    write(
        "root.yaml",
        concat!(
            "openapi: 3.1.0\n",
            "info: {title: T, version: '1'}\n",
            "paths: {}\n",
            "components:\n",
            "  schemas:\n",
            "    P: {type: object, discriminator: {propertyName: k, mapping: {c: ./child.yaml, d: Child, e: gone.yaml}}}\n",
        ),
    );
    write("child.yaml", "{type: object}\n");
    let document = Document::open(folder.path().join("root.yaml")).expect("it loads");
    let root = FileId::ROOT;
    assert!(document.resolve(root, "./child.yaml").is_ok());
    assert!(document.resolve(root, "gone.yaml").is_err());
    // Whether a name is a component's or a file's, whoever knows discriminators says.
    assert!(document.problems().is_empty(), "{:?}", document.problems());
}
