//! What is remembered of messages, and where, in the configuration.

use std::time::Duration;

use linkmend_pipeline::service::{Options, Service};

use crate::support::{faults, linkmend, read, with};

fn index(lines: &str) -> String {
    with("processors", "linkmend", &format!("index: {{{lines}}}"))
}

fn redis(lines: &str) -> String {
    index(&format!("redis: {{{lines}}}"))
}

#[test]
fn a_shared_index_is_read() {
    let config = read(&[&redis(
        "endpoints: ['rediss://a:7000', 'rediss://[::1]'], cluster: true, username: me, password: \
         '${env:TOKEN}', key_prefix: ours, timeout: 20ms, queue_size: 7, tls: {ca_file: ca.pem}",
    )]);
    let of = &linkmend(&config, "linkmend").index;
    let redis = of.redis.as_ref().unwrap();
    let urls: Vec<_> = redis
        .endpoints
        .iter()
        .map(|url| url.address.to_string())
        .collect();
    assert_eq!(urls, ["a:7000", "[::1]:6379"]);
    assert!(redis.cluster && redis.endpoints[0].tls);
    assert_eq!(redis.username.as_deref(), Some("me"));
    assert_eq!(redis.password.as_ref().unwrap().expose(), "Bearer s3cret");
    assert_eq!((redis.key_prefix.as_str(), redis.queue_size), ("ours", 7));
    assert_eq!(redis.timeout, Duration::from_millis(20));
    assert!(!format!("{config:?}").contains("s3cret"));
    let short = read(&[&redis_at("redis://localhost/2")]);
    let redis = linkmend(&short, "linkmend").index.redis.clone().unwrap();
    assert_eq!(
        (redis.endpoints[0].database, redis.endpoints[0].tls),
        (2, false)
    );
    assert_eq!(redis.timeout, Duration::from_millis(50));
    assert_eq!(linkmend(&read(&[&index("")]), "linkmend").index.redis, None);
}

fn redis_at(url: &str) -> String {
    redis(&format!("endpoint: '{url}'"))
}

/// Each with its place in the file.
#[test]
fn what_is_wrong_with_a_shared_index_is_told() {
    let place = "linkmend.yaml: line 3, column ";
    let mut wrong = Vec::new();
    for (text, key, told) in [
        (
            redis("cluster: true"),
            "endpoint",
            "is missing; it takes redis://host:6379",
        ),
        (
            redis("endpoints: []"),
            "endpoints",
            "it is empty; name a server",
        ),
        (
            redis_at("localhost:6379"),
            "endpoint",
            "`localhost:6379` is no URL of a store; it takes redis://host:6379",
        ),
        (
            redis_at("redis://me:hunter2@host"),
            "endpoint",
            "credentials in an endpoint are not supported",
        ),
        (
            redis("endpoint: 'redis://a', endpoints: ['redis://b']"),
            "endpoints",
            "`endpoint` is given too; give one of them",
        ),
        (
            redis("endpoints: ['redis://a', 'rediss://b']"),
            "endpoints",
            "all of them take the same scheme and database",
        ),
        (
            redis("endpoint: 'redis://a/1', cluster: true"),
            "cluster",
            "a cluster has the database 0 alone",
        ),
        (
            redis("endpoint: 'rediss://a', tls: {insecure: true}"),
            "insecure",
            "the URL asks for TLS; remove this, or write `redis://`",
        ),
        (
            redis("endpoint: 'redis://a', username: me"),
            "username",
            "it has no `password`; give it too",
        ),
        (
            redis("endpoint: 'redis://a', key_prefix: 'a{b}'"),
            "key_prefix",
            "braces would put all keys on one server of a cluster",
        ),
        (
            redis("endpoint: 'redis://a', timeout: 0s"),
            "timeout",
            "it takes a duration above 0",
        ),
        (
            redis("endpoint: 'redis://a', endpiont: b"),
            "endpiont",
            "unknown key; the nearest is `endpoint`",
        ),
        (
            index("storage: file_storage, redis: {endpoint: 'redis://a'}"),
            "storage",
            "the store keeps what is remembered over a restart; remove this, or `redis`",
        ),
        (
            index("storage: file_storage"),
            "index.storage",
            "the extension `file_storage` is not defined under `extensions`",
        ),
    ] {
        let faults = faults(&[&text]);
        let is_told = faults.contains(told) && faults.contains(key) && faults.contains(place);
        if !is_told || faults.contains("hunter2") {
            wrong.push((told, faults));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Certificates are read before anything is connected to.
#[test]
fn a_certificate_that_is_not_there_is_told_by_its_key() {
    let text = redis("endpoint: 'rediss://a', tls: {ca_file: /nowhere/ca.pem}");
    let Err(errors) = Service::new(read(&[&text]), &Options::default()) else {
        panic!("it was made");
    };
    let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let begin = "processors.linkmend.index.redis.tls.ca_file: ";
    assert!(told.iter().any(|told| told.starts_with(begin)), "{told:?}");
}
