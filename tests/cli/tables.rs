//! Recordings in columns, by the program: `tests/recordings/tables/` has the same exchanges as a Parquet file and as
//! an Arrow stream (`python/tests/tables.py` writes such files).

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::project;

fn table(name: &str) -> PathBuf {
    project().join("tests/recordings/tables").join(name)
}

fn replay(folder: &Path, arguments: &[&str], input: Option<&Path>) -> Output {
    let input = match input {
        Some(path) => File::open(path).expect("a file").into(),
        None => Stdio::null(),
    };
    Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .current_dir(folder)
        .arg("replay")
        .arg(project().join("spec/vantage-data-exports.yaml"))
        .args(arguments)
        .stdin(input)
        .output()
        .expect("the program starts")
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr]
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .concat()
}

#[cfg(not(feature = "columnar"))]
#[test]
fn a_build_without_tables_says_which_build_has_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, what) in [
        ("a.parquet", "a Parquet file"),
        ("a.arrows", "an Arrow stream"),
    ] {
        let path = table(name).display().to_string();
        let output = replay(folder.path(), &[&path], None);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            text.contains(what) && text.contains("--features columnar"),
            "{text}"
        );
    }
}

#[cfg(feature = "columnar")]
mod read {
    use std::fs;

    use super::*;
    use crate::write;

    /// The state of a replay, which ends with the exit code 1.
    fn state(folder: &Path, arguments: &[&str], input: Option<&Path>) -> String {
        let output = replay(folder, &[arguments, &["--state", "s.json"]].concat(), input);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        fs::read_to_string(folder.join("s.json")).expect("a state")
    }

    #[test]
    fn a_table_comes_to_one_state_as_a_file_as_a_stream_and_in_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let parquet = table("a.parquet").display().to_string();
        let columns = ["--columns", "source=file,entry=row"];
        let whole = state(folder, &[&[parquet.as_str()][..], &columns].concat(), None);
        let stream = table("a.arrows");
        let as_stream = state(folder, &[&["-"][..], &columns].concat(), Some(&stream));
        assert_eq!(whole, as_stream);
        for (name, entries) in [("1.json", "1-4,9"), ("2.json", "5-8,10-")] {
            let part = [&[parquet.as_str(), "--entries", entries][..], &columns].concat();
            write(folder, name, state(folder, &part, None));
        }
        let merged = Command::new(env!("CARGO_BIN_EXE_oasgate"))
            .current_dir(folder)
            .args(["merge", "2.json", "1.json"])
            .output()
            .expect("the program starts");
        assert_eq!(whole, String::from_utf8_lossy(&merged.stdout));
    }

    #[test]
    fn what_is_missing_is_told_with_the_columns_that_are_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let parquet = table("a.parquet").display().to_string();
        let output = replay(folder.path(), &[&parquet, "--columns", "url=uri"], None);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            text.contains("looked for uri") && text.contains("url (text)"),
            "{text}"
        );
        let output = replay(folder.path(), &[&parquet, "--columns", "uri=url"], None);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("known are method, url,"), "{text}");
    }

    #[test]
    fn what_is_cut_off_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let cut = |name: &str| {
            let bytes = fs::read(table(name)).expect("a table");
            let path = folder.path().join(name);
            write(folder.path(), name, &bytes[..bytes.len() - 6]);
            path.display().to_string()
        };
        let output = replay(folder.path(), &[&cut("a.parquet")], None);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("a Parquet file that is cut off"), "{text}");
        let stream = cut("a.arrows");
        let output = replay(folder.path(), &[&stream], None);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(
            text.contains("unread-entry") && text.contains("ends early"),
            "{text}"
        );
    }
}
