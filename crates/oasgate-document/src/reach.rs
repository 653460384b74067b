//! How far the references of a document may lead among files.

use std::path::{Path, PathBuf};

/// The folders and files, links resolved, that references may lead to.
pub(crate) struct Reach(Vec<PathBuf>);

impl Reach {
    /// The folder of the root file and all below it, and what is allowed beside it. A document that is no file has
    /// no folder.
    pub(crate) fn of(root: Option<&Path>, allowed: &[PathBuf]) -> Self {
        let mut all = allowed.to_vec();
        if let Some(path) = root {
            all.push(folder_of(path));
            // Whoever names a link means what it leads to.
            all.extend(path.canonicalize().ok().as_deref().map(folder_of));
        }
        let resolved = all.iter().filter_map(|path| path.canonicalize().ok());
        Self(resolved.collect())
    }

    /// Whether a file lies there. One that is not there is left to whoever reads it.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        let Ok(resolved) = path.canonicalize() else {
            return true;
        };
        self.0.iter().any(|folder| resolved.starts_with(folder))
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
