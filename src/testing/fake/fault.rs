//! Ways to break a response on purpose, each named for the check that finds it.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{FakeBody, FakeError};
use crate::{
    check::ids,
    contract::{MediaType, Operation},
    exchange::{Body, CutReason, Response},
    generate::{self, Generator},
    wire::write_body,
};

/// One way to break a response.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The name of the check that finds it.
    pub name: &'static str,
    /// What is done to the response.
    pub what: &'static str,
    /// Breaks a good response; the error says why this one cannot be broken so.
    breaks: fn(&Scene<'_>, Response) -> Result<Broken, &'static str>,
}

/// What a fault may know of the response that it breaks.
pub(super) struct Scene<'f> {
    operation: &'f Operation,
    seed: u64,
    number: usize,
}

/// A response that may break off or never come.
pub(super) struct Broken {
    pub(super) response: Response,
    comes: bool,
}

/// The most ways in which one value is broken.
const MOST: usize = 20;

/// Every fault.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: ids::SCHEMA_MISMATCH,
        what: "the body breaks one rule of its schema",
        breaks: schema_mismatch,
    },
    Fault {
        name: ids::MALFORMED_BODY,
        what: "the body ends in the middle of its JSON",
        breaks: malformed_body,
    },
    Fault {
        name: ids::INCOMPLETE_RESPONSE,
        what: "the connection breaks before the body is whole",
        breaks: incomplete_response,
    },
    Fault {
        name: ids::NO_RESPONSE,
        what: "the connection closes without a response",
        breaks: no_response,
    },
    Fault {
        name: ids::SERVER_ERROR,
        what: "the status is 500",
        breaks: server_error,
    },
    Fault {
        name: ids::UNDECLARED_STATUS,
        what: "the status is one that the operation does not declare",
        breaks: undeclared_status,
    },
    Fault {
        name: ids::UNDECLARED_CONTENT_TYPE,
        what: "the content type is one that the response does not declare",
        breaks: undeclared_content_type,
    },
    Fault {
        name: ids::MISSING_CONTENT_TYPE,
        what: "the body comes without a content type",
        breaks: missing_content_type,
    },
    Fault {
        name: ids::UNDECLARED_BODY,
        what: "a body comes where none is declared",
        breaks: undeclared_body,
    },
    Fault {
        name: ids::HEADER_MISMATCH,
        what: "a required header is missing, or has a value that its schema refuses",
        breaks: header_mismatch,
    },
    Fault {
        name: ids::MALFORMED_LOCATION,
        what: "`Location` is no reference",
        breaks: malformed_location,
    },
    Fault {
        name: ids::MALFORMED_RETRY_AFTER,
        what: "`Retry-After` is neither seconds nor a date",
        breaks: malformed_retry_after,
    },
];

impl Fault {
    pub(super) fn apply(
        &self,
        scene: &Scene<'_>,
        response: Response,
    ) -> Result<Broken, &'static str> {
        (self.breaks)(scene, response)
    }
}

impl<'f> Scene<'f> {
    pub(super) fn new(operation: &'f Operation, seed: u64, number: usize) -> Self {
        Self {
            operation,
            seed,
            number,
        }
    }

    /// The media type that a response was written as.
    fn media_type(&self, response: &Response) -> Option<&'f MediaType> {
        let came = response.header("content-type")?.parse().ok()?;
        let declared = self.operation.responses.get(response.status)?;
        declared.content.best(&came)
    }
}

impl Broken {
    pub(super) fn new(response: Response) -> Self {
        Self {
            response,
            comes: true,
        }
    }

    pub(super) fn into_message(self) -> Result<http::Response<FakeBody>, FakeError> {
        if !self.comes {
            return Err(FakeError);
        }
        let body = match self.response.body {
            Body::Complete(bytes) => FakeBody::whole(bytes),
            Body::Cut { bytes, .. } => FakeBody::broken(bytes),
            Body::NotRecorded => FakeBody::default(),
        };
        let mut message = http::Response::new(body);
        *message.status_mut() = self.response.status;
        *message.headers_mut() = self.response.headers;
        Ok(message)
    }
}

/// A broken response, or why there is none.
type Made = Result<Broken, &'static str>;

fn schema_mismatch(scene: &Scene<'_>, mut response: Response) -> Made {
    let none = "its body has no schema that could be broken";
    let media_type = scene.media_type(&response).ok_or(none)?;
    let schema = media_type.schema.as_ref().ok_or(none)?;
    let number = scene.number.to_string();
    let purpose = [scene.operation.id.as_str(), "fault", &number];
    let mut generator = Generator::new(scene.seed, &purpose);
    let mutations = generate::mutations(schema, &generate::valid(schema), MOST, &mut generator);
    let is_broken = |value: &Value| !schema.is_valid(value);
    let values: Vec<_> = mutations
        .into_iter()
        .map(|mutation| mutation.value)
        .filter(is_broken)
        .collect();
    let value = match values.get(scene.number % values.len().max(1)) {
        Some(value) => value.clone(),
        None => generate::invalid(schema)
            .and_then(|strategy| generator.draw(&strategy))
            .ok_or("its schema refuses nothing")?,
    };
    let (_, bytes) = write_body(media_type, &value).ok_or("its body cannot carry the value")?;
    response.body = bytes.into();
    Ok(Broken::new(response))
}

