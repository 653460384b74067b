//! Rooms know only what the table in ARCHITECTURE.md grants them.
//!
//! The sources are parsed with `syn`: `use crate::…`, nested and renamed, inline paths, `super` chains
//! that leave the room, and `pub use` all count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{UseTree, visit::Visit};

/// What each room may know, by the names of rooms under `src/`. The document crate is free to all.
const GRANTS: &[(&str, &[&str])] = &[
    ("did_you_mean", &[]),
    ("exchange", &[]),
    ("finding", &["exchange"]),
    ("contract", &["did_you_mean"]),
    ("wire", &["contract", "exchange"]),
    ("recording", &["exchange"]),
    ("snapshot", &["finding"]),
    ("generate", &["contract"]),
    ("check", &["contract", "exchange", "finding", "wire"]),
    (
        "diff",
        &["contract", "exchange", "finding", "generate", "wire"],
    ),
    ("lint", &["contract", "did_you_mean", "finding"]),
    ("transport", &["exchange", "wire"]),
    (
        "gate",
        &[
            "check",
            "contract",
            "exchange",
            "finding",
            "generate",
            "recording",
            "snapshot",
            "transport",
            "wire",
        ],
    ),
    (
        "report",
        &[
            "contract",
            "did_you_mean",
            "diff",
            "exchange",
            "finding",
            "gate",
        ],
    ),
    (
        "testing",
        &[
            "check",
            "contract",
            "did_you_mean",
            "exchange",
            "finding",
            "gate",
            "generate",
            "recording",
            "report",
            "snapshot",
            "transport",
            "wire",
        ],
    ),
    ("lib", &[]),
];

#[test]
fn rooms_know_only_lower_floors() {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in sources(Path::new("src")) {
        let text = fs::read_to_string(&path).expect("a source can be read");
        let file =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let module = module_of(&path);
        let room = module.first().cloned().unwrap_or_else(|| stem(&path));
        let mut paths = Paths {
            module,
            found: BTreeSet::new(),
        };
        paths.visit_file(&file);
        paths.found.remove(&room);
        known.entry(room).or_default().extend(paths.found);
    }
    let mut wrong = Vec::new();
    for (room, knows) in &known {
        let Some((_, grants)) = GRANTS.iter().find(|(name, _)| name == room) else {
            wrong.push(format!("the room `{room}` has no line in the table"));
            continue;
        };
        for other in knows
            .iter()
            .filter(|other| GRANTS.iter().any(|(name, _)| name == other) || *other == "document")
        {
            if !grants.contains(&other.as_str()) {
                wrong.push(format!(
                    "`{room}` knows `{other}`, which the table does not grant"
                ));
            }
        }
        for grant in grants.iter().filter(|grant| !knows.contains(**grant)) {
            wrong.push(format!(
                "`{room}` is granted `{grant}` and does not use it: take it out of the table"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_document_crate_knows_nothing_of_the_root() {
    for path in sources(Path::new("crates/oasgate-document/src")) {
        let text = fs::read_to_string(&path).expect("a source can be read");
        assert!(!text.contains("oasgate::"), "{}", path.display());
    }
}

#[test]
fn only_the_command_line_knows_its_own_crates() {
    let manifest = fs::read_to_string("Cargo.toml").expect("the manifest can be read");
    let (library, _) = manifest
        .split_once("[dev-dependencies]")
        .expect("the manifest has dev-dependencies");
    for name in ["clap", "indicatif", "toml", "anstream"] {
        assert!(
            !library
                .lines()
                .any(|line| line.starts_with(&format!("{name} = "))),
            "{name} belongs to crates/oasgate-cli"
        );
    }
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    for path in sources(Path::new("src"))
        .into_iter()
        .chain(sources(Path::new("crates")))
    {
        let lines = fs::read_to_string(&path)
            .expect("a source can be read")
            .lines()
            .count();
        assert!(
            lines <= 700,
            "{} has {lines} lines; look for the second idea in it",
            path.display()
        );
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The path of the module in a file: `src/check/mod.rs` is `check`, `src/check/rule.rs` `check::rule`.
fn module_of(path: &Path) -> Vec<String> {
    let inside = path.strip_prefix("src").unwrap_or(path);
    let mut module: Vec<String> = inside
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let stem = stem(path);
    if !["mod", "lib", "main"].contains(&stem.as_str()) {
        module.push(stem);
    }
    module
}

struct Paths {
    module: Vec<String>,
    found: BTreeSet<String>,
}

impl Paths {
    /// Takes in a path from where it stands; what leaves the room by `crate` or `super` counts.
    fn path(&mut self, segments: &[String]) {
        let Some((first, mut rest)) = segments.split_first() else {
            return;
        };
        match first.as_str() {
            "crate" => self.found.extend(rest.first().cloned()),
            "super" => {
                let mut up = 1;
                while rest.first().is_some_and(|segment| segment == "super") {
                    up += 1;
                    rest = &rest[1..];
                }
                // Above the room stands the crate, whose children are rooms.
                if up >= self.module.len() {
                    self.found.extend(rest.first().cloned());
                }
            }
            _ => {}
        }
    }

    fn tree(&mut self, tree: &UseTree, mut prefix: Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.tree(&path.tree, prefix);
            }
            UseTree::Name(name) => {
                prefix.push(name.ident.to_string());
                self.path(&prefix);
            }
            UseTree::Rename(rename) => {
                prefix.push(rename.ident.to_string());
                self.path(&prefix);
            }
            UseTree::Glob(_) => self.path(&prefix),
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|item| self.tree(item, prefix.clone())),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        // Tests may know what they like.
        let is_test = module
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("cfg"));
        if !is_test && module.content.is_some() {
            self.module.push(module.ident.to_string());
            syn::visit::visit_item_mod(self, module);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.path(&segments);
        syn::visit::visit_path(self, path);
    }
}
