//! From pointers to byte ranges, for one file, in one pass over its text.
//!
//! Pointers are kept as 64-bit hashes: a document of 9 MB has hundreds of thousands of nodes, and
//! its pointers written out would be larger than the document.

use std::{collections::HashMap, ops::Range};

use crate::Pointer;

/// Where the nodes of one file stand.
#[derive(Debug, Default)]
pub(crate) struct Index {
    nodes: HashMap<u64, Spot>,
    /// Nodes whose content stands elsewhere: aliases and merged mappings.
    detours: Vec<(Pointer, Pointer)>,
}

/// The byte ranges of one node.
#[derive(Clone, Copy, Debug)]
struct Spot {
    key: (u32, u32),
    value: (u32, u32),
}

/// Detours inside detours are followed this far; YAML anchors cannot form circles.
const MAX_DETOURS: usize = 64;

impl Index {
    pub(crate) fn insert(&mut self, path: &Path, key: Range<usize>, value: Range<usize>) {
        let narrow = |range: Range<usize>| {
            (
                u32::try_from(range.start).unwrap_or(u32::MAX),
                u32::try_from(range.end).unwrap_or(u32::MAX),
            )
        };
        // The first of duplicate keys is the one a reader finds first, but the last one counts.
        self.nodes.insert(
            path.hash(),
            Spot {
                key: narrow(key),
                value: narrow(value),
            },
        );
    }

    pub(crate) fn detour(&mut self, from: Pointer, to: Pointer) {
        self.detours.push((from, to));
    }

    /// The byte range of the property name that leads to the node (or of the node, where none does).
    pub(crate) fn key(&self, pointer: &Pointer) -> Option<Range<usize>> {
        self.spot(pointer)
            .map(|spot| spot.key.0 as usize..spot.key.1 as usize)
    }

    /// The byte range of the node.
    pub(crate) fn value(&self, pointer: &Pointer) -> Option<Range<usize>> {
        self.spot(pointer)
            .map(|spot| spot.value.0 as usize..spot.value.1 as usize)
    }

    /// The node's ranges, through aliases; the nearest ancestor's where the node itself is not there.
    fn spot(&self, pointer: &Pointer) -> Option<Spot> {
        let mut wanted = pointer.clone();
        for _ in 0..MAX_DETOURS {
            if let Some(spot) = self.nodes.get(&hash(&wanted)) {
                return Some(*spot);
            }
            let detoured = self.detours.iter().rev().find_map(|(from, to)| {
                let rest = wanted.as_str().strip_prefix(from.as_str())?;
                (rest.starts_with('/') && !wanted.starts_with(to))
                    .then(|| Pointer::parse(&format!("{to}{rest}")))?
            });
            match detoured {
                Some(elsewhere) => wanted = elsewhere,
                None => break,
            }
        }
        pointer.parent().and_then(|parent| self.spot(&parent))
    }
}

/// The way to the node that is being read, with the hash of each step's pointer.
#[derive(Debug)]
pub(crate) struct Path {
    hashes: Vec<u64>,
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Path {
    pub(crate) fn new() -> Self {
        Self { hashes: vec![SEED] }
    }

    pub(crate) fn push(&mut self, token: &str) {
        let parent = self.hash();
        self.hashes.push(step(parent, token));
    }

    pub(crate) fn pop(&mut self) {
        self.hashes.pop();
    }

    fn hash(&self) -> u64 {
        self.hashes.last().copied().unwrap_or(SEED)
    }
}

fn hash(pointer: &Pointer) -> u64 {
    pointer
        .tokens()
        .fold(SEED, |parent, token| step(parent, &token))
}

fn step(parent: u64, token: &str) -> u64 {
    // 0xff is in no UTF-8 text, so tokens cannot run into each other.
    token.bytes().chain([0xff]).fold(parent, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}
