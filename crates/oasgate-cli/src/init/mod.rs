//! `oasgate init`: from a folder with a document and a service to a gate that runs.
//!
//! What can be seen is proposed, what cannot is asked for, and flags answer in the place of a person.
//! Nothing that is there is overwritten.

mod ci;
mod find;
mod frameworks;
mod write;

use std::{
    io::{self, BufRead, IsTerminal as _, Write},
    path::{Path, PathBuf},
    process::Command,
};

use clap::Args as ClapArgs;

use crate::{
    Result,
    common::CliError,
    config::FILE_NAME,
    errors::{InitError, Served},
    exit::Exit,
};
use ci::Forge;
use frameworks::Start;

/// Set up a gate: find the document and the service, write oasgate.toml and a CI job, and run once
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The OpenAPI document [default: the one that is found]
    #[arg(value_name = "SPEC")]
    spec: Option<PathBuf>,
    /// Where the service will be [default: after the framework and the document]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The command that starts the service [default: that of the framework, where it is known]
    #[arg(long, value_name = "COMMAND")]
    start: Option<String>,
    /// The environment variable that holds the token
    #[arg(long, value_name = "NAME")]
    token_env: Option<String>,
    /// The CI job to write [default: after the repository]
    #[arg(long, value_name = "FORGE")]
    ci: Option<Forge>,
    /// Ask nothing: take what is found
    #[arg(short, long)]
    yes: bool,
    /// Do not run the gate in the end
    #[arg(long)]
    no_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  oasgate init
  oasgate init spec/api.yaml --url http://localhost:8080 --ci github --yes
  oasgate init --start \"make serve\" --token-env API_TOKEN

Exit codes: 2 when something is missing or there already; else those of the run.";

/// What is written.
struct Plan {
    spec: PathBuf,
    url: Option<String>,
    start: Option<String>,
    token_env: Option<String>,
    forge: Forge,
}

pub(crate) fn run(args: &Args) -> Result {
    let folder = Path::new("");
    if Path::new(FILE_NAME).exists() {
        return Err(InitError::Configured.into());
    }
    let asks = !args.yes && io::stdin().is_terminal();
    let plan = plan(args, folder, asks)?;
    let mut written = vec![write::config(&plan)?];
    written.extend(write::job(&plan)?);
    written.extend(write::ignored(folder)?);
    for line in &written {
        anstream::println!("{line}");
    }
    if args.no_run {
        return Ok(Exit::Holds);
    }
    let command = first_run(&plan);
    anstream::println!("\n$ oasgate {}\n", command.join(" "));
    let status = Command::new(std::env::current_exe()?)
        .args(&command)
        .status()?;
    Ok(match status.code() {
        Some(0) => Exit::Holds,
        Some(1) => Exit::Findings,
        Some(3) => Exit::Unreachable,
        _ => Exit::CouldNotRun,
    })
}

/// The run that can be made at once: of the service where it can be reached, else of the document.
fn first_run(plan: &Plan) -> Vec<String> {
    let is_reachable = plan.url.is_some() && plan.start.is_some();
    let word = if is_reachable { "check" } else { "lint" };
    vec![word.to_owned(), plan.spec.display().to_string()]
}

fn is_url(spec: &Path) -> bool {
    let text = spec.to_string_lossy();
    text.starts_with("http://") || text.starts_with("https://")
}

fn plan(args: &Args, folder: &Path, asks: bool) -> std::result::Result<Plan, CliError> {
    let mut person = Person {
        answers: io::stdin().lock(),
        asks,
    };
    let found = frameworks::start(folder);
    let spec = match &args.spec {
        Some(spec) if spec.is_file() => spec.clone(),
        Some(spec) if is_url(spec) => {
            return Err(InitError::Remote(spec.clone()).into());
        }
        Some(spec) => return Err(InitError::Named(spec.clone()).into()),
        None => document(&find::documents(folder), found.as_ref(), &mut person)?,
    };
    if let Some(found) = &found
        && args.start.is_none()
    {
        anstream::println!("found {}", found.framework);
    }
    let start = match &args.start {
        Some(start) => Some(start.clone()),
        None => person.ask(
            "the command that starts the service",
            found.as_ref().map(|found| found.command.clone()),
        )?,
    };
    let url = match &args.url {
        Some(url) => Some(url.clone()),
        None => person.ask("where the service is", proposed_url(&spec, found.as_ref()))?,
    };
    let token_env = match &args.token_env {
        Some(name) => Some(name.clone()),
        None => person.ask("the environment variable that holds the token", None)?,
    };
    Ok(Plan {
        spec,
        url,
        start,
        token_env,
        forge: args.ci.unwrap_or_else(|| Forge::of(folder)),
    })
}

