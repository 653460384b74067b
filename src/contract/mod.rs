//! What a document promises, normalised: the model that everything else reads.
//!
//! [`Contract::load`] reads a document; operations, the router and the schemas hang off the
//! contract. Objects are read one by one with `openapiv3`'s types after their schemas have been
//! lifted out, so that a malformed one is a [`Defect`] with an address and the others still count.
//! Schemas are translated to JSON Schema 2020-12 and compiled when first needed, once for each
//! direction.
//!
//! ```
//! use oasgate::contract::Contract;
//!
//! let contract = Contract::load("spec/vantage-data-exports.yaml")?;
//! let operation = contract.operation("getDataExport")?;
//! assert_eq!(operation.path.as_str(), "/data_exports/{data_export_token}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod defect;
pub mod graph;
mod index;
mod media_range;
mod model;
mod named;
mod path;
mod read;
mod router;
mod schema;
mod server;
mod shown_values;
mod stopping;
mod stopping_words;
mod written;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use http::Method;
use oasgate_document::{Address, Document, DocumentError, Options, Pointer};
use serde_json::Value;
use url::Url;

pub use defect::{Defect, DefectKind};
pub use index::{OperationIndex, ResourceIndex};
pub use media_range::{MediaRange, Specificity};
pub use model::{
    Content, DeclaredResponse, Encoding, Example, Explode, Header, Link, Location, MediaType,
    Operation, OperationId, Parameter, RequestBody, Reserved, Responses, SecurityKind,
    SecurityRequirement, SecurityScheme, Serialization, Server, StatusKey, Style,
};
pub use named::OperationIn;
pub use path::PathTemplate;
pub(crate) use read::METHODS;
pub use schema::{Choice, Constraint, Direction, Schema, Violation};
pub(crate) use schema::{
    Decimal, Digits, KNOWN_FORMATS, Sameness, Tape, canonical, is_assertion, is_known_format,
    prose::examples_in, shape,
};
pub(crate) use schema::{compiled_alone, effort};
pub(crate) use schema::{is_alone, is_unread, speaks_together, texts};
pub use server::HostPattern;

use router::{Miss, Router, Target, Wanted};
use schema::SchemaStore;
use shown_values::ShownValues;
use written::Written;
pub(crate) use written::WrittenAt;

/// Everything that a document promises.
pub struct Contract {
    store: Arc<SchemaStore>,
    operations: Vec<Arc<Operation>>,
    router: Router,
    /// Every host and base path at which an operation is served.
    places: Vec<Place>,
    /// Every base path of every server, longest first, the root last.
    base_paths: Vec<String>,
    defects: Vec<Defect>,
    /// What clients write, once it was asked for.
    written: OnceLock<Written>,
    /// What the document shows, once it was asked for.
    shown_values: OnceLock<ShownValues>,
}

/// An id that no operation has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no operation is called {id:?}{hint}; {} knows {known}", document)]
pub struct UnknownOperation {
    id: String,
    hint: String,
    document: String,
    known: String,
}

/// A request's operation and the values of its path parameters, still percent-encoded.
#[derive(Clone, Debug)]
pub struct Route<'c> {
    /// The operation.
    pub operation: &'c Arc<Operation>,
    /// What names it in the contract.
    pub index: OperationIndex,
    /// Parameter names and raw values, in the order of the path.
    pub path_values: Vec<(String, String)>,
}

/// A base path, and the hosts at which it is served; none where the document says nothing of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    base: String,
    hosts: Vec<HostPattern>,
}

/// How a URL's host stands to those that the document names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostStanding {
    /// A server of the document has this host.
    Declared,
    /// Servers of the document name hosts, and this is none of them.
    Other,
    /// No server of the document names a host.
    Unsaid,
}

/// Why a request belongs to no operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteMiss {
    /// No path template fits.
    Path,
    /// A template fits; these are the methods it declares.
    Method(Vec<String>),
}

impl std::fmt::Debug for Contract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Contract({} {}, {} operations)",
            self.title(),
            self.api_version(),
            self.operations.len()
        )
    }
}

