//! The fuzz targets of linkmend-files: functions of any bytes, which panic at a
//! fault. They decide and damage with what the targets of linkmend-wire have
//! for that, which lies in `shared` at the root of the crate.

pub mod file;
pub mod json;
pub mod respell;
