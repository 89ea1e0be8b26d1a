//! TLS to a real server, with a certificate that is made here.

use std::sync::Arc;
use std::time::Duration;

use linkmend_redis::{Address, Options, Store, Tls};
use linkmend_tests::stores;
use rcgen::{CertificateParams, KeyPair};
use rustls::{ClientConfig, RootCertStore};

use super::{LONG, TIMEOUT, connected, producer, remember, spans};

/// A server of which the port for TLS is 10,000 above the other one.
fn started(what: &str, certificate: &rcgen::Certificate, key: &KeyPair) -> Option<stores::Store> {
    let server = stores::installed(what)?;
    let folder = std::env::temp_dir().join(format!("linkmend-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let certificate = file("certificate.pem", certificate.pem());
    let key = file("key.pem", key.serialize_pem());
    let store = stores::Store::start(what, &[])?;
    let tls_port = (store.port + 10_000).to_string();
    for (name, value) in [
        ("tls-auth-clients", "no"),
        ("tls-cert-file", certificate.as_str()),
        ("tls-key-file", key.as_str()),
        ("tls-port", tls_port.as_str()),
    ] {
        let answer = store.ask(&["CONFIG", "SET", name, value]);
        if !answer.starts_with("+OK") {
            eprintln!("SKIPPED: {what}: {server} is built without TLS: {answer}");
            return None;
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    Some(store)
}

fn options(server: &stores::Store, trusted: &rcgen::Certificate) -> Options {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    Options {
        endpoints: vec![Address {
            host: "localhost".into(),
            port: server.port + 10_000,
        }],
        tls: Some(Tls {
            config: Arc::new(move || Arc::clone(&config)),
            server_name: None,
        }),
        timeout: TIMEOUT,
        ..Options::default()
    }
}

fn certificate() -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap(), key)
}

#[test]
fn a_server_with_tls_is_asked_and_another_one_is_not_trusted() {
    let (shown, key) = certificate();
    let Some(server) = started("TLS", &shown, &key) else {
        return;
    };
    let store = connected(options(&server, &shown));
    remember(&store, &[producer(1, 10)]);
    assert!(store.flush(LONG));
    assert_eq!(spans(&store, 1), [10]);
    // It is what stands in the server, and not something that was made up on the way.
    assert_eq!(server.ask(&["DBSIZE"]), ":1\r\n");

    let (other, _) = certificate();
    let distrustful = Store::start(options(&server, &other)).unwrap();
    assert!(!distrustful.connect(Duration::from_secs(1)));
    let why = distrustful.connection_error().unwrap();
    assert!(why.contains("TLS") && why.contains("certificate"), "{why}");
}
