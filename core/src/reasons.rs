//! Why links were not made, and whose they would have been.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

use crate::interface::NoteKind;

/// Why a link that may be missing was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The producer of the message is not known.
    Unresolved,
    /// All known producers of the message started too late to be it.
    TooLate,
    /// The span names more messages than are looked at.
    TooMany,
    /// The message has several producers, and there is no way to choose.
    Ambiguous,
    /// The link did not fit under the limit.
    NoRoom,
    /// The message is named, but not well enough to tell it from others.
    Incomplete,
    /// The consumer is linked to nothing and names no message.
    Unnamed,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Unresolved,
        Self::TooLate,
        Self::TooMany,
        Self::Ambiguous,
        Self::NoRoom,
        Self::Incomplete,
        Self::Unnamed,
    ];

    /// As it is written in figures and labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::TooLate => "too_late",
            Self::TooMany => "too_many",
            Self::Ambiguous => "ambiguous",
            Self::NoRoom => "no_room",
            Self::Incomplete => "incomplete",
            Self::Unnamed => "unnamed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<NoteKind> for Reason {
    fn from(kind: NoteKind) -> Self {
        match kind {
            NoteKind::Unresolved => Self::Unresolved,
            NoteKind::TooLate => Self::TooLate,
            NoteKind::TooMany => Self::TooMany,
            NoteKind::Ambiguous => Self::Ambiguous,
            NoteKind::NoRoom => Self::NoRoom,
            NoteKind::Incomplete => Self::Incomplete,
            NoteKind::Unnamed => Self::Unnamed,
        }
    }
}

/// How often links were not made, by reason, service and messaging system.
///
/// The names come from the data, so their number and length are bounded: of the
/// pairs of service and system the first 1,000 are told apart, all others are
/// `other`; and a name of more than 128 bytes is cut. The language goes with the
/// pair and does not tell pairs apart: what several languages share is `other`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasons {
    by_service: BTreeMap<String, BTreeMap<String, Pair>>,
    /// How many pairs of service and system there are.
    pairs: usize,
}

/// One number for each reason, in the order of [`Reason::ALL`].
type Tally = [u64; Reason::ALL.len()];

/// What is known of a service and a messaging system.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pair {
    language: String,
    tally: Tally,
}

/// Whose links were not made. What is not known is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whose<'a> {
    /// `service.name` of the resource.
    pub service: &'a str,
    /// `messaging.system` of the span.
    pub messaging_system: &'a str,
    /// `telemetry.sdk.language` of the resource.
    pub language: &'a str,
}

/// A line of [`Reasons`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// Why.
    pub reason: Reason,
    /// `service.name` of the resource; `-` when there is none.
    pub service: String,
    /// `messaging.system` of the span; `-` when there is none.
    pub messaging_system: String,
    /// `telemetry.sdk.language` of the resource; `-` when there is none, `other`
    /// when there are several.
    pub language: String,
    /// How often.
    pub count: u64,
}

impl Reasons {
    /// What stands for a name that is empty or absent.
    pub const NO_NAME: &'static str = "-";
    /// What stands for all names beyond the first.
    pub const OTHER: &'static str = "other";
    const MOST_PAIRS: usize = 1000;
    const LONGEST_NAME: usize = 128;

    /// Counts so many more, of a service that says nothing of its language.
    pub fn add(&mut self, reason: Reason, service: &str, messaging_system: &str, count: u64) {
        let whose = Whose {
            service,
            messaging_system,
            language: "",
        };
        self.add_of(reason, &whose, count);
    }

    /// Counts so many more.
    pub fn add_of(&mut self, reason: Reason, whose: &Whose<'_>, count: u64) {
        if count == 0 {
            return;
        }
        let service = name(whose.service);
        let system = name(whose.messaging_system);
        let language = name(whose.language);
        if let Some(pair) = self.find(&service, &system) {
            return pair.count(reason, &language, count);
        }
        let (service, system) = if self.pairs < Self::MOST_PAIRS {
            (service.into_owned(), system.into_owned())
        } else {
            (Self::OTHER.to_owned(), Self::OTHER.to_owned())
        };
        let systems = self.by_service.entry(service).or_default();
        self.pairs += usize::from(!systems.contains_key(&system));
        let pair = systems.entry(system).or_insert_with(|| Pair {
            language: language.clone().into_owned(),
            tally: Tally::default(),
        });
        pair.count(reason, &language, count);
    }

    fn find(&mut self, service: &str, system: &str) -> Option<&mut Pair> {
        self.by_service.get_mut(service)?.get_mut(system)
    }

    /// Nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_service.is_empty()
    }

    /// What was counted, by service and system.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, &str, &str, u64)> {
        self.lines()
            .map(|(reason, whose, count)| (reason, whose.service, whose.messaging_system, count))
    }

    fn lines(&self) -> impl Iterator<Item = (Reason, Whose<'_>, u64)> {
        let pairs = self.by_service.iter().flat_map(|(service, systems)| {
            systems.iter().map(move |(system, pair)| {
                let whose = Whose {
                    service,
                    messaging_system: system,
                    language: &pair.language,
                };
                (whose, &pair.tally)
            })
        });
        pairs.flat_map(|(whose, tally)| {
            let counts = Reason::ALL.into_iter().zip(tally);
            counts
                .filter(|(_, count)| **count > 0)
                .map(move |(reason, count)| (reason, whose, *count))
        })
    }

    /// What was counted, the most frequent first.
    #[must_use]
    pub fn most_frequent(&self) -> Vec<ReasonCount> {
        let counts = self.lines().map(|(reason, whose, count)| ReasonCount {
            reason,
            service: whose.service.to_owned(),
            messaging_system: whose.messaging_system.to_owned(),
            language: whose.language.to_owned(),
            count,
        });
        let mut counts: Vec<ReasonCount> = counts.collect();
        // Stable: equal ones stay in the order of their names.
        counts.sort_by_key(|line| std::cmp::Reverse(line.count));
        counts
    }
}

