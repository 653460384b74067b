//! The writer of `curl` lines: a shell would run nothing that is in the request.
//!
//! The input reads like a request of HTTP: a line with the method and the URL, a line for each field, an
//! empty line, the body.

#![no_main]

use http::{HeaderName, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;
use oasgate::exchange::{Body, CredentialPlace, CredentialSlot, Request, curl};
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    if let Some(request) = request(bytes) {
        let line = curl(&request);
        assert!(!line.contains('\n'), "{line}");
        Shell {
            rest: &line,
            line: &line,
        }
        .words();
    }
});

fn request(bytes: &[u8]) -> Option<Request> {
    let end = bytes
        .windows(2)
        .position(|two| two == b"\n\n")
        .unwrap_or(bytes.len());
    let (head, body) = bytes.split_at(end);
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let (method, url) = first.split_once(' ')?;
    let mut request = Request::new(method.parse::<Method>().ok()?, Url::parse(url).ok()?);
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        if name == "x-credential" {
            let place = String::from_utf8_lossy(&line[at + 1..]).into_owned();
            for place in [
                CredentialPlace::Query(place.clone()),
                CredentialPlace::Cookie(place),
            ] {
                request.credentials.push(CredentialSlot {
                    secret: "TOKEN".to_owned(),
                    place,
                });
            }
        } else {
            request
                .headers
                .append(name, HeaderValue::from_bytes(&line[at + 1..]).ok()?);
        }
    }
    request.body = Body::from(body.get(2..).unwrap_or_default().to_vec());
    Some(request)
}

/// Reads the few forms of words that are written, and panics at any other.
struct Shell<'l> {
    rest: &'l str,
    line: &'l str,
}

impl Shell<'_> {
    fn next(&mut self) -> Option<char> {
        let one = self.rest.chars().next()?;
        self.rest = &self.rest[one.len_utf8()..];
        Some(one)
    }

    fn takes(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn words(&mut self) {
        let is_piped = self.rest.starts_with("printf ");
        let mut pipes = 0;
        while let Some(one) = self.next() {
            match one {
                '\'' => self.single(),
                '"' => self.double(),
                '\\' => assert_eq!(self.next(), Some('\''), "{}", self.line),
                '|' if is_piped && pipes == 0 => pipes += 1,
                '#' => {
                    let number = self.rest.strip_prefix(" the body has ");
                    let number = number.and_then(|rest| rest.strip_suffix(" bytes"));
                    assert!(
                        number.is_some_and(|text| text.parse::<usize>().is_ok()),
                        "{}",
                        self.line
                    );
                    return;
                }
                one => assert!(
                    one.is_ascii_alphanumeric() || " -@:/._".contains(one),
                    "{one:?} in {}",
                    self.line
                ),
            }
        }
    }

    fn single(&mut self) {
        while let Some(one) = self.next() {
            if one == '\'' {
                return;
            }
        }
        panic!("a quote is open in {}", self.line);
    }

    fn double(&mut self) {
        while let Some(one) = self.next() {
            match one {
                '"' => return,
                '$' if self.takes("{IFS#??}") => {}
                '$' if self.takes("(printf ") => loop {
                    match self.next() {
                        Some('\'') => self.single(),
                        Some('\\') => assert_eq!(self.next(), Some('\''), "{}", self.line),
                        Some(')') => break,
                        other => panic!("{other:?} in {}", self.line),
                    }
                },
                '$' => {
                    let is_braced = self.takes("{");
                    let name = self.rest.len()
                        - self
                            .rest
                            .trim_start_matches(|one: char| {
                                one.is_ascii_alphanumeric() || one == '_'
                            })
                            .len();
                    assert!(name > 0, "{}", self.line);
                    self.rest = &self.rest[name..];
                    assert!(!is_braced || self.takes("}"), "{}", self.line);
                }
                one => assert!(!"`\\!".contains(one), "{one:?} in {}", self.line),
            }
        }
        panic!("a quote is open in {}", self.line);
    }
}
