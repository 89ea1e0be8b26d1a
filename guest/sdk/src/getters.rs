//! Attributes by their keys.
//!
//! What has attributes (spans, links, resources, scopes) has the same methods
//! to read them with. Each walks over the attributes until it finds its key:
//! no table is made for the two or three that a rule asks for.

use std::borrow::Cow;

use linkmend_wire::value::{AnyValue, Attribute};

/// The value of an attribute; of a key that comes twice, the first.
pub(crate) fn value<'a>(
    mut attributes: impl Iterator<Item = Attribute<'a>>,
    key: &str,
) -> Option<AnyValue<'a>> {
    let attribute = attributes.find(|attribute| attribute.key == key.as_bytes())?;
    Some(attribute.value)
}

/// The elements of an array, or the one value that is no array.
pub(crate) fn elements(value: Option<AnyValue<'_>>) -> impl Iterator<Item = AnyValue<'_>> {
    let (array, single) = match value {
        Some(AnyValue::Array(array)) => (Some(array), None),
        Some(AnyValue::Empty) | None => (None, None),
        single => (None, single),
    };
    array
        .into_iter()
        .flat_map(|array| array.iter())
        .chain(single)
}

pub(crate) fn text(value: AnyValue<'_>) -> Option<Cow<'_, str>> {
    match value {
        AnyValue::String(text) => Some(String::from_utf8_lossy(text)),
        _ => None,
    }
}

/// An id in its one spelling: services disagree on whether a number is a string.
pub(crate) fn id(value: AnyValue<'_>) -> Option<Cow<'_, str>> {
    match value {
        AnyValue::String([]) => None,
        AnyValue::String(text) => Some(String::from_utf8_lossy(text)),
        AnyValue::Int(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// The methods of what has `attributes`.
macro_rules! getters {
    ($view:ident) => {
        impl<'a> $view<'a> {
            /// The value of an attribute, whatever its type.
            #[must_use]
            pub fn value(&self, key: &str) -> Option<linkmend_wire::value::AnyValue<'a>> {
                $crate::getters::value(self.attributes(), key)
            }

            /// An attribute that is a string. What is not UTF-8 in it is U+FFFD.
            #[must_use]
            pub fn text(&self, key: &str) -> Option<std::borrow::Cow<'a, str>> {
                self.value(key).and_then($crate::getters::text)
            }

            /// An attribute that is an integer.
            #[must_use]
            pub fn int(&self, key: &str) -> Option<i64> {
                match self.value(key)? {
                    linkmend_wire::value::AnyValue::Int(value) => Some(value),
                    _ => None,
                }
            }

            /// An attribute that is a boolean.
            #[must_use]
            pub fn bool(&self, key: &str) -> Option<bool> {
                match self.value(key)? {
                    linkmend_wire::value::AnyValue::Bool(value) => Some(value),
                    _ => None,
                }
            }

            /// An attribute that is a double.
            #[must_use]
            pub fn double(&self, key: &str) -> Option<f64> {
                match self.value(key)? {
                    linkmend_wire::value::AnyValue::Double(value) => Some(value),
                    _ => None,
                }
            }

            /// All elements of an attribute that is an array; the one value of
            /// an attribute that is none.
            pub fn values(
                &self,
                key: &str,
            ) -> impl Iterator<Item = linkmend_wire::value::AnyValue<'a>> + use<'a> {
                $crate::getters::elements(self.value(key))
            }

            /// An attribute that is an id: a string as it is, an integer in
            /// decimal digits. Empty strings are no ids.
            #[must_use]
            pub fn id(&self, key: &str) -> Option<std::borrow::Cow<'a, str>> {
                self.value(key).and_then($crate::getters::id)
            }

            /// The ids of an attribute that may be an array of them, or one.
            pub fn ids(
                &self,
                key: &str,
            ) -> impl Iterator<Item = std::borrow::Cow<'a, str>> + use<'a> {
                self.values(key).filter_map($crate::getters::id)
            }
        }
    };
}

pub(crate) use getters;
