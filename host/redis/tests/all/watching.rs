//! Held spans are told of what another host remembers.

use linkmend::index::SharedStore as _;
use linkmend_tests::stores::Store;
use tokio::runtime::Builder;

use super::{LONG, connected, key, options, producer};

const NONE: [u64; 0] = [];

#[test]
fn what_is_new_is_told_once() {
    let Some(server) = Store::start("what is new is told", &[]) else {
        return;
    };
    let (one, other) = (connected(options(&server)), connected(options(&server)));
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut watcher = other.watcher();
    let mut look = |messages: std::ops::Range<u64>| {
        let awaited = messages.map(|message| (None, key(message))).collect();
        let mut news = runtime.block_on(watcher.poll(awaited));
        news.sort_by_key(|(_, key)| key.low);
        news.iter().map(|(_, key)| key.low).collect::<Vec<_>>()
    };
    let remember = |message, span| {
        one.remember(None, &[producer(message, span)], &[]);
        assert!(one.flush(LONG));
    };
    remember(1, 1);
    assert_eq!(look(0..3_000), [1]);
    assert_eq!(look(0..3_000), NONE);
    remember(2, 2);
    remember(2_999, 3);
    assert_eq!(look(0..3_000), [2, 2_999]);
    // Another one of the same message: the span may have waited for it.
    remember(1, 4);
    assert_eq!(look(0..3_000), [1]);
    // Nobody waits for it any more, and then somebody does.
    assert_eq!(look(5..10), NONE);
    assert_eq!(look(0..3), [1, 2]);
    // The store hangs: nothing is new, and what is known stays known.
    server.hang();
    assert_eq!(look(0..3), NONE);
    server.go_on();
    assert!(other.connect(LONG));
    assert_eq!(look(0..3), NONE);
}
