//! Cells of Arrow arrays: a scalar by what it says, whatever its type, and nested ones as JSON has them.

use std::ops::Range;

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray,
    cast::AsArray as _,
    types::{
        DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType,
        DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::{DataType, TimeUnit};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Number, Value};

/// How deep nested values are read.
const MAX_DEPTH: usize = 64;

/// A cell that is no list, map or struct.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// Nothing, or of a type that says nothing of an exchange.
    Null,
    Text(&'a str),
    Bytes(&'a [u8]),
    Integer(i128),
    Number(f64),
    Flag(bool),
}

/// The scalar of a row.
pub(super) fn cell(array: &dyn Array, row: usize) -> Cell<'_> {
    if row >= array.len() || array.is_null(row) {
        return Cell::Null;
    }
    match array.data_type() {
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Cell::Text(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Cell::Text(array.as_string_view().value(row)),
        DataType::Binary => Cell::Bytes(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Cell::Bytes(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => Cell::Bytes(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => Cell::Bytes(array.as_fixed_size_binary().value(row)),
        DataType::Boolean => Cell::Flag(array.as_boolean().value(row)),
        DataType::Int8 => integer::<Int8Type>(array, row),
        DataType::Int16 => integer::<Int16Type>(array, row),
        DataType::Int32 => integer::<Int32Type>(array, row),
        DataType::Int64 => integer::<Int64Type>(array, row),
        DataType::UInt8 => integer::<UInt8Type>(array, row),
        DataType::UInt16 => integer::<UInt16Type>(array, row),
        DataType::UInt32 => integer::<UInt32Type>(array, row),
        DataType::UInt64 => integer::<UInt64Type>(array, row),
        DataType::Float16 => Cell::Number(primitive::<Float16Type>(array, row).to_f64()),
        DataType::Float32 => Cell::Number(primitive::<Float32Type>(array, row).into()),
        DataType::Float64 => Cell::Number(primitive::<Float64Type>(array, row)),
        DataType::Duration(TimeUnit::Second) => integer::<DurationSecondType>(array, row),
        DataType::Duration(TimeUnit::Millisecond) => integer::<DurationMillisecondType>(array, row),
        DataType::Duration(TimeUnit::Microsecond) => integer::<DurationMicrosecondType>(array, row),
        DataType::Duration(TimeUnit::Nanosecond) => integer::<DurationNanosecondType>(array, row),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            match cell(dictionary.keys(), row) {
                Cell::Integer(key) => usize::try_from(key)
                    .map_or(Cell::Null, |key| cell(dictionary.values().as_ref(), key)),
                _ => Cell::Null,
            }
        }
        _ => Cell::Null,
    }
}

fn primitive<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    let values: &PrimitiveArray<T> = array.as_primitive();
    values.value(row)
}

fn integer<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> Cell<'_>
where
    i128: From<T::Native>,
{
    Cell::Integer(primitive::<T>(array, row).into())
}

/// The elements of a list or the entries of a map, which stand in an array of their own.
pub(super) fn elements(array: &dyn Array, row: usize) -> Option<(&dyn Array, Range<usize>)> {
    if row >= array.len() || array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            Some((list.values().as_ref(), range(list.value_offsets(), row)?))
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            Some((list.values().as_ref(), range(list.value_offsets(), row)?))
        }
        DataType::FixedSizeList(_, length) => {
            let length = usize::try_from(*length).ok()?;
            let list = array.as_fixed_size_list();
            Some((list.values().as_ref(), row * length..(row + 1) * length))
        }
        DataType::Map(..) => {
            let map = array.as_map();
            Some((map.entries(), range(map.value_offsets(), row)?))
        }
        _ => None,
    }
}

fn range<O: Copy + TryInto<usize>>(offsets: &[O], row: usize) -> Option<Range<usize>> {
    let end = |at: usize| (*offsets.get(at)?).try_into().ok();
    Some(end(row)?..end(row + 1)?)
}

/// The fields of a struct by name.
pub(super) fn fields(array: &dyn Array) -> impl Iterator<Item = (&str, &ArrayRef)> {
    let structs = array.as_struct_opt();
    structs.into_iter().flat_map(|structs| {
        let names = structs.fields().iter().map(|field| field.name().as_str());
        names.zip(structs.columns())
    })
}

/// A cell as JSON; members of structs that are null are left out. Bytes that are no text stand as base64.
pub(super) fn value(array: &dyn Array, row: usize) -> Value {
    value_within(array, row, MAX_DEPTH)
}

fn value_within(array: &dyn Array, row: usize, depth: usize) -> Value {
    if depth == 0 || row >= array.len() || array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Struct(_) => {
            let members = fields(array)
                .map(|(name, field)| (name.to_owned(), value_within(field, row, depth - 1)))
                .filter(|(_, value)| !value.is_null());
            Value::Object(members.collect())
        }
        DataType::Map(..) => {
            let mut members = Map::new();
            if let Some((entries, range)) = elements(array, row)
                && let Some([keys, values]) = entries
                    .as_struct_opt()
                    .and_then(|entries| entries.columns().first_chunk())
            {
                for at in range {
                    if let Cell::Text(key) = cell(keys, at) {
                        members.insert(key.to_owned(), value_within(values, at, depth - 1));
                    }
                }
            }
            Value::Object(members)
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            let items = elements(array, row)
                .into_iter()
                .flat_map(|(items, range)| range.map(move |at| value_within(items, at, depth - 1)));
            Value::Array(items.collect())
        }
        _ => match cell(array, row) {
            Cell::Null => Value::Null,
            Cell::Text(text) => Value::from(text),
            Cell::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Value::from(text),
                Err(_) => Value::from(STANDARD.encode(bytes)),
            },
            Cell::Integer(integer) => Number::from_i128(integer).map_or(Value::Null, Value::Number),
            Cell::Number(number) => Value::from(number),
            Cell::Flag(flag) => Value::Bool(flag),
        },
    }
}

/// Whether a column of a type holds texts, plain or by a dictionary.
pub(super) fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Whether a column of a type holds bytes.
pub(super) fn is_bytes(kind: &DataType) -> bool {
    match kind {
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => true,
        DataType::Dictionary(_, values) => is_bytes(values),
        _ => false,
    }
}

/// Whether a column of a type holds numbers.
pub(super) fn is_number(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_number(values),
        kind => kind.is_integer() || kind.is_floating(),
    }
}