impl AddAssign<&Reasons> for Reasons {
    fn add_assign(&mut self, other: &Reasons) {
        for (reason, whose, count) in other.lines() {
            self.add_of(reason, &whose, count);
        }
    }
}

impl Pair {
    fn count(&mut self, reason: Reason, language: &str, count: u64) {
        if self.language != language {
            Reasons::OTHER.clone_into(&mut self.language);
        }
        if let Some(counter) = self.tally.get_mut(reason as usize) {
            *counter = counter.saturating_add(count);
        }
    }
}

const ELLIPSIS: &str = "...";

/// A name as it is counted.
fn name(name: &str) -> Cow<'_, str> {
    if name.is_empty() {
        return Reasons::NO_NAME.into();
    }
    if name.len() <= Reasons::LONGEST_NAME {
        return name.into();
    }
    // What is merged was cut already: cutting it again changes nothing.
    let end = name.floor_char_boundary(Reasons::LONGEST_NAME - ELLIPSIS.len());
    format!("{}{ELLIPSIS}", name.get(..end).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(reasons: &Reasons) -> Vec<(Reason, &str, &str, u64)> {
        reasons.iter().collect()
    }

    #[test]
    fn the_names_are_those_that_are_serialised() {
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
            let debug = format!("{reason:?}");
            let mut snake = String::new();
            for character in debug.chars() {
                if character.is_uppercase() && !snake.is_empty() {
                    snake.push('_');
                }
                snake.extend(character.to_lowercase());
            }
            assert_eq!(reason.as_str(), snake);
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_a_dash() {
        let mut reasons = Reasons::default();
        reasons.add(Reason::Unnamed, "", "", 2);
        assert_eq!(lines(&reasons), [(Reason::Unnamed, "-", "-", 2)]);
    }

    #[test]
    fn nothing_counted_is_no_line() {
        let mut reasons = Reasons::default();
        reasons.add(Reason::Unnamed, "orders", "kafka", 0);
        assert!(reasons.is_empty());
    }

    #[test]
    fn names_beyond_the_first_thousand_are_counted_together() {
        let mut reasons = Reasons::default();
        for number in 0..1_500 {
            reasons.add(Reason::Unresolved, &format!("service-{number}"), "kafka", 1);
        }
        reasons.add(Reason::Ambiguous, "service-7", "kafka", 3);
        reasons.add(Reason::Ambiguous, "service-1400", "kafka", 4);
        let lines = lines(&reasons);
        assert_eq!(lines.len(), 1_000 + 1 + 2);
        assert!(lines.contains(&(Reason::Unresolved, "other", "other", 500)));
        assert!(lines.contains(&(Reason::Ambiguous, "other", "other", 4)));
        assert!(lines.contains(&(Reason::Ambiguous, "service-7", "kafka", 3)));
    }

    #[test]
    fn long_names_are_cut_and_merge_as_they_are() {
        let mut reasons = Reasons::default();
        // A character of two bytes lies across the place of the cut.
        reasons.add(
            Reason::NoRoom,
            &("x".to_owned() + &"ü".repeat(100)),
            "kafka",
            1,
        );
        let mut sum = reasons.clone();
        sum += &reasons;
        let [(_, service, _, count)] = lines(&sum)[..] else {
            panic!("{sum:?}");
        };
        assert_eq!(count, 2);
        assert!(
            service.len() <= 128 && service.ends_with("ü..."),
            "{service}"
        );
    }

    #[test]
    fn the_language_is_told_as_long_as_there_is_one() {
        let count = |service, language| {
            let mut reasons = Reasons::default();
            let whose = Whose {
                service,
                messaging_system: "kafka",
                language,
            };
            reasons.add_of(Reason::Unnamed, &whose, 1);
            reasons
        };
        let languages = |parts: &[Reasons]| {
            let mut sum = Reasons::default();
            for part in parts {
                sum += part;
            }
            let lines = sum.most_frequent().into_iter();
            lines
                .map(|line| (line.language, line.count))
                .collect::<Vec<_>>()
        };
        let (java, go, none) = (count("a", "java"), count("a", "go"), count("a", ""));
        let one = [("java".to_owned(), 2)];
        assert_eq!(languages(&[java.clone(), java.clone()]), one);
        let several = [("other".to_owned(), 3)];
        for parts in [
            [java.clone(), go.clone(), java.clone()],
            [go, java.clone(), java.clone()],
            [none.clone(), java.clone(), java.clone()],
        ] {
            assert_eq!(languages(&parts), several);
        }
        assert_eq!(languages(&[none]), [("-".to_owned(), 1)]);
        let apart = languages(&[java, count("b", "go")]);
        assert_eq!(apart, [("java".to_owned(), 1), ("go".to_owned(), 1)]);
    }

    #[test]
    fn the_most_frequent_come_first_and_equal_ones_by_name() {
        let mut reasons = Reasons::default();
        reasons.add(Reason::Unresolved, "b", "kafka", 5);
        reasons.add(Reason::Unresolved, "a", "kafka", 5);
        reasons.add(Reason::TooLate, "c", "kafka", 9);
        let services = reasons.most_frequent();
        let services: Vec<&str> = services.iter().map(|line| line.service.as_str()).collect();
        assert_eq!(services, ["c", "a", "b"]);
    }
}
