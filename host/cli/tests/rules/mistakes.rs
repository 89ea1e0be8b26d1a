//! Mistakes put into the rule of each template on purpose: what `linkmend rule test`
//! says of each is enough to find it.
//!
//! Components of Python and JavaScript are large, each mistake is another one, and Rust
//! compiles its standard library first: these are made where `LINKMEND_FOLLOW_DOCS` asks
//! for it, and compiled by a release build.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::docs::ASKED;
use crate::toolchains::{build, installed, repository};

/// A rule as `linkmend rule new` writes it.
struct Written {
    folder: TempDir,
    name: String,
    toolchains: PathBuf,
}

/// A mistake: what takes the place of the line that begins like this, and what is
/// then said.
struct Mistake {
    line: &'static str,
    becomes: &'static str,
    /// All of these; `{line}` is the first line of what took the place, and `{line+1}`
    /// the next one.
    said: &'static [&'static str],
}

fn linkmend(folder: &Path, arguments: &[&str]) -> Output {
    let program = if std::env::var_os(ASKED).is_some() {
        repository("target/release/linkmend")
    } else {
        env!("CARGO_BIN_EXE_linkmend").into()
    };
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn is_there(command: &str) -> bool {
    let found = Command::new(command).arg("version").output();
    let is_there = found.is_ok();
    if !is_there {
        eprintln!("SKIPPED: {command} is not installed");
    }
    is_there
}

fn is_asked() -> bool {
    let is_asked = std::env::var_os(ASKED).is_some();
    if !is_asked {
        eprintln!("SKIPPED: mistakes in large components are made where {ASKED} is set");
    }
    is_asked
}

impl Written {
    fn new(language: &str) -> Option<Self> {
        let toolchains = installed()?;
        let folder = tempfile::tempdir().unwrap();
        let name = format!("{language}-jobs");
        let done = linkmend(folder.path(), &["rule", "new", "--lang", language, &name]);
        assert!(done.status.success(), "{done:?}");
        Some(Self {
            folder,
            name,
            toolchains,
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// What `rule test` says, of the rule as it is.
    fn tested(&self) -> String {
        let built = build(&self.path(), &self.toolchains);
        assert!(built.status.success(), "{built:?}");
        let rule = format!("{}.wasm", self.name);
        let limit = "call_time=300ms";
        let arguments = [
            "rule", "test", &rule, "--filter", "one-job", "--limit", limit,
        ];
        let done = linkmend(&self.path(), &arguments);
        String::from_utf8(done.stdout).unwrap() + &String::from_utf8_lossy(&done.stderr)
    }

    fn assert_found(&self, file: &str, mistakes: &[Mistake]) {
        let path = self.path().join(file);
        let right = std::fs::read_to_string(&path).unwrap();
        for mistake in mistakes {
            assert!(right.contains(mistake.line), "{}", mistake.line);
            let wrong = right.replacen(mistake.line, mistake.becomes, 1);
            std::fs::write(&path, wrong).unwrap();
            let told = self.tested();
            let before = right.split(mistake.line).next().unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            for part in mistake.said {
                let part = part.replace("{line}", &line.to_string());
                let part = part.replace("{line+1}", &(line + 1).to_string());
                assert!(told.contains(&part), "{}: {part}\n{told}", mistake.becomes);
            }
        }
        std::fs::write(&path, right).unwrap();
        let told = self.tested();
        assert!(told.contains("1 passed, 0 failed"), "{told}");
    }
}

#[test]
fn in_rust() {
    let Some(written) = is_asked().then(|| Written::new("rust")).flatten() else {
        return;
    };
    let line = "        for creator in found.nearest(span) {";
    let mistakes = [
        Mistake {
            line,
            becomes: "        linkmend_rule::log!(Info, \"found {}\", found.iter().count());\n        for creator in found.nearest(span) {",
            said: &["the rule says (info): found 1", "1 passed"],
        },
        Mistake {
            line,
            becomes: "        println!(\"looks at {}\", found.iter().count());\n        eprintln!(\"odd\");\n        for creator in found.nearest(span) {",
            said: &[
                "the rule says (info): looks at 1",
                "the rule says (error): odd",
                "1 passed",
            ],
        },
        Mistake {
            line,
            becomes: "        let known: Vec<u8> = found.iter().map(|_| 1).collect();\n        let _ = known[7 + known.len()];\n        for creator in found.nearest(span) {",
            said: &[
                "panic: index out of bounds: the len is 1 but the index is 8 (src/lib.rs, line {line+1})",
                "at span ",
                "(export)",
            ],
        },
        Mistake {
            line,
            becomes: "        edits.drop(span.links().next().unwrap().number, linkmend_rule::DropReason::Unwanted);\n        for creator in found.nearest(span) {",
            said: &[
                "panic: called `Option::unwrap()` on a `None` value (src/lib.rs, line {line})",
                "at span ",
            ],
        },
        Mistake {
            line,
            becomes: "        let mut turns = found.iter().count();\n        while std::hint::black_box(turns) > 0 { turns = turns.max(1); }\n        for creator in found.nearest(span) {",
            said: &["it ran longer than limits.call_time = 300ms in "],
        },
    ];
    written.assert_found("src/lib.rs", &mistakes);
}

#[test]
fn in_python() {
    let Some(written) = is_asked().then(|| Written::new("python")).flatten() else {
        return;
    };
    let line = "        for job in found:";
    let mistakes = [
        Mistake {
            line,
            becomes: "        print('found', len(found))\n        for job in found:",
            said: &["the rule says (info): found 1", "1 passed"],
        },
        Mistake {
            line,
            becomes: "        found[7]\n        for job in found:",
            said: &[
                "IndexError: list index out of range (rule.py, line 3",
                "at span ",
            ],
        },
        Mistake {
            line,
            becomes: "        edits.note('wrong')\n        for job in found:",
            said: &["a note is one of unresolved", "(rule.py, line 3"],
        },
        Mistake {
            line,
            becomes: "        import time; time.time()\n        for job in found:",
            said: &[
                "a rule has no clock, so there is no time.time()",
                "(rule.py, line 3",
            ],
        },
        Mistake {
            line,
            becomes: "        while True: pass\n        for job in found:",
            said: &["it ran longer than limits.call_time = 300ms"],
        },
    ];
    written.assert_found("rule.py", &mistakes);
}

#[test]
fn in_javascript() {
    let Some(written) = is_asked().then(|| Written::new("javascript")).flatten() else {
        return;
    };
    let line = "    for (const job of found) {";
    let mistakes = [
        Mistake {
            line,
            becomes: "    console.log('found', found.length);\n    for (const job of found) {",
            said: &["the rule says (info): found 1", "1 passed"],
        },
        Mistake {
            line,
            becomes: "    found[7].nearest();\n    for (const job of found) {",
            said: &["TypeError: ", "rule.js:3", "at span "],
        },
        Mistake {
            line,
            becomes: "    edits.note('wrong');\n    for (const job of found) {",
            said: &["a note is one of unresolved", "rule.js:3"],
        },
        Mistake {
            line,
            becomes: "    Date.now();\n    for (const job of found) {",
            said: &[
                "a rule has no clock, so there is no Date.now()",
                "rule.js:3",
            ],
        },
        Mistake {
            line,
            becomes: "    for (;;) {}\n    for (const job of found) {",
            said: &["it ran longer than limits.call_time = 300ms"],
        },
    ];
    written.assert_found("rule.js", &mistakes);
}

#[test]
fn in_go() {
    let Some(written) = is_there("go").then(|| Written::new("go")).flatten() else {
        return;
    };
    let line = "\tfor _, job := range found {";
    let mistakes = [
        Mistake {
            line,
            becomes: "\tprintln(\"found\", len(found))\n\tfor _, job := range found {",
            said: &["the rule says (error): found 1", "1 passed"],
        },
        Mistake {
            line,
            becomes: "\t_ = found[len(found)+7]\n\tfor _, job := range found {",
            said: &[
                "panic: runtime error: index out of range [8]",
                "(rule.go, line 4",
                "at span ",
            ],
        },
        Mistake {
            line,
            becomes: "\tedits.Link(span.Links()[0])\n\tfor _, job := range found {",
            said: &[
                "panic: runtime error: index out of range [0]",
                "(rule.go, line 4",
            ],
        },
        Mistake {
            line,
            becomes: "\tfor len(found) > 0 {\n\t}\n\tfor _, job := range found {",
            // `main.(*GoJobs).Mend`, as modules of Go spell it.
            said: &[
                "it ran longer than limits.call_time = 300ms in main.",
                "GoJobs",
                "Mend < ",
            ],
        },
    ];
    written.assert_found("rule.go", &mistakes);
}

#[test]
fn in_c() {
    let Some(written) = is_there("clang-22").then(|| Written::new("c")).flatten() else {
        return;
    };
    let line = "  for (size_t i = 0; i < count; i++) {";
    let mistakes = [
        Mistake {
            line,
            becomes: "  lm_say_number(\"found \", count);\n  for (size_t i = 0; i < count; i++) {",
            said: &["the rule says (info): found 1", "1 passed"],
        },
        Mistake {
            line,
            becomes: "  LM_CHECK(count == 7);\n  for (size_t i = 0; i < count; i++) {",
            said: &[
                "panic: LM_CHECK(count == 7) (rule.c, line 4",
                "at span ",
                " in lm_fail < lm_mend",
            ],
        },
        Mistake {
            line,
            becomes: "  lm_drop(edits, 7, 0);\n  for (size_t i = 0; i < count; i++) {",
            said: &[
                "panic: LM_CHECK(link < ",
                " in lm_fail < lm_drop < lm_mend",
                "at span ",
            ],
        },
        Mistake {
            line,
            becomes: "  for (volatile int i = 0; count > 0 || i;) {}\n  for (size_t i = 0; i < count; i++) {",
            said: &["it ran longer than limits.call_time = 300ms in lm_mend"],
        },
    ];
    written.assert_found("rule.c", &mistakes);
}
