//! How much of a contract was seen, in numbers.

use oasgate_document::Address;
use serde::Serialize;

/// How many of all that is declared were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Those that were seen.
    pub seen: u64,
    /// All of them.
    pub all: u64,
}

impl Share {
    fn add(&mut self, other: Self) {
        self.seen += other.seen;
        self.all += other.all;
    }
}

/// What was held and what was not. All but `operations` is about what the operations declare that
/// were held at least once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Operations.
    pub operations: Share,
    /// Declared responses by status.
    pub statuses: Share,
    /// Declared media types of responses.
    pub media_types: Share,
    /// Optional properties of response schemas, each once for a media type of a response.
    pub properties: Share,
    /// Branches of `oneOf` and `anyOf` in response schemas.
    pub branches: Share,
    /// Places of response schemas that may be null.
    pub nulls: Share,
    /// Arrays of response schemas, each seen when one came that has elements.
    pub arrays: Share,
    /// Values of an `enum` in response schemas.
    pub enum_values: Share,
    /// Ends of what bounds and formats of response schemas allow.
    pub boundaries: Share,
    /// Arrays of response schemas, each seen when one came that has no elements.
    pub empty_arrays: Share,
    /// Optional properties of response schemas, each seen when an object came without it.
    pub absences: Share,
    /// Schemas that are too large to be looked through, and lists of values that are too long: of what lies beyond
    /// what is looked for, none counts as seen.
    pub large_schemas: Share,
}

impl Coverage {
    /// Takes in what was held of another operation.
    pub(crate) fn add(&mut self, other: &Self) {
        self.operations.add(other.operations);
        self.statuses.add(other.statuses);
        self.media_types.add(other.media_types);
        self.properties.add(other.properties);
        self.branches.add(other.branches);
        self.nulls.add(other.nulls);
        self.arrays.add(other.arrays);
        self.enum_values.add(other.enum_values);
        self.boundaries.add(other.boundaries);
        self.empty_arrays.add(other.empty_arrays);
        self.absences.add(other.absences);
        self.large_schemas.add(other.large_schemas);
    }
}

/// Something that the contract declares, and whether there is a witness of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// What it is.
    pub kind: WitnessKind,
    /// Where the operation declares the response that it belongs to.
    pub response: Address,
    /// The media type of that response, for what belongs to one.
    pub media_type: Option<Address>,
    /// The node of the document itself.
    pub at: Address,
    /// Whether it was seen.
    pub is_seen: bool,
}

impl Witness {
    /// Tells it from every other of the operation, in every run: its pointers, and a word where they do not suffice.
    pub fn id(&self) -> String {
        let name = |address: &Address| match address.file.index() {
            0 => address.pointer.to_string(),
            file => format!("{file}#{}", address.pointer),
        };
        let mut id = name(&self.response);
        for part in self.media_type.iter().chain([&self.at]) {
            if *part != self.response {
                id.push(' ');
                id.push_str(&name(part));
            }
        }
        // These stand at the place of what they are the opposite of.
        match self.kind {
            WitnessKind::Absent => id.push_str(" absent"),
            WitnessKind::Empty => id.push_str(" empty"),
            WitnessKind::LargeSchema => id.push_str(" rest"),
            _ => {}
        }
        id
    }
}

/// What can have a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WitnessKind {
    /// A declared response by status.
    Status,
    /// A declared media type of a response.
    MediaType,
    /// An optional property of a response's schema.
    Property,
    /// A branch of `oneOf` or `anyOf` in a response's schema.
    Branch,
    /// A place of a response's schema that may be null.
    Null,
    /// An array of a response's schema, with elements.
    Items,
    /// A value of an `enum` in a response's schema.
    EnumValue,
    /// A value at an end of what a bound or a format of a response's schema allows.
    Boundary,
    /// An array of a response's schema, without elements.
    Empty,
    /// An optional property of a response's schema, left out.
    Absent,
    /// What a schema or an `enum` has beyond what is looked for; never seen.
    LargeSchema,
}

impl WitnessKind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 11] = [
        Self::Status,
        Self::MediaType,
        Self::Property,
        Self::Branch,
        Self::Null,
        Self::Items,
        Self::EnumValue,
        Self::Boundary,
        Self::Empty,
        Self::Absent,
        Self::LargeSchema,
    ];

    /// The word for one: `status`, `media-type`, `property`, `branch`, `null`, `items`, `enum-value`, `boundary`,
    /// `empty-array`, `absence`, `large-schema`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::MediaType => "media-type",
            Self::Property => "property",
            Self::Branch => "branch",
            Self::Null => "null",
            Self::Items => "items",
            Self::EnumValue => "enum-value",
            Self::Boundary => "boundary",
            Self::Empty => "empty-array",
            Self::Absent => "absence",
            Self::LargeSchema => "large-schema",
        }
    }

    /// The name of its share in a report: `statuses`, `media_types`, `properties`, `branches`, `nulls`, `arrays`,
    /// `enum_values`, `boundaries`, `empty_arrays`, `absences`, `large_schemas`.
    pub const fn share(self) -> &'static str {
        match self {
            Self::Status => "statuses",
            Self::MediaType => "media_types",
            Self::Property => "properties",
            Self::Branch => "branches",
            Self::Null => "nulls",
            Self::Items => "arrays",
            Self::EnumValue => "enum_values",
            Self::Boundary => "boundaries",
            Self::Empty => "empty_arrays",
            Self::Absent => "absences",
            Self::LargeSchema => "large_schemas",
        }
    }
}
