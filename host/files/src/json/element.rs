//! What the array is whose elements are read one by one.

/// What the elements of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementKind {
    /// OTLP's `ResourceSpans`, in an array of that name.
    ResourceSpans(&'static str),
    /// Traces of Jaeger's model.
    JaegerTrace,
    /// Spans of Zipkin's, or arrays of them.
    Zipkin,
}

impl ElementKind {
    /// Elements of OTLP's own `resourceSpans`.
    pub(crate) const OTLP: Self = Self::ResourceSpans("resourceSpans");
}
