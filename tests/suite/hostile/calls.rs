//! Guests that break out of a call: loops, traps, memory.

use std::time::{Duration, Instant};

use linkmend::Limits;

use super::{LIMITS, assert_fault, assert_fault_within, bait, guest, processor, rules};

const TIME: &str = "it ran longer than limits.call_time = 250ms in hostile";

#[test]
fn an_endless_loop_is_interrupted() {
    assert_fault(guest!("process-loop"), TIME);
}

#[test]
fn an_endless_loop_in_the_host_is_interrupted() {
    assert_fault(guest!("recall-loop"), TIME);
}

#[test]
fn the_interruption_comes_in_time() {
    for rule in rules(guest!("process-loop")) {
        let processor = processor(rule);
        let start = Instant::now();
        processor.process(bait()).unwrap();
        let took = start.elapsed();
        assert!(took >= LIMITS.call_time, "{took:?}");
        // On a machine that has no time for it the clock ends it.
        assert!(took < LIMITS.call_time * 40, "{took:?}");
    }
}

#[test]
fn the_longest_time_is_no_time_at_all_to_overflow() {
    let limits = Limits {
        init_time: Duration::MAX,
        call_time: Duration::MAX,
        ..LIMITS
    };
    for rule in rules("") {
        super::assert_goes_on(&processor(rule.with_limits(limits)));
    }
}

#[test]
fn memory_is_limited() {
    assert_fault(
        guest!("memory-growth"),
        "it needs more linear memory than limits.memory = 16777216 bytes",
    );
}

#[test]
fn tables_are_limited() {
    assert_fault(
        guest!("table-growth"),
        "it needs more table elements than limits.table_elements = 100000",
    );
}

#[test]
fn the_call_stack_is_limited() {
    assert_fault(guest!("recursion"), "its call stack is used up (512 KiB)");
}

#[test]
fn a_trap_is_told() {
    assert_fault(
        guest!("trap"),
        "it trapped: wasm `unreachable` instruction executed in hostile",
    );
}

#[test]
fn its_own_error_is_told() {
    assert_fault(
        guest!("says-error"),
        "it says: these spans are not to my taste",
    );
}

#[test]
fn its_own_error_is_cut_when_it_is_long() {
    let mut text = "a".repeat(1000);
    text.push_str("... (1048576 bytes)");
    assert_fault(guest!("says-too-much"), &format!("it says: {text}"));
}

#[test]
fn a_list_that_ends_outside_of_memory_is_a_trap() {
    assert_fault(
        guest!("lying-list"),
        "it trapped: list pointer/length out of bounds of memory",
    );
}

#[test]
fn an_answer_outside_of_memory_is_a_trap() {
    assert_fault(
        guest!("lying-answer"),
        "it trapped: pointer out of bounds of memory",
    );
}

#[test]
fn an_unknown_action_is_a_trap() {
    assert_fault(
        guest!("lying-action"),
        "it trapped: unexpected discriminant: 77",
    );
}

#[test]
fn a_gigabyte_of_edits_is_not_read() {
    let start = Instant::now();
    assert_fault(
        guest!("gigabyte"),
        "it trapped: list pointer/length out of bounds of memory",
    );
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn the_size_of_an_answer_is_limited() {
    assert_fault(
        guest!("large-output"),
        "it handed more to the host than limits.output = 2097152 bytes in one call",
    );
}

#[test]
fn the_size_of_an_argument_is_limited() {
    assert_fault(
        guest!("large-argument"),
        "it handed more to the host than limits.output = 2097152 bytes in one call",
    );
}

#[test]
fn limits_are_those_that_the_user_chose() {
    let limits = Limits {
        memory: 12 << 20,
        ..LIMITS
    };
    assert_fault_within(
        guest!("memory-growth"),
        limits,
        "it needs more linear memory than limits.memory = 12582912 bytes",
    );
}
