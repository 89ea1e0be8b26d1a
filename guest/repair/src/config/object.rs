//! Objects of the configuration. For each kind of object there is one table of
//! members: it says what is read, what is refused, and what the manual tells.

use serde_json::Value;

/// A member of an object: what is checked, set and documented.
pub struct Member<T> {
    /// The key.
    pub key: &'static str,
    /// The default, as JSON; empty: the member must be given.
    pub default: &'static str,
    /// The values that it takes.
    pub values: &'static str,
    /// What it does.
    pub summary: &'static str,
    pub(super) set: fn(&mut T, &Value) -> Result<(), Refusal>,
}

impl<T> core::fmt::Debug for Member<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.key)
    }
}

/// Why a value is not taken.
#[derive(Debug)]
pub enum Refusal {
    /// It is none of the values that the member takes.
    Value,
    /// Something inside of it: the way there from the member, and what is wrong.
    Inside(String, String),
}

impl Refusal {
    /// Something inside of element `number` of a list.
    pub(super) fn in_element(number: usize, fault: Fault) -> Self {
        let path = match fault.path.as_str() {
            "" => format!("[{number}]"),
            path => format!("[{number}].{path}"),
        };
        Self::Inside(path, fault.text)
    }
}

/// What is wrong with an object, and where.
#[derive(Debug)]
pub struct Fault {
    /// From the object: `recipes[0].role`.
    pub path: String,
    /// What is wrong, and the way out.
    pub text: String,
}

/// Reads an object into `target`; what it leaves out stays.
pub fn read<T>(value: &Value, members: &[Member<T>], target: &mut T) -> Result<(), Fault> {
    let Value::Object(given) = value else {
        let text = format!("{} is not an object", shown(value));
        return Err(Fault {
            path: String::new(),
            text,
        });
    };
    for (key, value) in given {
        let member = members.iter().find(|member| member.key == key);
        let member = member.ok_or_else(|| unknown_key(key, members))?;
        (member.set)(target, value).map_err(|refusal| refused(member, value, refusal))?;
    }
    let is_missing =
        |member: &&Member<T>| member.default.is_empty() && !given.contains_key(member.key);
    match members.iter().find(is_missing) {
        Some(member) => Err(Fault {
            path: member.key.into(),
            text: format!("is missing; it takes {}", member.values),
        }),
        None => Ok(()),
    }
}

/// Sets all members that have one to their default.
pub fn set_defaults<T>(members: &[Member<T>], target: &mut T) {
    for member in members {
        if let Ok(value) = serde_json::from_str(member.default) {
            let _ = (member.set)(target, &value);
        }
    }
}

/// Reads a list of objects of one kind.
pub fn read_list<T: Default>(value: &Value, members: &[Member<T>]) -> Result<Vec<T>, Refusal> {
    let list = value.as_array().ok_or(Refusal::Value)?;
    let read_element = |(number, value)| {
        let mut element = T::default();
        read(value, members, &mut element).map_err(|fault| Refusal::in_element(number, fault))?;
        Ok(element)
    };
    list.iter().enumerate().map(read_element).collect()
}

fn refused<T>(member: &Member<T>, value: &Value, refusal: Refusal) -> Fault {
    match refusal {
        Refusal::Value => Fault {
            path: member.key.into(),
            text: format!(
                "{} is not a value it takes; it takes {}",
                shown(value),
                member.values
            ),
        },
        Refusal::Inside(path, text) => Fault {
            path: format!("{}{path}", member.key),
            text,
        },
    }
}

/// A value in few words. Writing it as JSON would take a writer of JSON into
/// the component.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("\"{text}\""),
        Value::Array(_) => "an array".into(),
        Value::Object(_) => "an object".into(),
    }
}

fn unknown_key<T>(key: &str, members: &[Member<T>]) -> Fault {
    let keys: Vec<_> = members.iter().map(|member| member.key).collect();
    Fault {
        path: key.into(),
        text: format!(
            "unknown key; the nearest is {} (all keys: {})",
            nearest(key, &keys),
            keys.join(", ")
        ),
    }
}

/// The one of `known` that takes the fewest changes of letters.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> &'a str {
    let nearest = known.iter().min_by_key(|known| distance(known, word));
    nearest.copied().unwrap_or_default()
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let substituted = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = substituted.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