impl Contract {
    /// Reads a document and everything it refers to.
    ///
    /// # Errors
    ///
    /// When the document cannot be read or is no OpenAPI document. What is wrong inside it is a
    /// [`Defect`] instead.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, DocumentError> {
        // Whoever calls this reads documents of their own, from their own project.
        let options = Options {
            files: vec![".".into()],
            ..Options::default()
        };
        Document::open_with(path, &options).map(Self::from_document)
    }

    /// The contract of a document that has been read.
    pub fn from_document(document: Document) -> Self {
        let store = SchemaStore::new(document);
        read::contract(store)
    }

    /// Forgets compiled schemas where there are very many. To be called between validations.
    pub(crate) fn trim(&self) {
        self.store.trim();
    }

    /// What clients write of what responses show.
    pub(crate) fn written(&self) -> &Written {
        self.written.get_or_init(|| Written::of(self))
    }

    /// Whether the document shows a text or a number anywhere, as an example, a default or one of a list.
    pub(crate) fn shows(&self, value: &Value) -> bool {
        let shown = &self.shown_values;
        let shown = shown.get_or_init(|| ShownValues::of(self.document()));
        shown.holds(value)
    }

    /// The document.
    pub fn document(&self) -> &Document {
        self.store.document()
    }

    /// `info.title`; empty when missing.
    pub fn title(&self) -> &str {
        self.info("title")
    }

    /// `info.version`; empty when missing.
    pub fn api_version(&self) -> &str {
        self.info("version")
    }

    fn info(&self, key: &str) -> &str {
        self.document()
            .root()
            .get("info")
            .and_then(|info| info.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// All operations, in the document's order.
    pub fn operations(&self) -> &[Arc<Operation>] {
        &self.operations
    }

    /// All operations, in the document's order, each with what names it among them.
    pub fn indexed_operations(
        &self,
    ) -> impl DoubleEndedIterator<Item = (OperationIndex, &Arc<Operation>)> {
        OperationIndex::number(&self.operations)
    }

    /// The operation with an index.
    ///
    /// # Panics
    ///
    /// When the contract has no such operation: the index is of another one.
    pub fn operation_at(&self, index: OperationIndex) -> &Arc<Operation> {
        &self.operations[index.place()]
    }

    /// The operation with this id: its `operationId`, or `GET /path`.
    ///
    /// # Errors
    ///
    /// When there is none; the message names the nearest.
    pub fn operation(&self, id: &str) -> Result<OperationIn<'_>, UnknownOperation> {
        let named = |operation: &&Arc<Operation>| {
            operation.id.as_str() == id
                || id.split_once(' ').is_some_and(|(method, path)| {
                    operation.method.as_str().eq_ignore_ascii_case(method)
                        && operation.path.as_str() == path
                })
        };
        let found = self.operations.iter().find(named);
        let found = found.map(|operation| OperationIn::new(self, operation));
        found.ok_or_else(|| {
            let ids = || {
                self.operations
                    .iter()
                    .map(|operation| operation.id.as_str())
            };
            let known = match self.operations.len() {
                0 => "no operation".to_owned(),
                1..=8 => ids().collect::<Vec<_>>().join(", "),
                many => format!("{many} operations"),
            };
            UnknownOperation {
                id: id.to_owned(),
                hint: crate::did_you_mean::hint(id, ids()),
                document: self
                    .document()
                    .files()
                    .next()
                    .map_or_else(String::new, |(_, source)| source.name().to_string()),
                known,
            }
        })
    }

    /// How the host of a URL stands to those that the document's servers name.
    pub fn host_standing(&self, url: &Url) -> HostStanding {
        let mut hosts = self.places.iter().flat_map(|place| &place.hosts);
        if self.places.iter().all(|place| place.hosts.is_empty()) {
            HostStanding::Unsaid
        } else if hosts.any(|host| host.matches(url)) {
            HostStanding::Declared
        } else {
            HostStanding::Other
        }
    }

    /// The operation that a request belongs to.
    ///
    /// At a host that a server names, the operations served there count, below the base paths that they
    /// have there. Elsewhere (a test's host, a staging service) the base path of any of the document's
    /// servers is stripped first, and a path without one is tried too.
    ///
    /// # Errors
    ///
    /// When no path template fits, or none with this method.
    pub fn route(&self, method: &Method, url: &Url) -> Result<Route<'_>, RouteMiss> {
        let bases = self.base_paths.iter().map(String::as_str);
        if self.host_standing(url) != HostStanding::Declared {
            return self.route_below(bases, method, url, None);
        }
        let here: Vec<bool> = self
            .places
            .iter()
            .map(|place| place.hosts.is_empty() || place.hosts.iter().any(|host| host.matches(url)))
            .collect();
        let bases = bases.filter(|base| {
            let mut places = self.places.iter().zip(&here);
            places.any(|(place, is_here)| *is_here && place.base == **base)
        });
        self.route_below(bases, method, url, Some(&here))
    }

    /// Like [`Contract::route`] below one base path, whatever the document says.
    ///
    /// # Errors
    ///
    /// As [`Contract::route`].
    pub fn route_under(
        &self,
        base: &str,
        method: &Method,
        url: &Url,
    ) -> Result<Route<'_>, RouteMiss> {
        self.route_below([base], method, url, None)
    }

    /// Tries base paths in turn. `here` says which places are at the request's host, where that decides.
    fn route_below<'b>(
        &self,
        bases: impl IntoIterator<Item = &'b str>,
        method: &Method,
        url: &Url,
        here: Option<&[bool]>,
    ) -> Result<Route<'_>, RouteMiss> {
        let mut miss = Miss::default();
        for base in bases {
            let serves = |target: &Target| {
                target.places.iter().any(|place| {
                    self.places[*place].base == base.trim_end_matches('/')
                        && here.is_none_or(|here| here[*place])
                }) || target.places.is_empty() && base.trim_end_matches('/').is_empty()
            };
            let wanted = Wanted {
                method,
                path: url.path(),
                base,
                serves: &serves,
                is_lenient: here.is_none(),
            };
            let found = self.router.find_lenient(wanted).or_else(|miss| {
                // What answers GET answers HEAD (RFC 9110 §9.3.2), declared or not.
                if *method == Method::HEAD && miss.methods.iter().any(|method| method == "GET") {
                    let method = &Method::GET;
                    self.router.find_lenient(Wanted { method, ..wanted })
                } else {
                    Err(miss)
                }
            });
            match found {
                Ok((index, path_values)) => {
                    return Ok(Route {
                        operation: self.operation_at(index),
                        index,
                        path_values,
                    });
                }
                Err(found) if found.is_concrete => {
                    miss = found;
                    break;
                }
                Err(found) if miss.methods.is_empty() => miss = found,
                Err(_) => {}
            }
        }
        Err(if miss.methods.is_empty() {
            RouteMiss::Path
        } else {
            RouteMiss::Method(miss.methods)
        })
    }

    /// The names of the schemas that the document gives names to, in its order.
    pub fn schema_names(&self) -> Vec<&str> {
        self.named_schemas()
            .and_then(|at| self.document().get(&at))
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|schemas| schemas.keys().map(String::as_str))
            .collect()
    }

    /// A schema by its name.
    pub fn schema(&self, name: &str, direction: Direction) -> Option<Schema> {
        let at = self.named_schemas()?.join(name);
        self.document().get(&at)?;
        Some(Schema::new(&self.store, at, direction))
    }

    fn named_schemas(&self) -> Option<Address> {
        ["/components/schemas", "/definitions"]
            .into_iter()
            .filter_map(Pointer::parse)
            .map(Address::in_root)
            .find(|at| self.document().get(at).is_some())
    }

    /// What is wrong with the document, as far as reading has come: all objects have been read,
    /// schemas only those that were needed.
    pub fn defects(&self) -> Vec<Defect> {
        let mut all = self.defects.clone();
        for defect in self.store.defects() {
            if !all.contains(&defect) {
                all.push(defect);
            }
        }
        defect::settle(all)
    }

    /// The operations that no request to this service has: webhooks, callbacks, path items among
    /// the components. They are read anew by each call.
    pub fn hooks(&self) -> Vec<Operation> {
        read::hooks(&self.store).0
    }

    /// Hands over every schema object that an operation, a hook or a name leads to, once each.
    pub fn each_schema_object<'c>(
        &'c self,
        visit: &mut dyn FnMut(&Address, &'c serde_json::Map<String, Value>),
    ) {
        let mut roots: Vec<_> = self
            .all_schemas()
            .iter()
            .map(|schema| schema.address().clone())
            .collect();
        for hook in self.hooks() {
            hook.each_schema(&mut |schema| roots.push(schema.address().clone()));
        }
        schema::objects::each(&self.store, roots, visit);
    }

    /// The schema at an address.
    pub fn schema_at(&self, address: Address, direction: Direction) -> Schema {
        Schema::new(&self.store, address, direction)
    }

    /// Reads what no operation uses too, and compiles every schema: all that is wrong.
    pub fn all_defects(&self) -> Vec<Defect> {
        self.compile_all();
        let mut all = read::component_defects(&self.store);
        let (hooks, in_hooks) = read::hooks(&self.store);
        for hook in hooks {
            hook.each_schema(&mut |schema| schema.compile());
        }
        all.extend(in_hooks);
        all.extend(
            self.document()
                .duplicate_json_keys()
                .iter()
                .map(read::problem),
        );
        all.extend(self.defects());
        defect::settle(all)
    }

    /// Compiles every schema in both directions, so that [`Contract::defects`] is complete.
    pub fn compile_all(&self) -> usize {
        let mut count = 0;
        for schema in self.all_schemas() {
            schema.compile();
            count += 1;
        }
        count
    }

    /// Every schema that an operation names, and every named one, in both directions.
    pub fn all_schemas(&self) -> Vec<Schema> {
        let mut schemas = Vec::new();
        for operation in &self.operations {
            operation.each_schema(&mut |schema| schemas.push(schema.clone()));
        }
        for name in self.schema_names() {
            schemas.extend(
                [Direction::Request, Direction::Response]
                    .into_iter()
                    .filter_map(|way| self.schema(name, way)),
            );
        }
        schemas
    }
}