/// The document that is meant, out of those that were found.
fn document<R: BufRead>(
    found: &[PathBuf],
    framework: Option<&Start>,
    person: &mut Person<R>,
) -> std::result::Result<PathBuf, CliError> {
    let list = || {
        let names: Vec<_> = found
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        names.join(", ")
    };
    match found {
        [] => {
            let served = framework.and_then(|one| {
                Some(Served {
                    framework: one.framework,
                    port: one.port,
                    path: one.document?,
                })
            });
            Err(InitError::NoneFound(served).into())
        }
        [only] => {
            anstream::println!("found {}", only.display());
            Ok(only.clone())
        }
        [first, ..] if person.asks => {
            let question = format!("which document ({})", list());
            let proposed = Some(first.display().to_string());
            let answer = person.ask(&question, proposed)?.unwrap_or_default();
            let path = PathBuf::from(answer);
            if path.is_file() {
                Ok(path)
            } else {
                Err(InitError::Answered(path).into())
            }
        }
        [first, ..] => Err(InitError::SeveralFound {
            all: list(),
            first: first.clone(),
        }
        .into()),
    }
}

/// Where the service will be: at the port of its framework, with the base path of the document; else at a
/// server of the document on this machine.
fn proposed_url(spec: &Path, found: Option<&Start>) -> Option<String> {
    let servers = find::servers(spec);
    let is_local = |url: &&String| {
        ["localhost", "127.0.0.1"]
            .iter()
            .any(|host| url.contains(host))
    };
    if let Some(local) = servers.iter().find(is_local) {
        return Some(local.clone());
    }
    let base = servers.first().map(|url| find::path_of(url));
    let port = found?.port;
    Some(format!(
        "http://127.0.0.1:{port}{}",
        base.unwrap_or_default()
    ))
}

/// Who answers questions, where somebody does.
struct Person<R> {
    answers: R,
    asks: bool,
}

impl<R: BufRead> Person<R> {
    /// The answer to a question; the proposal where nobody is asked or nothing is typed, and `-` for none.
    fn ask(&mut self, question: &str, proposed: Option<String>) -> io::Result<Option<String>> {
        if !self.asks {
            return Ok(proposed);
        }
        let shown = proposed.as_deref().unwrap_or("none");
        anstream::print!("{question} [{shown}]: ");
        io::stdout().flush()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(match answer.trim() {
            "" => proposed,
            "-" => None,
            text => Some(text.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(answers: &'static str) -> Person<&'static [u8]> {
        Person {
            answers: answers.as_bytes(),
            asks: true,
        }
    }

    #[test]
    fn what_is_proposed_is_taken_unless_something_is_typed() {
        let proposed = || Some("make serve".to_owned());
        let ask = |answers| person(answers).ask("how", proposed()).expect("memory");
        assert_eq!(ask("\n"), proposed());
        assert_eq!(ask("npm start\n"), Some("npm start".to_owned()));
        assert_eq!(ask("-\n"), None);
        let mut nobody = person("npm start\n");
        nobody.asks = false;
        assert_eq!(nobody.ask("how", proposed()).expect("memory"), proposed());
    }

    #[test]
    fn nobody_is_asked_which_of_several_documents_is_meant() {
        let mut nobody = person("");
        nobody.asks = false;
        let paths = ["a.yaml", "b.yaml"].map(PathBuf::from);
        let error = document(&paths, None, &mut nobody).expect_err("several");
        assert!(error.to_string().contains("oasgate init a.yaml"), "{error}");
        assert!(document(&[], None, &mut nobody).is_err());
        assert_eq!(
            document(&paths[..1], None, &mut nobody).expect("one"),
            Path::new("a.yaml")
        );
    }
}
