//! Producers: what is answered is what the brokers have; logins and TLS.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use linkmend_kafka::{Acks, Compression, Pem, Producer, ProducerOptions, Sasl, SaslMechanism, Tls};

use crate::kafka::{Kafka, Secured};
use crate::support::{Runs, Taken, Taker, connection, member, producer_options, record, send};

/// Each way of compressing arrives, and a record that is too large is refused for good.
#[tokio::test(flavor = "multi_thread")]
async fn records_arrive_however_they_are_compressed() {
    let Some(kafka) = Kafka::start("compressions", 3) else {
        return;
    };
    let connection = connection(kafka.broker());
    let taken = Arc::new(Taken::default());
    let ways = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];
    for (round, compression) in (0_u64..).zip(ways) {
        let options = ProducerOptions {
            compression,
            acks: if round == 0 { Acks::Leader } else { Acks::All },
            ..producer_options(connection.clone())
        };
        let sending = Producer::new(options);
        send(&sending, "numbers", round * 100..(round + 1) * 100).await;
        sending.close().await;
    }
    let runs = Runs::start(member(connection.clone(), "numbers"), Taker::new(&taken));
    taken.wait(500).await;
    runs.end().await;
    let sending = Producer::new(producer_options(connection));
    let mut large = record("numbers", 1);
    large.value = Bytes::from(vec![b'x'; 3 << 20]);
    let error = sending.send(vec![large]).await.unwrap_err();
    assert!(!error.is_passing, "{error}");
    send(&sending, "numbers", 500..600).await;
}

/// Nobody is there: that passes, and is told in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_is_waited_for() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let options = ProducerOptions {
        timeout: Duration::from_secs(1),
        ..producer_options(connection(address))
    };
    let begun = std::time::Instant::now();
    let error = Producer::new(options)
        .send(vec![record("t", 1)])
        .await
        .unwrap_err();
    assert!(error.is_passing, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_a_password_over_tls() {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap();
    let identity = format!("{}{}", key.serialize_pem(), certificate.pem());
    let secured = Secured {
        login: Some(("linkmend".into(), "secret".into())),
        tls: Some((identity, authority_certificate.pem())),
    };
    let Some(kafka) = Kafka::start_secured("SASL over TLS", 3, &secured) else {
        return;
    };
    let mut connection = connection(kafka.broker());
    connection.tls = Some(Tls {
        authorities: Some(Pem::Text(authority_certificate.pem())),
        ..Tls::default()
    });
    connection.sasl = Some(Sasl {
        mechanism: SaslMechanism::Plain,
        username: "linkmend".into(),
        password: "secret".into(),
    });
    let sending = Producer::new(producer_options(connection.clone()));
    send(&sending, "numbers", 0..100).await;
    let taken = Arc::new(Taken::default());
    let runs = Runs::start(member(connection.clone(), "numbers"), Taker::new(&taken));
    taken.wait(100).await;
    runs.end().await;
    // A wrong password is told, and may be set right.
    if let Some(sasl) = &mut connection.sasl {
        sasl.password = "wrong".into();
    }
    let sending = Producer::new(producer_options(connection.clone()));
    let error = sending.send(vec![record("numbers", 1)]).await.unwrap_err();
    assert!(
        error.is_passing && error.text.contains("uthentication"),
        "{error}"
    );
    // Nor is anybody trusted.
    connection.tls = Some(Tls::default());
    let error = Producer::new(producer_options(connection))
        .send(vec![record("numbers", 1)])
        .await;
    error.unwrap_err();
}
