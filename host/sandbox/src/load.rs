//! From the bytes of a component to a rule, with every way in which it may not
//! be one told apart.

use std::sync::Arc;

use linkmend_core::interface::{About, Plan};
use linkmend_core::{FaultReason, Limits, LoadedRule, OnError, Runner, Usage, clip};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::bindings::{BatchRule, saying::Saying, v0_1};
use crate::error::{LoadReason, Stage};
use crate::host::HostState;
use crate::inspect::inspect;
use crate::instance::Template;
use crate::said::Teller;
use crate::sandbox::Sandbox;
use crate::wasi;
use crate::worlds::{self, Interface};

/// How many attribute keys and prefixes a rule may select spans by: the host
/// compares every attribute of every span with them, without a time limit. The
/// same for the attributes that it reads, of the spans that it selects.
const MOST_KEYS: usize = 1000;

/// Compiles, checks, instantiates and configures a component.
///
/// # Errors
///
/// When it cannot be used.
pub fn load(
    sandbox: &Sandbox,
    bytes: &[u8],
    config: &str,
    limits: Limits,
    on_error: OnError,
) -> Result<LoadedRule, LoadReason> {
    let inspection = inspect(bytes)?;
    let interface = worlds::of(&inspection.exports)?;
    sandbox
        .compiler()
        .check(bytes, inspection.functions)
        .map_err(LoadReason::Compile)?;
    let component = sandbox.component(bytes)?;
    check_imports(sandbox, &component)?;
    let linker =
        linker(sandbox, &component).map_err(|error| LoadReason::Sandbox(format!("{error:#}")))?;
    let pre = linker
        .instantiate_pre(&component)
        .map_err(|error| LoadReason::WrongType(format!("{error:#}")))?;
    let usage: Arc<Usage> = Arc::default();
    let template = Template {
        sandbox: sandbox.clone(),
        pre,
        limits,
        interface,
        usage: Arc::clone(&usage),
        teller: Teller::new(sandbox.listener()),
    };

    let failed = |stage| {
        move |reason| match reason {
            FaultReason::Interface(text) => LoadReason::WrongType(text),
            reason => LoadReason::Init { stage, reason },
        }
    };
    let mut first = template.instantiate().map_err(failed(Stage::Instantiate))?;
    let about = checked(first.describe().map_err(failed(Stage::Describe))?)?;
    template.teller.is_called(&about.name);
    let plan = first
        .configure(config)
        .map_err(failed(Stage::Configure))?
        .map_err(|text| LoadReason::Config(clip(text)))?;
    check_plan(&plan)?;

    let config = config.to_owned();
    let make = move || {
        let instance = template.configured(&config)?;
        Ok(Box::new(instance) as Box<dyn Runner>)
    };
    let mut rule = LoadedRule::new(about, plan, limits, on_error, Box::new(make));
    if interface == Interface::Field {
        rule = rule.of_fields();
    }
    let rule = rule.with_usage(usage);
    rule.keep(Box::new(first));
    Ok(rule)
}

/// What a rule is given: the message index, in the words of each version, and a log; a
/// component that asks for WASI is given an empty one.
fn linker(sandbox: &Sandbox, component: &Component) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(sandbox.engine());
    BatchRule::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    v0_1::BatchRule::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    Saying::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    wasi::add(&mut linker, sandbox.engine(), component)?;
    Ok(linker)
}

fn check_imports(sandbox: &Sandbox, component: &Component) -> Result<(), LoadReason> {
    let component_type = component.component_type();
    let mut foreign = Vec::new();
    for (name, item) in component_type.imports(sandbox.engine()) {
        let is_given = worlds::is_given(name)?
            || is_types_only(&item.ty, sandbox)
            || (wasi::is_wasi(name) && matches!(item.ty, ComponentItem::ComponentInstance(_)));
        if !is_given {
            foreign.push(name.to_owned());
        }
    }
    if foreign.is_empty() {
        return Ok(());
    }
    Err(LoadReason::Imports {
        names: worlds::list(&foreign),
    })
}

/// A rule's name goes into logs and metrics, and the rest to terminals.
fn checked(about: About) -> Result<About, LoadReason> {
    let name = about.name.as_str();
    let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    if (1..=64).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(About {
            version: clip(about.version),
            summary: clip(about.summary),
            ..about
        });
    }
    Err(LoadReason::BadName {
        name: clip(about.name),
    })
}

fn check_plan(plan: &Plan) -> Result<(), LoadReason> {
    let selector = &plan.selector;
    let selects = selector.attribute_keys.len() + selector.attribute_prefixes.len();
    let keys = selects.max(plan.reads.len());
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
            .exports(sandbox.engine())
            .all(|(_, item)| matches!(item.ty, ComponentItem::Type(_))),
        _ => false,
    }
}
