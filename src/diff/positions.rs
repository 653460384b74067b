//! Where operations name schemas, and which of them stand for each other.

use http::StatusCode;
use mediatype::MediaTypeBuf;

use crate::contract::{
    Content, DeclaredResponse, Header, Location, MediaType, Parameter, Schema, StatusKey,
};

use super::{
    change::Flow,
    operations::{Matched, Subject},
    text::Travel,
};

/// A schema of an operation in both documents.
#[derive(Debug)]
pub(super) struct Position<'s> {
    pub(super) operation: &'s Matched,
    pub(super) flow: Flow,
    pub(super) old: &'s Schema,
    pub(super) new: &'s Schema,
    pub(super) travel: Travel,
    pub(super) spot: Spot,
}

/// What carries the value.
#[derive(Clone, Debug)]
pub(super) enum Spot {
    /// A parameter of the old operation.
    Parameter(Box<Parameter>),
    /// A request body of this media type.
    Body(String),
    /// A response body.
    Response { status: String, media_type: String },
    /// A header of a response.
    Header { status: String, name: String },
}

impl Spot {
    /// The status of a response.
    pub(super) fn status(&self) -> Option<&str> {
        match self {
            Self::Parameter(_) | Self::Body(_) => None,
            Self::Response { status, .. } | Self::Header { status, .. } => Some(status),
        }
    }

    /// As in `response 200 application/json`.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Parameter(parameter) => {
                format!("{} parameter `{}`", parameter.location, parameter.name)
            }
            Self::Body(media_type) => format!("request body {media_type}"),
            Self::Response { status, media_type } => format!("response {status} {media_type}"),
            Self::Header { status, name } => format!("header {name} of response {status}"),
        }
    }
}

/// Every place where both documents have a schema.
pub(super) fn positions<'s>(subject: &'s Subject<'_>) -> Vec<Position<'s>> {
    let mut all = Vec::new();
    for operation in &subject.matched {
        for (old, new) in operation.parameters() {
            if let (Some(old), Some(new)) = (old, new)
                && let (Some(before), Some(after)) = (old.value.schema(), new.value.schema())
            {
                let is_json = matches!(&old.value, crate::contract::Serialization::Content(_));
                all.push(Position {
                    operation,
                    flow: Flow::Request,
                    old: before,
                    new: after,
                    travel: match (is_json, old.location) {
                        (true, _) => Travel::Json,
                        (false, Location::Path) => Travel::Segment,
                        (false, _) => Travel::Text,
                    },
                    spot: Spot::Parameter(Box::new(old.clone())),
                });
            }
        }
        if let (Some(old), Some(new)) = (&operation.old.request_body, &operation.new.request_body) {
            for (before, after) in contents(operation, Flow::Request, &old.content, &new.content) {
                let spot = Spot::Body(before.range.as_str().to_owned());
                bodies(operation, Flow::Request, before, after, &spot, &mut all);
            }
        }
        for (old, new) in responses(operation) {
            let status = old.key.to_string();
            for (before, after) in contents(operation, Flow::Response, &old.content, &new.content) {
                let spot = Spot::Response {
                    status: status.clone(),
                    media_type: before.range.as_str().to_owned(),
                };
                bodies(operation, Flow::Response, before, after, &spot, &mut all);
            }
            for (before, after) in headers(old, new) {
                if let (Some(one), Some(other)) = (before.value.schema(), after.value.schema()) {
                    all.push(Position {
                        operation,
                        flow: Flow::Response,
                        old: one,
                        new: other,
                        travel: Travel::Text,
                        spot: Spot::Header {
                            status: status.clone(),
                            name: before.name.clone(),
                        },
                    });
                }
            }
        }
    }
    all
}

fn bodies<'s>(
    operation: &'s Matched,
    flow: Flow,
    old: &'s MediaType,
    new: &'s MediaType,
    spot: &Spot,
    all: &mut Vec<Position<'s>>,
) {
    let pairs = [
        (&old.schema, &new.schema),
        (&old.item_schema, &new.item_schema),
    ];
    for (old_schema, new_schema) in pairs {
        if let (Some(one), Some(other)) = (old_schema, new_schema) {
            all.push(Position {
                operation,
                flow,
                old: one,
                new: other,
                travel: travel(old),
                spot: spot.clone(),
            });
        }
    }
}

fn travel(media_type: &MediaType) -> Travel {
    match media_type.range.essence().as_str() {
        "application/x-www-form-urlencoded" | "multipart/form-data" => Travel::Form,
        essence if essence.contains("json") || essence.contains('*') => Travel::Json,
        essence if essence.starts_with("text/") => Travel::Text,
        _ => Travel::Json,
    }
}