fn malformed_body(_: &Scene<'_>, mut response: Response) -> Made {
    let is_json = response
        .header("content-type")
        .is_some_and(|text| text.contains("json"));
    if !is_json {
        return Err("its body is not JSON");
    }
    response.body = Bytes::from_static(b"{\"a\": [1, ").into();
    Ok(Broken::new(response))
}

fn incomplete_response(_: &Scene<'_>, mut response: Response) -> Made {
    let bytes = response.body.bytes();
    if bytes.is_empty() {
        return Err("it has no body");
    }
    response.body = Body::Cut {
        bytes: Bytes::copy_from_slice(&bytes[..bytes.len() / 2]),
        reason: CutReason::Connection("on purpose".to_owned()),
    };
    Ok(Broken::new(response))
}

#[expect(clippy::unnecessary_wraps, reason = "faults have one form")]
fn no_response(_: &Scene<'_>, response: Response) -> Made {
    Ok(Broken {
        comes: false,
        ..Broken::new(response)
    })
}

fn server_error(scene: &Scene<'_>, _: Response) -> Made {
    let is_declared = scene.operation.responses.declared.iter().any(|declared| {
        declared.key == crate::contract::StatusKey::Exact(StatusCode::INTERNAL_SERVER_ERROR)
    });
    if is_declared {
        return Err("it declares 500");
    }
    Ok(Broken::new(Response::new(
        StatusCode::INTERNAL_SERVER_ERROR,
    )))
}

fn undeclared_status(scene: &Scene<'_>, mut response: Response) -> Made {
    let responses = &scene.operation.responses;
    let status = [StatusCode::IM_A_TEAPOT, StatusCode::IM_USED]
        .into_iter()
        .chain((200..500).filter_map(|status| StatusCode::from_u16(status).ok()))
        .find(|status| responses.get(*status).is_none())
        .ok_or("it declares every status")?;
    response.status = status;
    Ok(Broken::new(response))
}

fn undeclared_content_type(scene: &Scene<'_>, mut response: Response) -> Made {
    response.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-not-declared"),
    );
    if response.body.bytes().is_empty() || scene.media_type(&response).is_some() {
        return Err("it declares no content, or any");
    }
    Ok(Broken::new(response))
}

fn missing_content_type(_: &Scene<'_>, mut response: Response) -> Made {
    if response.body.bytes().is_empty() {
        return Err("it has no body");
    }
    response.headers.remove(header::CONTENT_TYPE);
    Ok(Broken::new(response))
}

fn undeclared_body(scene: &Scene<'_>, mut response: Response) -> Made {
    let declared = scene.operation.responses.get(response.status);
    let is_empty = declared.is_some_and(|declared| declared.content.media_types.is_empty());
    if !is_empty || matches!(response.status.as_u16(), 100..200 | 204 | 304) {
        return Err("it declares a body, or HTTP allows none");
    }
    response
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response.body = Bytes::from_static(b"nobody declares this").into();
    Ok(Broken::new(response))
}

fn header_mismatch(scene: &Scene<'_>, mut response: Response) -> Made {
    let declared = scene.operation.responses.get(response.status);
    let headers = declared.map_or(&[][..], |declared| declared.headers.as_slice());
    if let Some(required) = headers.iter().find(|header| header.required) {
        response.headers.remove(&required.name);
        return Ok(Broken::new(response));
    }
    let number = scene.number.to_string();
    let purpose = [scene.operation.id.as_str(), "fault", &number];
    let mut generator = Generator::new(scene.seed, &purpose);
    for header in headers {
        let broken = header
            .value
            .schema()
            .map(|schema| {
                generate::mutations(schema, &generate::valid(schema), MOST, &mut generator)
                    .into_iter()
                    .filter_map(|mutation| mutation.value.as_str().map(str::to_owned))
                    .find(|text| !schema.is_valid(&crate::wire::read_text(text, Some(schema))))
            })
            .unwrap_or_default();
        if let Some(Ok(value)) = broken.map(|text| HeaderValue::from_str(&text))
            && let Ok(name) = header::HeaderName::from_bytes(header.name.as_bytes())
        {
            response.headers.insert(name, value);
            return Ok(Broken::new(response));
        }
    }
    Err("it declares no header that could be broken")
}

#[expect(clippy::unnecessary_wraps, reason = "faults have one form")]
fn malformed_location(_: &Scene<'_>, mut response: Response) -> Made {
    response.headers.insert(
        header::LOCATION,
        HeaderValue::from_static("http://[nowhere"),
    );
    Ok(Broken::new(response))
}

#[expect(clippy::unnecessary_wraps, reason = "faults have one form")]
fn malformed_retry_after(_: &Scene<'_>, mut response: Response) -> Made {
    response
        .headers
        .insert(header::RETRY_AFTER, HeaderValue::from_static("soon"));
    Ok(Broken::new(response))
}
