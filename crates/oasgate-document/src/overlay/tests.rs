//! What actions do to a document, and where the result leads.

use serde_json::json;

use super::*;
use crate::Stop;

fn applied(document: Value, actions: &Value) -> (Value, Origins, Vec<Pointer>) {
    let mut root = document;
    let mut origins = Origins::default();
    let overlay =
        json!({ "overlay": "1.1.0", "info": { "title": "t", "version": "1" }, "actions": actions });
    let room = room();
    let work = Work::new(&room);
    let idle = apply(&mut root, &overlay, 0, &mut origins, &work).expect("it applies");
    (root, origins, idle)
}

fn refused(overlay: &Value) -> String {
    refused_by(json!({ "a": { "b": 1 } }), overlay)
}

fn refused_by(mut root: Value, overlay: &Value) -> String {
    let (room, mut origins) = (room(), Origins::default());
    let refusal = apply(&mut root, overlay, 0, &mut origins, &Work::new(&room));
    let refusal = refusal.expect_err("it is refused");
    format!("#{} {}", refusal.at, refusal.message)
}

fn room() -> Budget {
    let allowance = Allowance {
        bytes: 1 << 20,
        nodes: 10_000,
        depth: 128,
        steps: u64::MAX,
    };
    Budget::new(allowance, &Stop::default())
}

/// An overlay with these actions.
fn overlay_of(actions: &Value) -> Value {
    json!({ "overlay": "1.1.0", "info": { "title": "t", "version": "1" }, "actions": actions })
}

fn origin(origins: &Origins, pointer: &str) -> String {
    let origin = origins.of(&Pointer::parse(pointer).expect("a pointer"));
    let file = origin
        .overlay
        .map_or("document".to_owned(), |number| format!("overlay {number}"));
    format!("{file}{}", origin.pointer)
}

#[test]
fn objects_merge_arrays_append_and_primitives_are_replaced() {
    let (root, origins, _) = applied(
        json!({ "get": { "summary": "old", "tags": ["a"], "x": { "y": 1 } } }),
        &json!([{ "target": "$.get", "update": { "summary": "new", "tags": ["b"], "x": { "z": 2 }, "more": {} } }]),
    );
    assert_eq!(
        root,
        json!({ "get": { "summary": "new", "tags": ["a", "b"], "x": { "y": 1, "z": 2 }, "more": {} } })
    );
    assert_eq!(
        origin(&origins, "/get/summary"),
        "overlay 0/actions/0/update/summary"
    );
    assert_eq!(
        origin(&origins, "/get/tags/1"),
        "overlay 0/actions/0/update/tags/0"
    );
    assert_eq!(origin(&origins, "/get/tags/0"), "document/get/tags/0");
    assert_eq!(origin(&origins, "/get/x/y"), "document/get/x/y");
    assert_eq!(
        origin(&origins, "/get/x/z/deep"),
        "overlay 0/actions/0/update/x/z/deep"
    );
}

#[test]
fn elements_behind_a_removed_one_keep_the_place_where_they_were_written() {
    let (root, origins, _) = applied(
        json!({ "list": [{ "n": 0 }, { "n": 1 }, { "n": 2 }] }),
        &json!([
            { "target": "$.list[2]", "update": { "new": true } },
            { "target": "$.list[?@.n < 2]", "remove": true },
            { "target": "$.list", "update": { "n": 3 } },
        ]),
    );
    assert_eq!(
        root,
        json!({ "list": [{ "n": 2, "new": true }, { "n": 3 }] })
    );
    assert_eq!(origin(&origins, "/list/0/n"), "document/list/2/n");
    assert_eq!(
        origin(&origins, "/list/0/new"),
        "overlay 0/actions/0/update/new"
    );
    assert_eq!(
        origin(&origins, "/list/1/n"),
        "overlay 0/actions/2/update/n"
    );
}

#[test]
fn a_copy_leads_to_what_was_copied() {
    let (root, origins, _) = applied(
        json!({ "a": { "x": 1 }, "b": {} }),
        &json!([{ "target": "$.b", "copy": "$.a" }]),
    );
    assert_eq!(root, json!({ "a": { "x": 1 }, "b": { "x": 1 } }));
    assert_eq!(origin(&origins, "/b/x"), "document/a/x");
}

#[test]
fn a_target_that_selects_nothing_is_told() {
    let (_, _, idle) = applied(json!({}), &json!([{ "target": "$.nothing", "update": {} }]));
    assert_eq!(
        idle,
        [Pointer::parse("/actions/0/target").expect("a pointer")]
    );
}

#[test]
fn what_is_no_overlay_is_refused_where_it_says_so() {
    let with = |actions: Value| json!({ "overlay": "1.0.0", "info": { "title": "t", "version": "1" }, "actions": actions });
    let cases = [
        (
            json!({ "overlay": "2.0.0", "info": {}, "actions": [] }),
            "#/overlay version \"2.0.0\" is not known",
        ),
        (
            json!({ "overlay": "1.0.0", "actions": [] }),
            "# it has no `info`",
        ),
        (with(json!([])), "# it has no `actions`"),
        (
            json!({ "overlay": "1.1.0", "info": { "title": "t", "version": "1", "description": 1 }, "actions": [] }),
            "#/info/description `description` is a string",
        ),
        (
            with(json!([{ "update": {} }])),
            "#/actions/0 an action has a `target`",
        ),
        (
            with(json!([{ "target": "paths", "update": {} }])),
            "#/actions/0/target \"paths\" is no JSONPath",
        ),
        (
            with(json!([{ "target": "$.a", "update": 1 }])),
            "#/actions/0/update #/a is an object",
        ),
        (
            with(json!([{ "target": "$.a.b", "update": {} }])),
            "#/actions/0/update #/a/b is a primitive, and what is brought is an object",
        ),
        (
            with(json!([{ "target": "$", "remove": true }])),
            "#/actions/0/target the whole document",
        ),
        (
            with(json!([{ "target": "$", "remove": 1 }])),
            "#/actions/0/remove `remove` is",
        ),
        (
            with(json!([{ "target": "$.a", "updates": {} }])),
            "#/actions/0/updates `updates` is not known",
        ),
    ];
    for (overlay, wanted) in cases {
        let refusal = refused(&overlay);
        assert!(refusal.starts_with(wanted), "{refusal}\nwanted {wanted}");
    }
}

