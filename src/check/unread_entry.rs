//! `unread-entry`

use super::documented;
use crate::finding::Finding;

documented! {
    /// A part of a recording could not be read, so it was not checked.
    ///
    /// # What it holds
    ///
    /// Every entry of a recording is an exchange in the recording's format, and the recording is whole.
    ///
    /// # Why
    ///
    /// What is not read is not checked: a gate that passes over it looks green without having looked.
    ///
    /// # Not a finding when
    ///
    /// - an entry asks no service (`data:`, `blob:`, `file:` and extension URLs) or another one: these are
    ///   counted as passed over;
    /// - nothing at all could be read: then the run has failed, whatever this rule is set to.
    ///
    /// Entries of one recording that cannot be read for the same reason are one finding with a count.
    /// `--fail-on unread-entry` makes the gate fail on it.
    pub UnreadEntry = "unread-entry", Warning;
}

/// The finding for a part of the recording `file`; `message` says where and why.
pub fn unread_entry(file: &str, reason: &str, message: String) -> Finding {
    Finding::new(UnreadEntry::RULE.id, UnreadEntry::RULE.severity, message)
        .with_discriminator(format!("{file}: {}", without_numbers(reason)))
}

/// A reason without its digits: lines, columns and lengths differ between entries that share a fault.
fn without_numbers(reason: &str) -> String {
    reason
        .chars()
        .filter(|character| !character.is_ascii_digit())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::unread_entry;

    #[test]
    fn entries_of_one_recording_with_one_fault_are_one_finding() {
        let of = |file, reason| unread_entry(file, reason, String::new()).fingerprint();
        assert_eq!(of("a.har", "line 3 is odd"), of("a.har", "line 71 is odd"));
        assert_ne!(of("a.har", "line 3 is odd"), of("b.har", "line 3 is odd"));
        assert_ne!(of("a.har", "line 3 is odd"), of("a.har", "status 0"));
    }
}
