//! Where units live: each schema object compiled once for each direction, when first asked.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak},
};

use indexmap::IndexMap;
use jsonschema::JsonTypeSet;
use oasgate_document::{Address, Document};
use serde_json::Value;

use super::{
    Direction,
    dialect::Dialect,
    discriminator::{Discriminator, Subtypes},
    patterns::Patterns,
    seeing::Seeing,
    unit::Unit,
    write_only::WriteOnlyNames,
};
use crate::contract::{Defect, DefectKind};

/// How many shapes of one schema's values are remembered.
const MAX_SHAPES: usize = 10_000;

/// Whether `format` is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Formats {
    /// A value that is not of its format breaks it.
    Held,
    /// `format` says nothing (JSON Schema 2020-12 §7.2.1).
    Ignored,
}

/// How many compiled units are kept from one operation to the next.
const MAX_UNITS: usize = 4_000;

/// How many properties of schemas are remembered.
const MAX_PROPERTIES: usize = 500_000;

/// The properties that a schema declares, by name, each with its first schema.
pub(super) type Properties = IndexMap<String, Address>;

/// The properties of the schemas that were asked for them.
#[derive(Default)]
struct KnownProperties {
    of: HashMap<Address, Arc<Properties>>,
    /// How many there are, of all schemas together.
    count: usize,
}

/// Shapes of values, each a number.
#[derive(Default)]
pub(super) struct Shapes(RwLock<HashSet<u64, ahash::RandomState>>);

impl Shapes {
    /// Whether a shape is among them.
    pub(super) fn has(&self, shape: u64) -> bool {
        let shapes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        shapes.contains(&shape)
    }

    /// Notes a shape, where there is room.
    pub(super) fn add(&self, shape: u64) {
        let mut shapes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if shapes.len() < MAX_SHAPES {
            shapes.insert(shape);
        }
    }
}

/// The compiled schemas of one document.
pub(in crate::contract) struct SchemaStore {
    document: Arc<Document>,
    formats: Formats,
    /// The same schemas with their formats ignored.
    without_formats: OnceLock<Arc<SchemaStore>>,
    dialect: Dialect,
    units: RwLock<HashMap<(Address, Direction), Arc<Unit>>>,
    defects: Mutex<Vec<Defect>>,
    write_only: RwLock<HashMap<Address, Arc<WriteOnlyNames>>>,
    types: RwLock<HashMap<Address, JsonTypeSet>>,
    properties: RwLock<KnownProperties>,
    /// The schema objects that are known to have values, by direction.
    finite: RwLock<HashSet<(Address, Direction)>>,
    patterns: Patterns,
    discriminators: RwLock<HashMap<Address, Option<Arc<Discriminator>>>>,
    subtypes: OnceLock<Subtypes>,
    seeing: OnceLock<Seeing>,
    /// Shapes of values in which every property is named, by schema.
    declared: RwLock<HashMap<Address, Arc<Shapes>>>,
    itself: Weak<SchemaStore>,
}

impl SchemaStore {
    pub(in crate::contract) fn new(document: Document) -> Arc<Self> {
        Self::with(Arc::new(document), Formats::Held)
    }

    fn with(document: Arc<Document>, formats: Formats) -> Arc<Self> {
        let dialect = Dialect::of(document.version(), document.root());
        Arc::new_cyclic(|itself| Self {
            document,
            formats,
            without_formats: OnceLock::new(),
            dialect,
            units: RwLock::default(),
            defects: Mutex::default(),
            write_only: RwLock::default(),
            types: RwLock::default(),
            properties: RwLock::default(),
            finite: RwLock::default(),
            patterns: Patterns::default(),
            discriminators: RwLock::default(),
            subtypes: OnceLock::new(),
            seeing: OnceLock::new(),
            declared: RwLock::default(),
            itself: Weak::clone(itself),
        })
    }

    pub(in crate::contract) fn document(&self) -> &Document {
        &self.document
    }

    pub(super) fn formats(&self) -> Formats {
        self.formats
    }

