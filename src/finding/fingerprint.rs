//! The identity of a breach, stable across seeds, runs and reformatting of the document.

use std::fmt;

use serde::Serialize;

use super::Finding;

/// 64 bits that name a breach: the rule, the operation, the node of the document by pointer, and
/// what tells it from others there. Neither a line number nor a generated value takes part, so a
/// baseline survives a reformatted document and a new seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub(super) fn of(finding: &Finding) -> Self {
        let mut hash = Fnv::new();
        hash.text(finding.rule.as_str());
        hash.text(finding.operation.as_deref().unwrap_or_default());
        hash.text(
            finding
                .document
                .as_ref()
                .map_or("", |address| address.pointer.as_str()),
        );
        hash.text(&finding.discriminator);
        // The same pointer in another file is another node; files are numbered as references meet them.
        if let Some(file) = finding
            .document
            .as_ref()
            .map(|address| address.file.index())
            .filter(|file| *file > 0)
        {
            hash.text(&file.to_string());
        }
        Self(hash.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A number that a text has for ever, on every machine.
pub fn stable_hash(text: &str) -> u64 {
    let mut hash = Fnv::new();
    hash.text(text);
    hash.0
}

/// FNV-1a, 64 bits: written out because a baseline outlives any library's choice of hash.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn text(&mut self, text: &str) {
        // A zero byte ends each text, so that ("ab", "c") and ("a", "bc") differ.
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
