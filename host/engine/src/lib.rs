//! x
mod b { wasmtime::component::bindgen!({ path: "../../wit", world: "batch-rule" }); }
