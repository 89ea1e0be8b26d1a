//! The built-in rule, held against recordings of real emitters
//! (`tests/recordings`): what it links, against who sent what by truth that
//! rests on no message id.

mod flows;
mod judge;
mod recording;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use linkmend_tests::arms::{Arm, Order};

use judge::Bench;
pub use judge::Judged;
pub use recording::{Recording, Variant};

/// Set it to write down anew what is found.
const WRITE: &str = "LINKMEND_WRITE_DOCS";
const COMMAND: &str = "cargo test -p linkmend-tests --test suite recordings";

/// Native, in the order of fields that the emitters wrote.
pub fn judged() -> &'static [(Recording, Judged)] {
    static JUDGED: OnceLock<Vec<(Recording, Judged)>> = OnceLock::new();
    JUDGED.get_or_init(|| {
        let mut bench = Bench::new(Arm::Native);
        let all = Recording::all().into_iter();
        all.map(|recording| {
            let judged = bench.judge(Order::Ascending, &recording);
            (recording, judged)
        })
        .collect()
    })
}

#[test]
fn no_link_leads_to_who_did_not_send_the_message() {
    let mut wrong = Vec::new();
    for (recording, judged) in judged() {
        wrong.extend(
            judged
                .wrong
                .iter()
                .map(|link| format!("{}: {link}", recording.name)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_but_links_is_changed_and_nothing_by_a_second_run() {
    for (recording, judged) in judged() {
        let name = &recording.name;
        assert_eq!(judged.changed, 0, "{name}: spans differ in more than links");
        assert_eq!(judged.untyped, 0, "{name}: links without a type");
        assert!(judged.is_settled, "{name}: a second run changes something");
        assert_eq!(
            judged.reasons, judged.reasons_again,
            "{name}: a second run gives other reasons"
        );
    }
}

/// Where advice ends, as docs/emitters.md says: these make none of the links.
const IN_VAIN: &[&str] = &["jvm/advice-nats-jetstream-off"];

#[test]
fn advice_that_was_followed_makes_the_links() {
    for (recording, judged) in judged() {
        if recording.advice.is_some() && recording.is_followed() {
            // An own span around a batch is what its ids lead to: of the trace
            // of who sent it.
            let made = judged.right + judged.near;
            let should = if IN_VAIN.contains(&&*recording.path()) {
                0
            } else {
                judged.need
            };
            assert_eq!(made, should, "{}: {judged:?}", recording.name);
        }
    }
}

/// The sandbox decides the same, and so does the other order of fields.
#[test]
fn every_arm_and_order_judges_alike() {
    for (arm, order) in [
        (Arm::Native, Order::Descending),
        (Arm::Sandbox, Order::Ascending),
        (Arm::Sandbox, Order::Descending),
    ] {
        let mut bench = Bench::new(arm);
        for (recording, native) in judged() {
            let other = bench.judge(order, recording);
            assert_eq!(&other, native, "{}: {arm:?}, {order:?}", recording.name);
        }
    }
}

#[test]
fn spans_of_an_intact_recording_do_not_wait() {
    for recording in Recording::all() {
        // Go Pub/Sub 2: `process` ends before `subscribe`, its parent, which has
        // the context; until then nobody can know.
        if recording.is_intact() && !recording.path().starts_with("go/pubsub-v2") {
            let held = judge::held(&recording);
            assert_eq!(held, Vec::<String>::new(), "{}", recording.name);
        }
    }
}

/// What is found in each recording is written down, so that nobody changes it
/// without seeing it.
#[test]
fn what_is_found_is_what_was_written_down() {
    let found: BTreeMap<String, String> = judged()
        .iter()
        .map(|(recording, judged)| (recording.path(), judged.to_string()))
        .collect();
    let lines = found.iter();
    let lines = lines.map(|(name, judged)| format!("{name:60} {judged}"));
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/found.txt");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let written = written.replace("\r\n", "\n");
    for (one, other) in text.lines().zip(written.lines()) {
        assert_eq!(one, other, "to write it anew: {WRITE}=1 {COMMAND}");
    }
    assert_eq!(text.lines().count(), written.lines().count());
}
