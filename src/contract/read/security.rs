//! Security requirements and the schemes they name.

use oasgate_document::{Address, Document};
use openapiv3::{APIKeyLocation, SecurityScheme as Typed};
use serde_json::{Map, Value};

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
                    is_defined: document.get(&self.scheme_at(root, name)).is_some(),
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

    /// Where a scheme of a name stands.
    fn scheme_at(&self, root: &Object<'_>, key: &str) -> Address {
        if self.is_swagger {
            root.0.join("securityDefinitions").join(key)
        } else {
            let components = root.0.join("components");
            components.join("securitySchemes").join(key)
        }
    }

    fn scheme(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        key: &str,
    ) -> Option<SecurityKind> {
        let at = self.scheme_at(root, key);
        document.get(&at)?;
        let object = self.object(document, &at)?;
        if self.is_swagger {
            return self.swagger_scheme(key, &object);
        }
        if object.1.get("type").and_then(Value::as_str) == Some("mutualTLS") {
            return Some(SecurityKind::MutualTls);
        }
        let known = self.defects.len();
        let flows = self.flows(&object);
        let instead: Vec<(&str, Value)> = flows.map(|flows| ("flows", flows)).into_iter().collect();
        let typed = self.typed::<Typed>(&object, &["flows"], &instead);
        // One scheme is read for each operation that needs it; its defects are told once.
        for defect in self.defects.split_off(known) {
            if !self.defects.contains(&defect) {
                self.defects.push(defect);
            }
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

    /// The flows of a scheme that the typed model knows, each with a map of scopes: 3.2's device flow is not among
    /// them. Generators write no scopes as `null`, which leaves no doubt.
    fn flows(&mut self, scheme: &Object<'_>) -> Option<Value> {
        let (at, members) = scheme;
        let flows = members.get("flows")?.as_object()?;
        let mut known = Map::new();
        for (name, flow) in flows {
            if name == "deviceAuthorization" {
                continue;
            }
            let mut flow = flow.clone();
            if let Some(members) = flow.as_object_mut()
                && members.get("scopes").is_none_or(Value::is_null)
            {
                members.insert("scopes".to_owned(), Value::Object(Map::new()));
                let place = at.join("flows").join(name);
                let text = "`scopes` must be a map: read as an empty one";
                self.complain(DefectKind::MalformedObject, place, text);
            }
            known.insert(name.clone(), flow);
        }
        Some(Value::Object(known))
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