/// The kinds of targets in the compliant sets of the Overlay Specification, on a document of our own.
#[test]
fn targets_of_every_kind_that_the_specifications_sets_have() {
    let operation = |summary: &str| {
        let responses =
            json!({ "200": { "description": "a" }, "500": { "description": "b" }, "default": {} });
        json!({ "summary": summary, "tags": ["t"], "responses": responses })
    };
    let properties =
        json!({ "a": { "type": "string" }, "b": { "type": "integer" }, "c": { "type": "string" } });
    let document = json!({
        "info": { "title": "t" },
        "servers": [{ "description": "Dev" }, { "description": "Live" }, { "description": "Dev" }],
        "paths": { "/pets": { "get": operation("all"), "post": operation("new") }, "/cats": { "get": operation("cats") } },
        "components": { "schemas": { "Pet": { "properties": properties, "example": 1 } } },
    });
    let (root, origins, idle) = applied(
        document,
        &json!([
            { "target": "$", "update": { "info": { "license": { "name": "MIT" } } } },
            { "target": "$.servers[?( @.description == 'Dev' )]", "remove": true },
            { "target": "$.paths..responses['500']", "remove": true },
            { "target": "$.paths..responses['default']", "remove": true },
            { "target": "$.paths['/pets'].get.summary", "remove": true },
            { "target": "$.paths.*.get", "update": { "tags": ["all"] } },
            { "target": "$.paths.*", "update": { "post": { "x-new": true } } },
            { "target": "$..properties[?(@.type == 'string')]", "remove": true },
            { "target": "$.components.schemas.Pet.example", "remove": true },
        ]),
    );
    assert_eq!(idle, []);
    let fine = json!({ "200": { "description": "a" } });
    assert_eq!(
        root,
        json!({
            "info": { "title": "t", "license": { "name": "MIT" } },
            "servers": [{ "description": "Live" }],
            "paths": {
                "/pets": {
                    "get": { "tags": ["t", "all"], "responses": fine },
                    "post": { "summary": "new", "tags": ["t"], "responses": fine, "x-new": true },
                },
                "/cats": {
                    "get": { "summary": "cats", "tags": ["t", "all"], "responses": fine },
                    "post": { "x-new": true },
                },
            },
            "components": { "schemas": { "Pet": { "properties": { "b": { "type": "integer" } } } } },
        })
    );
    assert_eq!(
        origin(&origins, "/paths/~1cats/post/x-new"),
        "overlay 0/actions/6/update/post/x-new"
    );
    assert_eq!(
        origin(&origins, "/servers/0/description"),
        "document/servers/1/description"
    );
}

#[test]
fn many_actions_take_time_by_their_number() {
    let actions: Vec<_> = (0..20_000)
        .map(|n| json!({ "target": "$.info", "description": n.to_string(), "update": { "x": 1 } }))
        .collect();
    let room = Budget::new(Allowance::UNLIMITED, &Stop::default());
    let mut root = json!({ "info": {} });
    let mut origins = Origins::default();
    apply(
        &mut root,
        &overlay_of(&actions.into()),
        0,
        &mut origins,
        &Work::new(&room),
    )
    .expect("it applies");
    let many: Vec<_> = (0..20_000)
        .map(|n| json!({ "target": "$", "update": { format!("x-{n}"): { "y": n } } }))
        .collect();
    apply(
        &mut root,
        &overlay_of(&many.into()),
        0,
        &mut origins,
        &Work::new(&room),
    )
    .expect("it applies");
    assert_eq!(
        origin(&origins, "/x-7/y"),
        "overlay 0/actions/7/update/x-7/y"
    );
}

#[test]
fn what_would_grow_without_end_is_refused_before_it_is_done() {
    let list: Vec<_> = (0..1_000).map(|n| json!({ "a": { "b": n } })).collect();
    let document = json!({ "list": list });
    for (actions, at) in [
        (json!([{ "target": "$..*..*..*..*..*..*..*..*..*", "remove": true }]), "#/actions/0/target it needs more than"),
        (json!([{ "target": format!("$.list{}", "[*,*]".repeat(40)), "remove": true }]), "#/actions/0/target it needs more than"),
        (json!([{ "target": "$..[?count($..*..*) > 1]", "remove": true }]), "#/actions/0/target it needs more than"),
        (json!([{ "target": format!("$[?{}@.a{}]", "(".repeat(50_000), ")".repeat(50_000)), "remove": true }]), "#/actions/0/target its brackets"),
        (json!([{ "target": "$.list[*]", "update": list }]), "#/actions/0/update it needs more than"),
        (
            (0..60).map(|n| json!({ "target": "$", "description": n.to_string(), "copy": "$.list[0]" })).chain((0..60).map(|n| json!({ "target": "$.list[0].a", "update": { n.to_string(): {} }})))
                .chain((0..60).map(|n| json!({ "target": "$.list[0].a['1']", "description": n.to_string(), "copy": "$.list[0]" }))).collect(),
            "#/actions/1",
        ),
    ] {
        let refusal = refused_by(document.clone(), &overlay_of(&actions));
        assert!(refusal.starts_with(at), "{refusal}");
    }
}
