//! Whoever answers in place of a store has no say over the memory of this program.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use linkmend::index::SharedStore as _;
use linkmend_redis::{Address, Options, format};

use super::{LONG, TIMEOUT, connected, key, producer, spans};

/// More than a program may be made to keep.
const MUCH: usize = 512 << 20;

/// A server that is well until it is asked for a message: then it begins with `first`,
/// and goes on and on with `rest`, `MUCH` bytes in all. What it could say is counted.
fn talkative(first: &'static [u8], rest: &'static [u8]) -> (Address, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let said = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&said);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let said = Arc::clone(&counted);
            thread::spawn(move || answer(stream, first, rest, &said));
        }
    });
    let host = "127.0.0.1".into();
    (Address { host, port }, said)
}

fn answer(mut stream: TcpStream, first: &[u8], rest: &[u8], said: &AtomicUsize) {
    let mut asked = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut asked) {
        let text = String::from_utf8_lossy(&asked[..length]).into_owned();
        if !text.contains("MGET") {
            let commands = text.matches("PING").count() + text.matches("SELECT").count();
            let _ = stream.write_all("+PONG\r\n".repeat(commands).as_bytes());
            continue;
        }
        let block = rest.repeat((1 << 16) / rest.len());
        let mut done = stream.write_all(first);
        while done.is_ok() && said.load(Ordering::Relaxed) < MUCH {
            done = stream.write_all(&block);
            said.fetch_add(block.len(), Ordering::Relaxed);
        }
        return;
    }
}

/// One text without an end, texts without an end, nests, and lines that do not end. What
/// it can say is what it was asked for, and what lies in the buffers of two sockets.
#[test]
fn a_server_that_says_too_much_is_cut_short() {
    // The first part of a list is the answer for the key.
    let answers: [(&[u8], &[u8], u64); 5] = [
        (b"$1000000000\r\n", b"aaaaaaaaaaaaaaaa", 1),
        (b"*1000000000\r\n", b"$4\r\naaaa\r\n", 0),
        (b"*1000000000\r\n", b"_\r\n", 1),
        (b"+", b"aaaaaaaaaaaaaaaa", 1),
        (b"", b"*1\r\n", 1),
    ];
    for (first, rest, unanswered) in answers {
        let (address, said) = talkative(first, rest);
        let store = connected(Options {
            endpoints: vec![address],
            timeout: TIMEOUT,
            ..Options::default()
        });
        let begun = Instant::now();
        assert_eq!(store.recall(None, &[key(1)]).len(), 0);
        assert!(begun.elapsed() < TIMEOUT + Duration::from_millis(200));
        // It goes on until the connection is given up.
        let begun = Instant::now();
        let mut last = usize::MAX;
        while last != said.load(Ordering::Relaxed) {
            assert!(begun.elapsed() < LONG);
            last = said.load(Ordering::Relaxed);
            thread::sleep(Duration::from_millis(300));
        }
        assert!(last < 32 << 20, "{first:?}: {last} bytes");
        assert_eq!(store.stats().unanswered, unanswered);
        assert!(store.stats().failures > 0);
    }
}

/// Of a value with more members than are kept, the best are taken; and of a list with more
/// values than keys were asked for, those that were.
#[test]
fn an_answer_is_cut_to_what_was_asked_for() {
    let mut value = Vec::new();
    for span in 0..400 {
        format::put_member(&mut value, &producer(1, span), b"");
    }
    let head = format!("${}\r\n", value.len());
    let one = [head.as_bytes(), &value, b"\r\n"].concat();
    let list = [&b"*2\r\n"[..], &one, &one].concat().leak();
    let (address, _) = talkative(list, b"$-1\r\n");
    let store = connected(Options {
        endpoints: vec![address],
        timeout: TIMEOUT,
        ..Options::default()
    });
    let best: Vec<_> = (400 - 17..400).rev().collect();
    assert_eq!(spans(&store, 1), best);
}

/// Guarantees: an answer that is late is passed over when it comes: what is asked next on
/// the same connection gets its own.
#[test]
fn a_late_answer_is_nobody_elses() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let questions = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let questions = Arc::clone(&questions);
            thread::spawn(move || {
                let mut asked = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut asked) {
                    let text = String::from_utf8_lossy(&asked[..length]).into_owned();
                    let answer = if text.contains("MGET") {
                        let number = questions.fetch_add(1, Ordering::Relaxed) as u64;
                        if number == 0 {
                            thread::sleep(TIMEOUT + Duration::from_millis(50));
                        }
                        let mut value = Vec::new();
                        format::put_member(&mut value, &producer(number, number), b"");
                        let head = format!("*1\r\n${}\r\n", value.len());
                        [head.as_bytes(), &value, b"\r\n"].concat()
                    } else {
                        "+PONG\r\n".repeat(text.matches("PING").count()).into()
                    };
                    let _ = stream.write_all(&answer);
                }
            });
        }
    });
    let host = "127.0.0.1".into();
    let store = connected(Options {
        endpoints: vec![Address { host, port }],
        timeout: TIMEOUT,
        ..Options::default()
    });
    assert_eq!(spans(&store, 0), [0; 0]);
    for number in 1..4 {
        assert_eq!(spans(&store, number), [number]);
    }
    let stats = store.stats();
    assert_eq!(
        (stats.failures, stats.unanswered, stats.round_trips),
        (1, 1, 3)
    );
    assert_eq!(stats.servers_away, 0);
}
