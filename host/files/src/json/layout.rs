//! Where the spans stand in the text of an object.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::element::ElementKind;
use super::exports::{self, Export};

/// The elements of a text.
pub(crate) struct Layout<'t> {
    pub(crate) kind: ElementKind,
    pub(crate) elements: Vec<&'t str>,
}

impl<'t> Layout<'t> {
    /// Of an object that was read by `decode`, or `decode_any`.
    pub(crate) fn of(text: &'t str) -> Result<Self, serde_json::Error> {
        let document: Document<'_> = serde_json::from_str(text)?;
        let Some(elements) = document.resource_spans else {
            return Self::of_export(text);
        };
        Ok(Self::new(ElementKind::OTLP, &elements))
    }

    fn new(kind: ElementKind, elements: &[&'t RawValue]) -> Self {
        let elements = elements.iter().map(|raw| raw.get()).collect();
        Self { kind, elements }
    }

    fn of_export(text: &'t str) -> Result<Self, serde_json::Error> {
        Ok(match exports::find(text) {
            None => Self::new(ElementKind::OTLP, &[]),
            Some(Export::ResourceSpans(text)) => Self {
                kind: ElementKind::OTLP,
                elements: vec![text],
            },
            Some(Export::Jaeger(traces)) => Self::new(ElementKind::JaegerTrace, &traces),
            Some(Export::Traces { text, .. }) => {
                let document: Document<'_> = serde_json::from_str(text)?;
                let elements = match document.resource_spans {
                    None => serde_json::from_str::<Batches<'_>>(text)?.batches,
                    elements => elements,
                };
                Self::new(ElementKind::OTLP, &elements.unwrap_or_default())
            }
        })
    }
}

/// The texts of the spans of some `resourceSpans` elements, in order.
pub(super) fn span_texts<'t>(elements: &[&'t str]) -> Result<Vec<&'t str>, serde_json::Error> {
    let mut texts = Vec::new();
    for element in elements {
        let element: Option<ResourceSpans<'t>> = serde_json::from_str(element)?;
        for scope in element
            .into_iter()
            .flat_map(ResourceSpans::scopes)
            .flatten()
        {
            texts.extend(scope.spans.into_iter().flatten().map(RawValue::get));
        }
    }
    Ok(texts)
}

#[derive(Deserialize)]
struct Document<'t> {
    #[serde(borrow, rename = "resourceSpans", alias = "resource_spans", default)]
    resource_spans: Option<Vec<&'t RawValue>>,
}

#[derive(Deserialize)]
struct Batches<'t> {
    #[serde(borrow, default)]
    batches: Option<Vec<&'t RawValue>>,
}

type Scopes<'t> = Option<Vec<Option<ScopeSpans<'t>>>>;

#[derive(Deserialize)]
struct ResourceSpans<'t> {
    #[serde(borrow, rename = "scopeSpans", alias = "scope_spans", default)]
    scope_spans: Scopes<'t>,
    #[serde(
        rename = "instrumentationLibrarySpans",
        alias = "instrumentation_library_spans",
        alias = "deprecatedScopeSpans",
        alias = "deprecated_scope_spans",
        default
    )]
    old: Scopes<'t>,
}

impl<'t> ResourceSpans<'t> {
    /// The old name counts where the new one has nothing to say, as in reading.
    fn scopes(self) -> impl Iterator<Item = Option<ScopeSpans<'t>>> {
        let new = self.scope_spans.filter(|scopes| !scopes.is_empty());
        new.or(self.old).into_iter().flatten()
    }
}

#[derive(Deserialize)]
struct ScopeSpans<'t> {
    #[serde(borrow, default)]
    spans: Option<Vec<&'t RawValue>>,
}
