//! Reads an OpenAPI document: bytes to a JSON value, one file or several, and back to lines.
#![doc = ""]

mod address;
mod pointer;

pub use address::{Address, FileId, Place};
pub use pointer::Pointer;

/// A loaded document.
#[derive(Debug)]
pub struct Document(());
