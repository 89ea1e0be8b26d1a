//! `new`: names, tokens, what is refused, and the templates themselves.

use std::path::Path;

use linkmend_workbench::new::{
    Language, NewError, RuleName, TemplateFile, Wanted, templates, write, write_files,
};

fn wanted(language: Language, name: &str, into: &Path) -> Wanted {
    Wanted {
        language,
        name: name.parse().unwrap(),
        into: into.to_owned(),
        repository: None,
    }
}

const FILES: [TemplateFile; 4] = [
    TemplateFile {
        language: "rust",
        name: "Cargo.toml.template",
        content: b"name = \"{{name}}\"\nlinkmend-rule = {{sdk}}\n",
    },
    TemplateFile {
        language: "rust",
        name: "src/{{module}}.rs",
        content: b"struct {{type}};",
    },
    TemplateFile {
        language: "rust",
        name: "build",
        content: b"#!/bin/sh\n",
    },
    TemplateFile {
        language: "python",
        name: "other",
        content: b"",
    },
];

#[test]
fn names_are_those_of_rules_and_begin_with_a_letter() {
    for name in ["a", "team-links", "a.b_c-9", &"x".repeat(64)] {
        assert!(name.parse::<RuleName>().is_ok(), "{name}");
    }
    for name in [
        "",
        "9a",
        "-a",
        "Team",
        "a b",
        "a/b",
        "..",
        "é",
        &"x".repeat(65),
    ] {
        let error = name.parse::<RuleName>().unwrap_err().to_string();
        assert!(error.contains("1 to 64 lower-case letters"), "{error}");
    }
    let reserved = "match".parse::<RuleName>().unwrap_err().to_string();
    assert!(reserved.contains("match-links"), "{reserved}");
    let name: RuleName = "team-links.v2".parse().unwrap();
    assert_eq!(
        (name.module().as_str(), name.type_name().as_str()),
        ("team_links_v2", "TeamLinksV2")
    );
}

#[test]
fn tokens_are_replaced_in_contents_and_names() {
    let place = tempfile::tempdir().unwrap();
    let wanted = wanted(Language::Rust, "team-links", place.path());
    let written = write_files(&wanted, &FILES).unwrap();
    assert_eq!(written.files, ["Cargo.toml", "build", "src/team_links.rs"]);
    let read = |name: &str| std::fs::read_to_string(written.folder.join(name)).unwrap();
    let manifest = "name = \"team-links\"\nlinkmend-rule = { path = \"linkmend/rule\" }\n";
    assert_eq!(read("Cargo.toml"), manifest);
    assert_eq!(read("src/team_links.rs"), "struct TeamLinks;");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name: &str| {
            let metadata = std::fs::metadata(written.folder.join(name)).unwrap();
            metadata.permissions().mode() & 0o100
        };
        assert_eq!((mode("build"), mode("Cargo.toml")), (0o100, 0));
    }
}

#[test]
fn the_sdk_comes_from_a_checkout_when_one_is_named() {
    let place = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut wanted = wanted(Language::Rust, "mine", place.path());
    wanted.repository = Some(root.clone());
    let written = write_files(&wanted, &FILES).unwrap();
    let manifest = std::fs::read_to_string(written.folder.join("Cargo.toml")).unwrap();
    let sdk = std::fs::canonicalize(root.join("guest/sdk")).unwrap();
    assert!(
        manifest.contains(&format!("{{ path = {sdk:?} }}")),
        "{manifest}"
    );

    wanted.name = "other".parse().unwrap();
    wanted.repository = Some(place.path().to_owned());
    let refused = write_files(&wanted, &FILES);
    assert!(
        matches!(refused, Err(NewError::NoRepository(_))),
        "{refused:?}"
    );
    assert!(!place.path().join("other").exists());
}

#[test]
fn what_is_in_its_place_stays() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("mine");
    std::fs::create_dir(&folder).unwrap();
    let wanted = wanted(Language::Rust, "mine", place.path());
    std::fs::write(folder.join("notes"), "mine").unwrap();
    let refused = write_files(&wanted, &FILES);
    assert!(matches!(refused, Err(NewError::NotEmpty(_))), "{refused:?}");
    std::fs::remove_file(folder.join("notes")).unwrap();
    write_files(&wanted, &FILES).unwrap();
}

/// Scenario: every language that this program has a template for.
/// Guarantees: what is written is complete and has no token left.
#[test]
fn templates_are_complete() {
    for language in Language::ALL {
        let has_template = templates()
            .iter()
            .any(|file| file.language == language.name());
        let place = tempfile::tempdir().unwrap();
        let written = write(&wanted(language, "team-links", place.path()));
        if !has_template {
            assert!(
                matches!(written, Err(NewError::NoTemplate(_))),
                "{written:?}"
            );
            continue;
        }
        let written = written.unwrap();
        let has = |name: &str| written.files.iter().any(|file| file == name);
        assert!(
            has("build") && has("README.md"),
            "{language}: {:?}",
            written.files
        );
        let helper = match language {
            Language::Rust => "linkmend/rule/src/lib.rs",
            Language::Python => "linkmend/__init__.py",
            Language::JavaScript => "linkmend/index.js",
            Language::Go => "linkmend/driver.go",
            Language::C => "linkmend/driver.c",
        };
        assert!(has(helper), "{language}: {:?}", written.files);
        let interface = match language {
            Language::Rust => "linkmend/rule/wit/rule.wit",
            Language::Python | Language::JavaScript => "wit/rule.wit",
            Language::Go | Language::C => "linkmend/wit/rule.wit",
        };
        assert!(has(interface), "{language}: {:?}", written.files);
        for file in &written.files {
            let content = std::fs::read(written.folder.join(file)).unwrap();
            let text = String::from_utf8_lossy(&content);
            for token in [
                "{{name}}",
                "{{module}}",
                "{{type}}",
                "{{sdk}}",
                "{{version}}",
            ] {
                assert!(
                    !text.contains(token) && !file.contains(token),
                    "{token} in {file}"
                );
            }
        }
    }
}

/// Scenario: the manifests of the SDK that a new rule in Rust has with it.
/// Guarantees: they have the dependencies of the crates that the sources are of.
#[test]
fn the_sdk_that_is_written_has_its_dependencies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let dependencies = |manifest: &str| -> Vec<String> {
        let (_, section) = manifest
            .split_once("\n[dependencies]\n")
            .unwrap_or_default();
        let section = section.split("\n[").next().unwrap_or_default();
        let names = section
            .lines()
            .filter_map(|line| line.split(['.', ' ']).next());
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let workspace = read("Cargo.toml");
    for (written, of) in [("rule", "guest/sdk"), ("wire", "wire")] {
        let template =
            format!("host/workbench/templates/rust/linkmend/{written}/Cargo.toml.template");
        let (template, of) = (read(&template), read(&format!("{of}/Cargo.toml")));
        assert_eq!(dependencies(&template), dependencies(&of), "{written}");
        let others = template
            .lines()
            .filter(|line| line.contains("version = ") && line.contains('{'));
        for line in others.filter(|line| !line.contains("{{version}}")) {
            assert!(workspace.contains(line), "{line}");
        }
    }
}
