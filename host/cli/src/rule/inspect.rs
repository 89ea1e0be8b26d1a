//! `linkmend rule inspect`.

use linkmend::plain;
use linkmend_workbench::inspect::{Report, Selected, inspect};

use super::args::InspectArguments;
use super::{exit_of, say_json, subject};
use crate::exit::Exit;
use crate::terminal::{say, tell};

/// Runs the command.
pub fn run(arguments: &InspectArguments) -> anyhow::Result<Exit> {
    let subject = subject(&arguments.rule, &arguments.options)?;
    let (report, error) = inspect(&subject);
    if arguments.options.json {
        say_json(&report)?;
    } else {
        for (name, value) in lines(&report) {
            say(format_args!("{name:<15} {}", plain(&value)));
        }
    }
    if let Some(text) = &report.error {
        tell(text);
    }
    Ok(error.as_ref().map_or(Exit::Done, exit_of))
}

fn lines(report: &Report) -> Vec<(&'static str, String)> {
    let mut lines = vec![("rule", report.rule.clone())];
    let mut known = |name, value: Option<String>| lines.extend(value.map(|value| (name, value)));
    known("name", report.name.clone());
    known("version", report.version.clone());
    known("summary", report.summary.clone());
    known("world", report.world.clone());
    let interface = report.interface_version.as_ref();
    known(
        "interface",
        interface.map(|version| format!("linkmend:rule@{version}")),
    );
    known("imports", Some(list(&report.imports)));
    known("exports", Some(list(&report.exports)));
    known("selects", report.selector.as_ref().map(selected));
    let reads = report.reads.as_ref().filter(|reads| !reads.is_empty());
    known("reads", reads.map(|reads| reads.join(", ")));
    known(
        "message index",
        report.uses_index.map(|uses| yes(uses, "used", "not used")),
    );
    let type_attribute = report.type_attribute.clone();
    known(
        "type attribute",
        type_attribute.filter(|key| !key.is_empty()),
    );
    let counts = report.count_all_drops.filter(|all| *all);
    known(
        "counts",
        counts.map(|_| "all links that it drops, in dropped_links_count".into()),
    );
    known("size", Some(format!("{} bytes", report.size)));
    known("sha256", Some(report.sha256.clone()));
    known("pinned", report.pin.clone());
    lines
}

fn selected(selector: &Selected) -> String {
    let mut parts = Vec::new();
    if !selector.kinds.is_empty() {
        parts.push(format!("kinds {}", selector.kinds.join(", ")));
    }
    if !selector.attribute_keys.is_empty() {
        parts.push(format!("keys {}", selector.attribute_keys.join(", ")));
    }
    if !selector.attribute_prefixes.is_empty() {
        let prefixes = selector.attribute_prefixes.iter();
        let prefixes: Vec<String> = prefixes.map(|prefix| format!("{prefix}*")).collect();
        parts.push(format!("prefixes {}", prefixes.join(", ")));
    }
    if selector.with_links {
        parts.push("spans with links".into());
    }
    match parts.as_slice() {
        [] => "no spans".into(),
        parts => parts.join("; "),
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => "nothing".into(),
        names => names.join(", "),
    }
}

fn yes(is_so: bool, yes: &str, no: &str) -> String {
    if is_so { yes } else { no }.into()
}
