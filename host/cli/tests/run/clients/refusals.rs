//! What SDKs do when linkmend cannot take what they send.

use std::path::Path;
use std::thread::{scope, sleep};
use std::time::Duration;

use super::ALL;
use crate::support::clients::{Client, Language, installed};
use crate::support::intake::{Answer, Intake};
use crate::support::linkmend::{self, Addresses, Linkmend};

const A_SECOND: Duration = Duration::from_secs(1);

/// Runs something for every client, all at once.
fn each(run: impl Fn(&Path, Client) + Sync) {
    let Some(installed) = installed() else { return };
    scope(|scope| {
        for client in ALL {
            let (run, installed) = (&run, &installed);
            scope.spawn(move || run(installed, client));
        }
    });
}

/// The SDK of JavaScript tries nothing again that it sent by gRPC, whatever it
/// was answered.
fn never_tries_again(client: Client) -> bool {
    client.language == Language::JavaScript && client.protocol == "grpc"
}

/// An exporter of the protocol that the client speaks.
fn exporter(client: Client, intake: &Intake, more: &str) -> String {
    if client.protocol == "grpc" {
        linkmend::by_grpc(intake, more)
    } else {
        linkmend::by_http(intake, more)
    }
}

#[test]
fn linkmend_tries_again_what_the_backend_refused() {
    each(|installed, client| {
        let intake = Intake::start();
        let refusals = [
            Answer::Unavailable(Some(A_SECOND)),
            Answer::Throttle(Some(A_SECOND)),
        ];
        intake.answers_next(refusals);
        let soon = "retry_on_failure: {initial_interval: 10ms}";
        let linkmend = Linkmend::start(&[&exporter(client, &intake, soon)]);
        let report = client.send(installed, client.address(linkmend.addresses), "plain", &[]);
        assert!(report.succeeded(), "{client}: {report:?}");
        assert_eq!(intake.spans().len(), 1, "{client}: once");
        let requests = intake.requests();
        assert_eq!(requests.len(), 3, "{client}");
        for pair in requests.windows(2) {
            assert!(
                pair[1].at - pair[0].at >= A_SECOND,
                "{client}: not before it may"
            );
        }
    });
}

#[test]
fn the_client_tries_again_when_it_is_told_so() {
    each(|installed, client| {
        let intake = Intake::start();
        intake.answers_next([Answer::Unavailable(Some(A_SECOND))]);
        let never = "retry_on_failure: {enabled: false}";
        let linkmend = Linkmend::start(&[&exporter(client, &intake, never)]);
        let to = client.address(linkmend.addresses);
        let report = client.send(installed, to, "plain", &[]);
        if never_tries_again(client) {
            assert_eq!(report.results, ["failure"], "{client}");
            assert!(
                report.log.contains("UNAVAILABLE"),
                "{client}: {}",
                report.log
            );
            assert!(intake.spans().is_empty(), "{client}");
        } else {
            assert!(report.succeeded(), "{client}: {report:?}");
            assert_eq!(intake.spans().len(), 1, "{client}: once");
            let requests = intake.requests();
            assert_eq!(requests.len(), 2, "{client}");
            // The client's own waits are near to a second, too, with 20 % left to
            // chance.
            let wait = requests[1].at - requests[0].at;
            assert!(wait >= A_SECOND * 8 / 10, "{client}: {wait:?}");
        }
    });
}

#[test]
fn what_is_too_large_is_refused_and_not_sent_for_ever() {
    const LIMITS: &str = "
receivers:
  otlp:
    protocols:
      grpc: {max_recv_msg_size_mib: 1}
      http: {max_request_body_size: 1MiB}
";
    each(|installed, client| {
        let intake = Intake::start();
        let linkmend = Linkmend::start(&[&exporter(client, &intake, ""), LIMITS]);
        let to = client.address(linkmend.addresses);
        let report = client.send(installed, to, "plain", &["--bytes", "2000000"]);
        assert_eq!(report.results, ["failure"], "{client}");
        assert!(intake.requests().is_empty(), "{client}");
        let python_by_grpc = client.language == Language::Python && client.protocol == "grpc";
        if python_by_grpc {
            // It tries RESOURCE_EXHAUSTED again, `RetryInfo` or not, until its
            // time of 10 s is over.
            assert!(
                report.log.contains("RESOURCE_EXHAUSTED"),
                "{client}: {}",
                report.log
            );
            assert!(report.seconds[0] < 12.0, "{client}: {report:?}");
        } else {
            assert!(report.seconds[0] < 3.0, "{client}: {report:?}");
        }
        // And what is small enough goes on.
        let report = client.send(installed, to, "plain", &["--bytes", "1000"]);
        assert!(report.succeeded(), "{client}: {report:?}");
        assert_eq!(intake.spans().len(), 1, "{client}");
    });
}

#[test]
fn clients_that_were_there_first_get_through() {
    each(|installed, client| {
        let intake = Intake::start();
        let addresses = Addresses::free();
        let to = client.address(addresses);
        let early = client.begin(installed, to, "plain", &[]);
        let early = if never_tries_again(client) {
            assert_eq!(early.end().results, ["failure"], "{client}");
            None
        } else {
            sleep(A_SECOND * 2);
            Some(early)
        };
        let _linkmend = Linkmend::start_at(addresses, &[&exporter(client, &intake, "")]);
        let early = early.unwrap_or_else(|| client.begin(installed, to, "plain", &[]));
        let report = early.end();
        assert!(report.succeeded(), "{client}: {report:?}");
        assert_eq!(intake.spans().len(), 1, "{client}: once");
    });
}
