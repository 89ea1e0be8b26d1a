//! Makes a component of the core module that a link rule was compiled to.
//!
//! Compilers make core modules. Those that use wit-bindgen put the types of
//! the interface into a section of the module, and with these a component can
//! be made of it: by `linkmend rule component` for rule authors, and by
//! `cargo xtask build-guest` for the built-in rule. A module that imports WASI
//! preview 1 gets a stub of it. It is a crate of its own,
//! so that building a guest does not build the engine first.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let module = std::fs::read("mine.core.wasm")?;
//! let component = linkmend_component::from_module(&module)?;
//! linkmend_component::Interface::of(&component)?.check_exports()?;
//! std::fs::write("mine.wasm", component)?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod error;
mod types;
mod wasip1;

use wit_component::{ComponentEncoder, DecodedWasm};

pub use error::ComponentError;
pub use types::with_types;

/// The package in `wit/`, whatever its version.
const PACKAGE: &str = "linkmend:rule/";

/// Makes a valid component of a module that holds the types of its interface
/// (a custom section, which wit-bindgen puts there).
///
/// # Errors
///
/// When it is no such module, or imports what a rule cannot have.
pub fn from_module(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    match module {
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => {}
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => return Err(ComponentError::AlreadyComponent),
        _ => return Err(ComponentError::NotWasm),
    }
    let encoder = ComponentEncoder::default().validate(true).module(module);
    let encoder = encoder.and_then(|encoder| {
        if types::imports_from(module, wasip1::MODULE) {
            encoder.adapter(wasip1::MODULE, &wasip1::adapter()?)
        } else {
            Ok(encoder)
        }
    });
    let encoded = encoder.and_then(|mut encoder| encoder.encode());
    encoded.map_err(|error| refused(format!("{error:#}")))
}

/// Says the way out where the reason is known.
fn refused(error: String) -> ComponentError {
    let systems = ["env"];
    let named = systems
        .into_iter()
        .find(|module| error.contains(&format!("`{module}`")));
    match named {
        Some(module) => ComponentError::System { module, error },
        None => ComponentError::Encode(error),
    }
}

/// What a component imports and exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// In the order of the component.
    pub imports: Vec<String>,
    /// In the order of the component.
    pub exports: Vec<String>,
}

impl Interface {
    /// Of these bytes.
    ///
    /// # Errors
    ///
    /// When they are no component.
    pub fn of(component: &[u8]) -> Result<Self, ComponentError> {
        let decoded = wit_component::decode(component)
            .map_err(|error| ComponentError::NotComponent(format!("{error:#}")))?;
        let DecodedWasm::Component(resolve, world) = decoded else {
            let text = "it is a WIT package";
            return Err(ComponentError::NotComponent(text.into()));
        };
        let Some(world) = resolve.worlds.get(world) else {
            return Err(ComponentError::NotComponent("it has no world".into()));
        };
        Ok(Self {
            imports: names(&resolve, world.imports.keys()),
            exports: names(&resolve, world.exports.keys()),
        })
    }

    /// It exports what a rule must: `lifecycle`, and `fields`, `batch` or `spans`.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn check_exports(&self) -> Result<(), ComponentError> {
        let exports_one_of = |interfaces: &[&str]| {
            self.exports
                .iter()
                .filter_map(|name| name.strip_prefix(PACKAGE)?.split('@').next())
                .any(|interface| interfaces.contains(&interface))
        };
        let missing = if !exports_one_of(&["lifecycle"]) {
            format!("{PACKAGE}lifecycle")
        } else if !exports_one_of(&["fields", "batch", "spans"]) {
            format!("{PACKAGE}fields, {PACKAGE}batch or {PACKAGE}spans")
        } else {
            return Ok(());
        };
        let found = match self.exports.as_slice() {
            [] => "nothing".into(),
            names => names.join(", "),
        };
        Err(ComponentError::MissingExport { missing, found })
    }

    /// It imports nothing but interfaces of rules.
    ///
    /// # Errors
    ///
    /// When it does import something else.
    pub fn check_imports(&self) -> Result<(), ComponentError> {
        let mut imports = self.imports.iter();
        match imports.find(|name| !name.starts_with(PACKAGE)) {
            Some(import) => Err(ComponentError::Import(import.clone())),
            None => Ok(()),
        }
    }
}

fn names<'a>(
    resolve: &wit_parser::Resolve,
    keys: impl Iterator<Item = &'a wit_parser::WorldKey>,
) -> Vec<String> {
    keys.map(|key| resolve.name_world_key(key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(imports: &[&str], exports: &[&str]) -> String {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
        let interface = Interface {
            imports: owned(imports),
            exports: owned(exports),
        };
        let imports = interface.check_imports();
        match imports.and_then(|()| interface.check_exports()) {
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

    /// Scenario: files that are no core modules.
    /// Guarantees: each is told apart.
    #[test]
    fn what_is_no_module_is_told_apart() {
        let said = |bytes: &[u8]| match from_module(bytes) {
            Ok(_) => "a component".into(),
            Err(error) => error.to_string(),
        };
        assert!(said(b"PK\x03\x04").contains("not a WebAssembly module"));
        assert!(said(b"\0asm\x0d\0\x01\0").contains("a component already"));
    }
}
