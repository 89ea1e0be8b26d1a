//! Which attributes are to be read on top of the known ones: the names that
//! the configuration has, numbered.

use super::carriers::{ContextNames, Headers, USUAL_HEADERS};
use super::recipe::Recipe;

/// The place of a name in [`Extra::names`].
pub type NameId = u16;

/// What the configuration asks to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extra {
    /// All names, each once.
    pub names: Vec<String>,
    /// What holds a context.
    pub carriers: Vec<Carrier>,
    /// The usual headers are read, all of them: they are among the known
    /// attributes.
    pub usual_headers: bool,
    /// The names of each recipe.
    pub recipes: Vec<Parts>,
    /// The events of spans are read.
    pub events: bool,
}

/// Attributes that hold a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// W3C headers.
    Headers {
        /// `traceparent`
        traceparent: NameId,
        /// `tracestate`
        tracestate: Option<NameId>,
    },
    /// Ids in hex.
    Ids {
        /// The trace id.
        trace_id: NameId,
        /// The span id.
        span_id: NameId,
        /// The W3C flags.
        trace_flags: Option<NameId>,
    },
}

/// The names of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Attributes of spans and links.
    pub attributes: Vec<NameId>,
    /// Attributes of resources.
    pub scope: Vec<NameId>,
}

impl Extra {
    /// What these keys of a configuration ask for; `events`: those of spans are read.
    #[must_use]
    pub fn of(
        captured_headers: &[Headers],
        context_attributes: &[ContextNames],
        recipes: &[Recipe],
        events: bool,
    ) -> Self {
        let mut extra = Self {
            events,
            ..Self::default()
        };
        let listed = captured_headers.iter();
        let listed = listed.map(|headers| [headers.traceparent.as_str(), &headers.tracestate]);
        let listed: Vec<_> = listed.collect();
        extra.usual_headers = USUAL_HEADERS.iter().all(|usual| listed.contains(usual));
        for [traceparent, tracestate] in listed {
            if extra.usual_headers && USUAL_HEADERS.contains(&[traceparent, tracestate]) {
                continue;
            }
            let carrier = Carrier::Headers {
                traceparent: extra.number(traceparent),
                tracestate: extra.optional(tracestate),
            };
            extra.carriers.push(carrier);
        }
        for names in context_attributes {
            let carrier = Carrier::Ids {
                trace_id: extra.number(&names.trace_id),
                span_id: extra.number(&names.span_id),
                trace_flags: extra.optional(&names.trace_flags),
            };
            extra.carriers.push(carrier);
        }
        for recipe in recipes {
            let parts = extra.parts(recipe);
            extra.recipes.push(parts);
        }
        extra
    }

    /// There is something to read.
    #[inline]
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.events || !self.names.is_empty()
    }

    fn parts(&mut self, recipe: &Recipe) -> Parts {
        let mut numbers = |names: &[String]| names.iter().map(|name| self.number(name)).collect();
        Parts {
            attributes: numbers(&recipe.attributes),
            scope: numbers(&recipe.scope),
        }
    }

    fn optional(&mut self, name: &str) -> Option<NameId> {
        (!name.is_empty()).then(|| self.number(name))
    }

    fn number(&mut self, name: &str) -> NameId {
        let known = self.names.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        place as NameId
    }
}
