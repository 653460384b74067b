//! Connections: bounds, a proxy, whom to trust, who we are.

use std::{
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::Request as Asked,
    http::{HeaderMap, StatusCode, header},
};
use http::Method;
use oasgate::{
    exchange::{Body, CutReason, Request},
    transport::{ClientError, Connection, HttpTransport, Limits, SendError, Stage, Transport as _},
};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        server::WebPkiClientVerifier,
    },
};
use url::Url;

use crate::write;

fn get(url: &str) -> Request {
    Request::new(Method::GET, Url::parse(url).expect("a URL"))
}

async fn serve(service: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, service).await });
    format!("http://{address}/")
}

#[tokio::test]
async fn a_proxy_gets_what_is_for_others() {
    let proxy =
        serve(Router::new().fallback(|asked: Asked| async move { asked.uri().to_string() })).await;
    let connection = Connection {
        proxy: Some(Url::parse(&proxy).expect("a URL")),
        ..Connection::default()
    };
    let transport = HttpTransport::new(connection).expect("it is set up");
    let request = get("http://api.invalid/x?y");
    let response = transport.send(&request).await.expect("a response");
    assert_eq!(response.body.bytes(), b"http://api.invalid/x?y");
    assert!(transport.probe_framing(&request).await.is_none());
}

#[tokio::test]
async fn a_head_without_end_is_cut() {
    let long = |_: Asked| async {
        let mut headers = HeaderMap::new();
        headers.insert("x-long", "x".repeat(1000).parse().expect("text"));
        (headers, "content")
    };
    let url = serve(Router::new().fallback(long)).await;
    for (headers, is_cut) in [(900, true), (2000, false)] {
        let limits = Limits {
            headers,
            ..Limits::default()
        };
        let transport = HttpTransport::new(limits).expect("it is set up");
        let response = transport.send(&get(&url)).await.expect("a response");
        let cut = Body::Cut {
            bytes: bytes::Bytes::new(),
            reason: CutReason::Head(headers),
        };
        assert_eq!(response.body == cut, is_cut, "{:?}", response.body);
    }
}

#[tokio::test]
async fn each_time_that_runs_out_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 1024];
                let read = stream.read(&mut bytes).await.unwrap_or(0);
                if bytes[..read].starts_with(b"GET /begins") {
                    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab";
                    let _ = stream.write_all(head).await;
                }
                std::future::pending::<()>().await;
            });
        }
    });
    let limits = Limits {
        first_byte: Duration::from_millis(50),
        whole: Duration::from_millis(100),
        ..Limits::default()
    };
    let transport = HttpTransport::new(limits).expect("it is set up");
    assert_eq!(
        transport.send(&get(&url)).await.map(|_| ()),
        Err(SendError::TimedOut {
            stage: Stage::Head,
            after: limits.first_byte
        })
    );
    let response = transport.send(&get(&format!("{url}begins"))).await;
    let cut = Body::Cut {
        bytes: "ab".into(),
        reason: CutReason::TimedOut,
    };
    assert_eq!(response.expect("it began").body, cut);
}

