//! Components that import WASI: they are given one with nothing in it.

use super::*;

/// A guest that calls one function of WASI for a batch, and then does `rest`,
/// with what it was answered on the stack.
struct Caller<'a> {
    interface: &'a str,
    /// What the interface exports, in the text of its instance.
    exports: &'a str,
    function: &'a str,
    /// How the function is lowered.
    options: &'a str,
    /// Its core type.
    core: &'a str,
    rest: &'a str,
}

impl Caller<'_> {
    fn rule(&self) -> Rule {
        let Self {
            interface,
            exports,
            function,
            options,
            core,
            rest,
        } = self;
        let guest = format!(
            "(func $hostile (param i32 i32 i32) (result i32) {rest} (call $answer (i32.const 0)))"
        );
        let text = in_shell(&guest)
            .replacen(
                "(component",
                &format!("(component (import \"{interface}\" (instance $wasi {exports}))"),
                1,
            )
            .replacen(
                "(core module $rule",
                &format!(
                    "(core func $function (canon lower (func $wasi \"{function}\") {options}))
                     (core module $rule (import \"wasi\" \"function\" (func $function {core}))"
                ),
                1,
            )
            .replacen(
                "(with \"libc\" (instance $libc))",
                "(with \"libc\" (instance $libc))
                 (with \"wasi\" (instance (export \"function\" (func $function))))",
                1,
            );
        Rule::component("hostile.wasm", component(&text)).with_limits(LIMITS)
    }

    fn assert_well(&self) {
        let mended = processor(self.rule()).process(bait()).unwrap();
        assert_eq!(mended.faults, [], "{} {}", self.interface, self.function);
    }
}

const MEMORY: &str = "(memory $memory) (realloc $realloc)";

#[test]
fn time_stands_still() {
    Caller {
        interface: "wasi:clocks/monotonic-clock@0.2.6",
        exports: "(export \"now\" (func (result u64)))",
        function: "now",
        options: "",
        core: "(result i64)",
        rest: "(if (i64.ne (call $function) (i64.const 1)) (then (unreachable)))",
    }
    .assert_well();
    Caller {
        interface: "wasi:clocks/wall-clock@0.2.0",
        exports: "(type $time' (record (field \"seconds\" u64) (field \"nanoseconds\" u32)))
            (export \"datetime\" (type $time (eq $time'))) (export \"now\" (func (result $time)))",
        function: "now",
        options: "(memory $memory)",
        core: "(param i32)",
        rest: "(call $function (i32.const 1024))
            (if (i64.ne (i64.load (i32.const 1024)) (i64.const 0)) (then (unreachable)))",
    }
    .assert_well();
}

#[test]
fn there_are_no_variables_and_no_directories() {
    Caller {
        interface: "wasi:cli/environment@0.2.3",
        exports: "(export \"get-environment\" (func (result (list (tuple string string)))))",
        function: "get-environment",
        options: MEMORY,
        core: "(param i32)",
        rest: "(call $function (i32.const 1024))
            (if (i32.load (i32.const 1028)) (then (unreachable)))",
    }
    .assert_well();
    Caller {
        interface: "wasi:filesystem/preopens@0.2.3",
        exports: "(export \"descriptor\" (type $d (sub resource)))
            (export \"get-directories\" (func (result (list (tuple (own $d) string)))))",
        function: "get-directories",
        options: MEMORY,
        core: "(param i32)",
        rest: "(call $function (i32.const 1024))
            (if (i32.load (i32.const 1028)) (then (unreachable)))",
    }
    .assert_well();
}

#[test]
fn random_numbers_are_always_the_same() {
    let number = "(call $function)";
    let caller = |rest| Caller {
        interface: "wasi:random/random@0.2.6",
        exports: "(export \"get-random-u64\" (func (result u64)))",
        function: "get-random-u64",
        options: "",
        core: "(result i64)",
        rest,
    };
    let same = format!("(if (i64.ne {number} {number}) (then (unreachable)))");
    caller(&same).assert_well();
    Caller {
        interface: "wasi:random/insecure-seed@0.2.6",
        exports: "(export \"insecure-seed\" (func (result (tuple u64 u64))))",
        function: "insecure-seed",
        options: "(memory $memory)",
        core: "(param i32)",
        rest: "(call $function (i32.const 1024))
            (if (i64.eqz (i64.load (i32.const 1024))) (then (unreachable)))",
    }
    .assert_well();
}

#[test]
fn more_random_bytes_than_a_rule_is_given() {
    let caller = |length: u64| {
        let rest = format!("(call $function (i64.const {length}) (i32.const 1024))");
        let rule = Caller {
            interface: "wasi:random/random@0.2.6",
            exports: "(export \"get-random-bytes\" (func (param \"len\" u64) (result (list u8))))",
            function: "get-random-bytes",
            options: MEMORY,
            core: "(param i64 i32)",
            rest: &rest,
        }
        .rule();
        processor(rule).process(bait()).unwrap().faults
    };
    assert_eq!(caller(32), []);
    let told = caller(u64::MAX)[0].to_string();
    assert!(
        told.contains("more random bytes were asked for than a rule is given"),
        "{told}"
    );
}

#[test]
fn what_is_printed_goes_nowhere() {
    Caller {
        interface: "wasi:cli/stdout@0.2.3",
        exports: "(export \"output-stream\" (type $s (sub resource)))
            (export \"get-stdout\" (func (result (own $s))))",
        function: "get-stdout",
        options: "",
        core: "(result i32)",
        rest: "(drop (call $function))",
    }
    .assert_well();
}

#[test]
fn sleep_and_sockets_are_refused_by_name() {
    let sleep = Caller {
        interface: "wasi:clocks/monotonic-clock@0.2.6",
        exports: "(export \"pollable\" (type $p (sub resource)))
            (export \"subscribe-duration\" (func (param \"when\" u64) (result (own $p))))",
        function: "subscribe-duration",
        options: "",
        core: "(param i64) (result i32)",
        rest: "(drop (call $function (i64.const 1000000000)))",
    };
    let mended = processor(sleep.rule()).process(bait()).unwrap();
    assert_eq!(
        mended.faults[0].to_string(),
        "rule `hostile` failed: it trapped: wasi:clocks/monotonic-clock@0.2.6 subscribe-duration was called, and a \
         rule has no clock: what time it is, the spans say in hostile"
    );
    assert_eq!(mended.traces, Some(bait()));
}

/// A host that answered by name alone could be made to panic or to lie.
#[test]
fn a_function_of_wasi_with_a_type_of_its_own_is_a_fault() {
    for (exports, options, core, rest) in [
        ("(export \"now\" (func))", "", "", "(call $function)"),
        (
            "(export \"now\" (func (result string)))",
            MEMORY,
            "(param i32)",
            "(call $function (i32.const 1024))",
        ),
    ] {
        let caller = Caller {
            interface: "wasi:clocks/monotonic-clock@0.2.6",
            exports,
            function: "now",
            options,
            core,
            rest,
        };
        let processor = processor(caller.rule());
        let mended = processor.process(bait()).unwrap();
        assert_eq!(mended.faults.len(), 1, "{exports}");
        assert_eq!(mended.traces, Some(bait()));
        assert_goes_on(&processor);
    }
}

#[test]
fn wasi_that_is_no_interface_is_not_linked() {
    let import = "(import \"wasi:clocks/now@0.2.0\" (func (result u64)))";
    let text = in_shell("").replacen("(component", &format!("(component {import}"), 1);
    let error = load_error(Rule::component("hostile.wasm", component(&text)));
    let told = error.to_string();
    assert!(told.contains("it imports wasi:clocks/now@0.2.0"), "{told}");
}
