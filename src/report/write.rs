//! Files written beside and renamed, so that none is ever half there.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// A report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}; name a path in a folder that exists and can be written to", path.display())]
pub struct ReportError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Writes a file as a whole; `-` is standard output.
///
/// # Errors
///
/// When the folder is not there or cannot be written to.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let failed = |source| ReportError {
        path: path.to_path_buf(),
        source,
    };
    if path.as_os_str() == "-" {
        return io::stdout().write_all(bytes).map_err(failed);
    }
    // What is no regular file, such as `/dev/stderr` or a pipe, cannot be renamed over.
    if path.exists() && !path.is_file() {
        return std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(failed);
    }
    let path = &behind_links(path).map_err(failed)?;
    let mut file = new_file(folder(path)).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// What a path leads to. A link is written through and stays one.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    if path.is_symlink() {
        path.canonicalize()
    } else {
        Ok(path.to_owned())
    }
}

/// A file to be renamed when it is whole, as readable as the umask leaves any new file.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Finds out whether a file can be written there.
///
/// # Errors
///
/// When the folder is not there or cannot be written to.
pub fn probe(path: &Path) -> Result<(), ReportError> {
    let failed = |source| ReportError {
        path: path.to_path_buf(),
        source,
    };
    if path.is_dir() {
        return Err(failed(io::Error::other("it is a directory")));
    }
    if path.exists() && !path.is_file() {
        return Ok(());
    }
    let path = &behind_links(path).map_err(failed)?;
    tempfile::NamedTempFile::new_in(folder(path))
        .map(drop)
        .map_err(failed)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
