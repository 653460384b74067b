//! Bodies that a recorder keeps in files of their own: beside the recording, or in one archive with it.
//!
//! A recording is a stranger's text and must not make us read other files: only what is named after its
//! content, as Playwright names it (`_file: <sha1>.json`), and lies in the same folder is read, and what hurl
//! names by chance (`store/<uuid>_response.json`). An archive holds nothing but what came with the recording, so
//! that any name is read there.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use zip::ZipArchive;

use super::EntryError;

/// The most bytes of a recording inside an archive.
const MAX_RECORDING: u64 = 256 << 20;

/// The most bytes of one attached body, several of which are read at once.
const MAX_BODY: u64 = 64 << 20;

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
    Archive {
        /// All of it.
        archive: Mutex<ZipArchive<File>>,
        /// The folder of the recording, empty or with a slash at its end.
        folder: String,
    },
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
    pub(super) fn read(&self, name: &str) -> Result<Option<Bytes>, EntryError> {
        let failed = |error: io::Error| EntryError::Attachment {
            name: name.to_owned(),
            error,
        };
        match self {
            Self::Nowhere => Ok(None),
            Self::Beside(_) if !is_content_name(name) && !is_stored_response(name) => Ok(None),
            Self::Beside(folder) => {
                let path = folder.join(name);
                if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
                    return Ok(None);
                }
                let file = File::open(path).map_err(failed)?;
                bounded(file, MAX_BODY).map(Some).map_err(failed)
            }
            Self::Archive { archive, folder } => {
                let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
                let beside = resolved(&format!("{folder}{name}"));
                let names = [beside, resolved(name)];
                let Some(at) = names.iter().find_map(|name| archive.index_for_name(name)) else {
                    return Ok(None);
                };
                let file = archive.by_index(at).map_err(io::Error::other);
                let body = file.and_then(|file| bounded(file, MAX_BODY));
                body.map(Some).map_err(failed)
            }
        }
    }
}

/// A path inside an archive without `.` and `..`, its folders divided by slashes.
fn resolved(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
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

fn bounded(input: impl Read, most: u64) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    input.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
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
    let names = archive.file_names().filter_map(Result::ok);
    let found: Vec<String> = names
        .filter(|name| is_recording(name))
        .map(std::borrow::Cow::into_owned)
        .collect();
    let name = match found.as_slice() {
        [] => return Err(io::Error::other("the archive has no .har file in it")),
        [only] => only.clone(),
        [one, other, ..] => {
            return Err(io::Error::other(format!(
                "the archive has several .har files in it ({one}, {other}): unpack it, and name its folder"
            )));
        }
    };
    let bytes = bounded(
        archive.by_name(&name).map_err(io::Error::other)?,
        MAX_RECORDING,
    )?;
    let folder = name.rfind(['/', '\\']).map_or("", |at| &name[..=at]);
    let attachments = Attachments::Archive {
        folder: folder.to_owned(),
        archive: Mutex::new(archive),
    };
    Ok((bytes, attachments))
}

/// Whether a file of an archive is a recording, and not what macOS writes beside each file of one.
fn is_recording(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.eq_ignore_ascii_case("har") && !name.starts_with("._")
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

    #[test]
    fn an_archive_may_hold_the_recording_in_a_folder() {
        use std::io::Write as _;
        let folder = tempfile::tempdir().expect("a folder");
        let packed = |names: &[&str]| {
            let path = folder.path().join("x.zip");
            let mut writer = zip::ZipWriter::new(File::create(&path).expect("a file"));
            for name in names {
                let options = zip::write::SimpleFileOptions::default();
                writer.start_file(*name, options).expect("an entry");
                writer.write_all(name.as_bytes()).expect("bytes");
            }
            writer.finish().expect("an archive");
            unpack(File::open(&path).expect("a file"))
        };
        let names = ["run/a.har", "run/bodies/b.json", "c.json", "run/._a.har"];
        let (bytes, attachments) = packed(&names).expect("a recording");
        assert_eq!(bytes, "run/a.har");
        for (name, found) in [
            ("bodies/b.json", Some("run/bodies/b.json")),
            ("bodies\\b.json", Some("run/bodies/b.json")),
            ("run/bodies/b.json", Some("run/bodies/b.json")),
            ("../c.json", Some("c.json")),
            ("d.json", None),
        ] {
            let read = attachments.read(name).expect("it can be read");
            assert_eq!(read.as_deref(), found.map(str::as_bytes), "{name}");
        }
        assert!(packed(&["a.har", "b.har"]).is_err());
        assert!(packed(&["a.json"]).is_err());
    }
}
