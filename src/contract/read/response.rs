//! Responses, their headers and their links.

use http::StatusCode;
use indexmap::IndexMap;
use oasgate_document::{Address, Document};
use serde_json::Value;

use super::{Object, Reader, text};
use crate::contract::{
    Content, DeclaredResponse, DefectKind, Direction, Link, MediaRange, MediaType, OperationId,
    StatusKey,
};

impl Reader {
    pub(super) fn response(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        operation: &Object<'_>,
        key: &str,
        entry: Address,
    ) -> Option<DeclaredResponse> {
        let Some(key) = status_key(key) else {
            self.complain(
                DefectKind::MalformedObject,
                entry,
                format!(
                    "`{key}` is not a status: 100 to 599, 1XX to 5XX with a capital X, or default"
                ),
            );
            return None;
        };
        let Some(object) = self.object(document, &entry) else {
            let is_reference = document
                .get(&entry)
                .is_some_and(|it| it.get("$ref").is_some());
            return is_reference.then(|| unknown_response(key, entry));
        };
        let headers = self.members(&object, "headers");
        let headers = headers
            .into_iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"))
            .filter_map(|(name, at)| {
                if self.is_swagger {
                    self.swagger_header(document, name, &at)
                } else {
                    self.header(document, name, &at, Direction::Response)
                }
            })
            .collect();
        let links = self.members(&object, "links");
        let links = links
            .into_iter()
            .filter_map(|(name, at)| self.link(document, name, &at))
            .collect();
        Some(DeclaredResponse {
            key,
            description: text(object.1, "description").unwrap_or_default(),
            content: if self.is_swagger {
                self.swagger_response_content(document, root, operation, &object)
            } else {
                self.content(document, &object, Direction::Response)
            },
            headers,
            links,
            address: object.0,
            entry,
        })
    }

    fn link(&mut self, document: &Document, name: &str, at: &Address) -> Option<Link> {
        let object = self.object(document, at)?;
        if !object.1.contains_key("operationId") && !object.1.contains_key("operationRef") {
            self.complain(
                DefectKind::MalformedObject,
                object.0,
                "a link leads somewhere: with `operationId` or `operationRef`",
            );
            return None;
        }
        let typed: openapiv3::Link = self.typed(&object, &["server"], &[])?;
        let operation = match typed.operation {
            openapiv3::LinkOperation::OperationId(id) => Some(OperationId(id)),
            openapiv3::LinkOperation::OperationRef(reference) => {
                self.referenced(document, &object, &reference)
            }
        };
        Some(Link {
            name: name.to_owned(),
            operation,
            parameters: typed.parameters,
            request_body: typed.request_body,
            address: object.0,
        })
    }

    /// The id of the operation that an `operationRef` leads to.
    fn referenced(
        &mut self,
        document: &Document,
        link: &Object<'_>,
        reference: &str,
    ) -> Option<OperationId> {
        // An operation of another service is no concern of this contract.
        if reference.contains("://") {
            return None;
        }
        match document.resolve(link.0.file, reference) {
            Ok(target) => {
                let id = document
                    .get(&target)?
                    .get("operationId")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                let method = target.pointer.last()?.to_uppercase();
                let path = target.pointer.parent()?.last()?;
                Some(OperationId(
                    id.unwrap_or_else(|| format!("{method} {path}")),
                ))
            }
            Err(error) => {
                self.complain(
                    DefectKind::UnresolvedReference,
                    link.0.join("operationRef"),
                    error.in_keyword("operationRef"),
                );
                None
            }
        }
    }
}

/// A response behind a reference that was not followed: its status is declared (OpenAPI 3.0.4 §4.7.16), and anything
/// may come with it.
fn unknown_response(key: StatusKey, entry: Address) -> DeclaredResponse {
    let anything = MediaRange::parse("*/*").map(|range| MediaType {
        range,
        schema: None,
        item_schema: None,
        examples: Vec::new(),
        encoding: IndexMap::new(),
        address: entry.clone(),
    });
    DeclaredResponse {
        key,
        description: String::new(),
        content: Content {
            media_types: anything.into_iter().collect(),
        },
        headers: Vec::new(),
        links: Vec::new(),
        address: entry.clone(),
        entry,
    }
}

fn status_key(key: &str) -> Option<StatusKey> {
    if key == "default" {
        return Some(StatusKey::Default);
    }
    let class = key
        .as_bytes()
        .first()
        .filter(|digit| (b'1'..=b'5').contains(digit))?;
    if key.len() == 3 && key.ends_with("XX") {
        return Some(StatusKey::Range(class - b'0'));
    }
    key.parse::<u16>()
        .ok()
        .filter(|_| key.len() == 3)
        .and_then(|code| StatusCode::from_u16(code).ok())
        .map(StatusKey::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_a_capital_x() {
        assert_eq!(status_key("4XX"), Some(StatusKey::Range(4)));
        assert_eq!(status_key("4xx"), None);
        assert_eq!(status_key("200"), Some(StatusKey::Exact(StatusCode::OK)));
        assert_eq!(status_key("2000"), None);
        assert_eq!(status_key("default"), Some(StatusKey::Default));
    }
}
