//! What wit-bindgen makes of `wit/`.
#![allow(
    missing_docs,
    unsafe_code,
    unused_qualifications,
    unused_macros,
    unused_imports,
    dead_code,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

wit_bindgen::generate!({
    path: "../../../wit",
    world: "span-rule",
    export_macro_name: "export_component",
});
