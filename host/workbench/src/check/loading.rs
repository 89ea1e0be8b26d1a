//! From the bytes to a rule that is configured.

use linkmend::interface::{About, Plan, SpanKinds};
use linkmend::{Inspection, LoadError, LoadReason, Processor, Stage};

use super::List;
use super::report::{Check, Outcome};
use crate::subject::Subject;

/// What is checked here, in this order.
const IDS: [&str; 7] = [
    "component",
    "interface",
    "imports",
    "exports",
    "describe",
    "configure",
    "selector",
];

/// The host compares every attribute of every span with the keys.
const MANY_KEYS: usize = 100;

/// What the rule asks for, when it can be loaded.
pub(super) fn check(subject: &Subject, list: &mut List<'_>) -> Option<Plan> {
    let loaded =
        before_loading(subject, list).then(|| subject.processor(&std::sync::Arc::default()));
    let plan = match loaded {
        None => None,
        Some(Ok(processor)) => after_loading(&processor, list),
        Some(Err(error)) => {
            list.push(refused(subject, &error));
            None
        }
    };
    // What was not come to.
    for id in IDS {
        if !list.checks.iter().any(|check| check.id == id) {
            let reason = "something before it failed";
            list.push(Check::new(id, Outcome::Skipped, reason));
        }
    }
    plan
}

/// What can be known without compiling it; whether it can be compiled.
fn before_loading(subject: &Subject, list: &mut List<'_>) -> bool {
    let inspection = match linkmend::inspect(&subject.bytes) {
        Ok(inspection) => inspection,
        Err(reason) => {
            list.push(Check::failed("component", reason.to_string()));
            return false;
        }
    };
    let size = subject.bytes.len();
    list.push(Check::ok(
        "component",
        format!("it is a WebAssembly component of {size} bytes"),
    ));
    let interface = interface(&inspection);
    let fits = interface.outcome != Outcome::Failed;
    list.push(interface);
    let imports = imports(&inspection);
    let is_given = imports.outcome != Outcome::Failed;
    list.push(imports);
    if fits {
        list.push(exports(&inspection));
    }
    fits && is_given
}

fn interface(inspection: &Inspection) -> Check {
    match (inspection.world, &inspection.version) {
        (Some(world), Some(version)) => {
            let text = format!("it implements the world {world} of linkmend:rule@{version}");
            Check::ok("interface", text)
        }
        (_, Some(version)) => {
            let text = format!(
                "it names linkmend:rule@{version}, and exports no `lifecycle` with `fields`, `batch` or `spans` of a version that this linkmend runs; it exports {}",
                names(&inspection.exports)
            );
            Check::failed("interface", text).way_out(
                "Build it against wit/rule.wit of this linkmend, world field-rule, batch-rule or span-rule.",
            )
        }
        (_, None) => {
            let text = format!(
                "it is no link rule: it names no interface of linkmend:rule; it exports {}",
                names(&inspection.exports)
            );
            Check::failed("interface", text).way_out(
                "Build it against wit/rule.wit, world field-rule, batch-rule or span-rule; `linkmend rule new` writes a rule to begin with.",
            )
        }
    }
}

fn imports(inspection: &Inspection) -> Check {
    let foreign = |name: &&String| !name.starts_with("linkmend:rule/");
    let others = inspection.imports.iter().filter(foreign);
    let (wasi, others): (Vec<_>, Vec<_>) = others.partition(|name| name.starts_with("wasi:"));
    if !others.is_empty() {
        let text = format!("it imports {}, which rules are not given", names(&others));
        return Check::failed("imports", text).way_out(
            "Import nothing but linkmend:rule/index: what a rule needs to know is in its configuration and in the spans.",
        );
    }
    let (prints, wasi): (Vec<_>, Vec<_>) = wasi.into_iter().partition(|name| is_for_printing(name));
    if !prints.is_empty() && wasi.is_empty() {
        let text = "it imports of WASI what printing takes; what it prints is what the rule says";
        return Check::ok("imports", text);
    }
    if !wasi.is_empty() {
        let text = format!(
            "it imports {} interfaces of WASI ({}), and is given one with nothing in it",
            wasi.len(),
            names(&wasi)
        );
        return Check::note("imports", text).way_out(
            "Where the compiler can do without, build it without WASI: it loads faster, and nothing in it waits for an answer that never comes.",
        );
    }
    match inspection.imports.as_slice() {
        [] => Check::ok("imports", "it imports nothing"),
        imports => Check::ok("imports", format!("it imports {}", names(imports))),
    }
}

/// What a program takes to print.
fn is_for_printing(import: &str) -> bool {
    let interfaces = [
        "wasi:cli/stderr@",
        "wasi:cli/stdout@",
        "wasi:io/error@",
        "wasi:io/streams@",
    ];
    interfaces.iter().any(|name| import.starts_with(name))
}

