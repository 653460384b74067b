//! What a document promises, normalised: the model that everything else reads.
//!
//! [`Contract::load`] reads a document and lifts its schemas; operations, the router and the
//! schemas hang off the contract. Schemas are translated to JSON Schema 2020-12 and compiled when
//! first needed, once for each direction.

mod media_range;
mod model;
mod path;
mod schema;

pub use media_range::{MediaRange, Specificity};
pub use model::{
    Content, Encoding, Example, Explode, Header, Link, Location, MediaType, Operation, OperationId,
    Parameter, RequestBody, Reserved, Response, Responses, SecurityKind, SecurityRequirement,
    SecurityScheme, Serialization, Server, StatusKey, Style,
};
pub use path::PathTemplate;
pub use schema::{Direction, Schema, Violation};
