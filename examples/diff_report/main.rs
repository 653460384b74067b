//! All neighbouring versions of a document compared in both directions: what was asked, how it ended, and
//! whether two validators agree with each instance and each proof.
//!
//! `make diff-report` unpacks the versions and runs it: `diff_report FOLDER [--values N] [--every N]`. With `--every`
//! each Nth pair of neighbours is compared, which is a sample.
#![expect(clippy::print_stdout, reason = "a report talks to its reader")]

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use oasgate::{
    contract::{Contract, Direction, Schema},
    diff::{self, Basis, Change, Comparison, Flow, Lens, Totals, Verdict},
    generate::{self, Generator},
};
use serde_json::Value;

/// The most proved pairs of which values are drawn.
const MAX_PROVED: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name a folder of versions")?);
    let (mut values, mut every) = (100, 1);
    while let Some(option) = arguments.next() {
        let number = arguments.next().ok_or("an option without its number")?;
        match option.as_str() {
            "--values" => values = number.parse()?,
            "--every" => every = number.parse::<usize>()?.max(1),
            _ => return Err(format!("{option} is not an option: --values, --every").into()),
        }
    }
    let mut report = Report {
        values,
        ..Report::default()
    };
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let mut last: Option<(PathBuf, Contract, Duration)> = None;
    let mut neighbours = 0;
    for file in files {
        if neighbours % every > 1 {
            neighbours += 1;
            last = None;
            continue;
        }
        let started = Instant::now();
        let contract = match Contract::load(&file) {
            Ok(contract) => contract,
            Err(error) => {
                report.unread.push(error.to_string());
                continue;
            }
        };
        let reading = started.elapsed();
        if let Some((name, old, old_reading)) = &last
            && (neighbours - 1) % every == 0
        {
            let parsing = reading + *old_reading;
            report.pair(old, &contract, (name, &file), parsing);
            report.pair(&contract, old, (&file, name), parsing);
        }
        last = Some((file, contract, reading));
        neighbours += 1;
    }
    report.print();
    Ok(())
}

#[derive(Default)]
struct Report {
    values: usize,
    unread: Vec<String>,
    pairs: usize,
    totals: Totals,
    rules: BTreeMap<String, usize>,
    undecided: Vec<String>,
    wrong: Vec<String>,
    judged: usize,
    unjudged: usize,
    unshown: usize,
    proved_pairs: usize,
    proved_values: usize,
    parsing: Duration,
    comparing: Duration,
    slowest: Duration,
    slowest_pair: String,
}

impl Report {
    fn pair(&mut self, old: &Contract, new: &Contract, names: (&Path, &Path), parsing: Duration) {
        let started = Instant::now();
        let comparison = diff::compare(old, new, Lens::Declared);
        let elapsed = started.elapsed();
        self.pairs += 1;
        self.parsing += parsing;
        self.comparing += elapsed;
        let (sum, own) = (&mut self.totals, comparison.totals);
        sum.operations += own.operations;
        sum.questions += own.questions;
        sum.equal += own.equal;
        sum.proved += own.proved;
        sum.refuted += own.refuted;
        sum.searched += own.searched;
        let file = |path: &Path| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let pair = format!("{} → {}", file(names.0), file(names.1));
        if elapsed > self.slowest {
            self.slowest = elapsed;
            self.slowest_pair.clone_from(&pair);
        }
        for change in &comparison.changes {
            *self.rules.entry(change.rule.to_string()).or_default() += 1;
            match change.basis {
                Basis::Instance => self.instance(old, new, change, &pair),
                Basis::Proved => self.proof(old, new, &comparison, change, &pair),
                _ => {}
            }
            if change.verdict == Verdict::Undecided {
                self.undecided.push(format!("{pair}: {}", change.message));
            }
        }
    }

    fn instance(&mut self, old: &Contract, new: &Contract, change: &Change, pair: &str) {
        self.unshown += usize::from(change.shown.is_none());
        let Some((sender, reader)) = sides(old, new, change) else {
            return;
        };
        let Some(value) = &change.instance else {
            return;
        };
        // Validators do not know the formats of numbers.
        let is_number = change.keyword.as_deref() == Some("format") && value.is_number();
        let judges = (Judges::of(&sender), Judges::of(&reader));
        let (Some(sends), Some(reads), false) = (judges.0, judges.1, is_number) else {
            self.unjudged += 1;
            return;
        };
        self.judged += 1;
        if sends.verdicts(value) != [true, true] || reads.verdicts(value) != [false, false] {
            self.wrong.push(format!(
                "{pair}: {value} is no instance of {}",
                change.message
            ));
        }
    }