/// More than the world has is fine: the tools of Python and JavaScript add some.
fn exports(inspection: &Inspection) -> Check {
    let foreign = |name: &&String| !name.starts_with("linkmend:rule/");
    let others: Vec<&String> = inspection.exports.iter().filter(foreign).collect();
    if others.is_empty() {
        return Check::ok(
            "exports",
            format!("it exports {}", names(&inspection.exports)),
        );
    }
    let text = format!(
        "beside a rule it exports {}, which nobody calls",
        names(&others)
    );
    Check::ok("exports", text)
}

fn names<T: AsRef<str>>(names: &[T]) -> String {
    if names.is_empty() {
        return "nothing".into();
    }
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    names.join(", ")
}

/// Why it cannot be loaded, at the check that it belongs to.
fn refused(subject: &Subject, error: &LoadError) -> Check {
    let text = subject.whole(error);
    let (id, way_out) = match &error.reason {
        LoadReason::Imports { .. } => ("imports", "Import nothing but linkmend:rule/index."),
        LoadReason::BadName { .. } => ("describe", "Give it another name in `describe`."),
        LoadReason::TooManyKeys { .. } => (
            "selector",
            "Select by kind, by a prefix or by fewer keys, and read the others in the rule.",
        ),
        LoadReason::Config(_) => (
            "configure",
            "Give it a configuration that it takes, with --config FILE.",
        ),
        LoadReason::Init {
            stage: Stage::Describe,
            ..
        } => (
            "describe",
            "`describe` has to answer at once, whatever the configuration is.",
        ),
        LoadReason::Init {
            stage: Stage::Configure,
            ..
        } => (
            "configure",
            "`configure` has to answer with an error for what it does not take; raise limits with --limit if they are too low for it.",
        ),
        LoadReason::Init { .. } => (
            "describe",
            "It fails while an instance is made: what runs before `describe` must fit into the limits (--limit).",
        ),
        LoadReason::Compile(_) => (
            "component",
            "Make it smaller, or raise the limit with --compile-limit.",
        ),
        LoadReason::WrongVersion { .. }
        | LoadReason::MissingExport { .. }
        | LoadReason::WrongType(_) => (
            "interface",
            "Build it against wit/rule.wit of this linkmend.",
        ),
        _ => ("component", "Build it anew."),
    };
    // What failed was said to be well before it was compiled.
    let id = match id {
        "imports" | "interface" | "component" => "load",
        id => id,
    };
    Check::failed(id, text).way_out(way_out)
}

fn after_loading(processor: &Processor, list: &mut List<'_>) -> Option<Plan> {
    let about = processor.rules().pop()?;
    let plan = processor.plans().pop()?;
    list.push(describe(&about));
    list.push(configure(&plan));
    list.push(selector(&plan));
    Some(plan)
}

fn describe(about: &About) -> Check {
    let About {
        name,
        version,
        summary,
    } = about;
    let id = "describe";
    if summary.trim().is_empty() || version.trim().is_empty() {
        let text = format!("it calls itself {name:?}, and has no version or no summary");
        return Check::note(id, text).way_out("Give both in `describe`: they are shown to users.");
    }
    Check::ok(id, format!("{name} {version}: {summary}"))
}

fn configure(plan: &Plan) -> Check {
    let index = if plan.uses_index {
        "remembers or looks up messages"
    } else {
        "does not use the message index"
    };
    let types = match plan.type_attribute.as_str() {
        "" => "its links are not counted by type".to_owned(),
        key => format!("its links are counted by `{key}`"),
    };
    Check::ok(
        "configure",
        format!("it takes its configuration, {index}; {types}"),
    )
}

fn selector(plan: &Plan) -> Check {
    let id = "selector";
    let selector = &plan.selector;
    let (keys, prefixes) = (
        selector.attribute_keys.len(),
        selector.attribute_prefixes.len(),
    );
    if selector.kinds == SpanKinds::empty() && keys + prefixes == 0 && !selector.with_links {
        return Check::failed(id, "it selects no span, and so does nothing").way_out(
            "Say in the plan which spans it wants: kinds, attribute keys, prefixes, or those with links.",
        );
    }
    let takes_all = selector.kinds == SpanKinds::all()
        || selector.attribute_prefixes.iter().any(String::is_empty);
    if takes_all {
        return Check::note(
            id,
            "it selects every span: all traffic goes through the sandbox",
        )
        .way_out(
            "Select by an attribute that only the spans that concern it have, where there is one.",
        );
    }
    if keys + prefixes > MANY_KEYS {
        let text = format!("it selects by {} keys and prefixes", keys + prefixes);
        return Check::note(id, text).way_out(
            "Every attribute of every span is looked up in them: a common prefix costs less.",
        );
    }
    let kinds = crate::inspect::selected(selector).kinds;
    let mut parts = Vec::new();
    if !kinds.is_empty() {
        parts.push(format!("kinds {}", kinds.join(", ")));
    }
    if keys > 0 {
        parts.push(format!("{keys} attribute keys"));
    }
    if prefixes > 0 {
        parts.push(format!("{prefixes} prefixes"));
    }
    if selector.with_links {
        parts.push("spans with links".into());
    }
    Check::ok(id, format!("it selects by {}", parts.join(", or ")))
}