/// Media types of a content that stand for each other.
pub(super) fn contents<'s>(
    operation: &Matched,
    flow: Flow,
    old: &'s Content,
    new: &'s Content,
) -> Vec<(&'s MediaType, &'s MediaType)> {
    use super::side::Side;
    let sides = match operation.producer(flow) {
        Side::Old => (old, new),
        Side::New => (new, old),
    };
    let mut pairs = Vec::new();
    for one in &sides.0.media_types {
        if let Some(other) = counterpart(one, sides.1) {
            pairs.push(match operation.producer(flow) {
                Side::Old => (one, other),
                Side::New => (other, one),
            });
        }
    }
    pairs
}

/// What a content says of another's media type: the same key, else the range that fits it best.
pub(super) fn counterpart<'c>(one: &MediaType, content: &'c Content) -> Option<&'c MediaType> {
    let key = |media_type: &MediaType| {
        media_type
            .range
            .as_str()
            .to_ascii_lowercase()
            .replace(' ', "")
    };
    let same = content
        .media_types
        .iter()
        .find(|other| key(other) == key(one));
    same.or_else(|| {
        let came: MediaTypeBuf = one.range.as_str().parse().ok()?;
        one.range.is_concrete().then(|| content.best(&came))?
    })
    .or_else(|| {
        let essence = one.range.essence();
        content.media_types.iter().find(|other| {
            let other = other.range.essence();
            other == "*/*"
                || other
                    .strip_suffix("/*")
                    .is_some_and(|kind| essence.split('/').next() == Some(kind))
        })
    })
}

/// Responses that stand for each other: for each status that either document names, what speaks of it
/// in both.
pub(super) fn responses(operation: &Matched) -> Vec<(&DeclaredResponse, &DeclaredResponse)> {
    let (old, new) = (&operation.old.responses, &operation.new.responses);
    let mut pairs: Vec<(&DeclaredResponse, &DeclaredResponse)> = Vec::new();
    let keys = old.declared.iter().chain(&new.declared).map(|one| one.key);
    for key in keys {
        let find = |responses: &'_ crate::contract::Responses| match key {
            StatusKey::Exact(status) => responses.get(status).map(|one| one.key),
            StatusKey::Range(_) | StatusKey::Default => {
                let same = responses.declared.iter().find(|one| one.key == key);
                same.map(|one| one.key).or_else(|| covering(responses, key))
            }
        };
        let by_key = |responses: &'_ crate::contract::Responses, key: Option<StatusKey>| {
            responses
                .declared
                .iter()
                .position(|one| Some(one.key) == key)
        };
        if let (Some(before), Some(after)) = (by_key(old, find(old)), by_key(new, find(new))) {
            let pair = (&old.declared[before], &new.declared[after]);
            let is_known = pairs
                .iter()
                .any(|(before, after)| before.key == pair.0.key && after.key == pair.1.key);
            if !is_known {
                pairs.push(pair);
            }
        }
    }
    pairs
}

/// The key that speaks of all statuses of another key.
fn covering(responses: &crate::contract::Responses, key: StatusKey) -> Option<StatusKey> {
    let has_default = responses
        .declared
        .iter()
        .any(|one| one.key == StatusKey::Default);
    (matches!(key, StatusKey::Range(_)) && has_default).then_some(StatusKey::Default)
}

/// Whether a response of this key may come by what is declared.
pub(super) fn is_covered(responses: &crate::contract::Responses, key: StatusKey) -> bool {
    match key {
        StatusKey::Exact(status) => responses.get(status).is_some(),
        StatusKey::Range(class) => {
            responses.declared.iter().any(|one| one.key == key)
                || covering(responses, key).is_some()
                || responses.declared.iter().any(|one| {
                    matches!(one.key, StatusKey::Exact(status) if status.as_u16() / 100 == u16::from(class))
                })
        }
        StatusKey::Default => responses.declared.iter().any(|one| one.key == key),
    }
}

/// Whether a key speaks of success.
pub(super) fn is_success(key: StatusKey) -> bool {
    match key {
        StatusKey::Exact(status) => {
            status.is_success()
                || status.is_redirection()
                || status == StatusCode::SWITCHING_PROTOCOLS
        }
        StatusKey::Range(class) => class == 2 || class == 3,
        StatusKey::Default => false,
    }
}

/// Headers that stand for each other.
pub(super) fn headers<'r>(
    old: &'r DeclaredResponse,
    new: &'r DeclaredResponse,
) -> Vec<(&'r Header, &'r Header)> {
    let pair = |one: &'r Header| {
        let other = new
            .headers
            .iter()
            .find(|other| other.name.eq_ignore_ascii_case(&one.name))?;
        Some((one, other))
    };
    old.headers.iter().filter_map(pair).collect()
}
