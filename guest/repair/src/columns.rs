//! What leads to the producers of a span's messages beside message ids:
//! contexts that came along, and keys of custom recipes.
//!
//! Each is a column with one element a message, in the order of the array that
//! it was read from.

use linkmend_rule::MessageKey;

use crate::carried::{self, Carried};
use crate::config::{Carrier, Extra, NameId, Parts, Recipe};
use crate::facts::{MessageFacts, Origin};
use crate::keys::KeyMaker;
use crate::records::{MessageName, Run};
use crate::slots::MAX_MESSAGES;
use crate::texts::{put_text, put_value};
use crate::value::Value;

/// What a column has for one message.
#[derive(Debug, Clone, Copy, Default)]
pub struct Element {
    /// Its context, and the trace state.
    pub carried: Option<(Carried, Run)>,
    /// Its key by a custom recipe.
    pub key: Option<MessageKey>,
    /// What a link says of it.
    pub name: MessageName,
}

/// The columns of one span, or of one link.
#[derive(Debug, Default)]
pub struct Columns {
    elements: Vec<Element>,
    /// Where each column lies.
    runs: Vec<Run>,
    /// How many messages were left out, of the column that has the most.
    pub surplus: usize,
}

impl Columns {
    /// Forgets the span before.
    #[inline]
    pub fn clear(&mut self) {
        self.elements.clear();
        self.runs.clear();
        self.surplus = 0;
    }

    /// There is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The columns.
    pub fn iter(&self) -> impl Iterator<Item = &[Element]> {
        self.runs.iter().map(|column| column.of(&self.elements))
    }

    /// The column has contexts, and no keys.
    pub fn is_of_headers(column: &[Element]) -> bool {
        column.iter().all(|element| element.key.is_none())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.runs.len()
    }

    /// Adds the contexts in the usual headers, which are known attributes.
    #[inline]
    pub fn read_usual_headers(
        &mut self,
        extra: &Extra,
        facts: &MessageFacts<'_>,
        texts: &mut Vec<u8>,
    ) {
        let parents = facts.traceparent();
        if extra.usual_headers && parents.is_usable() {
            self.read_headers(parents, facts.tracestate(), texts);
        }
    }

