//! Building where the toolchain is missing. Needs none.

use std::path::Path;

use crate::toolchains::{build, copy, repository};

#[test]
fn a_rule_in_python_says_how_to_get_its_toolchain() {
    let told = built_without("examples/rules/database-context");
    let way = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt";
    assert!(told.contains(way), "{told}");
}

#[test]
fn a_rule_in_javascript_says_how_to_get_its_toolchain() {
    let told = built_without("examples/rules/event-fan-out");
    let way = told.contains("npm ci") || told.contains("node is not installed");
    assert!(way, "{told}");
}

fn built_without(path: &str) -> String {
    let folder = copy(path);
    let done = build(folder.path(), Path::new("/nowhere"));
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    assert!(done.stdout.is_empty(), "{done:?}");
    String::from_utf8(done.stderr).unwrap()
}

/// What is pinned, and from no registry in particular.
#[test]
fn locks_name_versions_and_no_registry() {
    for folder in [
        "host/workbench/templates/javascript",
        "examples/rules/event-fan-out",
    ] {
        let lock = std::fs::read_to_string(repository(folder).join("package-lock.json")).unwrap();
        assert!(lock.contains("\"integrity\""), "{folder}");
        assert!(!lock.contains("\"resolved\""), "{folder}");
    }
}

/// What builds an example is what a new rule has.
#[test]
fn examples_are_built_as_new_rules_are() {
    for (language, name, files) in [
        (
            "python",
            "database-context",
            ["build", "requirements.txt", ".gitignore"].as_slice(),
        ),
        (
            "javascript",
            "event-fan-out",
            [
                "build",
                "component.js",
                "componentize.mjs",
                "package-lock.json",
            ]
            .as_slice(),
        ),
    ] {
        for file in files {
            let read = |folder: &str| {
                let path = repository(folder).join(file);
                std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()))
            };
            let template = read(&format!("host/workbench/templates/{language}"));
            let wanted = template.replace("{{name}}", name);
            let version =
                |text: &str| text.replacen("\"version\": \"1.0.0\"", "\"version\": \"0.1.0\"", 2);
            let example = read(&format!("examples/rules/{name}"));
            assert_eq!(version(&example), version(&wanted), "{name}/{file}");
        }
    }
}
