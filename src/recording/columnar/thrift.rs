//! The compact protocol of Thrift, as far as it is needed to see what a Parquet file claims before it is believed.
//!
//! Nothing is kept but what a caller asks for, so that no length in the input makes room for anything.

use std::io::{self, BufRead, Read as _};

/// How deep structs and lists are passed over.
const MAX_DEPTH: usize = 32;

/// What kind of value a field or an element has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A flag: in a field it says what it is, in a list it is a byte.
    Flag(bool),
    Byte,
    Integer,
    Double,
    Binary,
    List,
    Map,
    Struct,
    Uuid,
}

impl Kind {
    fn of(code: u8) -> io::Result<Self> {
        Ok(match code {
            1 => Self::Flag(true),
            2 => Self::Flag(false),
            3 => Self::Byte,
            4..=6 => Self::Integer,
            7 => Self::Double,
            8 => Self::Binary,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            13 => Self::Uuid,
            _ => return Err(damaged("a value is of no known kind")),
        })
    }
}

fn damaged(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// A reader of the protocol.
pub(super) struct Compact<R> {
    input: R,
    read: u64,
}

impl<R: BufRead> Compact<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, read: 0 }
    }

    /// How many bytes were read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.input.read_exact(&mut byte)?;
        self.read += 1;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(damaged("a number has too many digits"))
    }

    pub(super) fn integer(&mut self) -> io::Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// The number and the kind of a struct's next field, where the last one is known; `None` behind the last.
    pub(super) fn field(&mut self, last: &mut i64) -> io::Result<Option<(i64, Kind)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        *last = match byte >> 4 {
            0 => self.integer()?,
            delta => last.saturating_add(delta.into()),
        };
        Ok(Some((*last, Kind::of(byte & 0xf)?)))
    }

    /// How many elements a list has, and of which kind.
    pub(super) fn list(&mut self) -> io::Result<(u64, Kind)> {
        let byte = self.byte()?;
        let size = match byte >> 4 {
            15 => self.varint()?,
            size => size.into(),
        };
        Ok((size, Kind::of(byte & 0xf)?))
    }

    /// How many bytes a text has; they are passed over.
    pub(super) fn binary(&mut self) -> io::Result<u64> {
        let length = self.varint()?;
        self.pass(length)?;
        Ok(length)
    }

    fn pass(&mut self, length: u64) -> io::Result<()> {
        let passed = io::copy(&mut (&mut self.input).take(length), &mut io::sink())?;
        self.read = self.read.saturating_add(passed);
        if passed == length {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// Passes over the value of a field.
    pub(super) fn skip(&mut self, kind: Kind) -> io::Result<()> {
        self.skip_within(kind, MAX_DEPTH)
    }

    fn skip_within(&mut self, kind: Kind, depth: usize) -> io::Result<()> {
        let Some(below) = depth.checked_sub(1) else {
            return Err(damaged("it is nested too deep"));
        };
        match kind {
            Kind::Flag(_) => Ok(()),
            Kind::Byte => self.byte().map(drop),
            Kind::Integer => self.varint().map(drop),
            Kind::Double => self.pass(8),
            Kind::Uuid => self.pass(16),
            Kind::Binary => self.binary().map(drop),
            Kind::Struct => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip_within(kind, below)?;
                }
                Ok(())
            }
            // Every element takes a byte at least, so that the input bounds these loops.
            Kind::List => {
                let (size, kind) = self.list()?;
                for _ in 0..size {
                    self.skip_element(kind, below)?;
                }
                Ok(())
            }
            Kind::Map => {
                let size = self.varint()?;
                if size == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                let (key, value) = (Kind::of(kinds >> 4)?, Kind::of(kinds & 0xf)?);
                for _ in 0..size {
                    self.skip_element(key, below)?;
                    self.skip_element(value, below)?;
                }
                Ok(())
            }
        }
    }

    fn skip_element(&mut self, kind: Kind, depth: usize) -> io::Result<()> {
        match kind {
            Kind::Flag(_) => self.byte().map(drop),
            kind => self.skip_within(kind, depth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_others_passed_over() {
        // 1: a list of two texts, 2: true, 3: -3, 20: a struct with a text.
        let bytes = [
            0x19, 0x28, 1, b'a', 2, b'b', b'c', 0x11, 0x15, 5, 0x0c, 40, 0x18, 1, b'd', 0, 0, 99,
        ];
        let mut compact = Compact::new(&bytes[..]);
        let mut last = 0;
        assert_eq!(
            compact.field(&mut last).expect("a field"),
            Some((1, Kind::List))
        );
        compact.skip(Kind::List).expect("a list");
        assert_eq!(
            compact.field(&mut last).expect("a field"),
            Some((2, Kind::Flag(true)))
        );
        assert_eq!(
            compact.field(&mut last).expect("a field"),
            Some((3, Kind::Integer))
        );
        assert_eq!(compact.integer().expect("a number"), -3);
        assert_eq!(
            compact.field(&mut last).expect("a field"),
            Some((20, Kind::Struct))
        );
        compact.skip(Kind::Struct).expect("a struct");
        assert_eq!(compact.field(&mut last).expect("the end"), None);
        assert_eq!(compact.read(), 17);
    }

    #[test]
    fn what_claims_more_than_there_is_ends() {
        // A list of 2^34 structs; a text of as many bytes; lists in lists.
        for bytes in [
            &[0xfc, 0xff, 0xff, 0xff, 0xff, 0x7f, 0][..],
            &[
                0xf8, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f,
            ],
            &[0x19; 1_000],
            &[0xff; 20],
        ] {
            assert!(Compact::new(bytes).skip(Kind::List).is_err());
        }
    }
}
