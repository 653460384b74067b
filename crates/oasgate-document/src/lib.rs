//! Reads an OpenAPI document: bytes to a JSON value, one file or several, and back to lines.
//!
//! Start with [`Document::open`] or [`Document::parse`]. Every node has an [`Address`] (a file and
//! a JSON Pointer); [`Document::locate`] turns it into `file:line:column`, which is worked out only
//! when somebody asks.
//!
//! ```
//! use oasgate_document::{Address, Document, Pointer};
//!
//! let yaml = "openapi: 3.0.3\ninfo: { title: Tiny, version: '1' }\npaths:\n  /users: {}\n";
//! let document = Document::parse("tiny.yaml", yaml)?;
//! let users = Address::in_root(Pointer::root().join("paths").join("/users"));
//! assert_eq!(document.locate_key(&users).unwrap().to_string(), "tiny.yaml:4:3");
//! # Ok::<(), oasgate_document::DocumentError>(())
//! ```

mod address;
mod budget;
mod cost;
mod document;
mod error;
mod index;
mod json;
mod lines;
mod operations;
mod overlay;
mod pointer;
mod reach;
mod references;
mod source;
mod swagger;
mod version;
mod yaml;

pub use address::{Address, FileId, InFile, Place};
pub use budget::{Allowance, Budget, Exceeded, Stop};
pub use document::{Document, Fetch, Limits, Options};
pub use error::{DocumentError, Problem, ProblemKind, ReferenceError};
pub use operations::DeclaredOperation;
pub use pointer::Pointer;
pub use source::Source;
pub use swagger::FORM as SWAGGER_FORM;
pub use url::Url;
pub use version::SpecVersion;
