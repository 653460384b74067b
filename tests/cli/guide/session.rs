//! Runs the commands of a page, one after the other, in one shell and one folder of their own.

use std::{
    fmt::Write as _,
    fs,
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use regex::Regex;

use super::{
    page::{Block, Fate, Page, Step},
    stand_in,
};
use crate::project;

/// Ends the output of each command, with its exit code.
const MARK: &str = "@@guide";

/// The longest that the commands of one page may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the service is, in the text of every page.
const SERVICE: &str = "http://localhost:8080";

/// One command of a page, and what it is said to print.
struct Typed {
    line: usize,
    command: String,
    wanted: Vec<String>,
    exit: i32,
}

/// What came of a page.
pub(super) enum Came {
    /// It was run; what was not as the page says.
    Run { commands: usize, wrong: Vec<String> },
    /// What it needs is not there.
    Lacks(String),
}

/// Runs a page.
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
pub(super) fn run(page: &Page) -> Came {
    let folder = tempfile::tempdir().expect("a folder");
    let mut words = vec![];
    let mut services = vec![];
    let mut script = String::from("exec 2>&1\n");
    let mut all: Vec<Typed> = Vec::new();
    for step in &page.steps {
        match step {
            Step::Setting(word, arguments) => match (word.as_str(), arguments.as_slice()) {
                ("needs", [command]) => {
                    if !succeeds(command) {
                        return Came::Lacks(command.clone());
                    }
                }
                ("file", [name, from]) => {
                    copy(&project().join(from), &folder.path().join(name));
                }
                ("service", [name, faults @ ..]) => {
                    let service = stand_in::start(name, faults);
                    words.retain(|(shown, _): &(String, String)| shown != SERVICE);
                    words.push((SERVICE.to_owned(), service.origin.clone()));
                    services.push(service);
                }
                ("port", [number]) => words.push((number.clone(), free_port().to_string())),
                _ => panic!("{}: {word} {arguments:?}", page.path.display()),
            },
            Step::Block(block) => match &block.fate {
                Fate::Write(name) => {
                    let text = meant(&block.text, &words);
                    let _ = write!(
                        script,
                        "mkdir -p \"$(dirname {name})\"\ncat >{name} <<'{MARK}'\n{text}{MARK}\n"
                    );
                }
                Fate::Usual | Fate::Exit(_) if block.language == "console" => {
                    for mut typed in typed(block) {
                        typed
                            .wanted
                            .iter_mut()
                            .for_each(|line| *line = meant(line, &words));
                        script += &meant(&typed.command, &words);
                        let _ = write!(script, "\necho \"{MARK} $?\"\n");
                        all.push(typed);
                    }
                }
                _ => {}
            },
        }
    }
    if all.is_empty() {
        return Came::Run {
            commands: 0,
            wrong: Vec::new(),
        };
    }
    fs::write(folder.path().join(".script"), &script).expect("it is written");
    let out = shell(folder.path());
    let mut wrong = Vec::new();
    let mut rest = out.as_str();
    for typed in &all {
        let place = format!(
            "{}:{}: $ {}",
            page.path.display(),
            typed.line,
            typed.command
        );
        let Some((came, after)) = rest.split_once(MARK) else {
            wrong.push(format!("{place}\nit never ended:\n{rest}"));
            break;
        };
        let (code, after) = after.split_once('\n').unwrap_or((after, ""));
        rest = after;
        if code.trim() != typed.exit.to_string() {
            wrong.push(format!(
                "{place}\nexit {}, where {} is said:\n{came}",
                code.trim(),
                typed.exit
            ));
        } else if !is_as_said(&typed.wanted, came) {
            wrong.push(format!(
                "{place}\nit is said to print:\n{}\nit printed:\n{came}",
                typed.wanted.join("\n")
            ));
        }
    }
    Came::Run {
        commands: all.len(),
        wrong,
    }
}

/// The text with free ports and services where the page has those of its reader.
fn meant(text: &str, words: &[(String, String)]) -> String {
    words.iter().fold(text.to_owned(), |text, (shown, real)| {
        text.replace(shown, real)
    })
}

/// The commands of a block: lines after `$`, continued where they end in a backslash.
fn typed(block: &Block) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    let mut goes_on = false;
    for (index, line) in block.text.lines().enumerate() {
        if let Some(command) = line.strip_prefix("$ ") {
            all.push(Typed {
                line: block.line + index + 1,
                command: command.to_owned(),
                wanted: Vec::new(),
                exit: 0,
            });
            goes_on = command.ends_with('\\');
            continue;
        }
        let last = all.last_mut().expect("a block begins with a command");
        if goes_on {
            last.command += "\n";
            last.command += line;
            goes_on = line.ends_with('\\');
        } else {
            last.wanted.push(line.to_owned());
        }
    }
    if let (Some(last), Fate::Exit(code)) = (all.last_mut(), &block.fate) {
        last.exit = *code;
    }
    all
}

