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
    ("infer", &[]),
    ("finding", &["exchange", "infer"]),
    ("amend", &["cause", "check", "contract", "finding", "infer"]),
    ("words", &[]),
    ("cause", &["check", "finding", "words"]),
    ("contract", &["did_you_mean"]),
    ("wire", &["contract", "exchange"]),
    ("recording", &["exchange"]),
    ("snapshot", &["finding"]),
    ("generate", &["contract"]),
    (
        "check",
        &["contract", "exchange", "finding", "infer", "wire"],
    ),
    (
        "diff",
        &[
            "check", "contract", "exchange", "finding", "generate", "wire",
        ],
    ),
    ("lint", &["contract", "did_you_mean", "finding"]),
    ("transport", &["exchange", "wire"]),
    (
        "run",
        &[
            "check",
            "contract",
            "exchange",
            "finding",
            "snapshot",
            "transport",
            "wire",
            "words",
        ],
    ),
    (
        "gate",
        &[
            "check",
            "contract",
            "exchange",
            "finding",
            "generate",
            "lint",
            "recording",
            "run",
            "snapshot",
            "transport",
            "wire",
            "words",
        ],
    ),
    (
        "report",
        &[
            "cause",
            "check",
            "contract",
            "did_you_mean",
            "diff",
            "exchange",
            "finding",
            "lint",
            "run",
            "words",
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

/// The floors inside some rooms, lowest first. A module (a file, or a folder with all that is in it) knows
/// only modules on lower floors, so that a circle within a room fails, too.
const FLOORS: &[(&str, &[&[&str]])] = &[
    (
        "run",
        &[
            &["put_credential"],
            &["coverage", "info", "shard", "credentials", "status"],
            &["known", "case", "state"],
            &["outcome"],
            &["baseline", "event"],
            &["settings"],
        ],
    ),
    (
        "gate",
        &[
            &[
                "budget",
                "declared_drift",
                "failure",
                "hosts",
                "identity",
                "interrupt",
                "lint",
                "polling",
                "rounds",
            ],
            &[
                "executor",
                "hold",
                "knowledge",
                "left_out",
                "settle",
                "unread",
            ],
            &["judge", "synthetic", "tally"],
            &["account", "case_factory"],
            &["fixture", "plan", "recorder", "renewal", "saved"],
            &["driver"],
            &["sequence", "trial"],
            &["deal", "refused_credential"],
            &["unreached"],
            &["schedule"],
            &["phase"],
            &["live", "replay"],
        ],
    ),
];

/// The circles of files that are left, as the test prints them. Break one and take its line out.
const CIRCLES_LEFT: &[&str] = &[
    "`contract`: contract::schema::discriminator, contract::schema::for_generation, contract::schema::objects, contract::schema::standalone, contract::schema::store, contract::schema::structure, contract::schema::translate, contract::schema::unit, contract::schema::write_only",
    "`generate`: generate::around, generate::draw, generate::number, generate::one_of, generate::recipe, generate::values",
    "`wire`: wire::body, wire::form, wire::header, wire::multipart, wire::pairs, wire::parameter, wire::reading",
];

#[test]
fn modules_of_a_room_know_only_lower_floors() {
    let mut wrong = Vec::new();
    for (room, floors) in FLOORS {
        let modules = Modules::of(room);
        let floor = |module: &str| floors.iter().position(|floor| floor.contains(&module));
        for (module, knows) in modules.tops() {
            let Some(own) = floor(&module) else {
                wrong.push(format!("`{room}::{module}` stands on no floor"));
                continue;
            };
            for other in knows {
                if floor(&other).is_some_and(|other| other >= own) {
                    wrong.push(format!(
                        "`{room}::{module}` knows `{room}::{other}`, which does not stand on a lower floor"
                    ));
                }
            }
        }
        for module in floors.iter().flat_map(|floor| floor.iter()) {
            if !modules.tops().contains_key(*module) {
                wrong.push(format!(
                    "`{room}` has no module `{module}`: take it out of the table"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_phase_knows_another() {
    let phases = Modules::of("gate");
    let phase = |path: &[String]| match path {
        [room, folder, phase, ..] if room == "gate" && folder == "phase" => Some(phase.clone()),
        _ => None,
    };
    let mut wrong = Vec::new();
    for (module, knows) in &phases.knows {
        let Some(own) = phase(module) else { continue };
        for other in knows.iter().filter_map(|other| phase(other)) {
            if other != own {
                wrong.push(format!("the phase `{own}` knows the phase `{other}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_of_a_room_know_each_other_in_a_circle() {
    let mut circles = Vec::new();
    for (room, _) in GRANTS {
        if Path::new("src").join(room).is_dir() {
            circles.extend(Modules::of(room).circle());
        }
    }
    circles.sort();
    assert_eq!(circles, CIRCLES_LEFT);
}

/// The modules of a room with a file of their own, and which of them each knows. A name that a `mod.rs`
/// only hands on counts as knowing the module that it comes from.
struct Modules {
    room: String,
    knows: BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
}

impl Modules {
    fn of(room: &str) -> Self {
        let mut parsed = BTreeMap::new();
        for path in sources(&Path::new("src").join(room)) {
            let text = fs::read_to_string(&path).expect("a source can be read");
            let file = syn::parse_file(&text).expect("a source can be parsed");
            let mut paths = FullPaths {
                module: module_of(&path),
                found: BTreeSet::new(),
                handed_on: BTreeMap::new(),
            };
            paths.visit_file(&file);
            parsed.insert(module_of(&path), (paths.found, paths.handed_on));
        }
        let resolve = |path: &[String]| -> Option<Vec<String>> {
            let mut path = path.to_vec();
            for _ in 0..8 {
                let module = (1..=path.len())
                    .rev()
                    .map(|length| path[..length].to_vec())
                    .find(|prefix| parsed.contains_key(prefix))?;
                let handed_on = path
                    .get(module.len())
                    .and_then(|name| parsed[&module].1.get(name));
                match handed_on {
                    Some(target) => path.clone_from(target),
                    None => return Some(module),
                }
            }
            None
        };
        let knows = parsed
            .iter()
            .map(|(module, (found, _))| {
                let others = found.iter().filter_map(|path| resolve(path));
                let others = others.filter(|other| other != module).collect();
                (module.clone(), others)
            })
            .collect();
        Self {
            room: room.to_owned(),
            knows,
        }
    }

    /// Which modules directly below the room know which others.
    fn tops(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut tops: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, knows) in &self.knows {
            let Some(top) = module.get(1) else { continue };
            let others = knows.iter().filter_map(|other| other.get(1));
            tops.entry(top.clone())
                .or_default()
                .extend(others.filter(|other| *other != top).cloned());
        }
        tops
    }

    /// A circle of files, if there is one. A module and those inside it may know each other: they are
    /// one thing in several files.
    fn circle(&self) -> Option<String> {
        let is_one = |a: &[String], b: &[String]| a.starts_with(b) || b.starts_with(a);
        let mut open: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = self
            .knows
            .iter()
            .map(|(module, knows)| {
                let others = knows.iter().filter(|other| !is_one(module, other));
                (module, others.collect())
            })
            .collect();
        // What knows nobody that is left, or is known by nobody that is left, is in no circle.
        loop {
            let known: BTreeSet<_> = open.values().flatten().copied().collect();
            let done: Vec<_> = open
                .iter()
                .filter(|(module, knows)| {
                    !known.contains(*module) || knows.iter().all(|other| !open.contains_key(*other))
                })
                .map(|(module, _)| *module)
                .collect();
            if done.is_empty() {
                break;
            }
            for module in done {
                open.remove(module);
            }
        }
        let names: Vec<_> = open.keys().map(|module| module.join("::")).collect();
        (!names.is_empty()).then(|| format!("`{}`: {}", self.room, names.join(", ")))
    }
}

/// Collects whole paths into the room, and what a module hands on by `pub use`.
struct FullPaths {
    module: Vec<String>,
    found: BTreeSet<Vec<String>>,
    handed_on: BTreeMap<String, Vec<String>>,
}

impl FullPaths {
    fn whole(&self, segments: &[String]) -> Option<Vec<String>> {
        let mut module = self.module.clone();
        let mut rest = segments;
        match rest.first()?.as_str() {
            "crate" => return Some(rest[1..].to_vec()),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            _ => {}
        }
        module.extend(rest.iter().cloned());
        Some(module)
    }

    fn tree(&mut self, tree: &UseTree, mut prefix: Vec<String>, is_public: bool) {
        let (name, known_as) = match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                return self.tree(&path.tree, prefix, is_public);
            }
            UseTree::Group(group) => {
                for item in &group.items {
                    self.tree(item, prefix.clone(), is_public);
                }
                return;
            }
            UseTree::Glob(_) => (None, None),
            UseTree::Name(name) => (Some(&name.ident), Some(&name.ident)),
            UseTree::Rename(rename) => (Some(&rename.ident), Some(&rename.rename)),
        };
        prefix.extend(name.map(ToString::to_string).filter(|name| name != "self"));
        let Some(whole) = self.whole(&prefix) else {
            return;
        };
        if is_public && let Some(known_as) = known_as {
            self.handed_on.insert(known_as.to_string(), whole.clone());
        }
        self.found.insert(whole);
    }
}

impl<'ast> Visit<'ast> for FullPaths {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
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
        let is_public = !matches!(item.vis, syn::Visibility::Inherited);
        self.tree(&item.tree, Vec::new(), is_public);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if segments.len() > 1 && ["crate", "super", "self"].contains(&segments[0].as_str()) {
            self.found.extend(self.whole(&segments));
        }
        syn::visit::visit_path(self, path);
    }
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

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
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
