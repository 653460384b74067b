//! The client against a fake of the service: no network, no service, only the document.

use std::{error::Error, sync::LazyLock, time::Duration};

use client::{Client, ClientError, NewNote, Note, understood};
use oasgate::{
    Contract,
    contract::OperationIn,
    testing::{Answer, FAULTS, FakeServer, FakeService},
};
use proptest::prelude::*;

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::load("../axum-service/api.yaml").expect("the document is there"));

type Tested = Result<(), Box<dyn Error>>;

fn fake() -> Result<FakeService, Box<dyn Error>> {
    Ok(FakeService::new(Contract::load(
        "../axum-service/api.yaml",
    )?))
}

fn client(server: &FakeServer) -> Result<Client, ClientError> {
    Client::new(server.url(), "secret")
}

fn note() -> NewNote {
    NewNote {
        text: "Buy bread".to_owned(),
        tags: vec!["home".to_owned()],
    }
}

#[tokio::test]
async fn the_client_keeps_the_contract() -> Tested {
    let fake = fake()?
        .expect("createNote", 1..=1)
        .expect("getNote", 1..)
        .expect("deleteNote", 0..=0);
    let server = fake.start()?;
    let client = client(&server)?;
    client.create(&note()).await?;
    client.note(7).await?;
    client.tagged("home").await?;
    fake.assert();
    assert_eq!(
        fake.calls_of("listNotes")[0].request.url.query(),
        Some("tag=home")
    );
    Ok(())
}

#[tokio::test]
#[should_panic(expected = "minLength")]
async fn a_client_that_breaks_the_contract_is_told() {
    let fake = fake().expect("the document is there");
    let server = fake.start().expect("a port");
    let careless = client(&server).expect("a client");
    let empty = NewNote {
        text: String::new(),
        ..note()
    };
    assert!(careless.create(&empty).await.is_err());
    fake.assert();
}

#[tokio::test]
async fn what_the_service_says_is_passed_on() -> Tested {
    let fake = fake()?
        .on("getNote", Answer::status(404))
        .once("getNote", Answer::status(401));
    let server = fake.start()?;
    let client = client(&server)?;
    assert!(matches!(client.note(1).await, Err(ClientError::Refused)));
    let Err(ClientError::Wrong { status, error }) = client.note(1).await else {
        return Err("a note that is not there was found".into());
    };
    assert_eq!(status, 404);
    assert!(!error.is_empty());
    Ok(())
}

#[tokio::test]
async fn the_edges_of_the_contract_are_understood() -> Tested {
    let fake = fake()?.answer(Answer::edge());
    let server = fake.start()?;
    let client = client(&server)?;
    for _ in 0..20 {
        client.tagged("home").await?;
    }
    fake.assert();
    Ok(())
}

#[tokio::test]
async fn no_fault_is_taken_for_an_answer() -> Tested {
    // Each fault is one that a reader of notes cannot miss, but for those in the head.
    let seen = [
        "schema-mismatch",
        "malformed-body",
        "incomplete-response",
        "no-response",
        "server-error",
    ];
    for fault in FAULTS.iter().filter(|fault| seen.contains(&fault.name)) {
        let server = fake()?.fault(fault.name).start()?;
        let answer = client(&server)?.note(1).await;
        assert!(answer.is_err(), "{}: {answer:?}", fault.name);
    }
    Ok(())
}

#[tokio::test]
async fn a_service_that_is_late_is_not_waited_for() -> Tested {
    let server = fake()?.delay(Duration::from_secs(60)).start()?;
    let client = client(&server)?.patience(Duration::from_millis(50));
    let Err(ClientError::Connection(error)) = client.note(1).await else {
        return Err("it was waited for".into());
    };
    assert!(error.is_timeout());
    Ok(())
}

fn get_note() -> OperationIn<'static> {
    CONTRACT.operation("getNote").expect("it is declared")
}

proptest! {
    /// Every response that the contract allows is understood, whatever its status.
    #[test]
    fn every_response_is_understood(response in get_note().any_response()) {
        let answer = understood::<Note>(response.status(), response.body());
        prop_assert!(!matches!(answer, Err(ClientError::NotUnderstood(_))), "{answer:?}");
    }
}
