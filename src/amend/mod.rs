//! Changes of the document that would answer findings, as an OpenAPI Overlay.
//!
//! [`amendments`] makes one [`Amendment`] for each node of the document that findings speak of, where the document
//! can be at fault: an undeclared status, media type or body, a property that no schema names, a value that a
//! schema refuses. It is the least widening that admits all that was seen; what is the service's fault (a crash,
//! a broken body, whatever a 5xx says, a missing credential check) gets none. [`overlay`] writes them down. The document itself is
//! never touched: `--overlay` applies the file when the document is loaded.

mod composed;
mod produces;
mod proof;
mod schema;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use oasgate_document::{Address, Document, FileId, Pointer, SpecVersion};
use serde_json::{Map, Value, json};

use crate::{
    cause::schema_of,
    check::ids,
    finding::{Finding, Findings, Fingerprint},
    infer::{Came, Dialect, Inferred},
};

use composed::Composed;
use produces::{has_one_schema, operation_of, produces};
pub use write::overlay;

/// One change to the document, with what it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Amendment {
    /// What is done, in this order.
    pub actions: Vec<Action>,
    /// What was seen, in one sentence.
    pub evidence: String,
    /// What it means for clients that were generated from the document as it is.
    pub impact: Impact,
    /// How it is known that it takes nothing away.
    pub proof: Proof,
    /// The findings that it answers.
    pub answers: Vec<Fingerprint>,
}

/// One action of an overlay on one node.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Merges a value into the node.
    Update(Pointer, Value),
    /// Takes the node away.
    Remove(Pointer),
}

/// What a change means for clients that were generated from the document as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impact {
    /// They go on as before.
    Compatible,
    /// They may refuse what they now have to take: a wider type, null, a new value, a missing property.
    Breaking,
}

/// How it is known that a change admits all that the document admitted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The schema after it contains the schema before it: proved by containment of their canonical forms.
    Containment,
    /// It declares what was not declared: a response, a media type, a header that may be absent, or a property that
    /// an open object left open.
    Addition,
    /// It is not known: the schemas are of a kind that cannot be compared.
    Unproved,
}

impl Proof {
    /// The word for it in an overlay.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Containment => "containment",
            Self::Addition => "addition",
            Self::Unproved => "unproved",
        }
    }
}

/// What one node of the document needs.
#[derive(Debug)]
struct Need {
    kind: Kind,
    came: Came,
    answers: Vec<Fingerprint>,
    messages: Vec<(String, u64)>,
    /// Where the findings stand, before references are followed.
    places: BTreeSet<Pointer>,
}

/// In the order in which the actions are written: what is removed or replaced before what is added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A response that is not declared, under `responses`.
    Response(String),
    /// A media type that is not declared, under `content`.
    MediaType(String),
    /// Media types that an operation of Swagger 2.0 does not declare, at the operation.
    Produces,
    /// Content of a response that declares none.
    Content(String),
    /// A keyword of a schema refuses a value.
    Keyword(String),
    /// Properties that the schema does not name.
    Property(String),
    /// A header that is required and absent.
    Header,
}

/// Why a finding that the document could answer gets no suggestion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unanswered {
    /// Its node is in this file, and an overlay changes the root file alone.
    OtherFile(String),
    /// It is a media type of Swagger 2.0, where one schema holds for every media type of a response.
    OneSchema(String),
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherFile(file) => write!(
                f,
                "what would have to change stands in {file}, and an overlay changes the first file alone"
            ),
            Self::OneSchema(media_type) => write!(
                f,
                "a response of OpenAPI 2.0 has one schema for all its media types, and {media_type} may not obey it"
            ),
        }
    }
}

/// How many findings the document could answer and no overlay does, by the reason.
pub fn unanswered(findings: &Findings, document: &Document) -> BTreeMap<Unanswered, usize> {
    let mut all = BTreeMap::new();
    for finding in findings.iter() {
        if let Some(Err(why)) = need(finding, document) {
            *all.entry(why).or_default() += 1;
        }
    }
    all
}

/// How many exchanges of an operation, by its id, came with a status.
pub type Answered<'a> = &'a dyn Fn(&str, u16) -> u64;

