//! One of several runs that share the operations of a document.

use std::{fmt, str::FromStr};

use crate::finding::stable_hash;

/// One of several runs: `2/5` is the second of five. An operation belongs to the same one whatever
/// else the document has, so that a new operation moves no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    of: u32,
}

/// A text that names no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a shard; write its number and how many there are, such as 2/5")]
pub struct MalformedShard(String);

impl FromStr for Shard {
    type Err = MalformedShard;

    fn from_str(text: &str) -> Result<Self, MalformedShard> {
        let malformed = || MalformedShard(text.to_owned());
        let (number, of) = text.split_once('/').ok_or_else(malformed)?;
        let number = number.trim().parse().map_err(|_| malformed())?;
        let of = of.trim().parse().map_err(|_| malformed())?;
        if number == 0 || number > of {
            return Err(malformed());
        }
        Ok(Self { number, of })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// Whether an operation, by its id, belongs to this one.
    pub fn has(&self, operation: &str) -> bool {
        mixed(stable_hash(operation)) % u64::from(self.of) == u64::from(self.number - 1)
    }
}

/// Spreads a hash over all of its bits, since ids differ by little (the last step of `MurmurHash3`).
fn mixed(mut hash: u64) -> u64 {
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_belongs_to_one_shard() {
        let shards: Vec<Shard> = (1..=5)
            .map(|number| format!("{number}/5").parse().expect("a shard"))
            .collect();
        let mut sizes = [0; 5];
        for number in 0..500 {
            let id = format!("getThing{number}");
            let mut having = (0..5).filter(|&index| shards[index].has(&id));
            sizes[having.next().expect("one has it")] += 1;
            assert_eq!(having.next(), None);
        }
        assert!(sizes.iter().all(|&size| size > 60), "{sizes:?}");
    }

    #[test]
    fn where_an_operation_belongs_is_written_down() {
        // These never change: shards of two versions must not leave an operation out between them.
        let shard = |id: &str| {
            (1..=5)
                .find(|number| {
                    Shard {
                        number: *number,
                        of: 5,
                    }
                    .has(id)
                })
                .unwrap_or_default()
        };
        assert_eq!(
            ["getDataExport", "GET /costs", "", "createUser"].map(shard),
            [3, 1, 3, 4]
        );
    }

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!("2/5".parse(), Ok(Shard { number: 2, of: 5 }));
        for wrong in ["0/5", "6/5", "2", "a/b", "1/0", "-1/2", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
