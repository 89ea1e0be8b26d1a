//! Components that are no rules, and rules that fail before their first batch.

use std::time::{Duration, Instant};

use linkmend::{Limits, Rule};

use super::{
    LIMITS, PATIENT, WORLDS, assert_goes_on, component, guest, in_shell, in_shell_of, load_error,
    processor, rules,
};

/// What a user reads when this text is loaded as a component.
fn told(text: &str) -> String {
    told_of_bytes(component(text))
}

fn told_of_bytes(bytes: Vec<u8>) -> String {
    let rule = Rule::component("hostile.wasm", bytes).with_limits(LIMITS);
    let text = load_error(rule).to_string();
    let reason = text.strip_prefix("rule `hostile.wasm` cannot be loaded: ");
    reason.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// The same of a guest, in whatever world.
fn told_of_guest(guest: &str) -> String {
    let [one, others @ ..] = WORLDS.map(|world| told(&in_shell_of(world, guest)));
    for other in others {
        assert_eq!(one, other, "another reason in another world");
    }
    one
}

#[test]
fn an_endless_loop_in_a_start_function() {
    let start = Instant::now();
    assert_eq!(
        told_of_guest(guest!("init-loop")),
        "it failed while it was being instantiated: it ran longer than limits.init_time = 300ms in start"
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_endless_loop_in_configure() {
    assert_eq!(
        told_of_guest(guest!("configure-loop")),
        "it failed while it was being configured: it ran longer than limits.init_time = 300ms"
    );
}

#[test]
fn a_trap_in_describe() {
    assert_eq!(
        told_of_guest(guest!("describe-trap")),
        "it failed while it was describing itself: it trapped: wasm `unreachable` instruction executed"
    );
}

#[test]
fn a_configuration_that_it_refuses() {
    assert_eq!(
        told_of_guest(guest!("configure-refuses")),
        "it refuses its configuration: `max_links` must be a number: write {\"max_links\": 128}"
    );
}

#[test]
fn a_name_that_is_none() {
    assert_eq!(
        told_of_guest(guest!("bad-name")),
        "it calls itself \"a\\nb c-d\"; a name has 1 to 64 lower-case letters, digits, `-`, `_` and `.`"
    );
}

#[test]
fn more_keys_than_can_be_looked_for() {
    for rule in rules(guest!("many-keys")) {
        let error = load_error(rule.with_limits(PATIENT)).to_string();
        assert_eq!(
            error,
            "rule `hostile.wasm` cannot be loaded: it wants spans by 100000 attribute keys and prefixes, and at most 1000 are looked for"
        );
    }
}

#[test]
fn a_plan_of_a_terabyte() {
    let start = Instant::now();
    assert_eq!(
        told_of_guest(guest!("amplified-plan")),
        "it failed while it was being configured: it handed more to the host than limits.output = 2097152 bytes in one call"
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn too_much_memory_from_the_start() {
    assert_eq!(
        told_of_guest(guest!("memory-at-init")),
        "it failed while it was being instantiated: it needs more linear memory than limits.memory = 16777216 bytes"
    );
}

#[test]
fn too_many_table_elements_from_the_start() {
    for guest in [guest!("table-at-init"), guest!("many-tables")] {
        assert_eq!(
            told_of_guest(guest),
            "it failed while it was being instantiated: it needs more table elements than limits.table_elements = 100000"
        );
    }
}

#[test]
fn another_world() {
    let text = in_shell("").replace("linkmend:rule/batch@", "linkmend:rule/span@");
    assert_eq!(
        told(&text),
        "it does not export `linkmend:rule/batch@0.2.0`, as a rule must (or `spans` in the place of `batch`); \
         it exports linkmend:rule/lifecycle@0.2.0, linkmend:rule/span@0.2.0"
    );
}

#[test]
fn no_exports_at_all() {
    assert_eq!(
        told("(component)"),
        "it does not export `linkmend:rule/lifecycle@0.2.0`, as a rule must (or `spans` in the place of `batch`); it exports nothing"
    );
}

#[test]
fn other_versions() {
    for version in ["0.9.0", "1.0.0", "0.0.1", "0.20.0", "0.2.0-rc.1"] {
        let text = in_shell("").replace("@0.2.0", &format!("@{version}"));
        assert_eq!(
            told(&text),
            format!(
                "it was built against linkmend:rule@{version}, and this linkmend runs the worlds of \
                 linkmend:rule@0.2.0, and batch-rule of 0.1; build it against wit/ of this version"
            )
        );
    }
}

#[test]
fn another_version_of_one_import() {
    let text = in_shell("").replace("rule/index@0.2.0", "rule/index@0.3.0");
    assert_eq!(
        told(&text),
        "it was built against linkmend:rule@0.3.0, and this linkmend runs the worlds of \
         linkmend:rule@0.2.0, and batch-rule of 0.1; build it against wit/ of this version"
    );
}

#[test]
fn a_patch_version_fits() {
    for world in WORLDS {
        let text = in_shell_of(world, "").replace("@0.2.0", "@0.2.7");
        let rule = Rule::component("hostile.wasm", component(&text));
        assert_goes_on(&processor(rule));
    }
}

#[test]
fn an_export_without_its_function() {
    let text = in_shell("").replace("(export \"configure\" (func $configure))", "");
    let told = told(&text);
    assert!(
        told.starts_with("it does not fit the interface linkmend:rule: ")
            && told.contains("configure"),
        "{told}"
    );
}

#[test]
fn an_export_of_another_type() {
    for world in WORLDS {
        let text = in_shell_of(world, "").replace(
            "(export \"process\" (func $process))",
            "(export \"process\" (func $describe))",
        );
        let told = told(&text);
        assert!(
            told.starts_with("it does not fit the interface linkmend:rule: ")
                && told.contains("type mismatch with parameters"),
            "{told}"
        );
    }
}

#[test]
fn an_import_that_does_not_exist() {
    let clock =
        "(import \"linkmend:rule/clock@0.2.0\" (instance (export \"now\" (func (result u64)))))";
    let text = in_shell("").replacen("(component", &format!("(component {clock}"), 1);
    assert_eq!(
        told(&text),
        "it imports linkmend:rule/clock@0.2.0, and a rule is given nothing but linkmend:rule/index@0.2.0, linkmend:rule/log@0.2.0, \
         and a WASI with nothing in it"
    );
}

#[test]
fn a_function_of_the_index_that_does_not_exist() {
    let text = in_shell("").replace(
        "(export \"recall\" (func (param \"keys\"",
        "(export \"forget\" (func)) (export \"recall\" (func (param \"keys\"",
    );
    let told = told(&text);
    assert!(
        told.starts_with("it does not fit the interface linkmend:rule: ")
            && told.contains("forget"),
        "{told}"
    );
}

#[test]
fn a_core_module() {
    assert_eq!(
        told("(module (func (export \"process\")))"),
        "it is a WebAssembly core module, not a component; make one of it with `linkmend rule component FILE`"
    );
}

#[test]
fn not_wasm() {
    for bytes in [&b""[..], b"\0as", b"#!/bin/sh\nexit 0\n", b"(component)"] {
        assert_eq!(
            told_of_bytes(bytes.to_vec()),
            "it is not a WebAssembly component (no `\\0asm` header)"
        );
    }
    let header = b"\0asm\x07\0\x05\0".to_vec();
    assert_eq!(
        told_of_bytes(header),
        "the component is not valid: its header is damaged"
    );
}

#[test]
fn truncated() {
    let whole = component(&in_shell(""));
    for length in (8..whole.len()).step_by(whole.len() / 20) {
        let told = told_of_bytes(whole[..length].to_vec());
        // Cut between two sections it is a smaller component.
        assert!(
            told.starts_with("the component is not valid: ")
                || told.starts_with("it does not export"),
            "{length}: {told}"
        );
    }
}

#[test]
fn a_file_that_is_not_there() {
    let error = load_error(Rule::file("guests/no-such-rule.wasm")).to_string();
    assert!(
        error.starts_with(
            "rule `guests/no-such-rule.wasm` cannot be loaded: the file cannot be read: "
        ),
        "{error}"
    );
}

#[test]
fn much_memory_from_the_start_is_no_reason_for_a_new_instance() {
    // The shell has 8 MiB: more than half of this.
    let limits = Limits {
        memory: 9 << 20,
        ..LIMITS
    };
    let guest = "(global $calls (mut i32) (i32.const 0))
        (func $hostile (param i32 i32 i32) (result i32)
          (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
          (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
          ;; A link, from the second call on.
          (call $answer (i32.gt_u (global.get $calls) (i32.const 1))))";
    for rule in rules(guest) {
        let processor = processor(rule.with_limits(limits));
        assert_eq!(processor.process(super::bait()).unwrap().faults, []);
        let again = processor.process(super::bait()).unwrap();
        assert_eq!(again.counts.links_added, 1, "a new instance was made");
    }
}
