//! The bodies of the fuzz targets. They lie with the tests of `linkmend-wire`,
//! which run them too, in a bounded way and without a fuzzer.

#[path = "../../wire/tests/shared/mod.rs"]
pub mod shared;
