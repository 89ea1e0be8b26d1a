//! The choice among several producers of one message.

use linkmend_rule::{MessageKey, Producer};

use crate::batch::Batch;
use crate::candidates::{Candidates, Choice, Doubt, Fit, Search, by_time, several};
use crate::chain;
use crate::producers::{Producers, Question, trace_id};
use crate::records::Slot;

/// Two that claim one offset farther apart than this are from before and after
/// a topic was made anew, and both right.
const TOPIC_LIFE: u64 = 15 * 60 * 1_000_000_000;

/// Chooses the producer of the message of `slot`: by the first key that
/// leads to one.
pub fn choose<'p>(
    search: &Search<'_>,
    producers: &'p Producers,
    slot: &Slot,
    batch: &Batch,
) -> Choice<'p> {
    let Batch { wanted, asides, .. } = batch;
    let mut best = Choice::None;
    for (number, place) in slot.keys.places().enumerate() {
        let (known, more) = producers.of(place);
        if known.is_empty() {
            continue;
        }
        let is_offset = number < usize::from(slot.grounds.offsets);
        // Nearly always there is one, and nothing to weigh.
        if let [only] = known
            && slot.asides.count() == 0
        {
            match search.fit(only) {
                Fit::InTime | Fit::WithinSkew => {
                    return Choice::One(only, is_offset || !slot.grounds.client_assigned);
                }
                Fit::TooLate => best = Choice::TooLate,
                Fit::Itself | Fit::Disagrees | Fit::Effect => {}
            }
            continue;
        }
        let (candidates, is_late) = search.candidates(known);
        if candidates.is_empty() {
            if is_late {
                best = Choice::TooLate;
            }
            continue;
        }
        if is_offset {
            let asides = slot.asides.of(asides);
            let is_exact = number == 0;
            return by_offset(producers, slot, asides, is_exact, &candidates);
        }
        if slot.grounds.client_assigned {
            let Some(key) = wanted.get(place) else {
                continue;
            };
            return chain::choose(search.span, producers, *key, &candidates, more);
        }
        return by_time(&candidates, true);
    }
    best
}

/// A place in a log is one record's, as long as those who name it know it.
fn by_offset<'p>(
    producers: &Producers,
    slot: &Slot,
    asides: &[MessageKey],
    is_exact: bool,
    candidates: &Candidates<'p>,
) -> Choice<'p> {
    let several = several(candidates);
    let claims = candidates.iter().map(|(_, producer)| *producer);
    if is_contested(claims) {
        return Choice::Several(several, Doubt::ContestedOffset);
    }
    let (clusters, firsts) = match asides.split_last() {
        Some((clusters, firsts)) if slot.grounds.names_cluster => (Some(*clusters), firsts),
        _ => (None, asides),
    };
    // Who invents offsets begins with 0.
    let invented = |key: &MessageKey| is_contested(producers.aside(Question::of(*key)).iter());
    if firsts.iter().any(invented) {
        return Choice::Several(several, Doubt::ContestedOffset);
    }
    if !is_exact && clusters.is_some_and(|key| producers.aside(Question::of(key)).len() > 1) {
        return Choice::Several(several, Doubt::UnknownCluster);
    }
    by_time(candidates, true)
}

/// Several traces claim one place in a log, in one life of the topic.
fn is_contested<'p>(claims: impl Iterator<Item = &'p Producer>) -> bool {
    let mut claims: Vec<_> = claims
        .map(|producer| (producer.start, trace_id(producer)))
        .collect();
    claims.sort_unstable();
    claims.windows(2).any(|pair| match pair {
        [(start, trace), (next, other)] => trace != other && next - start < TOPIC_LIFE,
        _ => false,
    })
}

/// What else has to be asked to choose the producer of a message.
pub fn questions(
    search: &Search<'_>,
    producers: &Producers,
    slot: &Slot,
    batch: &Batch,
    questions: &mut Vec<Question>,
) {
    let Batch { wanted, asides, .. } = batch;
    for (number, place) in slot.keys.places().enumerate() {
        let (known, _) = producers.of(place);
        if known.is_empty() {
            continue;
        }
        if number < usize::from(slot.grounds.offsets) {
            let asides = slot.asides.of(asides).iter();
            questions.extend(asides.map(|key| Question::of(*key)));
        } else if slot.grounds.client_assigned && known.len() > 1 {
            let (candidates, _) = search.candidates(known);
            let key = wanted.get(place).filter(|_| candidates.len() > 1);
            questions.extend(key.map(|key| chain::question(*key, &candidates)));
        }
    }
}
