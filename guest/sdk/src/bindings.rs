//! What wit-bindgen makes of `wit/`.
#![allow(
    missing_docs,
    unsafe_code,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

/// What a component of any world may import.
pub mod saying {
    wit_bindgen::generate!({
        path: "wit",
        world: "saying",
        default_bindings_module: "linkmend_rule::bindings::saying",
    });
}

wit_bindgen::generate!({
    path: "wit",
    world: "batch-rule",
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "linkmend_rule::bindings",
    additional_derives: [PartialEq],
});
