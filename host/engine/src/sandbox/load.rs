//! From the bytes of a component to a rule, with every way in which it may not
//! be one told apart.

use std::sync::Arc;

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use super::Sandbox;
use super::instance::{Template, linker};
use crate::bindings::linkmend::rule::types::{About, Plan};
use crate::error::{FaultReason, LoadReason, Stage, clip};
use crate::index::MessageIndex;
use crate::limits::Limits;
use crate::rule::OnError;
use crate::runner::{LoadedRule, Runner};

/// The version of `linkmend:rule` that the host has.
pub(crate) const OURS: &str = "0.2.0";

/// How many attribute keys and prefixes a rule may select spans by: the host
/// compares every attribute of every span with them, without a time limit.
const MOST_KEYS: usize = 1000;

/// What a rule of the world `batch-rule` exports.
const EXPORTS: [&str; 2] = ["lifecycle", "batch"];

/// Compiles, checks, instantiates and configures a component.
pub(crate) fn load(
    sandbox: &Sandbox,
    bytes: &[u8],
    config: &str,
    limits: Limits,
    on_error: OnError,
    index: Arc<dyn MessageIndex>,
) -> Result<LoadedRule, LoadReason> {
    check_header(bytes)?;
    let component = Component::from_binary(&sandbox.engine, bytes)
        .map_err(|error| LoadReason::Invalid(format!("{error:#}")))?;
    let linker = linker(sandbox).map_err(|error| LoadReason::Sandbox(format!("{error:#}")))?;
    check_exports(sandbox, &component)?;
    check_imports(sandbox, &component)?;
    let pre = linker
        .instantiate_pre(&component)
        .map_err(|error| LoadReason::WrongType(format!("{error:#}")))?;
    let template = Template::new(sandbox, pre, limits, index);

    let failed = |stage| {
        move |reason| match reason {
            FaultReason::Interface(text) => LoadReason::WrongType(text),
            reason => LoadReason::Init { stage, reason },
        }
    };
    let mut first = template.instantiate().map_err(failed(Stage::Instantiate))?;
    let about = first.describe().map_err(failed(Stage::Describe))?;
    let plan = first
        .configure(config)
        .map_err(failed(Stage::Configure))?
        .map_err(|text| LoadReason::Config(clip(text)))?;
    check_about(&about)?;
    check_plan(&plan)?;

    let config = config.to_owned();
    let make = move || {
        let instance = template.configured(&config)?;
        Ok(Box::new(instance) as Box<dyn Runner>)
    };
    let rule = LoadedRule::new(about, plan, limits, on_error, Box::new(make));
    rule.keep(Box::new(first));
    Ok(rule)
}

/// The first eight bytes tell components from core modules (the component
/// model's binary format: version 13, layer 1).
fn check_header(bytes: &[u8]) -> Result<(), LoadReason> {
    match bytes {
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(LoadReason::CoreModule),
        [0, b'a', b's', b'm', ..] => Err(LoadReason::Invalid("its header is damaged".into())),
        _ => Err(LoadReason::NotWasm),
    }
}

fn check_exports(sandbox: &Sandbox, component: &Component) -> Result<(), LoadReason> {
    let component_type = component.component_type();
    let names: Vec<&str> = component_type
        .exports(&sandbox.engine)
        .map(|(name, _)| name)
        .collect();
    for export in EXPORTS {
        let interface = format!("linkmend:rule/{export}@");
        let versions = names
            .iter()
            .filter_map(|name| name.strip_prefix(interface.as_str()));
        let mut others = Vec::new();
        let mut fits = false;
        for version in versions {
            fits |= is_ours(version);
            others.push(version);
        }
        match others.first() {
            _ if fits => {}
            Some(version) => return Err(wrong_version(version)),
            // More exports than the world has are fine: the tools of Python
            // and JavaScript add some of their own.
            None => {
                return Err(LoadReason::MissingExport {
                    missing: format!("{interface}{OURS}"),
                    found: list(&names),
                });
            }
        }
    }
    Ok(())
}

fn check_imports(sandbox: &Sandbox, component: &Component) -> Result<(), LoadReason> {
    let component_type = component.component_type();
    let mut foreign = Vec::new();
    for (name, item) in component_type.imports(&sandbox.engine) {
        match name
            .strip_prefix("linkmend:rule/")
            .and_then(|name| name.split_once('@'))
        {
            Some(("index" | "types", version)) if is_ours(version) => {}
            Some((_, version)) if !is_ours(version) => return Err(wrong_version(version)),
            _ if is_types_only(&item.ty, sandbox) => {}
            _ => foreign.push(name),
        }
    }
    if foreign.is_empty() {
        return Ok(());
    }
    Err(LoadReason::Imports {
        names: list(&foreign),
    })
}

/// A rule's name goes into logs and metrics.
fn check_about(about: &About) -> Result<(), LoadReason> {
    let name = about.name.as_str();
    let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    if (1..=64).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    Err(LoadReason::BadName {
        name: clip(name.to_owned()),
    })
}

fn check_plan(plan: &Plan) -> Result<(), LoadReason> {
    let selector = &plan.selector;
    let keys = selector.attribute_keys.len() + selector.attribute_prefixes.len();
    if keys > MOST_KEYS {
        let limit = MOST_KEYS;
        return Err(LoadReason::TooManyKeys { keys, limit });
    }
    Ok(())
}

/// An interface that only names types needs nothing of the host.
fn is_types_only(item: &ComponentItem, sandbox: &Sandbox) -> bool {
    match item {
        ComponentItem::ComponentInstance(instance) => instance
            .exports(&sandbox.engine)
            .all(|(_, item)| matches!(item.ty, ComponentItem::Type(_))),
        _ => false,
    }
}

/// Versions before 1.0 are compatible when their minor numbers are equal
/// (semver).
fn is_ours(version: &str) -> bool {
    let minor = |version: &str| version.rsplit_once('.').map(|(minor, _)| minor.to_owned());
    minor(version) == minor(OURS)
}

fn wrong_version(version: &str) -> LoadReason {
    LoadReason::WrongVersion {
        found: format!("linkmend:rule@{version}"),
        ours: OURS,
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "nothing".into();
    }
    names.join(", ")
}
