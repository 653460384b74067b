//! `oasgate schema`: the derived schemas as files of their own.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::Value;

use super::{
    Result,
    common::{CliError, Exit},
    spec::SpecArgs,
};
use crate::{contract::Direction, did_you_mean::hint, report::write_atomically};

/// Write the JSON Schemas (2020-12) that the document means
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    spec: SpecArgs,
    /// The schemas by name [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// For values that are sent or for values that come back
    #[arg(long, value_name = "WAY", default_value = "response")]
    direction: Way,
    /// Write each schema to a file of its own in this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  oasgate schema spec/api.yaml DataExport
  oasgate schema spec/api.yaml --direction request --out schemas/";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    Request,
    Response,
}

pub(super) fn run(args: &Args) -> Result {
    let contract = args.spec.load()?;
    let direction = match args.direction {
        Way::Request => Direction::Request,
        Way::Response => Direction::Response,
    };
    let names: Vec<&str> = if args.names.is_empty() {
        contract.schema_names()
    } else {
        args.names.iter().map(String::as_str).collect()
    };
    if names.is_empty() {
        return Err(CliError::Usage(format!(
            "{} gives no schema a name",
            args.spec
        )));
    }
    let mut schemas: Vec<(&str, Value)> = Vec::new();
    for name in names {
        let schema = contract.schema(name, direction).ok_or_else(|| {
            let hint = hint(name, contract.schema_names());
            CliError::Usage(format!("{} has no schema {name:?}{hint}", args.spec))
        })?;
        schemas.push((name, schema.to_json_schema()));
    }
    if let Some(folder) = &args.out {
        write_files(folder, &schemas)?;
    } else {
        let all = match schemas.as_slice() {
            [(_, only)] => only.clone(),
            several => several
                .iter()
                .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
                .collect(),
        };
        std::io::stdout().write_all(text(&all).as_bytes())?;
    }
    Ok(Exit::Holds)
}

fn write_files(folder: &Path, schemas: &[(&str, Value)]) -> std::result::Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|error| {
        CliError::Usage(format!(
            "cannot make the folder {}: {error}",
            folder.display()
        ))
    })?;
    for (name, schema) in schemas {
        let file: String = name
            .chars()
            .map(|one| {
                if one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.') {
                    one
                } else {
                    '_'
                }
            })
            .collect();
        write_atomically(
            &folder.join(format!("{file}.schema.json")),
            text(schema).as_bytes(),
        )?;
    }
    Ok(())
}

/// Indented JSON with a line break at its end.
fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}
