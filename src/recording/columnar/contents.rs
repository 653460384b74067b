//! The table of contents of a Parquet file, looked through before the reader of the format believes it: that one
//! makes room for what is claimed, and follows groups of columns as deep as they go.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom},
};

use super::{
    table_error::{Beyond, TableError},
    thrift::{Compact, Kind},
};

/// What a file begins and ends with.
pub(super) const MAGIC: &[u8; 4] = b"PAR1";

/// The most bytes of the table of contents.
const MAX_BYTES: u32 = 128 << 20;

/// How deep columns may stand in groups of columns.
const MAX_DEPTH: usize = 64;

/// The most columns and groups of columns.
const MAX_COLUMNS: u64 = 100_000;

/// The most bytes of the names of all columns, each with those of its groups.
const MAX_NAMES: u64 = 32 << 20;

/// The most row groups.
const MAX_ROW_GROUPS: u64 = 100_000;

/// The most columns of all row groups together.
const MAX_CHUNKS: u64 = 400_000;

/// Looks for the table of contents at the end of a file, and through it.
pub(super) fn check(file: &mut File) -> Result<(), TableError> {
    let length = file.metadata()?.len();
    if length < 12 {
        return Err(TableError::Cut);
    }
    let mut end = [0; 8];
    let read = file
        .seek(SeekFrom::End(-8))
        .and_then(|_| file.read_exact(&mut end));
    read?;
    let [a, b, c, d, magic @ ..] = end;
    if magic == *b"PARE" {
        return Err(TableError::Encrypted);
    }
    if magic != *MAGIC {
        return Err(TableError::Cut);
    }
    let contents = u32::from_le_bytes([a, b, c, d]);
    if contents > MAX_BYTES || u64::from(contents) + 12 > length {
        return Err(TableError::Length);
    }
    let start = length - 8 - u64::from(contents);
    file.seek(SeekFrom::Start(start))?;
    let input = BufReader::new(&mut *file).take(contents.into());
    look_through(input).map_err(TableError::Contents)??;
    file.seek(SeekFrom::Start(0))?;
    Ok(())
}

/// Whether what is claimed is within the bounds.
fn look_through(input: impl BufRead) -> io::Result<Result<(), Beyond>> {
    let mut contents = Compact::new(input);
    let mut last = 0;
    while let Some((field, kind)) = contents.field(&mut last)? {
        let within = match (field, kind) {
            (2, Kind::List) => columns(&mut contents)?,
            (4, Kind::List) => row_groups(&mut contents)?,
            _ => {
                contents.skip(kind)?;
                Ok(())
            }
        };
        if within.is_err() {
            return Ok(within);
        }
    }
    Ok(Ok(()))
}

/// A group whose columns follow.
struct Group {
    /// How many of them have not come.
    left: u64,
    /// How many bytes its name and those of the groups around it have.
    names: u64,
}

fn columns(contents: &mut Compact<impl BufRead>) -> io::Result<Result<(), Beyond>> {
    let (count, kind) = contents.list()?;
    if kind != Kind::Struct || count > MAX_COLUMNS {
        return Ok(Err(Beyond::Columns(count)));
    }
    let mut around: Vec<Group> = Vec::new();
    let mut names = 0_u64;
    for _ in 0..count {
        let (mut children, mut name, mut last) = (0, 0, 0);
        while let Some((field, kind)) = contents.field(&mut last)? {
            match (field, kind) {
                (4, Kind::Binary) => name = contents.binary()?,
                (5, Kind::Integer) => children = contents.integer()?,
                _ => contents.skip(kind)?,
            }
        }
        while around.pop_if(|group| group.left == 0).is_some() {}
        if let Some(group) = around.last_mut() {
            group.left -= 1;
            name = name.saturating_add(group.names);
        }
        names = names.saturating_add(name);
        if names > MAX_NAMES {
            return Ok(Err(Beyond::Names));
        }
        let left = u64::try_from(children).unwrap_or(u64::MAX);
        if left > count {
            return Ok(Err(Beyond::Group(children)));
        }
        if left > 0 {
            around.push(Group { left, names: name });
        }
        if around.len() > MAX_DEPTH {
            return Ok(Err(Beyond::Depth(MAX_DEPTH)));
        }
    }
    Ok(Ok(()))
}

fn row_groups(contents: &mut Compact<impl BufRead>) -> io::Result<Result<(), Beyond>> {
    let (count, kind) = contents.list()?;
    if kind != Kind::Struct || count > MAX_ROW_GROUPS {
        return Ok(Err(Beyond::RowGroups(count)));
    }
    let mut chunks = 0_u64;
    for _ in 0..count {
        let mut last = 0;
        while let Some((field, kind)) = contents.field(&mut last)? {
            if (field, kind) != (1, Kind::List) {
                contents.skip(kind)?;
                continue;
            }
            let (columns, kind) = contents.list()?;
            chunks = chunks.saturating_add(columns);
            if kind != Kind::Struct || chunks > MAX_CHUNKS {
                return Ok(Err(Beyond::Chunks(chunks)));
            }
            for _ in 0..columns {
                contents.skip(kind)?;
            }
        }
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of contents with columns, each with a name of so many bytes and so many columns in it.
    fn contents(count: u8, columns: &[(u8, u8)]) -> Vec<u8> {
        let mut bytes = vec![0x29, 0xfc, count];
        for (name, children) in columns {
            bytes.extend([0x48, *name]);
            bytes.extend(vec![b'n'; usize::from(*name)]);
            bytes.extend([0x15, children << 1, 0]);
        }
        bytes.push(0);
        bytes
    }

    fn told(bytes: &[u8]) -> String {
        match look_through(bytes) {
            Ok(Ok(())) => String::new(),
            Ok(Err(beyond)) => beyond.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn groups_are_as_deep_and_as_wide_as_there_are_columns() {
        assert_eq!(told(&contents(3, &[(1, 2), (1, 0), (1, 0)])), "");
        assert_eq!(
            told(&contents(2, &[(1, 60), (1, 0)])),
            "has a group of 60 columns"
        );
        let mut deep = vec![(1, 1); 70];
        deep.push((1, 0));
        assert_eq!(
            told(&contents(71, &deep)),
            "nests columns deeper than 64 times"
        );
        // A group is over before the next one beside it begins.
        let beside = [(1, 1), (1, 0), (1, 1), (1, 0)];
        assert_eq!(told(&contents(4, &beside)), "");
    }

    #[test]
    fn row_groups_and_their_columns_are_bounded() {
        // A list of 2^28 structs, and one row group with as many columns.
        let many = [0xfc, 0x80, 0x80, 0x80, 0x80, 0x01];
        let groups = [&[0x49][..], &many].concat();
        assert_eq!(told(&groups), "names 268435456 row groups");
        let chunks = [&[0x49, 0x1c, 0x19][..], &many].concat();
        assert_eq!(told(&chunks), "names 268435456 columns of row groups");
    }
}
