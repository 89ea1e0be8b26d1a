//! `process --index`: several runs with one memory.

use linkmend_tests::stores::{Cluster, Store};

use crate::place::Place;
use crate::traces::{consumer, line, links, producers};

#[test]
fn what_one_run_remembers_another_finds() {
    let Some(mut server) = Store::start("process --index", &[]) else {
        return;
    };
    let url = server.url();
    let producing: String = (0..100).map(|message| line(producers(message))).collect();
    let consuming: String = (0..100).map(|message| line([consumer(message)])).collect();
    let one = Place::with("in.jsonl", producing);
    one.process(&format!("in.jsonl -o out.jsonl --index {url}"))
        .well();
    let other = Place::with("in.jsonl", consuming);
    let apart = format!("in.jsonl -o apart.jsonl --index {url} --index-prefix other");
    other.process(&apart).well();
    assert_eq!(links(&other.read("apart.jsonl")).len(), 0);
    other
        .process(&format!("in.jsonl -o out.jsonl --index {url}"))
        .well();
    assert_eq!(links(&other.read("out.jsonl")).len(), 100);
    server.kill();
    let away = other.process(&format!("in.jsonl -o away.jsonl --index {url}"));
    away.fails(2, &["--index: 127.0.0.1:", "refused"]);
}

#[test]
fn a_cluster_is_asked_as_one() {
    let Some(cluster) = Cluster::start("process --index-cluster") else {
        return;
    };
    let urls: Vec<_> = cluster.stores.iter().take(2).map(Store::url).collect();
    let urls = urls.join(",");
    let producing: String = (0..100).map(|message| line(producers(message))).collect();
    let consuming: String = (0..100).map(|message| line([consumer(message)])).collect();
    let one = Place::with("in.jsonl", producing);
    let index = format!("--index {urls} --index-cluster");
    one.process(&format!("in.jsonl -o out.jsonl {index}"))
        .well();
    let other = Place::with("in.jsonl", consuming);
    other
        .process(&format!("in.jsonl -o out.jsonl {index}"))
        .well();
    assert_eq!(links(&other.read("out.jsonl")).len(), 100);
    // One that is not said to be a cluster.
    let first = cluster.stores[0].url();
    let done = other.process(&format!("in.jsonl -o no.jsonl --index {first}"));
    done.fails(2, &["is a server of a cluster; add `--index-cluster`"]);
}

#[test]
fn a_url_that_is_none_is_told() {
    let place = Place::with("in.jsonl", "");
    for (url, told) in [
        (
            "localhost",
            "it is no URL of a store; it takes redis://host:6379",
        ),
        (
            "redis://me:hunter2@host",
            "credentials in a URL are not supported",
        ),
        (
            "redis://a,rediss://b",
            "of the servers of one store, all or none have TLS",
        ),
        (
            "redis://a/3,redis://b/3 --index-cluster",
            "a cluster has the database 0 alone; leave out `/3`",
        ),
    ] {
        let done = place.process(&format!("in.jsonl --index {url}"));
        done.fails(2, &[told]);
    }
}
