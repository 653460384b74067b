//! Finds OpenAPI documents in a folder, and reads where they say that the service is.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use oasgate::document::{Document, Url};

/// How deep folders are looked into, and how many entries in all.
const DEEPEST: usize = 4;
const MAX_ENTRIES: usize = 20_000;

/// How much of a file tells whether it is a document.
const HEAD: u64 = 4096;

/// Folders of dependencies and of what is built.
const PASSED_OVER: &[&str] = &[
    "node_modules",
    "target",
    "vendor",
    "dist",
    "build",
    "venv",
    "__pycache__",
    "site-packages",
];

/// Every OpenAPI document below a folder, those nearest to it first.
pub(super) fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = MAX_ENTRIES;
    look(folder, 0, &mut left, &mut found);
    found.sort_by_key(|path| (path.components().count(), path.clone()));
    found
}

fn look(folder: &Path, depth: usize, left: &mut usize, found: &mut Vec<PathBuf>) {
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let Ok(entries) = fs::read_dir(here) else {
        return;
    };
    for entry in entries.flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = folder.join(&*name);
        // What a link leads to is found where it is, or lies outside.
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            let is_passed_over = name.starts_with('.') || PASSED_OVER.contains(&&*name);
            if depth < DEEPEST && !is_passed_over {
                look(&path, depth + 1, left, found);
            }
        } else if kind.is_file() && is_document(&path) {
            found.push(path);
        }
    }
}

/// Whether a file begins as a document of OpenAPI 3 or Swagger 2.
fn is_document(path: &Path) -> bool {
    let is_text = path
        .extension()
        .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known));
    if !is_text {
        return false;
    }
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    if read.is_err() {
        return false;
    }
    let head = String::from_utf8_lossy(&head);
    head.lines().any(|line| {
        let line = line.trim_start_matches(['{', ' ', '"', '\'']);
        ["openapi", "swagger"].iter().any(|word| {
            let rest = line.strip_prefix(word).unwrap_or_default();
            let rest = rest.trim_start_matches(['"', '\'', ' ']);
            let version = rest.strip_prefix(':').unwrap_or_default();
            let version = version.trim_start_matches(['"', '\'', ' ']);
            version.starts_with(['2', '3'])
        })
    })
}

/// The URLs of the document's servers, as they are written; nothing where it cannot be read.
pub(super) fn servers(spec: &Path) -> Vec<String> {
    let Ok(document) = Document::open(spec) else {
        return Vec::new();
    };
    let servers = document.root()["servers"].as_array();
    servers
        .into_iter()
        .flatten()
        .filter_map(|server| server["url"].as_str())
        .filter(|url| !url.contains('{'))
        .map(str::to_owned)
        .collect()
}

/// The path of a URL, or of what is a path alone, without a slash at its end.
pub(super) fn path_of(url: &str) -> String {
    let path = match Url::parse(url) {
        Ok(url) => url.path().to_owned(),
        Err(_) if url.starts_with('/') => url.to_owned(),
        Err(_) => String::new(),
    };
    path.trim_end_matches('/').to_owned()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
mod tests {
    use super::*;

    #[test]
    fn documents_are_found_by_what_they_say_and_not_in_dependencies() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("spec/api.yaml", "openapi: 3.1.0\ninfo: {}\n"),
            ("one.json", "{\"openapi\": \"3.0.3\"}"),
            ("old.json", "{\n  \"swagger\": \"2.0\"\n}"),
            ("other.yaml", "name: openapi\n"),
            (
                "package.json",
                "{\"dependencies\": {\"openapi\": \"^1.0\"}}",
            ),
            ("node_modules/x/openapi.yaml", "openapi: 3.0.0\n"),
            ("notes.txt", "openapi: 3.0.0\n"),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            fs::write(path, text).expect("it is written");
        }
        let found: Vec<_> = documents(folder.path())
            .iter()
            .map(|path| {
                let path = path.strip_prefix(folder.path()).expect("below");
                path.to_string_lossy().into_owned()
            })
            .collect();
        assert_eq!(found, ["old.json", "one.json", "spec/api.yaml"]);
    }

    #[test]
    fn a_base_path_is_that_of_a_url_or_a_path() {
        assert_eq!(path_of("https://api.example.com/v2/"), "/v2");
        assert_eq!(path_of("/v1"), "/v1");
        assert_eq!(path_of("https://api.example.com"), "");
    }
}