    /// The schemas of the same document with their formats ignored.
    pub(super) fn without_formats(&self) -> &Arc<Self> {
        self.without_formats
            .get_or_init(|| Self::with(Arc::clone(&self.document), Formats::Ignored))
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn weak(&self) -> Weak<Self> {
        Weak::clone(&self.itself)
    }

    /// What was found wrong with schemas so far, in no particular order.
    pub(in crate::contract) fn defects(&self) -> Vec<Defect> {
        self.defects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn complain(&self, address: Address, kind: DefectKind, message: String) {
        let mut defects = self.defects.lock().unwrap_or_else(PoisonError::into_inner);
        let defect = Defect {
            kind,
            address,
            message,
        };
        if !defects.contains(&defect) {
            defects.push(defect);
        }
    }

    /// The unit of a schema object, compiled now if it is not yet.
    pub(super) fn unit(&self, address: &Address, direction: Direction) -> Arc<Unit> {
        let key = (address.clone(), direction);
        if let Some(unit) = self
            .units
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Arc::clone(unit);
        }
        let unit = Arc::new(Unit::compile(self, address, direction));
        let mut units = self.units.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(units.entry(key).or_insert(unit))
    }

    /// Forgets what was compiled where that is much; it is compiled again when it is needed. To be called between
    /// validations, of which each takes for granted that what it follows stays.
    pub(in crate::contract) fn trim(&self) {
        let mut units = self.units.write().unwrap_or_else(PoisonError::into_inner);
        if units.len() > MAX_UNITS {
            units.clear();
        }
        drop(units);
        if let Some(without_formats) = self.without_formats.get() {
            without_formats.trim();
        }
    }

    /// The discriminator of a schema object, read when it is first asked for.
    pub(super) fn discriminator(&self, address: &Address) -> Option<Arc<Discriminator>> {
        let schema = self.document.get(address)?;
        schema.get("discriminator")?;
        remembered(&self.discriminators, address, || {
            Discriminator::of(self, address).map(Arc::new)
        })
    }

    /// The properties that a schema object declares, found when they are first asked for.
    pub(super) fn properties(
        &self,
        address: &Address,
        find: impl FnOnce() -> Properties,
    ) -> Arc<Properties> {
        let known = self.properties.read();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        if let Some(properties) = known.of.get(address) {
            return Arc::clone(properties);
        }
        drop(known);
        let found = Arc::new(find());
        let known = self.properties.write();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        if known.count > MAX_PROPERTIES {
            *known = KnownProperties::default();
        }
        known.count += found.len();
        known.of.insert(address.clone(), Arc::clone(&found));
        found
    }

    /// Which components take in which others.
    pub(super) fn subtypes(&self) -> &Subtypes {
        self.subtypes.get_or_init(|| Subtypes::of(self))
    }

    /// What the document says about seeing through references.
    pub(super) fn seeing(&self) -> Seeing {
        *self.seeing.get_or_init(|| Seeing::of(&self.document))
    }

    /// Whether a name matches a pattern of `patternProperties`.
    pub(super) fn name_matches(&self, pattern: &str, name: &str) -> bool {
        self.patterns.matches(pattern, name)
    }

    /// Whether the names in a value can be held against the patterns of names, as far as their cost goes.
    pub(super) fn takes_names(&self, value: &Value) -> bool {
        self.patterns.takes_names(&self.document, value)
    }

    /// Whether no pattern that names are held against is costly.
    pub(super) fn takes_all_names(&self) -> bool {
        self.patterns.takes_all_names(&self.document)
    }

    /// Whether a pattern can be read.
    pub(super) fn reads_pattern(&self, pattern: &str) -> bool {
        self.patterns.reads(pattern)
    }

    /// The JSON types of a schema, worked out when they are first asked for.
    pub(super) fn types(
        &self,
        address: &Address,
        find: impl FnOnce() -> JsonTypeSet,
    ) -> JsonTypeSet {
        remembered(&self.types, address, find)
    }

    /// Whether a schema object is known to have values.
    pub(super) fn is_finite(&self, key: &(Address, Direction)) -> bool {
        self.finite
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(key)
    }

    /// Notes that a schema object has values, or that nothing else can be proved.
    pub(super) fn remember_finite(&self, key: (Address, Direction)) {
        self.finite
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key);
    }

    /// The shapes of values of a schema in which every property is named.
    pub(super) fn declared_shapes(&self, address: &Address) -> Arc<Shapes> {
        remembered(&self.declared, address, Arc::default)
    }

    /// What may be `writeOnly` below a schema, worked out when it is first asked for.
    pub(super) fn write_only(
        &self,
        address: &Address,
        find: impl FnOnce() -> WriteOnlyNames,
    ) -> Arc<WriteOnlyNames> {
        remembered(&self.write_only, address, || Arc::new(find()))
    }

    /// The schema object behind a chain of pure references: the last one that can be reached.
    pub(super) fn target(&self, address: &Address) -> Address {
        let mut at = address.clone();
        for _ in 0..64 {
            let Some(Value::Object(members)) = self.document.get(&at) else {
                break;
            };
            let Some(reference) = members.get("$ref").and_then(Value::as_str) else {
                break;
            };
            if members.len() > 1 && !self.dialect.ref_hides_siblings() {
                break;
            }
            let Ok(next) = self.document.resolve_at(&at, reference) else {
                break;
            };
            at = next;
        }
        at
    }
}

/// What is known of a schema, found when it is first asked for.
fn remembered<V: Clone>(
    known: &RwLock<HashMap<Address, V>>,
    address: &Address,
    find: impl FnOnce() -> V,
) -> V {
    if let Some(value) = known
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(address)
    {
        return value.clone();
    }
    let found = find();
    known
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(address.clone())
        .or_insert(found)
        .clone()
}
