//! What a component says of itself before it is run: the names of what it
//! imports and exports.

use linkmend_core::interface::World;
use wasmparser::{Parser, Payload};

use crate::error::LoadReason;
use crate::worlds::{self, Interface};

/// What a component imports and exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Which kind of rule it is; `None` when it is none that this linkmend runs.
    pub world: Option<World>,
    /// The version of `linkmend:rule` that it names; `None` when it names none.
    pub version: Option<String>,
    /// The names of its imports, in their order.
    pub imports: Vec<String>,
    /// The names of its exports, in their order.
    pub exports: Vec<String>,
    /// How many functions its modules have.
    pub functions: usize,
}

/// Reads the names of a component's imports and exports. Compiles nothing, so
/// that it works for components that cannot be loaded, too.
///
/// # Errors
///
/// When the bytes are no component.
pub fn inspect(component: &[u8]) -> Result<Inspection, LoadReason> {
    check_header(component)?;
    let mut inspection = names(component)
        .map_err(|error| LoadReason::Invalid(format!("{} (at byte {})", error, error.offset())))?;
    inspection.version =
        worlds::version(&inspection.exports, &inspection.imports).map(str::to_owned);
    inspection.world = worlds::of(&inspection.exports).ok().map(Interface::world);
    Ok(inspection)
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

/// The names at the outermost level: components and modules lie in each other.
fn names(component: &[u8]) -> wasmparser::Result<Inspection> {
    let mut inspection = Inspection::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::CodeSectionStart { count, .. } => {
                inspection.functions = inspection.functions.saturating_add(count as usize);
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    inspection.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    inspection.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(inspection)
}
