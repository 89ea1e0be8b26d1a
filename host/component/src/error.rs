//! Why no rule can be made of something.

/// No rule can be made of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// Not WebAssembly.
    #[error("it is not a WebAssembly module (no `\\0asm` header)")]
    NotWasm,
    /// Nothing is to be done.
    #[error("it is a component already; use it as it is")]
    AlreadyComponent,
    /// It needs a system around it.
    #[error(
        "it imports `{module}`, and a rule has no system around it; compile it for a target without one, such as wasm32-unknown-unknown, or for WASI preview 1, such as wasm32-wasip1 ({error})"
    )]
    System {
        /// The module whose functions it imports.
        module: &'static str,
        /// What the encoder says.
        error: String,
    },
    /// It cannot be encoded.
    #[error(
        "no component can be made of it: {0}; does it hold the types of its interface (in Rust: does it call `linkmend_rule::export!`; in other languages: is the interface given with --wit)?"
    )]
    Encode(String),
    /// The interface that is given does not say what it is.
    #[error("{0}")]
    Types(String),
    /// What should be a component is none.
    #[error("it is not a component: {0}")]
    NotComponent(String),
    /// It imports what a rule is not given.
    #[error("it imports {0}; a rule may import linkmend:rule/* only")]
    Import(String),
    /// It is no rule.
    #[error("it does not export {missing}, which a rule must; it exports {found}")]
    MissingExport {
        /// What is missing.
        missing: String,
        /// What it does export.
        found: String,
    },
}
