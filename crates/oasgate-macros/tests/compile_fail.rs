//! What the macro says of arguments that it cannot use, and where: each file of `compile_fail/` is
//! given to the compiler, and what that says is held by a snapshot.

use std::{env, fs, path::PathBuf, process::Command};

/// The macro as it was built for this test: the newest one beside it.
fn built() -> PathBuf {
    let test = env::current_exe().expect("this test is a file");
    let folder = test.parent().expect("it stands in a folder");
    let name = format!("{}oasgate_macros-", env::consts::DLL_PREFIX);
    fs::read_dir(folder)
        .expect("the folder can be read")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(&name) && file.ends_with(env::consts::DLL_SUFFIX)
        })
        .max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok())
        .expect("the macro was built")
}

fn said(file: &str) -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let output = rustc
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", folder)
        .args([
            "--edition=2024",
            "--test",
            "--emit=metadata",
            "--color=never",
        ])
        .args(["-o", "/dev/null", "--extern"])
        .arg(format!("oasgate_macros={}", built().display()))
        .arg(format!("tests/compile_fail/{file}.rs"))
        .output()
        .expect("rustc can be run");
    assert!(!output.status.success(), "{file}.rs compiles");
    let text = String::from_utf8_lossy(&output.stderr).replace(folder, "$DIR");
    let mut lines: Vec<&str> = text.lines().collect();
    // Blocks that say how many errors there were.
    lines.retain(|line| !line.starts_with("error: aborting"));
    lines.join("\n")
}

macro_rules! compile_fail {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(said(stringify!($name)));
        }
    )*};
}

compile_fail!(document options operations);

#[test]
fn no_file_is_forgotten() {
    let files = fs::read_dir("tests/compile_fail").expect("the folder is there");
    let count = files
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .count();
    assert_eq!(count, 3, "name each file in `compile_fail!`");
}
