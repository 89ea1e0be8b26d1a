//! From a module to a component.

use anyhow::{Context, Result, bail, ensure};
use wit_component::{ComponentEncoder, DecodedWasm};

/// The package in `wit/`, whatever its version.
const PACKAGE: &str = "linkmend:rule/";

/// Makes a valid component of a module that holds the types of its interface
/// (a custom section, which wit-bindgen puts there).
pub fn from_module(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .encode()
        .context("no component can be made of the module; does it call `linkmend_rule::export!`?")
}

/// Refuses a component that is no rule, or wants more than a rule may have.
pub fn check_interface(component: &[u8]) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("this is a WIT package, not a component");
    };
    let world = resolve
        .worlds
        .get(world)
        .context("the component has no world")?;
    let imports: Vec<String> = names(&resolve, world.imports.keys());
    let exports: Vec<String> = names(&resolve, world.exports.keys());
    judge(&imports, &exports)
}

fn names<'a>(
    resolve: &wit_parser::Resolve,
    keys: impl Iterator<Item = &'a wit_parser::WorldKey>,
) -> Vec<String> {
    keys.map(|key| resolve.name_world_key(key)).collect()
}

fn judge(imports: &[String], exports: &[String]) -> Result<()> {
    if let Some(import) = imports.iter().find(|name| !name.starts_with(PACKAGE)) {
        bail!("the component imports {import}; a rule may import {PACKAGE}* only");
    }
    let exports_one_of = |interfaces: &[&str]| {
        exports
            .iter()
            .filter_map(|name| name.strip_prefix(PACKAGE)?.split('@').next())
            .any(|interface| interfaces.contains(&interface))
    };
    ensure!(
        exports_one_of(&["lifecycle"]),
        "the component does not export {PACKAGE}lifecycle"
    );
    ensure!(
        exports_one_of(&["batch", "spans"]),
        "the component exports neither {PACKAGE}batch nor {PACKAGE}spans"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(imports: &[&str], exports: &[&str]) -> String {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).into()).collect::<Vec<_>>();
        match judge(&owned(imports), &owned(exports)) {
            Ok(()) => "a rule".into(),
            Err(error) => error.to_string(),
        }
    }

    const LIFECYCLE: &str = "linkmend:rule/lifecycle@0.2.0";
    const BATCH: &str = "linkmend:rule/batch@0.2.0";
    const INDEX: &str = "linkmend:rule/index@0.2.0";

    /// Scenario: rules of both worlds, with and without imports.
    /// Guarantees: they pass.
    #[test]
    fn rules_pass() {
        assert_eq!(verdict(&[INDEX], &[LIFECYCLE, BATCH]), "a rule");
        assert_eq!(
            verdict(&[], &[LIFECYCLE, "linkmend:rule/spans@0.2.0"]),
            "a rule"
        );
    }

    /// Scenario: a component that wants the clock, or lacks half of a rule.
    /// Guarantees: it is refused by name.
    #[test]
    fn what_is_no_rule_is_refused() {
        let clock = "wasi:clocks/wall-clock@0.2.0";
        assert!(verdict(&[INDEX, clock], &[LIFECYCLE, BATCH]).contains(clock));
        assert!(verdict(&[], &[BATCH]).contains("lifecycle"));
        assert!(verdict(&[], &[LIFECYCLE]).contains("batch"));
        assert!(verdict(&[], &[LIFECYCLE, "other:rule/batch@0.2.0"]).contains("batch"));
    }
}
