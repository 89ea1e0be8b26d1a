//! Files: the exporter that writes them, the receiver that reads them.

mod exporter;
mod full_disk;
mod rotation;
mod support;
