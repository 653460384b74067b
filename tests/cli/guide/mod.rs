//! The guide does what it says: every command of its pages is run, every link leads somewhere.

mod page;
mod session;
mod stand_in;

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Component, Path, PathBuf},
};

use crate::project;
use page::{Fate, Page};
use session::Came;

/// Languages of blocks that are something to a reader's machine, and so to a test.
const TESTED: &[&str] = &["console", "toml", "rust", "python", "yaml", "json"];

/// Pages whose blocks have to say what becomes of them. The others are about this project.
fn is_of_the_guide(path: &Path) -> bool {
    let told = [
        "start",
        "ideas",
        "coming-from",
        "frameworks.md",
        "README.md",
    ];
    let path = path.strip_prefix(project()).expect("a page of the project");
    let path = path.strip_prefix("docs").unwrap_or(path);
    told.iter().any(|one| path.starts_with(one))
}

/// Every page: README, and what is below `docs/`.
fn pages() -> Vec<Page> {
    fn below(folder: &Path, paths: &mut Vec<PathBuf>) {
        for entry in folder.read_dir().expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                below(&path, paths);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                paths.push(path);
            }
        }
    }
    let mut paths = vec![project().join("README.md")];
    below(&project().join("docs"), &mut paths);
    paths.sort();
    paths.iter().map(|path| Page::read(path)).collect()
}

#[test]
fn every_command_of_the_guide_does_what_the_guide_says() {
    let mut wrong = Vec::new();
    let mut number = 0;
    for page in pages() {
        match session::run(&page) {
            Came::Run {
                commands,
                wrong: found,
            } => {
                number += commands;
                wrong.extend(found);
            }
            Came::Lacks(what) => {
                assert!(
                    std::env::var_os("OASGATE_GUIDE_WHOLE").is_none(),
                    "{} needs what is not there: {what}",
                    page.path.display()
                );
                let _ = writeln!(
                    std::io::stderr(),
                    "skipped: {} needs `{what}`",
                    page.path.display()
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(number >= 30, "only {number} commands");
}

#[test]
fn every_block_of_the_guide_is_tested_or_says_why_not() {
    let mut wrong = Vec::new();
    for page in pages() {
        for block in page.blocks().filter(|_| is_of_the_guide(&page.path)) {
            let place = format!("{}:{}", page.path.display(), block.line);
            match &block.fate {
                Fate::Usual
                    if block.language != "console" && TESTED.contains(&block.language.as_str()) =>
                {
                    wrong.push(format!("{place}: say `write`, `same` or `skip`"));
                }
                Fate::Usual if ["sh", "bash", "shell"].contains(&block.language.as_str()) => {
                    wrong.push(format!(
                        "{place}: write `console`, and `$` before a command"
                    ));
                }
                Fate::Same(file) => {
                    let text = fs::read_to_string(project().join(file)).unwrap_or_default();
                    if !plain(&text).contains(&plain(&block.text)) {
                        wrong.push(format!("{place}: {file} does not have this"));
                    }
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A text without what indentation there is.
fn plain(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut wrong = Vec::new();
    for page in &pages {
        for link in &page.links {
            let is_elsewhere = link.contains("://") || link.starts_with("mailto:");
            if is_elsewhere {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                page.path.clone()
            } else {
                normal(&page.path.parent().expect("a folder").join(file))
            };
            let place = page.path.display();
            if !target.exists() {
                wrong.push(format!("{place}: {link}: there is no {}", target.display()));
            } else if !anchor.is_empty() {
                let has = (pages.iter().filter(|one| one.path == target))
                    .any(|one| one.anchors.iter().any(|known| known == anchor));
                if !has {
                    wrong.push(format!("{place}: {link}: there is no such heading"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_is_in_the_summary() {
    let docs = project().join("docs");
    let summary = Page::read(&docs.join("SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = summary
        .links
        .iter()
        .map(|link| normal(&docs.join(link)))
        .collect();
    for page in pages() {
        let is_listed = listed.contains(&page.path) || page.path == summary.path;
        assert!(
            is_listed || !page.path.starts_with(&docs),
            "add {} to docs/SUMMARY.md",
            page.path.display()
        );
    }
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}
