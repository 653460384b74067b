//! Writes what `init` has found out. What is there already is left as it is.

use std::{fmt::Write as _, fs, io, path::Path};

use super::Plan;
use crate::config::FILE_NAME;
use oasgate::report::write_atomically;

/// What no repository should hold.
const IGNORED: &[&str] = &["*.snap.new", "oasgate.json", "oasgate.xml", "oasgate.html"];

/// Writes `oasgate.toml`; a sentence about it.
pub(super) fn config(plan: &Plan) -> io::Result<String> {
    put(Path::new(FILE_NAME), &config_text(plan))?;
    Ok(format!("wrote {FILE_NAME}"))
}

fn config_text(plan: &Plan) -> String {
    let mut text = String::from("# What the gate is told beside the document.\n\n");
    let mut line = |key: &str, value: Option<&str>, example: &str| {
        let _ = match value {
            Some(value) => writeln!(text, "{key} = {}", quoted(value)),
            None => writeln!(text, "# {key} = {}", quoted(example)),
        };
    };
    line("url", plan.url.as_deref(), "http://127.0.0.1:8080");
    line("start", plan.start.as_deref(), "make serve");
    line("token-env", plan.token_env.as_deref(), "API_TOKEN");
    text.push_str(
        "\n# Values of parameters that exist, by name.\n[parameters]\n# id = \"42\"\n\n\
         # Findings that are accepted for now: oasgate check SPEC --baseline baseline.json --baseline-update\n\
         # [baseline]\n# file = \"baseline.json\"\n",
    );
    text
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Writes the job of the forge; a sentence about it, where there is one.
pub(super) fn job(plan: &Plan) -> io::Result<Option<String>> {
    let Some((path, rest)) = plan.forge.file() else {
        return Ok(None);
    };
    if Path::new(path).exists() {
        return Ok(Some(format!(
            "{path} is there already and was left as it is"
        )));
    }
    let spec = plan.spec.display().to_string();
    put(
        Path::new(path),
        &plan.forge.job(&spec, plan.token_env.as_deref()),
    )?;
    Ok(Some(format!("wrote {path}: {rest}")))
}

/// Adds what is missing to `.gitignore`, in a repository; a sentence about it, where something was.
pub(super) fn ignored(folder: &Path) -> io::Result<Option<String>> {
    let path = folder.join(".gitignore");
    if !folder.join(".git").exists() && !path.exists() {
        return Ok(None);
    }
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let has = |wanted: &str| before.lines().any(|line| line.trim() == wanted);
    let missing: Vec<_> = IGNORED.iter().filter(|line| !has(line)).copied().collect();
    if missing.is_empty() {
        return Ok(None);
    }
    let mark = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    put(&path, &format!("{before}{mark}{}\n", missing.join("\n")))?;
    Ok(Some(format!("added to .gitignore: {}", missing.join(", "))))
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    write_atomically(path, text.as_bytes()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{super::Forge, *};
    use crate::config::Config;

    #[test]
    fn the_configuration_that_is_written_can_be_read() {
        let plan = |text: Option<&str>| Plan {
            spec: PathBuf::from("api.yaml"),
            url: text.map(|_| "http://127.0.0.1:8000/v1".to_owned()),
            start: text.map(str::to_owned),
            token_env: text.map(|_| "API_TOKEN".to_owned()),
            forge: Forge::None,
        };
        for start in [None, Some("sh -c \"make 'it' run\" \\")] {
            let text = config_text(&plan(start));
            let config = Config::parse(FILE_NAME, &text).expect("it is one");
            config.validate().expect("it is valid");
            assert_eq!(config.start.as_deref(), start);
        }
    }
}