/// Answers each request with these bytes, and closes the connection.
async fn serve_bytes(answer: Vec<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 1024]).await;
                for part in answer {
                    let _ = stream.write_all(part.as_bytes()).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn interim_responses_are_read_past() {
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let answers = [
        vec![last],
        vec![hints, hints, last],
        // Cut within the interim head, and within the status line of the final one.
        vec!["HTTP/1.1 100 Con", "tinue\r\n\r\n", last],
        vec!["HTTP/1.1 100 Continue\r\n\r\nHTT", &last[3..]],
    ];
    for answer in answers {
        let url = serve_bytes(answer.clone()).await;
        let transport = HttpTransport::new(Limits::default()).expect("it is set up");
        let probed = transport.probe_framing(&get(&url)).await;
        for sent in [
            transport.send(&get(&url)).await,
            probed.expect("it is http"),
        ] {
            let response = sent.expect("a response");
            assert_eq!(response.status, 200, "{answer:?}");
            assert_eq!(response.body, Body::from("{}"), "{answer:?}");
            assert_eq!(response.wire_length, Some(2), "{answer:?}");
            assert!(!response.headers.contains_key("link"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_service_that_never_ends_its_interim_responses_runs_out_of_time() {
    let url = serve_bytes(vec!["HTTP/1.1 102 Processing\r\n\r\n"; 200]).await;
    let limits = Limits {
        first_byte: Duration::from_millis(200),
        ..Limits::default()
    };
    let transport = HttpTransport::new(limits).expect("it is set up");
    let probed = transport.probe_framing(&get(&url)).await;
    for sent in [
        transport.send(&get(&url)).await,
        probed.expect("it is http"),
    ] {
        let timed_out = SendError::TimedOut {
            stage: Stage::Head,
            after: limits.first_byte,
        };
        assert_eq!(sent.map(|_| ()), Err(timed_out));
    }
}

/// A certificate, its key as PEM, and both together.
struct Issued {
    certificate: Certificate,
    key: KeyPair,
}

impl Issued {
    fn pem(&self) -> Vec<u8> {
        format!("{}{}", self.certificate.pem(), self.key.serialize_pem()).into_bytes()
    }
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    Authority {
        certificate,
        issuer: Issuer::new(params, key),
    }
}

impl Authority {
    fn issue(&self, name: &str) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("it signs");
        Issued { certificate, key }
    }
}

/// A server that wants a certificate of its client by the same authority, and answers with a text.
async fn serve_tls(authority: &Authority, answer: &'static str) -> String {
    let server = authority.issue("localhost");
    let mut trusted = RootCertStore::empty();
    trusted
        .add(authority.certificate.der().clone())
        .expect("it is a certificate");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), Arc::clone(&provider))
            .build()
            .expect("a verifier");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server.key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![server.certificate.der().clone()], key)
        .expect("a certificate and its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut bytes = [0; 1024];
                    let _ = stream.read(&mut bytes).await;
                    let length = answer.len();
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                    let _ = stream.write_all((head + answer).as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    format!("https://localhost:{port}/")
}

#[tokio::test]
async fn an_authority_and_a_certificate_of_our_own_open_the_door() {
    let authority = authority();
    let url = serve_tls(&authority, "hi").await;
    let ca = authority.certificate.pem().into_bytes();
    let ours = authority.issue("us").pem();
    for (authorities, identity, opens) in [
        (vec![ca.clone()], Some(ours.clone()), true),
        (vec![ca], None, false),
        (Vec::new(), Some(ours), false),
    ] {
        let connection = Connection {
            authorities,
            identity,
            ..Connection::default()
        };
        let transport = HttpTransport::new(connection).expect("it is set up");
        let sent = transport.send(&get(&url)).await;
        assert_eq!(sent.is_ok(), opens, "{sent:?}");
    }
}

#[test]
fn what_is_no_certificate_is_told() {
    let nonsense = b"hello".to_vec();
    let connection = Connection {
        authorities: vec![nonsense.clone()],
        ..Connection::default()
    };
    assert!(matches!(
        HttpTransport::new(connection),
        Err(ClientError::Authority)
    ));
    let connection = Connection {
        identity: Some(nonsense),
        ..Connection::default()
    };
    assert!(matches!(
        HttpTransport::new(connection),
        Err(ClientError::Identity)
    ));
}

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Pets, version: '1' }
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        '200':
          description: Fine
          content: { application/json: { schema: { $ref: 'http://parts.invalid/pet.yaml' } } }
        '400': { description: No }
";

/// Runs the program in a folder, with no proxy but the one that the arguments or the file name.
async fn oasgate(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
    command.args(args).current_dir(folder);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    tokio::task::spawn_blocking(move || command.output().expect("the program starts"))
        .await
        .expect("it ends")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_and_what_it_refers_to_come_by_the_proxy() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let answer = move |request: Asked| async move {
        let uri = request.uri().to_string();
        let text = match uri.as_str() {
            "http://docs.invalid/api.yaml" => DOCUMENT,
            _ => "{ type: object, properties: { id: { type: integer } } }",
        };
        log.lock().expect("nobody panics").push(uri);
        text
    };
    let proxy = serve(Router::new().fallback(answer)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let usual = ["lint", "http://docs.invalid/api.yaml"];
    let typed = [&usual[..], &["--allow-remote", "--proxy", &proxy]].concat();
    let alone = oasgate(folder.path(), &usual).await;
    assert_eq!(alone.status.code(), Some(2), "{alone:?}");
    let by_flag = oasgate(folder.path(), &typed).await;
    assert_eq!(by_flag.status.code(), Some(0), "{by_flag:?}");
    let both = [
        "http://docs.invalid/api.yaml",
        "http://parts.invalid/pet.yaml",
    ];
    assert_eq!(*asked.lock().expect("nobody panics"), both);
    let configuration = format!("[connection]\nproxy = \"{proxy}\"\nallow-remote = true\n");
    write(folder.path(), "oasgate.toml", configuration);
    for command in ["lint", "plan", "schema"] {
        let args = [command, "http://docs.invalid/api.yaml"];
        let output = oasgate(folder.path(), &args).await;
        let said = String::from_utf8_lossy(&output.stderr);
        // The document names no schema; that is known once it was read.
        let is_read = output.status.code() == Some(0) || said.contains("gives no schema a name");
        assert!(is_read, "{command}: {output:?}");
    }
    let asked = asked.lock().expect("nobody panics").join(" ");
    assert_eq!(asked, vec![both.join(" "); 4].join(" "));
}

/// What references lead to: one file of a host that sends on to another host.
async fn sent_on(asked: Arc<Mutex<Vec<String>>>) -> String {
    let answer = move |request: Asked| async move {
        let uri = request.uri().to_string();
        let to = "http://elsewhere.invalid/pet.yaml";
        let is_sent_on = uri == "http://parts.invalid/pet.yaml";
        asked.lock().expect("nobody panics").push(uri.clone());
        let status = if is_sent_on {
            StatusCode::FOUND
        } else {
            StatusCode::OK
        };
        let text = if uri.ends_with("api.yaml") {
            DOCUMENT
        } else {
            "{ type: object }"
        };
        (status, [(header::LOCATION, to)], text)
    };
    serve(Router::new().fallback(answer)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_leads_to_hosts_that_are_allowed_alone() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let proxy = sent_on(Arc::clone(&asked)).await;
    let folder = tempfile::tempdir().expect("a folder");
    for (typed, file, follows) in [
        (&["--allow-remote=parts.invalid"][..], "false", false),
        (
            &[
                "--allow-remote=parts.invalid",
                "--allow-remote=ELSEWHERE.invalid",
            ],
            "false",
            true,
        ),
        (&["--allow-remote"], "false", true),
        (&[], "[\"parts.invalid\"]", false),
        (&[], "[\"parts.invalid\", \"elsewhere.invalid\"]", true),
        (&[], "true", true),
        // What is typed takes the place of what the file says.
        (&["--allow-remote=parts.invalid"], "true", false),
    ] {
        asked.lock().expect("nobody panics").clear();
        let configuration = format!("[connection]\nallow-remote = {file}\n");
        write(folder.path(), "oasgate.toml", configuration);
        let usual = ["lint", "http://docs.invalid/api.yaml", "--proxy", &proxy];
        let output = oasgate(folder.path(), &[&usual[..], typed].concat()).await;
        let asked = asked.lock().expect("nobody panics").clone();
        let was_asked = |host: &str| asked.iter().any(|url| url.contains(host));
        assert!(was_asked("parts.invalid"), "{typed:?}, {file}: {asked:?}");
        assert_eq!(
            was_asked("elsewhere"),
            follows,
            "{typed:?}, {file}: {asked:?}"
        );
        let said = String::from_utf8_lossy(&output.stdout);
        let is_refused = said.contains("elsewhere.invalid is none of the hosts that are allowed");
        assert_eq!(is_refused, !follows, "{typed:?}, {file}: {output:?}");
        assert_eq!(
            output.status.code(),
            Some(i32::from(!follows)),
            "{output:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_that_may_not_be_followed_says_what_allows_it() {
    let (folder, outside) = (tempfile::tempdir(), tempfile::NamedTempFile::new());
    let (folder, outside) = (folder.expect("a folder"), outside.expect("a file"));
    let outside = outside.path().to_str().expect("a plain path");
    for (target, flag) in [
        ("http://parts.invalid/pet.yaml", "--allow-remote"),
        (outside, "--allow-files PATH"),
    ] {
        let document = DOCUMENT.replace("http://parts.invalid/pet.yaml", target);
        write(folder.path(), "api.yaml", document);
        let output = oasgate(folder.path(), &["lint", "api.yaml"]).await;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(flag), "{target}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_and_a_certificate_of_our_own_open_the_door_to_a_document() {
    let authority = authority();
    let origin = serve_tls(&authority, DOCUMENT).await;
    let url = format!("{origin}api.yaml");
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "ca.pem", authority.certificate.pem());
    write(folder.path(), "us.pem", authority.issue("us").pem());
    let lint = |more: &[&str]| {
        let args = [&["lint", &url], more].concat();
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let folder = folder.path();
        async move {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let output = oasgate(folder, &args).await;
            !String::from_utf8_lossy(&output.stderr).contains("cannot be fetched")
        }
    };
    assert!(lint(&["--ca", "ca.pem", "--client-cert", "us.pem"]).await);
    assert!(!lint(&["--ca", "ca.pem"]).await);
    assert!(!lint(&["--client-cert", "us.pem"]).await);
    let configuration = "[connection]\nca = [\"ca.pem\"]\nclient-cert = \"us.pem\"\n";
    write(folder.path(), "oasgate.toml", configuration);
    assert!(lint(&[]).await);
}
