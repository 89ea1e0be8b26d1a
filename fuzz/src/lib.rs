//! The bodies of the fuzz targets. They lie with the tests of `linkmend-wire` and
//! `linkmend-files`, which run them too, in a bounded way and without a fuzzer.

#[path = "../../wire/tests/shared/mod.rs"]
pub mod shared;

#[path = "../../host/files/tests/shared/mod.rs"]
pub mod files;
