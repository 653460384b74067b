//! The law of `curl` lines: whatever is in a request, `sh` gives it to `curl` as it was, and runs nothing else.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use http::{HeaderName, HeaderValue, Method};
use oasgate::exchange::{Request, curl};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use url::Url;

/// Prints its arguments, each ended by a NUL, and what it is told to read from standard input.
const FAKE: &str = "#!/bin/sh
for one in \"$@\"; do printf '%s\\0' \"$one\"; done
for one in \"$@\"; do if [ \"$one\" = @- ]; then cat; fi; done
";

/// A request as the arguments of curl have it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sent {
    method: String,
    url: String,
    headers: Vec<Vec<u8>>,
    body: Vec<u8>,
}

fn wanted(request: &Request) -> Sent {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
        if value.is_empty() {
            [name, b";"].concat()
        } else {
            [name, b": ", value].concat()
        }
    };
    Sent {
        method: request.method.to_string(),
        url: request.url.to_string(),
        headers: request.headers.iter().map(header).collect(),
        body: request.body.bytes().to_vec(),
    }
}

/// What curl would send when a shell runs the line.
fn sent(shell: &str, folder: &Path, line: &str) -> Sent {
    let output = Command::new(shell)
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .stdin(Stdio::null())
        .output()
        .expect("the shell starts");
    assert!(output.status.success(), "{line}: {output:?}");
    let mut rest = output.stdout.as_slice();
    let mut words = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        words.push(rest[..end].to_vec());
        rest = &rest[end + 1..];
        if words
            .last()
            .is_some_and(|word| word.starts_with(b"http://"))
        {
            break;
        }
    }
    let mut sent = Sent::default();
    let mut words = words.into_iter();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is UTF-8");
    while let Some(word) = words.next() {
        let mut next = || words.next().expect("a value");
        match word.as_slice() {
            b"-X" => sent.method = text(next()),
            b"--head" => "HEAD".clone_into(&mut sent.method),
            b"-H" => sent.headers.push(next()),
            b"-g" => {}
            b"--data-raw" => sent.body = next(),
            b"--data-binary" => {
                assert_eq!(next(), b"@-");
                sent.body = rest.to_vec();
            }
            _ => sent.url = text(word),
        }
    }
    if sent.method.is_empty() {
        "GET".clone_into(&mut sent.method);
    }
    sent
}

fn requests() -> impl Strategy<Value = Request> {
    let methods = prop_oneof![
        Just("GET".to_owned()),
        Just("HEAD".to_owned()),
        "[A-Z!#$%&'*+.^_`|~-]{1,8}",
    ];
    let hostile = prop_oneof![
        Just(b"$(touch PWNED) `touch PWNED` \"; touch PWNED; '".to_vec()),
        Just(b"##[error]x ##vso[y]\n::error::z\n\n".to_vec()),
        Just(b"-n\\0%s\\c!!".to_vec()),
        vec(any::<u8>(), 0..40),
        "\\PC{0,20}".prop_map(String::into_bytes),
    ];
    let header = ("x-[a-z!#$%&'*+^_`|~]{1,6}", hostile.clone());
    let query = "[ -~]{0,20}";
    (methods, query, vec(header, 0..3), hostile).prop_map(|(method, query, headers, body)| {
        let mut url = Url::parse("http://api.test/a'b/$(x)").expect("a URL");
        url.set_query(Some(&query));
        let method = Method::from_bytes(method.as_bytes()).expect("a token");
        let mut request = Request::new(method, url);
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            // curl takes space off around a value.
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.trim_ascii())) {
                request.headers.insert(name, value);
            }
        }
        request.body = body.into();
        request
    })
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn a_shell_gives_curl_the_request_as_it_was() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let fake = folder.path().join("curl");
    fs::write(&fake, FAKE).expect("it is written");
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let shells: Vec<_> = ["sh", "dash", "bash"]
        .into_iter()
        .filter(|shell| Command::new(shell).args(["-c", ":"]).status().is_ok())
        .collect();
    let mut runner = TestRunner::new(Config {
        cases: 100,
        failure_persistence: None,
        ..Config::default()
    });
    let law = runner.run(&requests(), |request| {
        let line = curl(&request);
        prop_assert!(!line.contains('\n') && !line.contains("##"), "{line}");
        for shell in &shells {
            prop_assert_eq!(
                sent(shell, folder.path(), &line),
                wanted(&request),
                "{}: {}",
                shell,
                &line
            );
        }
        Ok(())
    });
    assert!(law.is_ok(), "{law:?}");
    let left: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .flatten()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
