//! Custom recipes: what else identifies a message, or a piece of work.

use serde_json::Value;

use super::object::{Member, Refusal};
use super::values::{name, names, word};

/// A custom recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// Recipes with the same name meet.
    pub name: String,
    /// All of them together identify the message.
    pub attributes: Vec<String>,
    /// What a span with these attributes is.
    pub role: RecipeRole,
    /// Bit `n`: it applies to spans of kind `n`.
    pub kinds: u8,
    /// Resource attributes that must be equal too.
    pub scope: Vec<String>,
}

/// What a span is to the messages of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipeRole {
    /// It made them.
    Producer,
    /// It works on them.
    Consumer,
    /// What its operation or kind says.
    Span,
}

const ALL_KINDS: u8 = 0b11_1111;

impl Default for Recipe {
    fn default() -> Self {
        Self {
            name: String::new(),
            attributes: Vec::new(),
            role: RecipeRole::Span,
            kinds: ALL_KINDS,
            scope: Vec::new(),
        }
    }
}

impl Recipe {
    /// It applies to spans of this kind. A kind without a number of the
    /// protocol is taken for unspecified.
    #[must_use]
    pub fn applies_to(&self, kind: u64) -> bool {
        let kind = if kind < 6 { kind } else { 0 };
        self.kinds >> kind & 1 == 1
    }
}

/// Most attributes of a recipe, and most resource attributes of its scope.
const MOST_NAMES: usize = 8;

/// The keys of an element of `recipes`.
pub const RECIPE: &[Member<Recipe>] = &[
    Member {
        key: "name",
        default: "",
        values: "a name",
        summary: "Recipes with the same name share messages: what one remembers, another one finds.",
        set: |recipe, value| {
            recipe.name = name(value)?;
            Ok(())
        },
    },
    Member {
        key: "attributes",
        default: "",
        values: "a list of 1 to 8 different attribute names",
        summary: "All of them together identify the message, in this order. Strings and integers; an array stands for one message per element. Links are searched for them too; what a link lacks is taken from its span.",
        set: |recipe, value| {
            recipe.attributes = names(value)?;
            bounded(recipe.attributes.len(), 1)
        },
    },
    Member {
        key: "role",
        default: "\"span\"",
        values: "\"producer\", \"consumer\", \"span\"",
        summary: "What a span with these attributes is: the producer of the message, its consumer, or what its messaging operation or kind says. A span that produces or settles messages is never a consumer.",
        set: |recipe, value| {
            let words = [
                ("producer", RecipeRole::Producer),
                ("consumer", RecipeRole::Consumer),
                ("span", RecipeRole::Span),
            ];
            recipe.role = word(value, &words)?;
            Ok(())
        },
    },
    Member {
        key: "kinds",
        default: "[\"unspecified\", \"internal\", \"server\", \"client\", \"producer\", \"consumer\"]",
        values: "a list of span kinds",
        summary: "The kinds of the spans that it applies to.",
        set: |recipe, value| {
            recipe.kinds = kinds(value)?;
            Ok(())
        },
    },
    Member {
        key: "scope",
        default: "[]",
        values: "a list of up to 8 different resource attribute names",
        summary: "Resource attributes that must be equal on both sides too (`service.namespace`).",
        set: |recipe, value| {
            recipe.scope = names(value)?;
            bounded(recipe.scope.len(), 0)
        },
    },
];

fn bounded(count: usize, least: usize) -> Result<(), Refusal> {
    if (least..=MOST_NAMES).contains(&count) {
        Ok(())
    } else {
        Err(Refusal::Value)
    }
}

fn kinds(value: &Value) -> Result<u8, Refusal> {
    let words = [
        ("unspecified", 0),
        ("internal", 1),
        ("server", 2),
        ("client", 3),
        ("producer", 4),
        ("consumer", 5),
    ];
    let list = value.as_array().ok_or(Refusal::Value)?;
    list.iter()
        .try_fold(0, |kinds, kind| Ok(kinds | 1 << word(kind, &words)?))
}