/// The changes that would answer findings, in the order of the document's pointers.
pub fn amendments(
    findings: &Findings,
    document: &Document,
    answered: Answered<'_>,
) -> Vec<Amendment> {
    let mut needs: BTreeMap<(Pointer, Kind), Need> = BTreeMap::new();
    // Where some responses of a status have a body and others none, neither declaration holds for all.
    let mut never: Vec<Pointer> = Vec::new();
    for (finding, seen) in findings.sorted() {
        let Some(Ok((pointer, kind))) = need(finding, document) else {
            continue;
        };
        if let (Kind::Content(status), Some(operation)) = (&kind, &finding.operation)
            && status
                .parse()
                .is_ok_and(|status| answered(operation, status) > seen)
        {
            never.push(pointer);
            continue;
        }
        let came = finding.came.clone().unwrap_or_default();
        let entry = needs
            .entry((pointer, kind.clone()))
            .or_insert_with(|| Need {
                kind,
                came: Came::default(),
                answers: Vec::new(),
                messages: Vec::new(),
                places: BTreeSet::new(),
            });
        entry.came = std::mem::take(&mut entry.came).merge(came);
        entry.answers.push(finding.fingerprint());
        entry
            .places
            .extend(finding.document.as_ref().map(|at| at.pointer.clone()));
        entry.messages.push((finding.message.clone(), seen));
    }
    let dialect = match document.version() {
        SpecVersion::Swagger2 => Dialect::Swagger2,
        SpecVersion::OpenApi30(_) => Dialect::OpenApi30,
        _ => Dialect::JsonSchema,
    };
    let mut by_node: BTreeMap<Pointer, Vec<Need>> = BTreeMap::new();
    for ((pointer, kind), need) in needs {
        if !(matches!(kind, Kind::Content(_)) && never.contains(&pointer)) {
            by_node.entry(pointer).or_default().push(need);
        }
    }
    let composed = Composed::of(document);
    let all = by_node.into_iter();
    let all =
        all.flat_map(|(pointer, needs)| of_node(&pointer, needs, document, (dialect, &composed)));
    produces::each_once(all.collect())
}

/// The node that a finding asks to be changed, and how; `None` where the document is not at fault.
fn need(finding: &Finding, document: &Document) -> Option<Result<(Pointer, Kind), Unanswered>> {
    let at = finding.document.as_ref()?;
    let came = finding.came.as_ref()?;
    let status = finding.discriminator.split(' ').next().unwrap_or_default();
    let is_crash = status.starts_with('5');
    let (node, kind) = match finding.rule.as_str() {
        // A status beyond 599 cannot be declared (RFC 9110 §15).
        ids::UNDECLARED_STATUS
            if matches!(status.get(..1), Some("1" | "2" | "3" | "4")) && !came.is_unreadable =>
        {
            (at.clone(), Kind::Response(status.to_owned()))
        }
        ids::UNDECLARED_CONTENT_TYPE if !is_crash && !came.is_unreadable => {
            let (media_type, body) = came.bodies.iter().next()?;
            if *document.version() == SpecVersion::Swagger2 {
                if has_one_schema(at, media_type, body.is_some(), document) {
                    return Some(Err(Unanswered::OneSchema(media_type.clone())));
                }
                let operation = operation_of(at, finding.operation.as_deref(), document)?;
                (Address::in_root(operation), Kind::Produces)
            } else {
                (at.clone(), Kind::MediaType(media_type.clone()))
            }
        }
        ids::UNDECLARED_BODY if !is_crash && !came.is_unreadable => {
            let (response, _) = document.follow(at).ok()?;
            (response, Kind::Content(status.to_owned()))
        }
        ids::SCHEMA_MISMATCH if !is_crash => {
            let keyword = at.pointer.last()?;
            let kind = match keyword.as_str() {
                "oneOf" if finding.message.contains("more than one alternative") => "oneOf twice",
                other => other,
            };
            (at.parent()?, Kind::Keyword(kind.to_owned()))
        }
        ids::HEADER_MISMATCH if finding.discriminator.ends_with(" missing") => {
            let (header, _) = document.follow(at).ok()?;
            (header, Kind::Header)
        }
        ids::UNDECLARED_PROPERTY => {
            let instance = finding.instance.as_ref()?;
            let mut tokens: Vec<String> = instance.tokens().collect();
            let name = tokens.pop()?;
            (schema_of(document, at, &tokens)?, Kind::Property(name))
        }
        _ => return None,
    };
    if !document.get(&node).is_some_and(Value::is_object) {
        return None;
    }
    if node.file == FileId::ROOT {
        return Some(Ok((node.pointer, kind)));
    }
    let file = document
        .locate(&node)
        .map_or_else(|| "another file".to_owned(), |place| place.file.to_string());
    Some(Err(Unanswered::OtherFile(file)))
}

