//! Mends span links in OTLP trace files
