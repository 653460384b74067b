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
#[cfg(target_os = "linux")]
mod files;
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

/// A service that answers `{}` to everything.
fn answering() -> String {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(&stream);
                let (mut line, mut length) = (String::new(), 0);
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    let lower = line.to_ascii_lowercase();
                    let value = lower.strip_prefix("content-length:");
                    length = value.map_or(length, |value| value.trim().parse().unwrap_or(0));
                    line.clear();
                }
                let _ = std::io::copy(&mut reader.take(length), &mut std::io::sink());
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
                let rest = "content-length: 2\r\nconnection: close\r\n\r\n{}";
                let _ = (&stream).write_all(format!("{head}{rest}").as_bytes());
            });
        }
    });
    url
}
