//! Failures of earlier runs, sent first; failures of this run, made small and kept for the next.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use http::StatusCode;
use oasgate_document::Pointer;

use super::{
    driver::Run,
    failure::{Failure, Shrunk},
    plan, sequence,
    synthetic::synthetic_ids,
};
use crate::{
    check::{Breach, Intent, Part},
    contract::Location,
    exchange::Request,
    run::{Case, CredentialChoice, End, LiveSettings, Phase, existing},
    snapshot::{Saved, SavedBody, SavedBreach, SavedParameter},
    transport::Transport,
    wire::RequestParts,
};

impl<T: Transport> Run<'_, T> {
    /// Sends the saved cases, and says of those that fail no more that they are fixed.
    pub(crate) async fn regressions(&mut self) -> ControlFlow<End> {
        let settings = self.settings;
        let Some(store) = &settings.regressions else {
            return ControlFlow::Continue(());
        };
        if !settings.has_phase(Phase::Regressions) {
            return ControlFlow::Continue(());
        }
        let (all, wrong) = store.load();
        for error in wrong {
            self.notice(format!("a saved failure cannot be read: {error}"));
        }
        for (path, saved) in all {
            let case = match self.case_of(&saved) {
                Ok(Some(case)) => case,
                Ok(None) => continue,
                Err(reason) => {
                    self.notice(format!("{}: {reason}", path.display()));
                    continue;
                }
            };
            if self.budget.left() == 0 {
                break;
            }
            let names_made = saved.parameters.iter().any(|parameter| parameter.made);
            let anew = if names_made {
                Box::pin(sequence::set_up(self, &case)).await
            } else {
                None
            };
            match anew {
                Some(anew) => self.send_again(&anew, true, &path, &saved).await?,
                // What it names may still be there, and a look at it harms nothing.
                None if !names_made || case.operation.is_safe() => {
                    self.send_again(&case, false, &path, &saved).await?;
                }
                None => self.notice(format!(
                    "{}: what the request names cannot be made anew, so that it was not sent",
                    path.display()
                )),
            }
        }
        ControlFlow::Continue(())
    }

    /// Sends a saved case, and says what became of it.
    async fn send_again(
        &mut self,
        case: &Case,
        is_made: bool,
        path: &Path,
        saved: &Saved,
    ) -> ControlFlow<End> {
        self.last = None;
        self.round(std::slice::from_ref(case)).await?;
        self.flush_broken();
        let still_fails = self
            .findings
            .iter()
            .any(|finding| finding.fingerprint().to_string() == saved.fingerprint);
        // A request without a response is a finding of its own.
        let Some(status) = self.last.filter(|_| !still_fails) else {
            return ControlFlow::Continue(());
        };
        let path_shown = path.display();
        let (check, operation) = (&saved.check, &saved.operation);
        let is_gone = [StatusCode::NOT_FOUND, StatusCode::GONE].contains(&status);
        if is_gone && !is_made && !existing(case).is_empty() {
            self.notice(format!(
                "{path_shown}: what the request names is not there any more ({status}), so that nobody \
                 can say whether {check} of {operation} is fixed"
            ));
            return ControlFlow::Continue(());
        }
        let is_taken_out = (self.settings.regressions.as_ref())
            .is_some_and(|store| store.forget(path).unwrap_or(false));
        let end = if is_taken_out {
            "its file is taken out"
        } else {
            "keep its file as a guard, or remove it"
        };
        self.notice(format!(
            "fixed: {check} of {operation} fails no more ({path_shown}); {end}"
        ));
        ControlFlow::Continue(())
    }

    /// The case that a file tells; `None` for an operation that this run leaves out.
    fn case_of(&self, saved: &Saved) -> Result<Option<Case>, String> {
        let operation = self
            .contract
            .operations()
            .iter()
            .find(|operation| operation.id.as_str() == saved.operation)
            .ok_or_else(|| format!("there is no operation {} any more", saved.operation))?;
        if plan::left_out(operation, self.settings).is_some() {
            return Ok(None);
        }
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
        let template = Case {
            operation: Arc::clone(operation),
            request: Request::new(operation.method.clone(), self.settings.base.clone()),
            phase: Phase::Regressions,
            intent: if breaks.is_some() {
                Intent::Break
            } else {
                Intent::Obey
            },
            breaks,
            made_up: Vec::new(),
            parts: RequestParts::default(),
            credential: CredentialChoice::Primary,
            why: format!("failed {} before", saved.check),
        };
        let mut case = self.with_parts(&template, parts).ok_or_else(|| {
            "the saved request is not what it was under the document of today".to_owned()
        })?;
        let made = saved.parameters.iter().filter(|parameter| parameter.made);
        for parameter in made {
            case.made_up.retain(|name| *name != parameter.name);
        }
        Ok(Some(case))
    }

    /// Makes the failures of this run small, shows the smallest request of each, and saves it. Those of
    /// a run that ended early are saved as they were sent.
    pub(crate) async fn conclude(&mut self, ended_early: bool) {
        // To set up a state may show something new.
        let mut next = 0;
        while let Some(Failure { case, finding }) = self.failures.get(next).cloned() {
            next += 1;
            let shrunk = if ended_early {
                None
            } else {
                self.shrink(&case, &finding).await
            };
            let shrunk = shrunk.unwrap_or(Shrunk {
                case,
                finding,
                does_not_matter: Vec::new(),
            });
            self.show(&shrunk);
            self.save(&shrunk);
        }
        self.failures.clear();
    }

    /// Puts the smallest request in the place of the first.
    fn show(&mut self, shrunk: &Shrunk) {
        let mut finding = shrunk.finding.clone();
        if let Some(evidence) = &mut finding.evidence {
            evidence.case = Some(shrunk.case.reason());
        }
        for part in &shrunk.does_not_matter {
            finding = finding.with_help(format!("any other value of {part} fails too"));
        }
        if !shrunk.case.operation.is_safe() && !existing(&shrunk.case).is_empty() {
            finding = finding.with_help(
                "the path names what was made for this request: make one anew to send it again",
            );
        }
        self.replace(finding);
    }

    fn save(&mut self, shrunk: &Shrunk) {
        let Some(store) = &self.settings.regressions else {
            return;
        };
        let saved = saved(shrunk, self.settings);
        if let Err(error) = store.save(&saved) {
            self.notice(format!("a failure cannot be saved: {error}"));
        }
    }
}

fn saved(shrunk: &Shrunk, settings: &LiveSettings) -> Saved {
    let Shrunk { case, finding, .. } = shrunk;
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
        does_not_matter: shrunk.does_not_matter.clone(),
        curl: crate::exchange::curl(&case.request),
    }
}

fn location(word: &str) -> Result<Location, String> {
    [
        Location::Path,
        Location::Query,
        Location::QueryString,
        Location::Header,
        Location::Cookie,
    ]
    .into_iter()
    .find(|location| location.as_str() == word)
    .ok_or_else(|| format!("{word:?} is no place of a parameter"))
}

fn breach(saved: &SavedBreach) -> Result<Breach, String> {
    Ok(Breach {
        part: if saved.location == "body" {
            Part::Body
        } else {
            Part::Parameter(location(&saved.location)?, saved.name.clone())
        },
        pointer: Pointer::parse(&saved.pointer)
            .ok_or_else(|| format!("{:?} is no JSON Pointer", saved.pointer))?,
        keyword: saved.keyword.clone(),
        rule: saved.rule.clone(),
    })
}