fn of_node(
    pointer: &Pointer,
    needs: Vec<Need>,
    document: &Document,
    (dialect, composed): (Dialect, &Composed),
) -> Vec<Amendment> {
    let Some(node) = document.get(&Address::in_root(pointer.clone())) else {
        return Vec::new();
    };
    // What a schema refuses is answered at once: `type` and `enum` of one null are one change.
    let (keywords, others): (Vec<Need>, Vec<Need>) = needs
        .into_iter()
        .partition(|need| matches!(need.kind, Kind::Keyword(..)));
    let mut all = Vec::new();
    if !keywords.is_empty() {
        let refused = keywords.iter().filter_map(|need| match &need.kind {
            Kind::Keyword(keyword) => Some((keyword.as_str(), &need.came.value)),
            _ => None,
        });
        let actions = schema::widen(pointer, node, &refused.collect::<Vec<_>>(), dialect);
        if !actions.is_empty() {
            let is_proved = match node {
                Value::Object(old) => {
                    let new = schema::applied(pointer, old, &actions);
                    proof::is_wider(old, &new, dialect)
                }
                _ => false,
            };
            let proof = if is_proved {
                Proof::Containment
            } else {
                Proof::Unproved
            };
            all.push(amendment(actions, (Impact::Breaking, proof), &keywords));
        }
    }
    for need in others {
        if need.kind == Kind::Produces {
            let actions: Vec<Action> = produces(pointer, &need.came, document)
                .into_iter()
                .collect();
            if !actions.is_empty() {
                all.push(amendment(
                    actions,
                    (Impact::Breaking, Proof::Addition),
                    &[need],
                ));
            }
            continue;
        }
        let update = match &need.kind {
            Kind::Response(status) => json!({ status: response(&need.came, dialect) }),
            Kind::MediaType(media_type) => {
                let body = need.came.bodies.get(media_type).cloned().flatten();
                json!({ media_type: content(body.as_ref(), dialect) })
            }
            Kind::Content(_) => bodies(&need.came, dialect),
            // What is taken into other schemas holds there, too, where the name means something else.
            Kind::Property(name) if composed.names(pointer, name) => {
                json!({ "properties": { name: {} } })
            }
            Kind::Property(name) => {
                json!({ "properties": { name: need.came.value.to_schema(dialect) } })
            }
            Kind::Header => json!({ "required": false }),
            Kind::Keyword(..) | Kind::Produces => continue,
        };
        let impact = match &need.kind {
            Kind::Response(status) if !status.starts_with('4') => Impact::Breaking,
            Kind::MediaType(_) | Kind::Header => Impact::Breaking,
            _ => Impact::Compatible,
        };
        let mut actions = vec![Action::Update(pointer.clone(), update)];
        if dialect == Dialect::Swagger2 {
            let places = need.places.iter().cloned().map(Address::in_root);
            let operations = places.filter_map(|at| operation_of(&at, None, document));
            let operations: BTreeSet<Pointer> = operations.collect();
            let each = operations.iter();
            actions.extend(each.filter_map(|one| produces(one, &need.came, document)));
        }
        all.push(amendment(actions, (impact, Proof::Addition), &[need]));
    }
    all
}

fn amendment(actions: Vec<Action>, (impact, proof): (Impact, Proof), needs: &[Need]) -> Amendment {
    let seen: u64 = needs
        .iter()
        .flat_map(|need| &need.messages)
        .map(|(_, seen)| seen)
        .sum();
    let mut messages: Vec<&str> = needs
        .iter()
        .flat_map(|need| &need.messages)
        .map(|(message, _)| message.as_str())
        .collect();
    messages.sort_unstable();
    messages.dedup();
    let first = messages.first().copied().unwrap_or_default();
    let more = match messages.len() {
        0 | 1 => String::new(),
        many => format!(" and {} more like it", many - 1),
    };
    let mut answers: Vec<Fingerprint> = needs
        .iter()
        .flat_map(|need| need.answers.iter().copied())
        .collect();
    answers.sort_unstable();
    answers.dedup();
    Amendment {
        actions,
        evidence: format!("{first}{more}; seen {seen}×"),
        impact,
        proof,
        answers,
    }
}

/// A response object for a status that came.
fn response(came: &Came, dialect: Dialect) -> Value {
    let mut response = Map::new();
    response.insert(
        "description".to_owned(),
        json!("Seen, and not described yet"),
    );
    if let Value::Object(content) = bodies(came, dialect) {
        response.extend(content);
    }
    Value::Object(response)
}

/// `content` with the media types that came; in Swagger 2.0 the schema of what came as JSON.
fn bodies(came: &Came, dialect: Dialect) -> Value {
    if dialect == Dialect::Swagger2 {
        let all = came.bodies.values().flatten().cloned();
        return match all.reduce(Inferred::merge) {
            Some(seen) => json!({ "schema": seen.to_schema(dialect) }),
            None if came.bodies.is_empty() => json!({}),
            None => json!({ "schema": {} }),
        };
    }
    let content: Map<String, Value> = came
        .bodies
        .iter()
        .map(|(media_type, body)| (media_type.clone(), content(body.as_ref(), dialect)))
        .collect();
    if content.is_empty() {
        json!({})
    } else {
        json!({ "content": content })
    }
}

fn content(body: Option<&Inferred>, dialect: Dialect) -> Value {
    match body {
        Some(seen) => json!({ "schema": seen.to_schema(dialect) }),
        None => json!({}),
    }
}

#[cfg(test)]
mod tests;
