//! What a person sees while a run goes on: one line on a terminal, gone when it ends.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use oasgate::document::Document;

use oasgate::{
    gate::{Event, Listener, RunKind},
    report::{count, visible},
};

/// A bar where the end is known, a spinner where it is not.
pub(crate) struct Progress {
    bar: ProgressBar,
    noun: &'static str,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            noun: "exchange",
        }
    }
}

impl Listener for Progress {
    fn on(&mut self, event: &Event<'_>, _: &Document) {
        match event {
            Event::Started(header) => {
                self.noun = if header.kind == RunKind::Check {
                    "request"
                } else {
                    "exchange"
                };
                self.bar = ProgressBar::new_spinner();
                self.bar.enable_steady_tick(Duration::from_millis(120));
            }
            Event::Planned(planned) => {
                self.bar.set_length(*planned);
                self.bar.set_style(
                    ProgressStyle::with_template("  {bar:30} {pos}/{len} {msg}")
                        .unwrap_or_else(|_| ProgressStyle::default_bar()),
                );
            }
            Event::Progress(progress) => {
                self.bar.inc(1);
                if progress.held % 64 == 1 {
                    let findings = u64::try_from(progress.findings).unwrap_or(u64::MAX);
                    let operation = progress.operation.unwrap_or_default();
                    self.bar.set_message(format!(
                        "{}, {} · {}",
                        count(progress.held, self.noun),
                        count(findings, "finding"),
                        visible(operation)
                    ));
                }
            }
            Event::Finished(_) => self.bar.finish_and_clear(),
            _ => {}
        }
    }
}
