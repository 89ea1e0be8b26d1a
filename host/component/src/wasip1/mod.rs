//! WASI preview 1, for modules of compilers that cannot do without: an adapter
//! with nothing in it but a way out for what is printed.

use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What modules import it as.
pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

const STUB: &str = include_str!("stub.wat");
const NEEDS: &str = include_str!("stub.wit");

/// The adapter, with what it needs of the host written into it.
pub(crate) fn adapter() -> anyhow::Result<Vec<u8>> {
    let mut module = wat::parse_str(STUB)?;
    let mut resolve = Resolve::default();
    let package = resolve.push_str("stub.wit", NEEDS)?;
    let world = resolve.select_world(&[package], Some("stub"))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    Ok(module)
}