    fn proof(
        &mut self,
        old: &Contract,
        new: &Contract,
        comparison: &Comparison,
        change: &Change,
        pair: &str,
    ) {
        if self.proved_pairs >= MAX_PROVED {
            return;
        }
        let Some((sender, reader)) = sides(old, new, change) else {
            return;
        };
        self.proved_pairs += 1;
        let told: Vec<_> = comparison
            .changes
            .iter()
            .filter(|one| one.verdict == Verdict::Breaking)
            .flat_map(|one| [one.old.clone(), one.new.clone()])
            .flatten()
            .collect();
        let strategy = generate::valid(&sender);
        let mut generator = Generator::new(7, &["diff-report"]);
        for _ in 0..self.values {
            let Some(value) = generator.draw(&strategy) else {
                break;
            };
            if !sender.is_valid(&value) || !sender.undeclared(&value).is_empty() {
                continue;
            }
            self.proved_values += 1;
            // What stands below is a question of its own, and told by itself.
            let unexplained = reader
                .violations(&value)
                .into_iter()
                .find(|violation| !told.contains(&violation.schema));
            if let Some(violation) = unexplained
                && !is_text(change)
            {
                self.wrong.push(format!(
                    "{pair}: {value} refutes the proof of {}: {}",
                    change.message, violation.message
                ));
                return;
            }
        }
    }

    fn print(&self) {
        let totals = self.totals;
        for one in &self.unread {
            println!("not read, its neighbours are compared with each other: {one}");
        }
        println!(
            "{} pairs, {} operations: {} questions, {} equal, {} proved, {} refuted, {} searched",
            self.pairs,
            totals.operations,
            totals.questions,
            totals.equal,
            totals.proved,
            totals.refuted,
            totals.searched
        );
        println!(
            "instances: {} judged by jsonschema and boon, {} not judged, {} without an exchange",
            self.judged, self.unjudged, self.unshown
        );
        println!(
            "proofs: {} pairs, {} values drawn",
            self.proved_pairs, self.proved_values
        );
        println!(
            "time: {:.1} s reading, {:.1} s comparing, {:.1} s for the slowest pair ({})",
            self.parsing.as_secs_f64(),
            self.comparing.as_secs_f64(),
            self.slowest.as_secs_f64(),
            self.slowest_pair
        );
        for (rule, number) in &self.rules {
            println!("  {rule:<30} {number:>6}");
        }
        for one in &self.undecided {
            println!("undecided: {one}");
        }
        for one in &self.wrong {
            println!("WRONG: {one}");
        }
        println!("{} wrong", self.wrong.len());
    }
}

/// Whether a change is about what travels as text, of which a validator knows nothing.
fn is_text(change: &Change) -> bool {
    change.place.contains(" parameter ")
        || change.place.starts_with("header ")
        || change.place.contains("form")
}

/// The schema of who sends, and of who reads.
fn sides(old: &Contract, new: &Contract, change: &Change) -> Option<(Schema, Schema)> {
    let [old_at, new_at] = change.schemas.clone()?;
    let flow = change.flow?;
    let direction = match flow {
        Flow::Request => Direction::Request,
        Flow::Response => Direction::Response,
    };
    let (old, new) = (
        old.schema_at(old_at, direction),
        new.schema_at(new_at, direction),
    );
    // There are no webhooks among these versions.
    Some(match flow {
        Flow::Request => (old, new),
        Flow::Response => (new, old),
    })
}

/// One schema as two validators read it.
struct Judges {
    first: jsonschema::Validator,
    second: (Schemas, SchemaIndex),
}

impl Judges {
    fn of(schema: &Schema) -> Option<Self> {
        let bare = schema.to_bare_schema();
        let first = jsonschema::options()
            .should_validate_formats(true)
            .build(&bare)
            .ok()?;
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler.add_resource("mem:///schema", bare).ok()?;
        let mut schemas = Schemas::new();
        let index = compiler.compile("mem:///schema", &mut schemas).ok()?;
        Some(Self {
            first,
            second: (schemas, index),
        })
    }

    fn verdicts(&self, value: &Value) -> [bool; 2] {
        let (schemas, index) = &self.second;
        [
            self.first.is_valid(value),
            schemas.validate(value, *index).is_ok(),
        ]
    }
}
