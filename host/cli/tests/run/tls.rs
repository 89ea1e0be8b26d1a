//! TLS to the backend, and to senders.

use crate::support::intake::tls::Authority;
use crate::support::intake::{Intake, Tls};
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, request, span};

#[test]
fn a_backend_that_asks_for_a_certificate_gets_it() {
    let place = tempfile::tempdir().unwrap();
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let client = clients.sign(&["linkmend.example"]);
    let tls = Tls::new(&servers.sign(&["backend.example"]), Some(&clients));
    let intake = Intake::with_tls(tls);
    servers.file(place.path());
    client.files(place.path(), "client");
    let tls = "{ca_file: PLACE/ca.pem, cert_file: PLACE/client.pem, key_file: PLACE/client.key, \
               server_name_override: backend.example}";
    let address = intake.address;
    let exporter = format!(
        "
exporters:
  otlp_grpc: {{endpoint: '{address}', tls: {tls}}}
  otlp_http: {{endpoint: 'https://{address}', tls: {tls}}}
service:
  pipelines:
    traces: {{receivers: [otlp], processors: [linkmend], exporters: [otlp_grpc, otlp_http]}}
"
    );
    let linkmend = Linkmend::start_in(place, &[&exporter]);
    let one = request(vec![span(1, Role::Plain)]);
    Sender::new().grpc(linkmend.addresses.grpc, one).unwrap();
    assert_eq!(intake.spans().len(), 2, "both exporters");
    let peers = intake.peers();
    assert_eq!(peers.len(), 2);
    for peer in peers {
        assert_eq!(peer.server_name.as_deref(), Some("backend.example"));
        assert_eq!(peer.certificate.as_ref(), Some(client.der()));
    }
}

#[test]
fn a_backend_of_another_authority_gets_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (mine, other) = (Authority::new("mine"), Authority::new("other"));
    let intake = Intake::with_tls(Tls::new(&other.sign(&["127.0.0.1"]), None));
    mine.file(place.path());
    let keys = format!(
        "endpoint: '{}', tls: {{ca_file: PLACE/ca.pem}}, retry_on_failure: {{enabled: false}}",
        intake.address
    );
    let linkmend = Linkmend::start_in(place, &[&linkmend::exporter("otlp_grpc", &keys)]);
    let one = request(vec![span(1, Role::Plain)]);
    let refusal = Sender::new()
        .grpc(linkmend.addresses.grpc, one)
        .unwrap_err();
    assert!(refusal.message().contains("certificate"), "{refusal:?}");
    assert!(intake.requests().is_empty());
}
