//! A text as it reads once something is undone, and where each byte of it comes from.

use std::{borrow::Cow, ops::Range};

use super::{
    escapes::{self, Meant},
    lists,
};

/// Where each byte begins and ends in the text that it comes from.
type Sources = Vec<(u32, u32)>;

/// A text in which something was undone.
pub(super) struct Layer<'t> {
    bytes: Cow<'t, [u8]>,
    /// Where in the text each byte comes from; `None` for the text itself.
    sources: Option<Sources>,
}

impl<'t> Layer<'t> {
    /// The text itself. A text is far shorter than 2^32 bytes.
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            bytes: Cow::Borrowed(text.as_bytes()),
            sources: None,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The part of the text in which a part of this stands.
    pub(super) fn source(&self, range: Range<usize>) -> Range<usize> {
        match &self.sources {
            None => range,
            Some(sources) => {
                let as_index = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
                as_index(sources[range.start].0)..as_index(sources[range.end - 1].1)
            }
        }
    }

    /// This with one more layer of escapes undone; `None` where there is none.
    pub(super) fn unescaped(&self) -> Option<Layer<'static>> {
        self.rewritten(|bytes, at, found| found.extend(escapes::unescaped(&bytes[at..])))
    }

    /// This with the bytes that it lists one by one put together, once for each way of writing lists.
    pub(super) fn with_lists_joined(&self) -> impl Iterator<Item = Layer<'static>> {
        lists::WAYS.into_iter().filter_map(|list| {
            self.rewritten(|bytes, at, found| {
                let list = list(bytes, at).into_iter();
                found.extend(
                    list.map(|(byte, length)| (byte.map_or(Meant::Nothing, Meant::Byte), length)),
                );
            })
        })
    }

    /// This with what `read` finds at a place instead of what stands there: what is meant, each with the
    /// number of bytes that it is written with.
    fn rewritten(
        &self,
        read: impl Fn(&[u8], usize, &mut Vec<(Meant, usize)>),
    ) -> Option<Layer<'static>> {
        let mut below: Option<(Vec<u8>, Sources)> = None;
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.bytes.len() {
            read(&self.bytes, at, &mut found);
            if found.is_empty() {
                if let Some((bytes, sources)) = &mut below {
                    bytes.push(self.bytes[at]);
                    sources.push(self.place(at, 1));
                }
                at += 1;
                continue;
            }
            let (bytes, sources) = below.get_or_insert_with(|| {
                let places = (0..at).map(|at| self.place(at, 1));
                (self.bytes[..at].to_vec(), places.collect())
            });
            for (meant, length) in found.drain(..) {
                let place = self.place(at, length);
                match meant {
                    Meant::Byte(byte) => {
                        bytes.push(byte);
                        sources.push(place);
                    }
                    Meant::Character(character) => {
                        let mut buffer = [0; 4];
                        for byte in character.encode_utf8(&mut buffer).bytes() {
                            bytes.push(byte);
                            sources.push(place);
                        }
                    }
                    Meant::Nothing => {}
                }
                at += length;
            }
        }
        below.map(|(bytes, sources)| Layer {
            bytes: Cow::Owned(bytes),
            sources: Some(sources),
        })
    }

    /// Where in the text what has `length` bytes here comes from.
    fn place(&self, at: usize, length: usize) -> (u32, u32) {
        let range = self.source(at..at + length);
        let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        (short(range.start), short(range.end))
    }
}
