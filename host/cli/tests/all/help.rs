//! What the command says of itself.

use crate::place::Place;

#[test]
fn help_tells_formats_exit_codes_limits_and_examples() {
    let done = Place::new().process("--help");
    assert_eq!(done.code, Some(0));
    let help = String::from_utf8(done.stdout).unwrap();
    // However the lines are wrapped.
    let text = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Exit codes:",
        "130 ended by SIGINT, SIGTERM or SIGHUP",
        "`batches_unmended` of --summary",
        "exports of Tempo",
        "Formats (recognised by content",
        "Examples:",
        "max_links",
        "[default: 128]",
        "The files are read twice",
        "linkmend process --explain 00f067aa0ba902b7 traces.jsonl",
        "[default: -, and nowhere with --explain]",
        "a file of YAML or JSON",
        "FILE@sha256:HEX",
        "`2:memory=128MiB`",
    ] {
        assert!(text.contains(part), "no `{part}` in:\n{help}");
    }
}

#[test]
fn short_help_is_short() {
    let done = Place::new().process("-h");
    let help = String::from_utf8(done.stdout).unwrap();
    assert!(help.lines().count() < 50, "{help}");
    assert!(help.contains("`linkmend process --help` has examples"));
}

#[test]
fn wrong_arguments_are_told() {
    let place = Place::with("in.jsonl", "");
    for (arguments, part) in [
        ("", "<INPUT>"),
        (
            "in.jsonl --format xml",
            "there are json, jsonl, proto and framed",
        ),
        ("in.jsonl --on-error ignore", "pass, drop, reject"),
        ("in.jsonl -j 0", "0 is not in 1..=1024"),
        ("in.jsonl --max-batch-bytes 0", "`0` is no size"),
        ("in.jsonl --max-batch-bytes 99999999999GiB", "is no size"),
        ("in.jsonl --no-such-flag", "--no-such-flag"),
    ] {
        place.process(arguments).fails(2, &[part]);
    }
}
