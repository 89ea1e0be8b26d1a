//! `process --index`: several runs with one memory.

use linkmend_tests::stores::Store;

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
    ] {
        let done = place.process(&format!("in.jsonl --index {url}"));
        done.fails(2, &[told]);
    }
}
