//! Content codings undone: gzip, deflate, brotli and zstd, with a limit on what comes out.

use std::io::{self, BufRead, Read};

use brotli_decompressor::Decompressor as BrotliDecoder;
use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::{HeaderMap, header::CONTENT_ENCODING};
use ruzstd::decoding::{
    StreamingDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use super::{Body, CutReason};

/// How much is decoded at once.
const BUFFER: usize = 4096;

/// The body with the codings undone that its header fields name, as far as it came whole: see [`decode`].
pub(crate) fn decoded(headers: &HeaderMap, body: Body, limit: u64) -> Body {
    let coding = headers.get(CONTENT_ENCODING);
    let coding = coding.and_then(|value| value.to_str().ok());
    match (body, coding) {
        (Body::Complete(bytes), Some(coding)) if !bytes.is_empty() => decode(coding, bytes, limit),
        (body, _) => body,
    }
}

/// Undoes the codings that a `Content-Encoding` field names, last one first (RFC 9110 §8.4).
///
/// At most `limit` bytes come out; what would be more is cut with [`CutReason::Limit`]. A coding
/// that the bytes do not have cuts with [`CutReason::Coding`], one that is not known with
/// [`CutReason::UnknownCoding`].
pub(crate) fn decode(content_encoding: &str, bytes: Bytes, limit: u64) -> Body {
    let mut content = bytes;
    for coding in content_encoding.split(',').rev().map(str::trim) {
        let unpacked = match coding.to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => unpack(Gzip::new(&content[..]), limit),
            // RFC 9110 §8.4.1.2 means zlib; some services send the bare deflate stream.
            "deflate" if looks_like_zlib(&content) => whole(
                ZlibDecoder::new(&content[..]),
                ZlibDecoder::into_inner,
                limit,
            ),
            "deflate" => whole(
                DeflateDecoder::new(&content[..]),
                DeflateDecoder::into_inner,
                limit,
            ),
            "br" => unpack(BrotliDecoder::new(&content[..], BUFFER), limit),
            "zstd" => unpack(Zstd::new(&content), limit),
            other => {
                return Body::Cut {
                    bytes: content,
                    reason: CutReason::UnknownCoding(other.to_owned()),
                };
            }
        };
        content = match unpacked {
            Ok(unpacked) => unpacked,
            Err((bytes, Stop::Limit)) => {
                return Body::Cut {
                    bytes,
                    reason: CutReason::Limit(limit),
                };
            }
            Err((bytes, Stop::Broken(error))) => {
                let reason = CutReason::Coding(format!("the content is not {coding}: {error}"));
                return Body::Cut { bytes, reason };
            }
        };
    }
    Body::Complete(content)
}

/// How many members of gzip, or frames of zstd, are read: each costs some work though nothing comes out.
const MAX_MEMBERS: usize = 10_000;

/// What comes of gzip, of which not too many members are read.
#[cfg(feature = "columnar")]
pub(crate) fn gunzip(bytes: impl BufRead) -> impl Read {
    Gzip::new(bytes)
}

/// The members of gzip, one behind the other (RFC 1952 §2.2).
struct Gzip<R> {
    member: Option<GzDecoder<R>>,
    members: usize,
}

impl<R: BufRead> Gzip<R> {
    fn new(bytes: R) -> Self {
        Self {
            member: Some(GzDecoder::new(bytes)),
            members: 1,
        }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let length = member.read(out)?;
            if length > 0 || out.is_empty() {
                return Ok(length);
            }
            let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else {
                break;
            };
            if rest.fill_buf()?.is_empty() {
                break;
            }
            self.members += 1;
            bounded(self.members)?;
            self.member = Some(GzDecoder::new(rest));
        }
        Ok(0)
    }
}

fn bounded(members: usize) -> io::Result<()> {
    if members <= MAX_MEMBERS {
        return Ok(());
    }
    let error = format!("it has more than {MAX_MEMBERS} members");
    Err(io::Error::other(error))
}

/// The frames of zstd, one behind the other (RFC 8878 §3); those that are to be skipped are.
struct Zstd<'b> {
    rest: &'b [u8],
    frames: usize,
    frame: Option<Box<StreamingDecoder<&'b [u8], ruzstd::decoding::FrameDecoder>>>,
}