    /// Adds the contexts in configured attributes, which have these values.
    pub fn read_contexts(&mut self, extra: &Extra, values: &[Value<'_>], texts: &mut Vec<u8>) {
        for carrier in &extra.carriers {
            match *carrier {
                Carrier::Headers {
                    traceparent,
                    tracestate,
                } => {
                    self.read_headers(at(values, traceparent), optional(values, tracestate), texts);
                }
                Carrier::Ids {
                    trace_id,
                    span_id,
                    trace_flags,
                } => self.read_ids([
                    at(values, trace_id),
                    at(values, span_id),
                    optional(values, trace_flags),
                ]),
            }
        }
    }

    fn read_headers(&mut self, parents: Value<'_>, states: Value<'_>, texts: &mut Vec<u8>) {
        let parents = Elements::of(parents);
        let mut states = Elements::of(states);
        if states.count != parents.count {
            states.first.clear();
        }
        let mut states = states.first.into_iter();
        let elements = parents.first.into_iter().map(|parent| {
            let state = states.next().and_then(|state| state.text());
            let carried = carried::traceparent(parent);
            Element {
                carried: carried
                    .map(|carried| (carried, put_text(state.unwrap_or_default(), texts))),
                ..Element::default()
            }
        });
        self.push(elements, parents.count);
    }

    fn read_ids(&mut self, [trace_ids, span_ids, flags]: [Value<'_>; 3]) {
        let trace_ids = Elements::of(trace_ids);
        let span_ids = Elements::of(span_ids);
        let flags = Elements::of(flags).first;
        // Whose ids they are is not known when there are not as many.
        if trace_ids.count != span_ids.count {
            return;
        }
        let ids = trace_ids.first.into_iter().zip(span_ids.first).enumerate();
        let elements = ids.map(|(place, (trace_id, span_id))| {
            let flags = flags.get(place).copied().unwrap_or_default();
            let carried = carried::ids(trace_id, span_id, flags);
            Element {
                carried: carried.map(|carried| (carried, Run::default())),
                ..Element::default()
            }
        });
        self.push(elements, trace_ids.count);
    }

    /// Adds the keys of a custom recipe, when all of its attributes are there.
    pub fn read_recipe(
        &mut self,
        recipe: (u16, &Recipe, &Parts),
        origin: &Origin<'_>,
        values: &[Value<'_>],
        maker: &mut KeyMaker,
        names: Option<&mut Names<'_>>,
    ) {
        let (number, recipe, parts) = recipe;
        let values = parts.attributes.iter().map(|name| at(values, *name));
        let values: Vec<_> = values.map(Elements::of).collect();
        let counts = values.iter().map(|values| values.count);
        let count = counts.max().unwrap_or_default();
        let scope = parts.scope.iter().map(|name| at(origin.extra, *name));
        let scope: Vec<_> = scope.collect();
        let mut names = names;
        let elements = (0..count.min(MAX_MESSAGES)).map(|place| {
            let parts = values.iter().map(|values| in_step(values, place, count));
            let Some(parts) = parts.collect::<Option<Vec<_>>>() else {
                return Element::default();
            };
            let name = names.as_mut().map(|names| names.of_recipe(number, &parts));
            Element {
                key: Some(maker.custom_key(recipe, origin.environment, &scope, &parts)),
                name: name.unwrap_or_default(),
                carried: None,
            }
        });
        self.push(elements, count);
    }

    /// Adds a column with `elements`, the first [`MAX_MESSAGES`] of so many.
    fn push(&mut self, elements: impl Iterator<Item = Element>, count: usize) {
        let surplus = count.saturating_sub(MAX_MESSAGES);
        self.surplus = self.surplus.max(surplus);
        let start = self.elements.len();
        self.elements.extend(elements);
        let column = Run::since(start, &self.elements);
        let says_something = |element: &Element| element.carried.is_some() || element.key.is_some();
        if column.of(&self.elements).iter().any(says_something) {
            self.runs.push(column);
        } else {
            self.elements.truncate(start);
        }
    }
}

/// Where the names of messages are kept.
pub struct Names<'t> {
    /// See [`crate::batch::Batch::texts`].
    pub texts: &'t mut Vec<u8>,
    /// See [`crate::batch::Batch::parts`].
    pub parts: &'t mut Vec<Run>,
}

impl Names<'_> {
    fn of_recipe(&mut self, recipe: u16, values: &[Value<'_>]) -> MessageName {
        let start = self.parts.len();
        for value in values {
            let text = put_value(*value, self.texts);
            self.parts.push(text);
        }
        MessageName::Recipe {
            recipe,
            parts: Run::since(start, self.parts),
        }
    }
}

/// The value of a configured attribute.
pub fn at<'a>(values: &[Value<'a>], name: NameId) -> Value<'a> {
    values.get(usize::from(name)).copied().unwrap_or_default()
}

fn optional<'a>(values: &[Value<'a>], name: Option<NameId>) -> Value<'a> {
    name.map(|name| at(values, name)).unwrap_or_default()
}

/// What an attribute with these elements says of message `place` of `count`:
/// one element stands for all messages, arrays go in step.
fn in_step<'a>(elements: &Elements<'a>, place: usize, count: usize) -> Option<Value<'a>> {
    let element = match &*elements.first {
        [element] => *element,
        first if elements.count == count => *first.get(place)?,
        _ => return None,
    };
    element.is_scalar().then_some(element)
}

/// The elements of an array; of anything else that can name a message, itself.
struct Elements<'a> {
    /// As many as are looked at: the others are only counted. An element may
    /// take two bytes.
    first: Vec<Value<'a>>,
    count: usize,
}

impl<'a> Elements<'a> {
    fn of(value: Value<'a>) -> Self {
        let mut elements = Self {
            first: Vec::new(),
            count: 0,
        };
        if value.is_usable() {
            value.for_each_element(|element| {
                if elements.count < MAX_MESSAGES {
                    elements.first.push(element);
                }
                elements.count += 1;
            });
        }
        elements
    }
}
