//! The baseline of a run: read before it, held against it, written after it.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use clap::Args as ClapArgs;

use crate::bounded;
use crate::common::CliError;
use crate::config::Config;
use crate::errors::KnownError;
use oasgate::{
    gate::{Baseline, Growth, Outcome, Scope},
    report::{self, count, write_atomically},
};

/// What is known and accepted.
#[derive(Debug, ClapArgs)]
pub(crate) struct BaselineArgs {
    /// Findings in this file are known; new ones fail, and those no longer reported are named
    #[arg(long, value_name = "PATH")]
    baseline: Option<PathBuf>,
    /// Write the findings of this run to the baseline
    #[arg(long)]
    baseline_update: bool,
    /// Let the baseline only become smaller
    #[arg(long)]
    baseline_ratchet: bool,
}

/// A baseline that was read, and what is done with it.
pub(crate) struct Known {
    path: PathBuf,
    baseline: Baseline,
    is_updated: bool,
    growth: Growth,
    /// Kept for as long as the run may write the baseline.
    _lock: Option<File>,
}

/// Waits until no other run may write a baseline of this folder: of two runs the second reads what the first
/// wrote. The folder itself is locked, so that no file is left behind; where a system locks no folders, runs
/// are not kept apart.
fn lock(baseline: &Path) -> Option<File> {
    let folder = match baseline.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = File::open(folder).ok()?;
    match folder.try_lock() {
        Ok(()) => Some(folder),
        Err(TryLockError::WouldBlock) => folder.lock().ok().map(|()| folder),
        Err(TryLockError::Error(_)) => None,
    }
}

impl BaselineArgs {
    pub(crate) fn read(&self, config: &Config) -> Result<Option<Known>, CliError> {
        let (configured, ratchet) = config.baseline();
        let Some(path) = self.baseline.clone().or(configured) else {
            if self.baseline_update || self.baseline_ratchet {
                return Err(KnownError::Unnamed.into());
            }
            return Ok(None);
        };
        let name = path.display().to_string();
        let lock = self.baseline_update.then(|| lock(&path)).flatten();
        let baseline = match bounded::read_text(&path, bounded::MADE) {
            Ok(text) => Baseline::parse(&name, &text).map_err(KnownError::Malformed)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.baseline_update => {
                Baseline::default()
            }
            Err(error) => return Err(KnownError::Unreadable { path, error }.into()),
        };
        if self.baseline_update {
            report::probe(&path)?;
        }
        let growth = if self.baseline_ratchet || ratchet {
            Growth::Refused
        } else {
            Growth::Allowed
        };
        Ok(Some(Known {
            path,
            baseline,
            is_updated: self.baseline_update,
            growth,
            _lock: lock,
        }))
    }
}

impl Known {
    /// What is known and accepted.
    pub(crate) fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// Takes what is known out of the findings, and writes the file where that is asked for.
    pub(crate) fn settle(&self, outcome: &mut Outcome, scope: Scope) -> Result<(), CliError> {
        if !self.is_updated {
            self.baseline.settle(outcome, scope);
            return Ok(());
        }
        let updated = self.baseline.updated(outcome, scope, self.growth);
        updated.settle(outcome, scope);
        if updated != self.baseline || !self.path.exists() {
            write_atomically(&self.path, &updated.render())?;
        }
        let new = outcome.holds();
        if self.growth == Growth::Refused && !new {
            outcome.notices.push(format!(
                "the baseline {} may not grow: {} not taken in",
                self.path.display(),
                count(
                    u64::try_from(outcome.findings.len()).unwrap_or(u64::MAX),
                    "finding"
                )
            ));
        }
        Ok(())
    }
}
