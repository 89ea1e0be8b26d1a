//! What wasmtime makes of `wit/`: the world `batch-rule` here, and the others in
//! modules of their own.
#![allow(
    missing_docs,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

wasmtime::component::bindgen!({
    path: "wit",
    world: "batch-rule",
    additional_derives: [PartialEq],
});

/// The world `span-rule`. Its records are borrowed: they are made of the bytes
/// of a batch for one call.
pub mod span_rule {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "span-rule",
        ownership: Borrowing { duplicate_if_necessary: false },
        with: {
            "linkmend:rule/types": crate::bindings::linkmend::rule::types,
            "linkmend:rule/index": crate::bindings::linkmend::rule::index,
        },
    });
}

/// The world `field-rule`.
pub mod field_rule {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "field-rule",
        with: {
            "linkmend:rule/types": crate::bindings::linkmend::rule::types,
            "linkmend:rule/index": crate::bindings::linkmend::rule::index,
        },
    });
}

/// What a component of any world may import.
pub mod saying {
    wasmtime::component::bindgen!({ path: "wit", world: "saying" });
}

/// The world `batch-rule` of version 0.1.
pub mod v0_1 {
    wasmtime::component::bindgen!({
        path: "wit/0.1.0",
        world: "batch-rule",
    });
}
