//! Batches, built span by span.

use linkmend_wire::encode::put_bytes_field;
use linkmend_wire::otlp::{resource, resource_spans, scope, scope_spans, traces_data};

use super::span::SpanBuilder;
use super::value::{TestValue, put_attributes};

/// Builds a batch: an OTLP `TracesData` message.
#[derive(Debug, Clone, Default)]
pub struct TracesBuilder {
    resources: Vec<ResourceSpans>,
}

#[derive(Debug, Clone, Default)]
struct ResourceSpans {
    attributes: Vec<(String, TestValue)>,
    scopes: Vec<ScopeSpans>,
}

#[derive(Debug, Clone, Default)]
struct ScopeSpans {
    name: String,
    version: String,
    attributes: Vec<(String, TestValue)>,
    spans: Vec<Vec<u8>>,
}

impl TracesBuilder {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A resource, to which the spans after it belong.
    #[must_use]
    pub fn resource(mut self) -> Self {
        self.resources.push(ResourceSpans::default());
        self
    }

    /// A resource with this `service.name`, to which the spans after it belong.
    #[must_use]
    pub fn service(self, name: &str) -> Self {
        self.resource().resource_attribute("service.name", name)
    }

    /// An attribute of the last resource.
    #[must_use]
    pub fn resource_attribute(mut self, key: &str, value: impl Into<TestValue>) -> Self {
        let attributes = &mut self.last_resource().attributes;
        attributes.push((key.into(), value.into()));
        self
    }

    /// A scope of the last resource, to which the spans after it belong.
    #[must_use]
    pub fn scope(mut self, name: &str, version: &str) -> Self {
        self.last_resource().scopes.push(ScopeSpans {
            name: name.into(),
            version: version.into(),
            ..ScopeSpans::default()
        });
        self
    }

    /// An attribute of the last scope.
    #[must_use]
    pub fn scope_attribute(mut self, key: &str, value: impl Into<TestValue>) -> Self {
        let attributes = &mut self.last_scope().attributes;
        attributes.push((key.into(), value.into()));
        self
    }

    /// A span.
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "spans are built where they are added, and folds take it as it is"
    )]
    pub fn span(mut self, span: SpanBuilder) -> Self {
        self.last_scope().spans.push(span.message());
        self
    }

    /// The bytes of the batch.
    #[must_use]
    pub fn build(self) -> Vec<u8> {
        let mut out = Vec::new();
        for resource in &self.resources {
            put_bytes_field(&mut out, traces_data::RESOURCE_SPANS, &resource.message());
        }
        out
    }

    fn last_resource(&mut self) -> &mut ResourceSpans {
        last_or_new(&mut self.resources)
    }

    fn last_scope(&mut self) -> &mut ScopeSpans {
        last_or_new(&mut self.last_resource().scopes)
    }
}

fn last_or_new<T: Default>(list: &mut Vec<T>) -> &mut T {
    if list.is_empty() {
        list.push(T::default());
    }
    match list.last_mut() {
        Some(last) => last,
        None => unreachable!("one was pushed"),
    }
}

impl ResourceSpans {
    fn message(&self) -> Vec<u8> {
        let mut attributes = Vec::new();
        put_attributes(&self.attributes, resource::ATTRIBUTES, &mut attributes);
        let mut out = Vec::new();
        put_bytes_field(&mut out, resource_spans::RESOURCE, &attributes);
        for scope in &self.scopes {
            put_bytes_field(&mut out, resource_spans::SCOPE_SPANS, &scope.message());
        }
        out
    }
}

impl ScopeSpans {
    fn message(&self) -> Vec<u8> {
        let mut head = Vec::new();
        put_bytes_field(&mut head, scope::NAME, self.name.as_bytes());
        put_bytes_field(&mut head, scope::VERSION, self.version.as_bytes());
        put_attributes(&self.attributes, scope::ATTRIBUTES, &mut head);
        let mut out = Vec::new();
        put_bytes_field(&mut out, scope_spans::SCOPE, &head);
        for span in &self.spans {
            put_bytes_field(&mut out, scope_spans::SPANS, span);
        }
        out
    }
}
