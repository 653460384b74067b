//! Security requirements and the schemes they name.

use oasgate_document::{Address, Document};
use openapiv3::{APIKeyLocation, SecurityScheme as Typed};
use serde_json::Value;

use super::key_scheme::key_scheme;
use super::{Object, Reader};
use crate::contract::{DefectKind, Location, SecurityKind, SecurityRequirement, SecurityScheme};

impl Reader {
    /// The operation's own requirements, else the document's; an empty list of its own lifts them.
    pub(super) fn security(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        operation: &Object<'_>,
    ) -> Vec<SecurityRequirement> {
        let holder = if operation.1.contains_key("security") {
            operation
        } else {
            root
        };
        let mut requirements = Vec::new();
        for at in self.elements(holder, "security") {
            let Some((at, members)) = self.object(document, &at) else {
                continue;
            };
            let schemes = members
                .iter()
                .map(|(name, scopes)| SecurityScheme {
                    name: name.clone(),
                    kind: self.scheme(document, root, name),
                    scopes: scopes
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                })
                .collect();
            requirements.push(SecurityRequirement {
                schemes,
                address: at,
            });
        }
        requirements
    }

    fn scheme(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        key: &str,
    ) -> Option<SecurityKind> {
        let holder = if self.is_swagger {
            root.0.join("securityDefinitions")
        } else {
            root.0.join("components").join("securitySchemes")
        };
        let at: Address = holder.join(key);
        document.get(&at)?;
        let object = self.object(document, &at)?;
        if self.is_swagger {
            return self.swagger_scheme(key, &object);
        }
        if object.1.get("type").and_then(Value::as_str) == Some("mutualTLS") {
            return Some(SecurityKind::MutualTls);
        }
        // 3.2's device flow is not among the flows that the typed model knows.
        let flows = object
            .1
            .get("flows")
            .and_then(Value::as_object)
            .map(|flows| {
                let known = flows
                    .iter()
                    .filter(|(name, _)| *name != "deviceAuthorization");
                Value::Object(
                    known
                        .map(|(name, flow)| (name.clone(), flow.clone()))
                        .collect(),
                )
            });
        let instead: Vec<(&str, Value)> = flows.map(|flows| ("flows", flows)).into_iter().collect();
        let known = self.defects.len();
        let typed = self.typed::<Typed>(&object, &["flows"], &instead);
        // One scheme is read for each operation that needs it; its defect is told once.
        if let Some(defect) = self.defects.get(known).cloned()
            && self.defects[..known].contains(&defect)
        {
            self.defects.truncate(known);
        }
        Some(match typed? {
            Typed::APIKey { location, name, .. } => {
                let location = match location {
                    APIKeyLocation::Query => Location::Query,
                    APIKeyLocation::Header => Location::Header,
                    APIKeyLocation::Cookie => Location::Cookie,
                };
                let scheme = key_scheme(key, object.1);
                self.key_in(&object.0, location, name, scheme)
            }
            Typed::HTTP { scheme, .. } => SecurityKind::Http {
                scheme: scheme.to_ascii_lowercase(),
            },
            Typed::OAuth2 { flows, .. } => SecurityKind::OAuth2 {
                token_url: flows.client_credentials.map(|flow| flow.token_url),
            },
            Typed::OpenIDConnect {
                open_id_connect_url,
                ..
            } => SecurityKind::OpenIdConnect {
                url: open_id_connect_url,
            },
        })
    }

    /// An API key; what stands behind a colon in the name of a header field is meant to stand before the key.
    pub(super) fn key_in(
        &mut self,
        at: &Address,
        location: Location,
        name: String,
        scheme: Option<String>,
    ) -> SecurityKind {
        let is_field = http::HeaderName::from_bytes(name.as_bytes()).is_ok();
        if location != Location::Header || is_field {
            return SecurityKind::ApiKey {
                location,
                name,
                scheme,
            };
        }
        let (field, before) = name.split_once(':').unwrap_or((&name, ""));
        let (field, before) = (field.trim().to_owned(), before.trim().to_owned());
        let read = match before.as_str() {
            "" => format!("{name:?} is no field name (RFC 9110 §5.1)"),
            before => format!(
                "{name:?} is no field name (RFC 9110 §5.1): it is read as {field:?} with {before:?} before the key"
            ),
        };
        self.complain(DefectKind::MalformedObject, at.join("name"), read);
        SecurityKind::ApiKey {
            location,
            name: field,
            scheme: scheme.or((!before.is_empty()).then_some(before)),
        }
    }
}
