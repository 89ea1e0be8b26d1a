//! Rules that are replaced, time and again.

use std::process::Command;

use linkmend::{HoldOptions, Processor, Rule};
use linkmend_tests::guests::{component, in_shell};
use linkmend_tests::otlp::{batch, kind, span};

const RELOADS: usize = 1000;

/// What the process has in memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line
        .and_then(|line| line.split_whitespace().nth(1))
        .unwrap();
    kib.parse::<u64>().unwrap() << 10
}

/// In a process of its own, since the memory of a process is looked at.
#[test]
#[cfg(target_os = "linux")]
fn a_thousand_reloads_leave_memory_as_it_was() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "reload::reloading", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
#[ignore = "runs in a process of its own, started by the test above"]
fn reloading() {
    let guests = [
        in_shell(""),
        in_shell(";; another one\n(data (i32.const 1024) \"x\")"),
    ];
    let guests = guests.map(|text| component(&text));
    let rule = |number: usize| Rule::component("guest", guests[number % 2].clone());
    let processor = Processor::builder()
        .rule(rule(0))
        .hold(HoldOptions::default())
        .build()
        .unwrap();
    let traces = batch(vec![span(9, kind::SERVER, "good", Vec::new())]);
    let mut early = 0;
    for number in 1..=RELOADS {
        processor.replace_rules(vec![rule(number)]).unwrap();
        let mended = processor.process(traces.clone()).unwrap();
        assert_eq!((mended.faults.len(), mended.counts.links_added), (0, 1));
        if number == RELOADS / 10 {
            early = resident();
        }
    }
    let late = resident();
    // A leak of one instance each would be a hundred times as much.
    assert!(late < early + (16 << 20), "{early} bytes became {late}");
}
