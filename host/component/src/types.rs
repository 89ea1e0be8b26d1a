//! What a module says of itself, and the types of its interface for one that was
//! compiled without them.

use wasmparser::{Parser, Payload};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::error::ComponentError;

/// Where wit-bindgen puts the types of the interface.
const SECTION: &str = "component-type";

/// The worlds of a rule, each with an interface that it alone exports.
const WORLDS: [(&str, &str); 3] = [
    ("field-rule", "linkmend:rule/fields@"),
    ("batch-rule", "linkmend:rule/batch@"),
    ("span-rule", "linkmend:rule/spans@"),
];

/// A module with the types of its interface, which are those of `wit`, the text of
/// `rule.wit`. Compilers that cannot write sections of their own (Go) leave them
/// out. A module that has them stays as it is.
///
/// # Errors
///
/// When `wit` is no such text, or the module implements none of its worlds.
pub fn with_types(module: &[u8], wit: &str) -> Result<Vec<u8>, ComponentError> {
    let refused = |error: anyhow::Error| ComponentError::Types(format!("{error:#}"));
    let said = Said::of(module).map_err(refused)?;
    if said.has_types {
        return Ok(module.to_vec());
    }
    let implements = |(_, interface): &&(&str, &str)| {
        let mut exports = said.exports.iter();
        exports.any(|export| export.starts_with(interface))
    };
    let Some((world, _)) = WORLDS.iter().find(implements) else {
        let exports = said.exports.join(", ");
        return Err(ComponentError::MissingExport {
            missing:
                "a function of linkmend:rule/fields, linkmend:rule/batch or linkmend:rule/spans"
                    .into(),
            found: if exports.is_empty() {
                "nothing".into()
            } else {
                exports
            },
        });
    };
    let mut resolve = Resolve::default();
    let package = resolve.push_str("rule.wit", wit).map_err(refused)?;
    let world = resolve.select_world(&[package], Some(world));
    let mut module = module.to_vec();
    let embedded = world.and_then(|world| {
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
    });
    embedded.map_err(refused)?;
    Ok(module)
}

/// It imports something from a module of this name.
pub(crate) fn imports_from(module: &[u8], name: &str) -> bool {
    Said::of(module).is_ok_and(|said| said.imported.iter().any(|import| import == name))
}

#[derive(Default)]
struct Said {
    has_types: bool,
    exports: Vec<String>,
    /// The modules that it imports from.
    imported: Vec<String>,
}

impl Said {
    fn of(module: &[u8]) -> anyhow::Result<Self> {
        let mut said = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        said.imported.push(import?.module.to_owned());
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        said.exports.push(export?.name.to_owned());
                    }
                }
                Payload::CustomSection(section) => {
                    said.has_types |= section.name().starts_with(SECTION);
                }
                _ => {}
            }
        }
        Ok(said)
    }
}
