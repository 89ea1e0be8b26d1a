//! The intake itself, and the SDKs against it: what these tests stand on. What
//! an SDK does by itself when it is refused is what it must do behind linkmend,
//! too.

use std::time::Duration;

use crate::clients::ALL;
use crate::support::clients::installed;
use crate::support::intake::{Answer, Intake, Protocol};
use crate::support::sender::Sender;
use crate::support::spans::{Role, number, request, span};

#[test]
fn it_takes_and_refuses_by_both_protocols() {
    let intake = Intake::start();
    let sender = Sender::new();
    let one = || request(vec![span(1, Role::Plain)]);
    let answer = sender.grpc(intake.address, one()).unwrap();
    assert_eq!(answer.partial_success, None);
    let body = serde_json::to_vec(&one()).unwrap();
    let answer = sender.http(intake.address, "application/json", body);
    assert_eq!(answer.status, 200);
    let requests = intake.requests();
    let protocols: Vec<_> = requests.iter().map(|request| request.protocol).collect();
    assert_eq!(protocols, [Protocol::Grpc, Protocol::HttpJson]);
    assert_eq!(
        intake.spans().iter().map(number).collect::<Vec<_>>(),
        [1, 1]
    );

    intake.answers(Answer::Unavailable(Some(Duration::from_secs(7))));
    let refusal = sender.grpc(intake.address, one()).unwrap_err();
    assert_eq!(refusal.code(), tonic::Code::Unavailable);
    assert!(!refusal.details().is_empty());
    let body = serde_json::to_vec(&one()).unwrap();
    let answer = sender.http(intake.address, "application/json", body);
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["retry-after"]),
        (503, &"7".parse().unwrap())
    );

    intake.answers(Answer::TakeAndDrop);
    assert!(sender.grpc(intake.address, one()).is_err());
    assert_eq!(intake.spans().len(), 3, "what was refused is not kept");

    intake.answers(Answer::Take);
    intake.leave();
    assert!(sender.grpc(intake.address, one()).is_err());
    intake.come_back();
    sender.grpc(intake.address, one()).unwrap();
    assert_eq!(intake.spans().len(), 4);
}

#[test]
fn every_sdk_reaches_it() {
    let Some(installed) = installed() else { return };
    for client in ALL {
        let intake = Intake::start();
        let report = client.send(&installed, intake.address, "plain", &["--count", "3"]);
        assert!(report.succeeded(), "{client}: {report:?}");
        assert_eq!(intake.spans().len(), 3, "{client}");
        let request = &intake.requests()[0];
        let encoding = ["content-encoding", "grpc-encoding"];
        let encoding = encoding.iter().find_map(|name| request.headers.get(*name));
        let encoding = encoding.map_or("none", |value| value.to_str().unwrap());
        assert_eq!(
            encoding.replace("identity", "none"),
            client.compression,
            "{client}"
        );
    }
}
