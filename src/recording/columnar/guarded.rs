//! Pages as the reader of the format takes them, each looked at before: how many lengths of texts a page says that
//! it has is room that is made at once.

use std::{fs::File, iter, sync::Arc};

use parquet::{
    arrow::arrow_reader::RowGroups,
    basic::Encoding,
    column::page::{Page, PageIterator, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        serialized_reader::SerializedPageReader,
    },
};

/// A row group of a file.
pub(super) struct Group {
    pub(super) file: Arc<File>,
    pub(super) metadata: Arc<ParquetMetaData>,
    pub(super) index: usize,
}

impl RowGroups for Group {
    fn num_rows(&self) -> usize {
        let rows = self
            .row_groups()
            .map(RowGroupMetaData::num_rows)
            .sum::<i64>();
        usize::try_from(rows).unwrap_or_default()
    }

    fn column_chunks(&self, index: usize) -> Result<Box<dyn PageIterator>> {
        let missing = || ParquetError::General("a column is missing".to_owned());
        let group = self.row_groups().next().ok_or_else(missing)?;
        let column = group.columns().get(index).ok_or_else(missing)?;
        let pages =
            SerializedPageReader::new(Arc::clone(&self.file), column, self.num_rows(), None)?;
        let described = column.column_descr();
        let guarded = Guarded {
            pages,
            repetition: described.max_rep_level(),
            definition: described.max_def_level(),
        };
        Ok(Box::new(Pages(iter::once(guarded))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().iter().skip(self.index).take(1))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

struct Pages(iter::Once<Guarded>);

impl Iterator for Pages {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let pages = self.0.next()?;
        Some(Ok(Box::new(pages)))
    }
}

impl PageIterator for Pages {}

/// The pages of a column.
struct Guarded {
    pages: SerializedPageReader<File>,
    /// The highest levels that stand before the values.
    repetition: i16,
    definition: i16,
}

impl Iterator for Guarded {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Guarded {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(page) = self.pages.get_next_page()? else {
            return Ok(None);
        };
        if self.lengths_are_told_rightly(&page).unwrap_or(false) {
            Ok(Some(page))
        } else {
            let message = "a page has no proper lengths of its values";
            Err(ParquetError::General(message.to_owned()))
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Guarded {
    /// Whether a page has no more lengths than values; `None` where it ends before them.
    fn lengths_are_told_rightly(&self, page: &Page) -> Option<bool> {
        let lists = match page.encoding() {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            Encoding::DELTA_BYTE_ARRAY => 2,
            _ => return Some(true),
        };
        let mut rest = match page {
            Page::DataPage {
                buf,
                num_values,
                def_level_encoding,
                rep_level_encoding,
                ..
            } => {
                let rest = behind(buf, self.repetition, *rep_level_encoding, *num_values)?;
                behind(rest, self.definition, *def_level_encoding, *num_values)?
            }
            Page::DataPageV2 {
                buf,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let levels = def_levels_byte_len.checked_add(*rep_levels_byte_len)?;
                buf.get(usize::try_from(levels).ok()?..)?
            }
            Page::DictionaryPage { .. } => return Some(true),
        };
        let values = u64::from(page.num_values());
        for _ in 0..lists {
            let (count, behind) = deltas(rest)?;
            if count > values {
                return Some(false);
            }
            rest = behind;
        }
        Some(true)
    }
}

/// What stands behind the levels of a page of the first version.
#[expect(deprecated, reason = "files have it")]
fn behind(bytes: &[u8], highest: i16, encoding: Encoding, values: u32) -> Option<&[u8]> {
    if highest == 0 {
        return Some(bytes);
    }
    let length = if encoding == Encoding::BIT_PACKED {
        let bits = u64::from(i16::BITS - highest.leading_zeros());
        usize::try_from((u64::from(values) * bits).div_ceil(8)).ok()?
    } else {
        let (length, _) = bytes.split_first_chunk::<4>()?;
        usize::try_from(u32::from_le_bytes(*length))
            .ok()?
            .checked_add(4)?
    };
    bytes.get(length..)
}

/// How many numbers a list of deltas has, and what stands behind it.
fn deltas(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (block, rest) = number(bytes)?;
    let (parts, rest) = number(rest)?;
    let (count, rest) = number(rest)?;
    let (_, mut rest) = number(rest)?;
    let each = block.checked_div(parts).filter(|each| *each > 0)?;
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let (_, behind) = number(rest)?;
        let (widths, behind) = behind.split_at_checked(usize::try_from(parts).ok()?)?;
        rest = behind;
        for width in widths {
            if left == 0 {
                break;
            }
            let length = each.checked_mul(u64::from(*width))?.div_ceil(8);
            rest = rest.get(usize::try_from(length).ok()?..)?;
            left = left.saturating_sub(each);
        }
        if widths.is_empty() {
            return None;
        }
    }
    Some((count, rest))
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, shift) in (0..64).step_by(7).enumerate() {
        let byte = *bytes.get(at)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_deltas_is_passed_over_as_it_is_written() {
        // Blocks of 128 in 4 parts: one number alone; five, of a width of 2 bits; then more than there are bytes for.
        let one = [0x80, 1, 4, 1, 8];
        let five = [0x80, 1, 4, 5, 8, 2, 2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(deltas(&one), Some((1, &[][..])));
        assert_eq!(deltas(&[&five[..], &[9]].concat()), Some((5, &[9][..])));
        assert_eq!(deltas(&five[..17]), None);
        assert_eq!(deltas(&[0x80, 1, 0, 5, 8, 2]), None);
        let claimed = [0x80, 1, 4, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0, 0, 0, 0, 0];
        assert_eq!(deltas(&claimed), None);
    }

    #[test]
    fn levels_stand_before_values() {
        let bytes = [2, 0, 0, 0, 7, 7, 9];
        assert_eq!(behind(&bytes, 0, Encoding::RLE, 1), Some(&bytes[..]));
        assert_eq!(behind(&bytes, 1, Encoding::RLE, 1), Some(&[9][..]));
        assert_eq!(behind(&bytes[..5], 1, Encoding::RLE, 1), None);
    }
}
