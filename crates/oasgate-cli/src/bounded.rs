//! Files that the user names, read up to a size: what has no end ends nothing else.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// The most bytes of a file that a person writes: a configuration, a token, a certificate.
pub(crate) const WRITTEN: u64 = 16 << 20;

/// The most bytes of a file that a run writes: a baseline, a state, a report.
pub(crate) const MADE: u64 = 256 << 20;

/// The bytes of a file that has at most so many.
///
/// # Errors
///
/// When it cannot be read, or has more.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?.take(most.saturating_add(1));
    file.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let message = format!("it has more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// As [`read`], where it is text.
///
/// # Errors
///
/// As [`read`], and where it is no UTF-8.
pub(crate) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{read, read_text};

    #[test]
    fn a_file_is_read_up_to_a_size() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(b"ab\xff").expect("it is written");
        assert_eq!(read(file.path(), 3).expect("it is read"), b"ab\xff");
        assert!(read(file.path(), 2).is_err() && read_text(file.path(), 3).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn a_device_without_end_is_too_large() {
        assert!(read("/dev/zero".as_ref(), 1 << 20).is_err());
    }
}
