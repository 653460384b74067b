//! Content codings undone: gzip and deflate, with a limit on what comes out.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::{Body, CutReason};

/// Undoes the codings that a `Content-Encoding` field names, last one first (RFC 9110 §8.4).
///
/// At most `limit` bytes come out; what would be more is cut with [`CutReason::Limit`]. A coding
/// that the bytes do not have cuts with [`CutReason::Coding`], one that is not known with
/// [`CutReason::UnknownCoding`].
pub fn decode(content_encoding: &str, bytes: Bytes, limit: u64) -> Body {
    let mut content = bytes;
    for coding in content_encoding.split(',').rev().map(str::trim) {
        let unpacked = match coding.to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => unpack(MultiGzDecoder::new(&content[..]), limit),
            // RFC 9110 §8.4.1.2 means zlib; some services send the bare deflate stream.
            "deflate" if looks_like_zlib(&content) => unpack(ZlibDecoder::new(&content[..]), limit),
            "deflate" => unpack(DeflateDecoder::new(&content[..]), limit),
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
    fn a_coding_that_is_a_lie_is_said() {
        let lie = decode("gzip", Bytes::from_static(b"{}"), 100);
        assert!(matches!(
            lie,
            Body::Cut {
                reason: CutReason::Coding(_),
                ..
            }
        ));
        let unknown = decode("br", Bytes::from_static(b"{}"), 100);
        assert!(matches!(
            unknown,
            Body::Cut {
                reason: CutReason::UnknownCoding(_),
                ..
            }
        ));
    }
}
