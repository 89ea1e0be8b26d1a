//! `linkmend completions` and `linkmend man`: what shells and `man` make of it.

use std::fs;
use std::process::Command;

use crate::place::{Done, Place};

fn script(place: &Place, shell: &str) -> String {
    Done::of(place.linkmend("completions", [shell]))
        .well()
        .text()
}

/// The commands that `--help` lists.
fn commands(place: &Place) -> Vec<String> {
    let help = Done::of(place.linkmend("--help", [])).text();
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    assert!(
        names.contains(&"process") && names.contains(&"man"),
        "{names:?}"
    );
    names.into_iter().map(str::to_owned).collect()
}

/// Each shell that is installed reads its completions without a word.
#[test]
fn completions_are_scripts_of_their_shells() {
    let place = Place::new();
    let commands = commands(&place);
    for (shell, check) in [
        ("bash", Some("-n")),
        ("zsh", Some("-n")),
        ("fish", Some("--no-execute")),
        ("elvish", None),
        ("powershell", None),
    ] {
        let script = script(&place, shell);
        for name in &commands {
            assert!(
                script.contains(name.as_str()),
                "{shell} does not know {name}"
            );
        }
        for option in ["in-place", "code-cache", "shutdown-timeout"] {
            assert!(script.contains(option), "{shell} does not know --{option}");
        }
        // What linkmend calls itself to compile is nobody's business.
        let mut offers = script.split(|it: char| !it.is_alphanumeric() && it != '-');
        assert!(!offers.any(|word| word == "compile"), "{shell}");
        let Some(check) = check else { continue };
        place.write(shell, script);
        let done = Command::new(shell)
            .arg(check)
            .arg(place.path(shell))
            .output();
        let Ok(done) = done else {
            eprintln!("SKIPPED: there is no {shell} to read its completions");
            continue;
        };
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && told.is_empty(), "{shell}: {told}");
    }
}

/// What bash offers for a word that was begun.
#[test]
fn bash_completes_a_command_and_an_option() {
    let place = Place::new();
    place.write("completions", script(&place, "bash"));
    let offered = |words: &str| {
        let script = format!(
            "source '{}'; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _linkmend linkmend \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; \
             echo \"${{COMPREPLY[@]}}\"",
            place.path("completions").display()
        );
        let done = Command::new("bash").args(["-c", &script]).output().ok()?;
        Some(String::from_utf8(done.stdout).unwrap().trim().to_owned())
    };
    let Some(commands) = offered("linkmend pro") else {
        eprintln!("SKIPPED: there is no bash");
        return;
    };
    assert_eq!(commands, "process");
    assert_eq!(offered("linkmend process --in-p").unwrap(), "--in-place");
    assert_eq!(offered("linkmend process --on-error p").unwrap(), "pass");
}

#[test]
fn an_unknown_shell_is_told() {
    let done = Done::of(Place::new().linkmend("completions", ["tcsh"]));
    done.fails(2, &["bash, elvish, fish, powershell, zsh"]);
}

#[test]
fn there_is_a_page_for_each_command() {
    let place = Place::new();
    let folder = place.path("new/man1");
    let done = place
        .linkmend("man", [folder.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0));
    assert!(done.stdout.is_empty() && done.stderr.is_empty());
    let entries = fs::read_dir(&folder).unwrap();
    let mut pages: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    for name in commands(&place).iter().filter(|name| *name != "help") {
        assert!(
            pages.contains(&format!("linkmend-{name}.1")),
            "{name}: {pages:?}"
        );
    }
    for name in ["linkmend.1", "linkmend-rule-new.1"] {
        assert!(pages.contains(&name.to_owned()), "{name}: {pages:?}");
    }
    // The command that compiles is nobody's business.
    assert!(
        !pages.iter().any(|page| page.contains("compile")),
        "{pages:?}"
    );

    let process = fs::read_to_string(folder.join("linkmend-process.1")).unwrap();
    assert!(process.contains(".SH \"EXIT CODES\"\n.nf\n"), "{process}");
    for page in pages {
        // Whatever there is to say of a page is said here, and nothing is shown.
        let done = Command::new("man")
            .args(["--warnings", "--local-file", "--pager=cat"])
            .arg(folder.join(&page))
            .env("LC_ALL", "C.UTF-8")
            .env("MANWIDTH", "80")
            .output();
        let Ok(done) = done else {
            eprintln!("SKIPPED: there is no man to render the pages");
            return;
        };
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && told.is_empty(), "{page}: {told}");
        let text = String::from_utf8(done.stdout).unwrap();
        assert!(
            text.contains("NAME") && text.contains("SYNOPSIS"),
            "{page}: {text}"
        );
    }
}

#[test]
fn pages_that_cannot_be_written_are_told() {
    let place = Place::with("file", "");
    let folder = place.path("file/below");
    let done = Done::of(place.linkmend("man", [folder.to_str().unwrap()]));
    done.fails(1, &["cannot create", "file/below"]);
}
