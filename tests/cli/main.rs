//! The program through its binary, as a user calls it. Part of the package `oasgate-cli`, whose binary it
//! runs; what can be seen through the library alone is in `tests/it`.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

mod baseline;
mod commands;
mod configured;
mod connection;
mod coverage;
mod diff;
mod exits;
mod first_run;
#[cfg(unix)]
mod forges;
mod guide;
mod limits;
mod oauth;
mod secret_table;
mod secrets;
#[cfg(unix)]
mod start;
mod states;
mod strangers;
mod tables;

/// The root of the project: tests of a package run in the package's own folder.
fn project() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        package
            .ancestors()
            .nth(2)
            .expect("the package is two folders down")
            .to_path_buf()
    });
    &ROOT
}

/// Writes a file of a test into its folder.
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(folder.join(name), bytes).expect("it is written");
}
