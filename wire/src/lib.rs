//! Walks and splices OTLP trace bytes
