//! Cases as files keep them, and back.

use std::sync::Arc;

use oasgate_document::Pointer;

use super::{
    case_factory::{CaseFactory, Purpose},
    synthetic::synthetic_ids,
};
use crate::{
    check::{Breach, Part},
    contract::{Location, Operation},
    exchange::curl,
    finding::Finding,
    run::{Case, LiveSettings, Phase, existing},
    snapshot::{Saved, SavedBody, SavedBreach, SavedParameter},
    wire::RequestParts,
};

/// Why no case can be made of what a file tells.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    #[error("there is no operation {0} any more")]
    NoOperation(String),
    #[error("{0:?} is no place of a parameter")]
    Location(String),
    #[error("{0:?} is no JSON Pointer")]
    Pointer(String),
    #[error("the saved request is not what it was under the document of today")]
    Changed,
}

/// The case that a file tells.
///
/// # Errors
///
/// Where the file tells none, or one that is not what it was under the document of today.
pub(crate) fn restore(
    saved: &Saved,
    operation: &Arc<Operation>,
    settings: &LiveSettings,
) -> Result<Case, RestoreError> {
    let mut parts = RequestParts::default();
    for parameter in &saved.parameters {
        let location = location(&parameter.location)?;
        parts.set(location, &parameter.name, parameter.value.clone());
    }
    parts.body = saved
        .body
        .as_ref()
        .map(|body| (body.media_type.clone(), body.value.clone()));
    let breaks = saved.breaks.as_ref().map(breach).transpose()?;
    let why = format!("failed {} before", saved.check);
    let purpose = Purpose::new(Phase::Regressions, &why);
    let mut case = CaseFactory::new(settings)
        .restored(operation, parts, breaks, purpose)
        .ok_or(RestoreError::Changed)?;
    let created = saved.parameters.iter().filter(|parameter| parameter.made);
    for parameter in created {
        case.made_up.retain(|name| *name != parameter.name);
    }
    Ok(case)
}

/// What a file keeps of a case that fails. `does_not_matter` are the parts for which any other value
/// fails too.
pub(crate) fn save(
    case: &Case,
    finding: &Finding,
    does_not_matter: &[String],
    settings: &LiveSettings,
) -> Saved {
    let known = existing(case);
    let unknown = synthetic_ids(&case.parts, settings);
    Saved {
        format: Saved::FORMAT,
        check: finding.rule.to_string(),
        operation: case.operation.id.to_string(),
        message: finding.message.clone(),
        fingerprint: finding.fingerprint().to_string(),
        parameters: case
            .parts
            .parameters
            .iter()
            .map(|(location, name, value)| SavedParameter {
                location: location.to_string(),
                name: name.clone(),
                value: value.clone(),
                // The name of what a service had in this run is no use in the next.
                made: *location == Location::Path && known.contains(name) && unknown.contains(name),
            })
            .collect(),
        body: case.parts.body.as_ref().map(|(range, value)| SavedBody {
            media_type: range.clone(),
            value: value.clone(),
        }),
        breaks: case.breaks.as_ref().map(|breach| {
            let (location, name) = match &breach.part {
                Part::Parameter(location, name) => (location.to_string(), name.clone()),
                Part::Body => ("body".to_owned(), String::new()),
            };
            SavedBreach {
                location,
                name,
                pointer: breach.pointer.to_string(),
                keyword: breach.keyword.clone(),
                rule: breach.rule.clone(),
            }
        }),
        does_not_matter: does_not_matter.to_vec(),
        curl: curl(&case.request),
    }
}

fn location(word: &str) -> Result<Location, RestoreError> {
    [
        Location::Path,
        Location::Query,
        Location::QueryString,
        Location::Header,
        Location::Cookie,
    ]
    .into_iter()
    .find(|location| location.as_str() == word)
    .ok_or_else(|| RestoreError::Location(word.to_owned()))
}

fn breach(saved: &SavedBreach) -> Result<Breach, RestoreError> {
    Ok(Breach {
        part: if saved.location == "body" {
            Part::Body
        } else {
            Part::Parameter(location(&saved.location)?, saved.name.clone())
        },
        pointer: Pointer::parse(&saved.pointer)
            .ok_or_else(|| RestoreError::Pointer(saved.pointer.clone()))?,
        keyword: saved.keyword.clone(),
        rule: saved.rule.clone(),
    })
}
