//! No room but their own writes the id of a rule as a text: a rule is renamed where it stands, and no
//! behaviour changes.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use oasgate::{check, lint};
use syn::visit::Visit;

/// Texts that are equal to an id and mean something else: members of the JSON report.
const WORDS: &[(&str, &str)] = &[
    ("src/report/json.rs", "unreached"),
    ("src/report/merge.rs", "unreached"),
];

#[test]
fn ids_of_rules_are_written_in_their_rooms_only() {
    let ids: BTreeSet<&str> = check::rules()
        .map(|rule| rule.id)
        .chain(lint::RULES.iter().map(|lint| lint.rule().id))
        .collect();
    assert!(ids.len() > 60, "{ids:?}");
    let mut wrong = Vec::new();
    for path in ["src", "crates"]
        .iter()
        .flat_map(|root| sources(Path::new(root)))
    {
        let name = path.display().to_string();
        let is_own = name.starts_with("src/check") || name.starts_with("src/lint");
        if is_own || path.file_name().is_some_and(|name| name == "tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source can be read");
        let file = syn::parse_file(&text).expect("a source can be parsed");
        let mut texts = Texts(BTreeSet::new());
        texts.visit_file(&file);
        for text in texts.0 {
            let is_word = WORDS.contains(&(name.as_str(), text.as_str()));
            if ids.contains(text.as_str()) && !is_word {
                wrong.push(format!("{name} writes {text:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The texts of a file, its tests left out.
struct Texts(BTreeSet<String>);

impl<'ast> Visit<'ast> for Texts {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = module
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("cfg"));
        if !is_test {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.0.insert(text.value());
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        let is_own = !path.ends_with("target") && !path.ends_with("tests");
        if path.is_dir() && is_own {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
