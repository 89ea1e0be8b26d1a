//! Files: the exporter that writes them, the receiver that reads them.

mod both;
mod exporter;
mod full_disk;
mod receiver;
mod rotation;
mod support;
