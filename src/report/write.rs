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
    let mut file = tempfile::NamedTempFile::new_in(folder(path)).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    readable(&file).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Temporary files are private to their owner; a report is as readable as any new file.
#[cfg(unix)]
fn readable(file: &tempfile::NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &tempfile::NamedTempFile) -> io::Result<()> {
    Ok(())
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
