//! The facade: what a user of the library may rely on, kept as a list (`tests/it/snapshots/`), so that a change
//! of it is seen in review. What is public for the program and the tests of this workspace alone is
//! `#[doc(hidden)]`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use quote::ToTokens as _;
use syn::{Fields, ImplItem, Item, UseTree, Visibility};

use crate::architecture;

/// The modules that promise semantic versioning, as ARCHITECTURE.md lists them.
const FACADE: [&str; 8] = [
    "contract",
    "exchange",
    "finding",
    "gate",
    "recording",
    "report",
    "testing",
    "transport",
];

/// Crates below 1.0, or with an experimental surface, and names that only they have.
const UNSTABLE: [&str; 10] = [
    "jsonschema",
    "JsonType",
    "mediatype",
    "MediaTypeBuf",
    "reqwest",
    "hyper_util",
    "codespan",
    "termcolor",
    "askama",
    "syn",
];

#[test]
fn the_facade_is_what_the_crate_shows() {
    let lib = parsed(Path::new("src/lib.rs"));
    let shown: Vec<String> = lib
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(module) if is_public(&module.vis) && !is_hidden(&module.attrs) => {
                Some(module.ident.to_string())
            }
            _ => None,
        })
        .collect();
    assert_eq!(shown, FACADE);
    let page = fs::read_to_string("ARCHITECTURE.md").expect("the page can be read");
    let line = page
        .lines()
        .find(|line| line.starts_with("**Facade:**"))
        .expect("ARCHITECTURE.md lists the facade");
    for module in FACADE {
        assert!(line.contains(&format!("`{module}`")), "{module}: {line}");
    }
}

#[test]
fn the_surface_is_that_of_the_list() {
    insta::assert_snapshot!("public_surface", surface().join("\n"));
}

#[test]
fn no_type_of_an_unstable_crate_is_in_the_surface() {
    for line in surface() {
        let words: Vec<&str> = line
            .split(|one: char| !one.is_alphanumeric() && one != '_')
            .collect();
        for name in UNSTABLE {
            assert!(!words.contains(&name), "{line}");
        }
    }
}

#[test]
fn no_type_name_means_two_things() {
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in surface() {
        let line = line.trim_start_matches("#[non_exhaustive] ");
        let Some((kind, path)) = line.split_once(' ') else {
            continue;
        };
        if !["struct", "enum", "trait", "type"].contains(&kind) {
            continue;
        }
        let end = path.find(|one: char| !one.is_alphanumeric() && !"_:".contains(one));
        let path = path[..end.unwrap_or(path.len())].trim_end_matches(':');
        let mut parts = path.split("::").skip(1);
        if let (Some(room), Some(name)) = (parts.next(), parts.next()) {
            rooms
                .entry(name.to_owned())
                .or_default()
                .insert(room.to_owned());
        }
    }
    assert!(rooms.len() > 50, "{} types", rooms.len());
    rooms.retain(|_, rooms| rooms.len() > 1);
    assert!(rooms.is_empty(), "{rooms:?}");
}

/// A line for each public item of the facade.
fn surface() -> Vec<String> {
    let mut lines = BTreeSet::new();
    for room in FACADE {
        let files = sources(&Path::new("src").join(room));
        let names = exported(&files, room);
        // What a folder's `mod.rs` does not hand on cannot be named from outside.
        for item in files.iter().flat_map(|(_, file)| &file.items) {
            lines.extend(lines_of(room, item, &|name| names.contains(name)));
        }
        // Plain data of a run is shown by `gate`.
        if room == "gate" {
            for (_, file) in sources(Path::new("src/run")) {
                for item in &file.items {
                    lines.extend(lines_of(room, item, &|name| names.contains(name)));
                }
            }
        }
    }
    lines.into_iter().collect()
}

type Source = (String, syn::File);

fn sources(folder: &Path) -> Vec<Source> {
    let files = architecture::sources(folder).into_iter();
    files
        .map(|path| (path.display().to_string(), parsed(&path)))
        .collect()
}

fn parsed(path: &Path) -> syn::File {
    let text = fs::read_to_string(path).expect("a source can be read");
    syn::parse_file(&text).expect("a source can be parsed")
}

/// The names that the root of a room hands on or declares, and those of its public modules.
fn exported(files: &[Source], room: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let root = format!("src/{room}/mod.rs");
    let Some((_, file)) = files.iter().find(|(path, _)| *path == root) else {
        return names;
    };
    for item in &file.items {
        match item {
            Item::Use(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                leaves(&item.tree, &mut names);
            }
            Item::Mod(module) if is_public(&module.vis) && !is_hidden(&module.attrs) => {
                let inside = format!("{room}/{}", module.ident);
                names.extend(exported(files, &inside));
            }
            other => names.extend(declared(other)),
        }
    }
    names
}