/// Whether what came is what a page shows; `...` stands for any lines, within one for any text, and no
/// line at all for anything.
fn is_as_said(wanted: &[String], came: &str) -> bool {
    static TIMES: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\d+(\.\d+)? ?(ms|s)\b").expect("an expression"));
    let plain = |line: &str| TIMES.replace_all(line.trim_end(), "[time]").into_owned();
    let wanted: Vec<String> = wanted.iter().map(|line| plain(line)).collect();
    let came: Vec<String> = came.trim_end().lines().map(plain).collect();
    wanted.is_empty() || fits(&wanted, &came)
}

fn fits(wanted: &[String], came: &[String]) -> bool {
    match wanted {
        [] => came.is_empty(),
        [any, rest @ ..] if any.trim() == "..." => {
            (0..=came.len()).any(|skipped| fits(rest, &came[skipped..]))
        }
        [first, rest @ ..] => {
            came.first().is_some_and(|line| line_fits(first, line)) && fits(rest, &came[1..])
        }
    }
}

/// Whether a line is what a page shows, in which `...` stands for any text.
fn line_fits(wanted: &str, came: &str) -> bool {
    let parts: Vec<&str> = wanted.split("...").collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return wanted == came;
    };
    let Some(mut rest) = came.strip_prefix(first) else {
        return false;
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn succeeds(command: &str) -> bool {
    Command::new("sh")
        .args(["-c", command])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs the script of a folder, and answers with all that was printed.
fn shell(folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_oasgate"));
    let own = program.parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut child = Command::new("sh")
        .arg(".script")
        .current_dir(folder)
        .env("PATH", format!("{own}:{path}"))
        .env("NO_COLOR", "1")
        .env_remove("CI")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut stdout = child.stdout.take().expect("it is piped");
    let reader = thread::spawn(move || {
        let mut out = Vec::new();
        let _ = stdout.read_to_end(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    });
    let until = Instant::now() + PATIENCE;
    while !reader.is_finished() && Instant::now() < until {
        thread::sleep(Duration::from_millis(10));
    }
    if !reader.is_finished() {
        let _ = child.kill();
    }
    let _ = child.wait();
    reader.join().expect("it reads")
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("it is made");
        for entry in from.read_dir().expect("a folder") {
            let entry = entry.expect("an entry");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().expect("a folder")).expect("it is made");
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn dots_stand_for_any_lines_and_times_do_not_matter() {
    let said = |lines: &[&str], came: &str| {
        let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        is_as_said(&lines, came)
    };
    assert!(said(&[], "anything"));
    assert!(said(&["a", "...", "z (1.0 s)"], "a\nb\nc\nz (2.3 s)\n"));
    assert!(said(&["...", "z"], "z"));
    assert!(!said(&["a", "...", "z"], "a\nb"));
    assert!(said(&["a ... c ..."], "a b c d"));
    assert!(!said(&["a ... c"], "a b c d"));
    assert!(!said(&["a"], "a\nb"));
}
