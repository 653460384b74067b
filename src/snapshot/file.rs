//! Files that are replaced as a whole.

use std::{
    io::{self, Read as _, Write as _},
    path::Path,
};

/// The longest file that is read, in bytes: samples and failing requests may be as long as bodies are.
const MAX_BYTES: u64 = 64 << 20;

/// Whether a file is an ordinary one, and no longer than one of ours can be.
pub(super) fn check(path: &Path) -> io::Result<()> {
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(io::Error::other(format!(
            "it is longer than {MAX_BYTES} bytes"
        )));
    }
    Ok(())
}

/// Reads a file that may have been written by anybody.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    check(path)?;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Puts a file in the place of another, so that nobody reads half of it. A link is written through and stays one; one
/// that leads nowhere is an error.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &if path.is_symlink() {
        path.canonicalize()?
    } else {
        path.to_owned()
    };
    let mut file = new_file(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// A file to be renamed when it is whole, readable by whom other files are.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As `File::create` asks; the umask takes away what it takes from every file.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, read, replace};

    #[test]
    fn only_ordinary_files_of_a_bounded_length_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        replace(&path, b"{}").expect("it is written");
        assert_eq!(read(&path).expect("it is read"), b"{}");
        let file = std::fs::File::options().write(true).open(&path);
        let file = file.expect("it is opened");
        // Sparse: nothing is written.
        file.set_len(MAX_BYTES + 1).expect("it is long");
        let error = read(&path).expect_err("it is too long").to_string();
        assert!(error.contains("longer than"), "{error}");
        let error = read(folder.path()).expect_err("a folder").to_string();
        assert!(error.contains("not a regular file"), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_written_through_and_one_to_nowhere_refused() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        replace(&folder.join("kept"), b"one").expect("it is written");
        symlink("kept", folder.join("a.snap")).expect("a link");
        symlink("nothing", folder.join("b.snap")).expect("a link");
        replace(&folder.join("a.snap"), b"two").expect("it is written");
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("it is there");
        assert_eq!(read("kept"), "two");
        assert!(replace(&folder.join("b.snap"), b"x").is_err());
        assert!(folder.join("a.snap").is_symlink() && !folder.join("nothing").exists());
        // What waits takes the place of what the link leads to.
        replace(&folder.join("a.snap.new"), b"three").expect("it is written");
        let waiting = crate::snapshot::Pending::all(folder).expect("it is read");
        assert_eq!(waiting.len(), 1);
        waiting[0].accept().expect("it is accepted");
        assert_eq!(read("kept"), "three");
        assert!(folder.join("a.snap").is_symlink() && !folder.join("a.snap.new").exists());
    }
}