fn leaves(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, names),
        UseTree::Name(name) => {
            names.insert(name.ident.to_string());
        }
        UseTree::Rename(rename) => {
            names.insert(rename.ident.to_string());
        }
        UseTree::Group(group) => group.items.iter().for_each(|item| leaves(item, names)),
        UseTree::Glob(_) => {}
    }
}

fn declared(item: &Item) -> Option<String> {
    let (visibility, attributes, name) = match item {
        Item::Struct(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Enum(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Trait(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Type(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Const(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Fn(item) => (&item.vis, &item.attrs, &item.sig.ident),
        _ => return None,
    };
    (is_public(visibility) && !is_hidden(attributes)).then(|| name.to_string())
}

fn lines_of(room: &str, item: &Item, is_shown: &dyn Fn(&str) -> bool) -> Vec<String> {
    let named = declared(item).filter(|name| is_shown(name));
    let at = |name: &dyn std::fmt::Display| format!("oasgate::{room}::{name}");
    match (item, named) {
        (Item::Struct(item), Some(name)) => {
            let mut lines = vec![format!(
                "{}struct {}{}",
                growing(&item.attrs),
                at(&name),
                text(&item.generics)
            )];
            lines.extend(fields(&item.fields, &at(&name)));
            lines
        }
        (Item::Enum(item), Some(name)) => {
            let head = format!("{}enum {}", growing(&item.attrs), at(&name));
            let variants = item.variants.iter().map(|variant| {
                let fields = match &variant.fields {
                    Fields::Unit => String::new(),
                    fields => text(fields),
                };
                format!("{}::{}{fields}", at(&name), variant.ident)
            });
            std::iter::once(head).chain(variants).collect()
        }
        (Item::Trait(item), Some(name)) => {
            let bounds = text(&item.supertraits);
            let head = format!("trait {}: {bounds}", at(&name));
            let methods = item.items.iter().filter_map(|one| match one {
                syn::TraitItem::Fn(method) => Some(format!("{}::{}", at(&name), text(&method.sig))),
                _ => None,
            });
            std::iter::once(head).chain(methods).collect()
        }
        (Item::Fn(item), Some(_)) => vec![format!("oasgate::{room}: {}", text(&item.sig))],
        (Item::Const(item), Some(name)) => vec![format!("const {}: {}", at(&name), text(&item.ty))],
        (Item::Type(item), Some(name)) => vec![format!("type {} = {}", at(&name), text(&item.ty))],
        (Item::Impl(item), None) if item.trait_.is_none() => {
            let of = text(&item.self_ty);
            let name = of.split('<').next().unwrap_or_default().trim().to_owned();
            if !is_shown(&name) {
                return Vec::new();
            }
            let methods = item.items.iter().filter_map(|one| match one {
                ImplItem::Fn(method) if is_public(&method.vis) && !is_hidden(&method.attrs) => {
                    Some(format!("{}::{}", at(&of), text(&method.sig)))
                }
                ImplItem::Const(one) if is_public(&one.vis) => {
                    Some(format!("{}::{}: {}", at(&of), one.ident, text(&one.ty)))
                }
                _ => None,
            });
            methods.collect()
        }
        _ => Vec::new(),
    }
}

fn fields(fields: &Fields, of: &str) -> Vec<String> {
    let named = fields.iter().enumerate();
    named
        .filter(|(_, field)| is_public(&field.vis))
        .map(|(at, field)| {
            let name = field
                .ident
                .as_ref()
                .map_or_else(|| at.to_string(), ToString::to_string);
            format!("{of}.{name}: {}", text(&field.ty))
        })
        .collect()
}

fn growing(attributes: &[syn::Attribute]) -> &'static str {
    if attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("non_exhaustive"))
    {
        "#[non_exhaustive] "
    } else {
        ""
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_hidden(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && attribute
                .meta
                .to_token_stream()
                .to_string()
                .contains("hidden")
    })
}

/// Tokens as a person writes them.
fn text(tokens: &impl quote::ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, plain) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        ("< ", "<"),
        (" ,", ","),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("& ", "&"),
        (" :", ":"),
        (" ;", ";"),
        ("[ ", "["),
        (" ]", "]"),
        ("' ", "'"),
    ] {
        text = text.replace(spaced, plain);
    }
    text
}
