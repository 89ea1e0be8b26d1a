#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
use super::*;

/// A batch of one resource, told apart from others by one byte.
fn batch(sender: u8, number: u8) -> Vec<u8> {
    // resource_spans { resource { attributes: sender } schema_url: number }
    vec![0x0a, 8, 0x0a, 3, 0x0a, 1, sender, 0x1a, 1, number]
}

struct Court {
    blame: Blame,
    now: Instant,
}

impl Court {
    fn new() -> Self {
        Self {
            blame: Blame::new(),
            now: Instant::after_start(Duration::ZERO),
        }
    }

    /// Whether the rule is shown it.
    fn is_shown(&self, batch: &[u8]) -> bool {
        self.ask(batch).is_ok()
    }

    fn ask(&self, batch: &[u8]) -> Result<(), FaultReason> {
        self.blame
            .ask(self.blame.suspect(Tasks::MEND, batch, None), self.now)
    }

    fn fails(&self, batch: &[u8], milliseconds: u64) {
        let suspect = self.blame.suspect(Tasks::MEND, batch, None);
        let took = Duration::from_millis(milliseconds);
        self.blame.failed(suspect, took, self.now);
    }

    fn goes_well(&self, batch: &[u8]) {
        let suspect = self.blame.suspect(Tasks::MEND, batch, None);
        self.blame.succeeded(suspect, self.now);
    }

    fn later(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }
}

#[test]
fn a_bad_batch_is_not_shown_again_so_soon() {
    let mut court = Court::new();
    court.fails(&batch(1, 1), 0);
    let again = court.ask(&batch(1, 1)).unwrap_err();
    assert!(matches!(again, FaultReason::Again { .. }), "{again}");
    assert!(court.is_shown(&batch(1, 2)));
    assert!(court.is_shown(&batch(2, 1)));
    let bad = batch(1, 1);
    let other = court.blame.suspect(Tasks::REMEMBER, &bad, None);
    assert!(court.blame.ask(other, court.now).is_ok());
    court.later(10_000);
    assert!(court.is_shown(&batch(1, 1)));
}

#[test]
fn only_so_many_bad_batches_are_known() {
    let court = Court::new();
    for number in 0..=255 {
        court.fails(&batch(1, number), 0);
        court.fails(&batch(2, number), 0);
    }
    assert_eq!(court.blame.state.lock().bad.len(), MOST_BAD);
    assert!(court.is_shown(&batch(1, 0)));
    assert!(!court.is_shown(&batch(2, 255)));
}

#[test]
fn what_fails_at_once_leaves_nobody_alone() {
    let court = Court::new();
    for number in 0..200 {
        for sender in 0..20 {
            court.fails(&batch(sender, number), 0);
        }
    }
    assert!(court.is_shown(&batch(1, 201)));
    assert!(court.is_shown(&batch(30, 1)));
}

#[test]
fn a_sender_whose_batches_take_their_time_to_fail_is_left_alone_and_nobody_else() {
    let mut court = Court::new();
    for number in 0..5 {
        assert!(court.is_shown(&batch(1, number)), "{number}");
        court.fails(&batch(1, number), 300);
    }
    let alone = court.ask(&batch(1, 9)).unwrap_err();
    assert!(
        matches!(alone, FaultReason::Sender { faults: 5, .. }),
        "{alone}"
    );
    assert!(court.is_shown(&batch(2, 1)));
    // Twice as long each time.
    for (number, wait) in [(10, 100), (11, 200), (12, 400)] {
        court.later(wait - 1);
        assert!(!court.is_shown(&batch(1, number)), "{wait}");
        court.later(1);
        assert!(court.is_shown(&batch(1, number)), "{wait}");
        court.fails(&batch(1, number), 300);
    }
    court.later(800);
    court.goes_well(&batch(1, 13));
    for number in 20..40 {
        court.fails(&batch(1, number), 300);
        assert!(court.is_shown(&batch(1, 200)), "{number}");
    }
    court.later(10_000);
    court.fails(&batch(1, 40), 300);
    assert!(!court.is_shown(&batch(1, 200)));
}

/// Others may call themselves as a sender does: as long as batches of that name
/// go well, they are tried.
#[test]
fn who_takes_the_name_of_another_does_not_stop_it() {
    let mut court = Court::new();
    court.goes_well(&batch(1, 0));
    for number in 1..100 {
        court.fails(&batch(1, number), 1000);
        court.later(1000);
        assert!(court.is_shown(&batch(1, 200)), "{number}");
        if number % 9 == 0 {
            court.goes_well(&batch(1, 0));
        }
    }
}

#[test]
fn a_rule_that_fails_on_everything_is_left_alone() {
    let mut court = Court::new();
    for round in 0..4 {
        for sender in 0..5 {
            assert!(court.is_shown(&batch(sender, round)));
            court.fails(&batch(sender, round), 251);
        }
    }
    let alone = court.ask(&batch(9, 9)).unwrap_err();
    assert!(
        matches!(alone, FaultReason::Circuit { faults: 20, .. }),
        "{alone}"
    );
    court.later(100);
    assert!(court.is_shown(&batch(9, 9)));
    court.goes_well(&batch(9, 9));
    assert!(court.is_shown(&batch(10, 9)));
}

#[test]
fn one_sender_does_not_make_a_rule_bad_nor_do_many_while_others_are_well() {
    let mut court = Court::new();
    for number in 0..100 {
        court.fails(&batch(1, number), 1000);
    }
    assert!(court.is_shown(&batch(2, 1)));

    // It makes up senders, while another one is well.
    court.goes_well(&batch(2, 1));
    for number in 0..100 {
        court.fails(&batch(3 + number, 1), 1000);
        court.later(90);
        assert!(court.is_shown(&batch(200, 1)), "{number}");
    }
    // Nobody has been well for a while: whoever was before still is tried.
    court.later(2000);
    court.fails(&batch(220, 1), 1000);
    assert!(!court.is_shown(&batch(200, 1)));
    assert!(court.is_shown(&batch(2, 2)));
}

#[test]
fn senders_that_are_made_up_take_no_memory() {
    let court = Court::new();
    for number in 0..10_000_u32 {
        let [a, b, ..] = number.to_le_bytes();
        let batch = vec![0x0a, 6, 0x0a, 4, 0x0a, 2, a, b];
        court.goes_well(&batch);
    }
    assert!(court.blame.state.lock().senders.len() <= MOST_SENDERS);
}
