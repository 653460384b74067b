//! The page is one file, small, and hostile text stays text.

use std::collections::BTreeMap;

use super::*;
use crate::finding::Findings;
use crate::report::tests::{document, evidence, finding, outcome};
use crate::run::{BaselineSummary, FailReason};

fn rendered(outcome: &Outcome) -> String {
    String::from_utf8(render(outcome, &document())).expect("it is text")
}

/// The elements of a page, counted by name, found by a reader that knows nothing of the template: after `<` comes a
/// name, and what stands in `style` and `script` is no markup.
fn elements(page: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name: String = rest
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        if name.is_empty() {
            continue;
        }
        if name == "style" || name == "script" {
            let end = rest.find(&format!("</{name}")).unwrap_or(rest.len());
            rest = &rest[end..];
        }
        *found.entry(name).or_default() += 1;
    }
    found
}

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "</summary></details><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "</script><iframe src=//evil.example>",
    "</style><link rel=stylesheet href=//evil.example>",
    "<!--",
    "]]>",
    "&lt;b&gt;",
    "\u{202e}gnp.exe",
    "\u{0}\u{1b}[2J",
    "{{ title }}",
    "{% if %}",
];

#[test]
fn hostile_text_brings_no_element_and_no_attribute() {
    let page = |text: &str| {
        let mut finding = finding(text)
            .with_expected(text)
            .with_actual(text)
            .with_help(text)
            .with_discriminator("418");
        let mut evidence = evidence();
        evidence.curl = text.to_owned();
        evidence.recording = Some(text.to_owned());
        evidence.case = Some(text.to_owned());
        finding.evidence = Some(evidence);
        finding.operation = Some(text.to_owned());
        let mut outcome = outcome(vec![(finding, 3)]);
        outcome.header.title = text.to_owned();
        outcome.header.target = text.to_owned();
        outcome.notices = vec![text.to_owned()];
        let operation = &mut outcome.operations[0];
        operation.id = text.to_owned();
        operation.path = text.to_owned();
        operation.unseen = vec![text.to_owned()];
        outcome.end = RunStatus::Failed(FailReason::Credential(text.to_owned()));
        rendered(&outcome)
    };
    let plain = elements(&page("harmless"));
    for text in HOSTILE {
        let page = page(text);
        assert_eq!(elements(&page), plain, "{text}");
        assert!(
            !page.contains('\u{202e}') && !page.contains('\u{1b}'),
            "{text:?}"
        );
        // An attribute would need a quote of its own.
        assert!(
            !page.contains("onmouseover='") && !page.contains("=x onerror=alert(1)>"),
            "{text}"
        );
    }
}

#[test]
fn the_policy_allows_what_stands_in_the_page_and_nothing_else() {
    use base64::Engine as _;
    let hash = |text: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        format!(
            "sha256-{}",
            base64::engine::general_purpose::STANDARD.encode(digest)
        )
    };
    assert_eq!(
        (STYLE_HASH, SCRIPT_HASH),
        (hash(STYLE).as_str(), hash(SCRIPT).as_str())
    );
    let page = rendered(&outcome(vec![(finding("one"), 1)]));
    assert!(page.contains("default-src 'none'"), "{page}");
    let outside = elements(&page);
    for element in ["img", "link", "iframe", "object", "embed", "base"] {
        assert!(!outside.contains_key(element), "{element}");
    }
    assert_eq!((outside["script"], outside["style"]), (1, 1));
    for tag in page.split('<').filter_map(|tag| tag.split('>').next()) {
        assert!(
            !tag.contains(" src=") && !tag.contains("href=\"h") && !tag.contains(" style="),
            "{tag}"
        );
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}

#[test]
fn the_page_beside_the_data_is_small() {
    let page = rendered(&outcome(Vec::new()));
    assert!(page.len() < 200 << 10, "{}", page.len());
}

#[test]
fn a_finding_can_be_linked_to_and_leads_to_its_cause() {
    let page = rendered(&outcome(vec![(finding("one"), 1)]));
    let fingerprint = finding("one").fingerprint();
    assert!(page.contains(&format!("id=\"f-{fingerprint}\"")), "{page}");
    let cause = page
        .split("id=\"c-")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let cause = cause.unwrap_or_else(|| panic!("no cause: {page}"));
    assert!(page.contains(&format!("href=\"#c-{cause}\"")), "{page}");
    assert!(
        page.contains("tiny.yaml:6:7"),
        "the line of the document: {page}"
    );
}

#[test]
fn known_findings_can_be_told_from_new_ones() {
    let mut outcome = outcome(vec![(finding("new"), 1)]);
    let filter = "<legend>Against the baseline</legend>";
    assert!(!rendered(&outcome).contains(filter));
    let mut known = Findings::default();
    known.add(finding("old").with_discriminator("404"));
    outcome.baseline = Some(BaselineSummary {
        known,
        gone: Vec::new(),
    });
    let page = rendered(&outcome);
    assert!(page.contains(filter), "{page}");
    let is_known = |fingerprint: Fingerprint| {
        let item = page.split(&format!("id=\"f-{fingerprint}\"")).nth(1);
        let opening = item.and_then(|rest| rest.split('>').next());
        opening.is_some_and(|opening| opening.contains("data-age=\"known\""))
    };
    assert!(!is_known(finding("new").fingerprint()), "{page}");
    let old = finding("old").with_discriminator("404");
    assert!(is_known(old.fingerprint()), "{page}");
}

#[test]
fn a_snapshot_that_drifted_is_shown_as_a_diff() {
    let drift = Finding::new(ids::SHAPE_DRIFT, Severity::Error, "changed")
        .with_help("   m: object")
        .with_help("-    k: string")
        .with_help("+    k: string | null")
        .with_help("accept what is new");
    let page = rendered(&outcome(vec![(drift, 1)]));
    let diff = "<pre class=\"diff\">   m: object\n<del>-    k: string</del>\n<ins>+    k: string | null</ins>\n</pre>";
    assert!(page.contains(diff), "{page}");
    assert!(
        page.contains("<dt>next</dt><dd>accept what is new</dd>"),
        "{page}"
    );
}

#[test]
fn the_map_names_what_never_came_with_its_line() {
    use crate::run::Witness;
    use oasgate_document::{Address, Pointer};
    let mut outcome = outcome(Vec::new());
    let at = |text: &str| Address::in_root(Pointer::parse(text).expect("a pointer"));
    let witness = |kind, is_seen| Witness {
        kind,
        response: at("/paths/~1users/get/responses/200"),
        media_type: None,
        at: at("/paths/~1users/get/responses/200/description"),
        is_seen,
    };
    let operation = &mut outcome.operations[0];
    operation.held = 1;
    operation.witnesses = vec![
        witness(WitnessKind::Property, true),
        witness(WitnessKind::Absent, false),
        witness(WitnessKind::Null, false),
        witness(WitnessKind::Items, true),
    ];
    let page = rendered(&outcome);
    assert!(
        page.contains("always seen: optional property description, tiny.yaml:"),
        "{page}"
    );
    assert!(page.contains("never seen: null of "), "{page}");
    assert!(!page.contains("elements of"), "{page}");
}