impl<'b> Zstd<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        Self {
            rest: bytes,
            frames: 0,
            frame: None,
        }
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let length = frame.read(out)?;
                if length > 0 || out.is_empty() {
                    return Ok(length);
                }
            }
            if let Some(frame) = self.frame.take() {
                self.rest = frame.into_inner();
            }
            if self.rest.is_empty() {
                return Ok(0);
            }
            self.frames += 1;
            bounded(self.frames)?;
            match StreamingDecoder::new(self.rest) {
                Ok(frame) => self.frame = Some(Box::new(frame)),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    // The magic number and the length stand before what is skipped.
                    let behind = usize::try_from(length)
                        .unwrap_or(usize::MAX)
                        .saturating_add(8);
                    self.rest = self.rest.get(behind..).unwrap_or_default();
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

enum Stop {
    Limit,
    Broken(io::Error),
}

fn unpack(decoder: impl Read, limit: u64) -> Result<Bytes, (Bytes, Stop)> {
    let mut unpacked = Vec::new();
    // One byte more than allowed tells "exactly at the limit" from "over it".
    match decoder
        .take(limit.saturating_add(1))
        .read_to_end(&mut unpacked)
    {
        Ok(_) if unpacked.len() as u64 > limit => {
            unpacked.pop();
            Err((unpacked.into(), Stop::Limit))
        }
        Ok(_) => Ok(unpacked.into()),
        Err(error) => Err((unpacked.into(), Stop::Broken(error))),
    }
}

/// Like [`unpack`], for a format that does not say what may follow its end: nothing may.
fn whole<'b, D: Read>(
    mut decoder: D,
    into_inner: impl FnOnce(D) -> &'b [u8],
    limit: u64,
) -> Result<Bytes, (Bytes, Stop)> {
    let unpacked = unpack(&mut decoder, limit)?;
    if into_inner(decoder).is_empty() {
        Ok(unpacked)
    } else {
        let error = io::Error::other("bytes follow its end");
        Err((unpacked, Stop::Broken(error)))
    }
}

/// The two-byte header of RFC 1950 §2.2: method 8, and a multiple of 31.
fn looks_like_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [cmf, flg, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flg)) % 31 == 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(content: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).expect("memory takes all");
        encoder.finish().expect("memory takes all").into()
    }

    #[test]
    fn codings_are_undone_last_one_first() {
        let twice = gzip(&gzip(b"hello"));
        assert_eq!(decode("gzip, GZIP", twice, 100), Body::from("hello"));
    }

    #[test]
    fn what_unpacks_to_more_than_the_limit_is_cut_there() {
        let bomb = gzip(&vec![0; 1 << 20]);
        let Body::Cut { bytes, reason } = decode("gzip", bomb, 1000) else {
            panic!("not cut")
        };
        assert_eq!((bytes.len(), reason), (1000, CutReason::Limit(1000)));
        assert_eq!(
            decode("gzip", gzip(&[0; 1000]), 1000),
            Body::from(vec![0; 1000])
        );
    }

    #[test]
    fn brotli_zstd_and_both_kinds_of_deflate_are_undone() {
        let coded: [(&str, &[u8]); 4] = [
            ("br", b"\x8b\x03\x80{\"id\":1}\x03"),
            (
                "zstd",
                b"\x28\xb5\x2f\xfd\x04\x58\x41\x00\x00{\"id\":1}\x23\xe8\xdf\x91",
            ),
            ("deflate", b"\xabV\xcaLQ\xb2R\xaaP\xaa\x05\x00"),
            (
                "deflate",
                b"x\x9c\xabV\xcaLQ\xb2R\xaaP\xaa\x05\x00\x10\xad\x03\x00",
            ),
        ];
        for (coding, bytes) in coded {
            let decoded = decode(coding, Bytes::from_static(bytes), 100);
            assert!(
                matches!(&decoded, Body::Complete(bytes) if bytes.starts_with(b"{\"id\":")),
                "{coding}: {decoded:?}"
            );
        }
    }

    #[test]
    fn frames_of_zstd_stand_one_behind_the_other_and_some_are_skipped() {
        let frame: &[u8] = b"\x28\xb5\x2f\xfd\x04\x58\x41\x00\x00{\"id\":1}\x23\xe8\xdf\x91";
        let skipped: &[u8] = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
        let bytes = [frame, skipped, frame].concat();
        assert_eq!(
            decode("zstd", bytes.into(), 100),
            Body::from(r#"{"id":1}{"id":1}"#)
        );
    }

    #[test]
    fn members_of_gzip_stand_one_behind_the_other_but_not_without_end() {
        let two = [gzip(b"{\"id\":"), gzip(b""), gzip(b"1}")].concat();
        assert_eq!(decode("gzip", two.into(), 100), Body::from("{\"id\":1}"));
        let empty = gzip(b"");
        for (members, is_read) in [(MAX_MEMBERS, true), (MAX_MEMBERS + 1, false)] {
            let decoded = decode("gzip", empty.repeat(members).into(), 100);
            assert_eq!(decoded == Body::empty(), is_read, "{decoded:?}");
        }
    }

    #[test]
    fn a_coding_that_is_a_lie_is_said() {
        let lie = decode("gzip", Bytes::from_static(b"{}"), 100);
        assert!(matches!(
            lie,
            Body::Cut {
                reason: CutReason::Coding(_),
                ..
            }
        ));
        let unknown = decode("compress", Bytes::from_static(b"{}"), 100);
        assert!(matches!(
            unknown,
            Body::Cut {
                reason: CutReason::UnknownCoding(_),
                ..
            }
        ));
    }
}
