//! `oasgate schema`: the derived schemas as files of their own.

use std::{
    collections::{HashMap, HashSet},
    io::Write as _,
    path::PathBuf,
};

use clap::{Args as ClapArgs, ValueEnum};
use clap_complete::engine::ArgValueCandidates;
use serde_json::Value;

use crate::{
    Result,
    common::configuration,
    complete,
    errors::{SchemaError, UnknownWord},
    exit::Exit,
    spec::SpecArgs,
};
use oasgate::{
    contract::Direction,
    did_you_mean::hint,
    report::{harmless_json, write_atomically},
};

/// Write the JSON Schemas (2020-12) that the document means
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    spec: SpecArgs,
    /// The schemas by name [default: all]
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::schemas))]
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

pub(crate) fn run(args: &Args) -> Result {
    let contract = args.spec.load(&configuration(None)?)?;
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
        return Err(SchemaError::NoNames(args.spec.to_string()).into());
    }
    let find = |name: &str| {
        contract
            .schema(name, direction)
            .ok_or_else(|| UnknownWord::Schema {
                spec: args.spec.to_string(),
                word: name.to_owned(),
                hint: hint(name, contract.schema_names()),
            })
    };
    let schemas = names
        .iter()
        .map(|name| find(name))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|error| SchemaError::Folder {
            folder: folder.clone(),
            error,
        })?;
        let files = file_names(&contract.schema_names());
        for (name, schema) in names.iter().zip(schemas) {
            write_atomically(
                &folder.join(&files[*name]),
                text(&schema.to_json_schema()).as_bytes(),
            )?;
        }
        return Ok(Exit::Holds);
    }
    let all = match schemas.as_slice() {
        [only] => only.to_json_schema(),
        several => names
            .iter()
            .zip(several)
            .map(|(name, schema)| ((*name).to_owned(), schema.to_json_schema()))
            .collect(),
    };
    std::io::stdout().write_all(harmless_json(&text(&all)).as_bytes())?;
    Ok(Exit::Holds)
}

/// A file for each schema of a document. Names that differ only in what no file name holds, or only
/// in case, are told apart by a number.
fn file_names<'n>(names: &[&'n str]) -> HashMap<&'n str, String> {
    let mut taken = HashSet::new();
    let mut files = HashMap::new();
    for name in names {
        let plain: String = name
            .chars()
            .map(|one| {
                if one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.') {
                    one
                } else {
                    '_'
                }
            })
            .collect();
        let mut file = plain.clone();
        let mut number = 1;
        while !taken.insert(file.to_ascii_lowercase()) {
            number += 1;
            file = format!("{plain}-{number}");
        }
        files.insert(*name, format!("{file}.schema.json"));
    }
    files
}

/// Indented JSON with a line break at its end.
fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

#[cfg(test)]
mod tests {
    use super::file_names;

    #[test]
    fn schemas_with_names_alike_do_not_share_a_file() {
        let files = file_names(&["A/b", "A_b", "user", "User", "A_b-2"]);
        assert_eq!(files["A/b"], "A_b.schema.json");
        assert_eq!(files["A_b"], "A_b-2.schema.json");
        assert_eq!(files["User"], "User-2.schema.json");
        assert_eq!(files["A_b-2"], "A_b-2-2.schema.json");
    }
}
