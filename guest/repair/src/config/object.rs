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
    /// Something inside of it, with the way there from the member.
    Inside(Vec<Fault>),
}

/// What is wrong with an object, and where.
#[derive(Debug)]
pub struct Fault {
    /// From the object: `recipes[0].role`.
    pub path: String,
    /// What is wrong, and the way out.
    pub text: String,
}

/// Reads an object into `target`; what it leaves out stays. All that is wrong is
/// told at once.
pub fn read<T>(value: &Value, members: &[Member<T>], target: &mut T) -> Result<(), Vec<Fault>> {
    let Value::Object(given) = value else {
        let text = format!("{} is not an object", shown(value));
        return Err(vec![Fault {
            path: String::new(),
            text,
        }]);
    };
    let mut faults = Vec::new();
    let mut unknown = Vec::new();
    for (key, value) in given {
        match members.iter().find(|member| member.key == key) {
            Some(member) => match (member.set)(target, value) {
                Ok(()) => {}
                Err(refusal) => {
                    refused(&mut faults, (member.key, member.values), value, refusal);
                }
            },
            None => unknown.push(key.as_str()),
        }
    }
    for member in members {
        if member.default.is_empty() && !given.contains_key(member.key) {
            missing(&mut faults, member.key, member.values);
        }
    }
    if !unknown.is_empty() {
        let keys: Vec<_> = members.iter().map(|member| member.key).collect();
        unknown_keys(&mut faults, &unknown, &keys);
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
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
    let (mut elements, mut faults) = (Vec::new(), Vec::new());
    for (number, value) in list.iter().enumerate() {
        let mut element = T::default();
        if let Err(inside) = read(value, members, &mut element) {
            in_element(&mut faults, number, inside);
        }
        elements.push(element);
    }
    if faults.is_empty() {
        Ok(elements)
    } else {
        Err(Refusal::Inside(faults))
    }
}

/// In element `number` of a list.
fn in_element(faults: &mut Vec<Fault>, number: usize, inside: Vec<Fault>) {
    for mut fault in inside {
        fault.path = match fault.path.as_str() {
            "" => format!("[{number}]"),
            path => format!("[{number}].{path}"),
        };
        faults.push(fault);
    }
}

/// `member`: its key, and what it takes.
fn refused(faults: &mut Vec<Fault>, member: (&str, &str), value: &Value, refusal: Refusal) {
    let (key, values) = member;
    match refusal {
        Refusal::Value => faults.push(Fault {
            path: key.into(),
            text: format!(
                "{} is not a value it takes; it takes {values}",
                shown(value)
            ),
        }),
        Refusal::Inside(inside) => {
            for mut fault in inside {
                fault.path.insert_str(0, key);
                faults.push(fault);
            }
        }
    }
}

fn missing(faults: &mut Vec<Fault>, key: &str, values: &str) {
    faults.push(Fault {
        path: key.into(),
        text: format!("is missing; it takes {values}"),
    });
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

/// The last one is told which keys there are.
fn unknown_keys(faults: &mut Vec<Fault>, unknown: &[&str], keys: &[&str]) {
    for key in unknown {
        faults.push(Fault {
            path: (*key).into(),
            text: format!("unknown key; the nearest is {}", nearest(key, keys)),
        });
    }
    if let Some(last) = faults.last_mut() {
        last.text = format!("{} (all keys: {})", last.text, keys.join(", "));
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
