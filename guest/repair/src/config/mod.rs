//! The rule's configuration.
//!
//! | module | what is in it |
//! |---|---|
//! | `options` | how the rule was configured |
//! | `settings` | every key |
//! | `carriers`, `recipe` | the keys of the objects in lists |
//! | `object`, `values` | how objects and values are read |
//! | `extra` | which attributes are to be read on top of the known ones |

mod carriers;
mod extra;
mod object;
mod options;
mod recipe;
mod settings;
mod values;

use serde_json::Value;

pub use carriers::{CONTEXTS, ContextNames, HEADERS, Headers};
pub use extra::{Carrier, Extra, NameId, Parts};
pub use object::Member;
pub use options::{Ambiguous, Config, InvalidLinks, KeepLinks};
pub use recipe::{RECIPE, Recipe, RecipeRole};
pub use settings::SETTINGS;

impl Default for Config {
    fn default() -> Self {
        let mut config = Self {
            max_links: 0,
            keep_links: KeepLinks::First,
            merge_links: false,
            invalid_links: InvalidLinks::Drop,
            count_invalid_in_dropped: false,
            link_to_parent: false,
            same_trace_satisfies: true,
            ambiguous: Ambiguous::Skip,
            clock_skew: 0,
            environment_attributes: Vec::new(),
            event_attributes: false,
            captured_headers: Vec::new(),
            context_attributes: Vec::new(),
            recipes: Vec::new(),
            type_attribute: String::new(),
            type_values: Vec::new(),
            type_aliases: false,
            provenance_attribute: String::new(),
            extra: Extra::default(),
        };
        object::set_defaults(SETTINGS, &mut config);
        config.extra = extra(&config);
        config
    }
}

/// Every attribute of a span is looked up among them.
const MOST_NAMES: usize = 500;

impl Config {
    /// Reads a JSON object; what it leaves out, and an empty text, is default.
    ///
    /// # Errors
    ///
    /// A text that names the keys at fault, and what would be right.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut config = Self::default();
        if text.trim().is_empty() {
            return Ok(config);
        }
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
        if !value.is_object() {
            return Err("the configuration is not a JSON object, like {\"max_links\": 64}".into());
        }
        object::read(&value, SETTINGS, &mut config).map_err(|faults| {
            let told = faults.iter();
            let told: Vec<_> = told
                .map(|fault| format!("{}: {}", fault.path, fault.text))
                .collect();
            told.join("; ")
        })?;
        config.check()?;
        config.extra = extra(&config);
        Ok(config)
    }

    /// What is right by itself may not fit together.
    fn check(&self) -> Result<(), String> {
        let (kind, mark) = (&self.type_attribute, &self.provenance_attribute);
        if kind == mark && !kind.is_empty() {
            return Err(format!(
                "provenance_attribute: \"{mark}\" is the link_type_attribute too; name another one"
            ));
        }
        for (number, recipe) in self.recipes.iter().enumerate() {
            if let Some(name) = recipe
                .attributes
                .iter()
                .find(|name| *name == kind || *name == mark)
            {
                return Err(format!(
                    "recipes[{number}].attributes: \"{name}\" is what linkmend writes on links itself; \
                     it can not identify a message"
                ));
            }
        }
        self.check_names()
    }

    fn check_names(&self) -> Result<(), String> {
        for (number, recipe) in self.recipes.iter().enumerate() {
            let shape = |recipe: &Recipe| (recipe.attributes.len(), recipe.scope.len());
            let before = self.recipes.iter().take(number);
            let mut same = before.filter(|other| other.name == recipe.name);
            if same.any(|other| shape(other) != shape(recipe)) {
                return Err(format!(
                    "recipes[{number}]: another recipe has the name \"{}\" and another number of attributes \
                     or of resource attributes; they can never meet",
                    recipe.name
                ));
            }
        }
        match extra(self).names.len() {
            count if count > MOST_NAMES => Err(format!(
                "recipes, context_attributes and captured_headers name {count} attributes, and at most \
                 {MOST_NAMES} are read"
            )),
            _ => Ok(()),
        }
    }
}

/// What `config` asks to be read.
fn extra(config: &Config) -> Extra {
    Extra::of(
        &config.captured_headers,
        &config.context_attributes,
        &config.recipes,
        config.event_attributes,
    )
}
