//! How values travel: parameter styles both ways, media types, bodies.
//!
//! [`parse_body`] and [`write_body`] speak media types, [`read_body`] what a document says of them;
//! [`Parameters::read`] takes a request's parameters apart and [`write_request`] puts them together;
//! [`header`] reads response headers, and [`write_response`] puts a response together.

mod body;
mod broken;
mod events;
mod file;
mod form;
pub mod header;
pub mod http_syntax;
mod in_turn;
mod json;
mod media_type;
mod multipart;
mod numbers;
mod open_form;
mod pairs;
mod parameter;
mod reading;
mod request;
mod response;
mod style;

pub(crate) use body::tape;
pub use body::{MalformedBody, Parsed, parse_body, read_body, write_body};
pub use broken::{
    MalformedRequest, arrives_broken, breaks_on_the_wire, malformed_requests, obeys_as_text,
    parameter_breaks, path_that_obeys, path_values, sent_body_breaks, sent_form, sent_value,
    travels, with_duplicate_key,
};
pub(crate) use file::{carries, sendable};
pub use media_type::parse_media_type;
pub use multipart::{PartBreach, part_breaches};
pub(crate) use numbers::digits_of;
pub use open_form::has_wide_field;
pub use parameter::{Parameters, UnreadableParameter};
pub use reading::{read_text, readings};
pub use request::{RequestParts, UnwritableRequest, write_request};
pub use response::{ResponseParts, UnwritableResponse, write_response};
pub use style::{write_pairs, write_text};
