//! Bodies that a recorder keeps in files of their own: beside the recording, or in one archive with it.
//!
//! A recording is a stranger's text and must not make us read other files: only what is named after its
//! content, as Playwright names it (`_file: <sha1>.json`), and lies in the same folder is read, and what hurl
//! names by chance (`store/<uuid>_response.json`).

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use zip::ZipArchive;

/// The most bytes of one attached body, and of a recording inside an archive.
const MAX_BYTES: u64 = 256 << 20;

/// Digits of a SHA-1 in hexadecimal.
const SHA1_DIGITS: usize = 40;

/// Characters of a UUID.
const UUID_LENGTH: usize = 36;

/// Where the attached bodies of a recording are.
pub enum Attachments {
    /// Nowhere: the recording is a stream.
    Nowhere,
    /// In the folder of the recording.
    Beside(PathBuf),
    /// In the archive that holds the recording.
    Archive(Mutex<ZipArchive<File>>),
}

impl Attachments {
    /// The attachments of the recording at `path`.
    pub(super) fn beside(path: &Path) -> Self {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        Self::Beside(folder.map_or_else(|| PathBuf::from("."), Path::to_owned))
    }

    /// An attached body; `None` where it is not there, or was never one.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub(super) fn read(&self, name: &str) -> Result<Option<Bytes>, String> {
        if !is_content_name(name) && !is_stored_response(name) {
            return Ok(None);
        }
        let failed = |error: io::Error| format!("the attached body {name} cannot be read: {error}");
        match self {
            Self::Nowhere => Ok(None),
            Self::Beside(folder) => {
                let path = folder.join(name);
                if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
                    return Ok(None);
                }
                let file = File::open(path).map_err(failed)?;
                bounded(file).map(Some).map_err(failed)
            }
            Self::Archive(archive) => {
                let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
                let Ok(file) = archive.by_name(name) else {
                    return Ok(None);
                };
                bounded(file).map(Some).map_err(failed)
            }
        }
    }
}

/// Whether a name is the SHA-1 of a content, with or without an ending.
fn is_content_name(name: &str) -> bool {
    let (digits, ending) = name.split_once('.').unwrap_or((name, ""));
    digits.len() == SHA1_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a name is one that hurl gives to the body of a response.
fn is_stored_response(name: &str) -> bool {
    let Some((id, rest)) = name
        .strip_prefix("store/")
        .and_then(|name| name.split_once('_'))
    else {
        return false;
    };
    id.len() == UUID_LENGTH
        && id
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && ["response", "response.json", "response.xml", "response.html"].contains(&rest)
}

fn bounded(input: impl Read) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!(
            "it has more than {MAX_BYTES} bytes"
        )));
    }
    Ok(bytes.into())
}

/// Whether a file begins as an archive does.
pub(super) fn is_archive(file: &mut File) -> io::Result<bool> {
    let mut beginning = [0; 4];
    let is_archive = match file.read_exact(&mut beginning) {
        Ok(()) => beginning == *b"PK\x03\x04",
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
        Err(error) => return Err(error),
    };
    file.rewind()?;
    Ok(is_archive)
}

/// The one recording in an archive, and the archive for what is attached to it.
pub(super) fn unpack(file: File) -> io::Result<(Bytes, Attachments)> {
    let mut archive = ZipArchive::new(file).map_err(io::Error::other)?;
    let is_recording = |name: &str| {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        ending.eq_ignore_ascii_case("har")
    };
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|name| is_recording(name))
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| io::Error::other("the archive has no .har file in it"))?;
    let bytes = bounded(archive.by_name(&name).map_err(io::Error::other)?)?;
    Ok((bytes, Attachments::Archive(Mutex::new(archive))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
    fn only_what_is_named_after_its_content_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = format!("{}.json", "0a".repeat(20));
        std::fs::write(folder.path().join(&name), "{}").expect("a file");
        std::fs::write(folder.path().join("secrets.env"), "x").expect("a file");
        let attachments = Attachments::beside(&folder.path().join("x.har"));
        let read = |name: &str| attachments.read(name).expect("it can be read");
        assert_eq!(read(&name), Some(Bytes::from("{}")));
        let stored = "store/1fe9d647-5689-4130-b4ea-dc120c2536ba_response.json";
        std::fs::create_dir(folder.path().join("store")).expect("a folder");
        std::fs::write(folder.path().join(stored), "[]").expect("a file");
        assert_eq!(read(stored), Some(Bytes::from("[]")));
        for other in [
            "store/../secrets.env",
            "store/x_response.json",
            "secrets.env",
            "../x",
            "/etc/passwd",
            "",
            &"0b".repeat(20),
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
