//! `oasgate explain`: what a rule holds, why, and what it does not complain about.

use std::io::Write as _;

use clap::Args as ClapArgs;
use clap_complete::engine::ArgValueCandidates;

use crate::config::rules;
use crate::{Result, complete, errors::UnknownWord, exit::Exit};
use oasgate::did_you_mean::hint;

/// Tell what a rule holds, why, and what is not a finding
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The rule's id, as it stands in a finding [default: list all]
    #[arg(value_name = "RULE", add = ArgValueCandidates::new(complete::all_rules))]
    rule: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut out = std::io::stdout().lock();
    let Some(id) = &args.rule else {
        let width = rules().map(|rule| rule.id.len()).max().unwrap_or_default();
        for rule in rules() {
            writeln!(
                out,
                "{:width$}  {:7}  {}",
                rule.id,
                rule.severity,
                one_line(rule.summary())
            )?;
        }
        return Ok(Exit::Holds);
    };
    let rule = rules().find(|rule| rule.id == id.as_str()).ok_or_else(|| {
        let hint = hint(id, rules().map(|rule| rule.id));
        UnknownWord::Rule {
            word: id.clone(),
            hint,
        }
    })?;
    writeln!(out, "{} ({})\n", rule.id, rule.severity)?;
    for line in rule.doc.lines() {
        writeln!(out, "{}", line.strip_prefix(' ').unwrap_or(line))?;
    }
    Ok(Exit::Holds)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
