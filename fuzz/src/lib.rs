//! The bodies of the fuzz targets. They lie with the tests, which run them too,
//! in a bounded way and without a fuzzer.

/// Those of `linkmend-wire`.
#[path = "../../wire/tests/shared/mod.rs"]
pub mod shared;

/// Those of `linkmend-files`.
#[path = "../../host/files/tests/shared/mod.rs"]
pub mod files;

/// Those of `linkmend-config`.
#[path = "../../host/config/tests/shared/mod.rs"]
pub mod configurations;

/// Where they take their decisions from.
use shared::choices;

/// Those of the engine.
#[path = "../../tests/suite/guarantees"]
pub mod guarantees {
    mod oracle;
    pub mod targets;
    mod went;
}
