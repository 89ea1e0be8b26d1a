//! An index that is not in memory: it may be slow, away, and shared with others.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use linkmend::index::{
    Answers, Entry, IndexError, IndexOptions, MemoryIndex, MessageIndex, MessageKey, Producer,
    Recalled, ScopedIndex, SharedIndex, SharedStore,
};
use linkmend::{HoldOptions, Limits, ProcessOptions, Processor, Rule, Scope, Scoping};
use linkmend_tests::otlp::{batch, consumer, producer, spans_of};

/// What is behind an index, and how it answers.
#[derive(Default)]
struct Slow {
    memory: MemoryIndex,
    sleeps: Duration,
    spins: Duration,
    is_away: bool,
}

impl Slow {
    fn wait(&self) -> Result<(), IndexError> {
        thread::sleep(self.sleeps);
        let begun = Instant::now();
        while begun.elapsed() < self.spins {
            std::hint::spin_loop();
        }
        if self.is_away {
            return Err(IndexError::Unavailable);
        }
        Ok(())
    }
}

impl MessageIndex for Slow {
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        self.wait()?;
        self.memory.remember(producers, texts)
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        self.wait()?;
        self.memory.recall(keys)
    }

    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        self.wait()?;
        self.memory.recall_before(keys, before)
    }
}

/// A network was slow, and the rule was blamed, and after five batches it was not
/// asked any more.
#[test]
fn an_index_that_is_slow_is_no_fault_of_the_rule() {
    let call_time = Duration::from_millis(60);
    let index = Slow {
        // Thirty times as long as a call may run: what is late for a machine.
        sleeps: call_time * 31,
        spins: call_time * 2,
        ..Slow::default()
    };
    let limits = Limits {
        call_time,
        ..Limits::default()
    };
    let processor = Processor::builder()
        .rule(Rule::builtin().with_limits(limits))
        .index(Arc::new(index))
        .build()
        .unwrap();
    let begun = Instant::now();
    let mended = processor
        .process(batch(vec![producer(1, "a"), consumer(2, "a")]))
        .unwrap();
    assert!(begun.elapsed() > call_time * 62, "it did not wait");
    assert_eq!(mended.faults, []);
    assert_eq!(mended.counts.links_added, 1);
    assert!(mended.rule_time < call_time * 4, "{:?}", mended.rule_time);
    let longest = processor.rule_usage()[0].longest_call;
    assert!(longest < call_time, "{longest:?}");
}

/// Ten batches, since a rule that failed five times is not asked any more.
#[test]
fn an_index_that_is_away_is_no_fault_of_the_rule() {
    let processor = Processor::builder()
        .rule(Rule::builtin())
        .index(Arc::new(Slow {
            is_away: true,
            ..Slow::default()
        }))
        .build()
        .unwrap();
    for number in 0..10 {
        let mended = processor
            .process(batch(vec![producer(number, "a"), consumer(number, "a")]))
            .unwrap();
        assert_eq!(mended.faults, []);
        assert_eq!(mended.counts.links_added, 0);
        assert_eq!(spans_of(&mended.traces.unwrap()).len(), 2);
    }
}

/// What several programs share.
#[derive(Default)]
struct Store(Mutex<Vec<(Option<Scope>, Entry)>>);

impl Store {
    /// Of these keys, those that somebody has remembered.
    fn known(&self, keys: &[(Option<Scope>, MessageKey)]) -> Vec<(Option<Scope>, MessageKey)> {
        let entries = self.0.lock().unwrap();
        let is_known = |wanted: &&(Option<Scope>, MessageKey)| {
            let mut entries = entries.iter();
            entries.any(|(scope, entry)| (*scope, entry.producer.key) == **wanted)
        };
        keys.iter().filter(is_known).copied().collect()
    }
}

impl SharedStore for Store {
    fn remember(&self, scope: Option<Scope>, producers: &[Producer], texts: &[u8]) {
        let entries = producers.iter().map(|producer| {
            let start = producer.trace_state.offset as usize;
            let state = &texts[start..][..producer.trace_state.length as usize];
            let entry = Entry {
                producer: *producer,
                trace_state: state.into(),
            };
            (scope, entry)
        });
        self.0.lock().unwrap().extend(entries);
    }

    fn recall(&self, scope: Option<Scope>, keys: &[MessageKey]) -> Vec<Entry> {
        let entries = self.0.lock().unwrap();
        let wanted = entries
            .iter()
            .filter(|(of, entry)| *of == scope && keys.contains(&entry.producer.key));
        wanted.map(|(_, entry)| entry.clone()).collect()
    }
}

fn host(store: &Arc<Store>) -> Processor {
    let here = Arc::new(MemoryIndex::default());
    let store: Arc<dyn SharedStore> = Arc::<Store>::clone(store);
    Processor::builder()
        .rule(Rule::builtin())
        .index(Arc::new(SharedIndex::new(here, store)))
        .hold(HoldOptions::default())
        .build()
        .unwrap()
}

fn scoped(store: &Arc<Store>) -> Processor {
    let store: Arc<dyn SharedStore> = Arc::<Store>::clone(store);
    Processor::builder()
        .rule(Rule::builtin())
        .scopes(Scoping {
            resource_attributes: Vec::new(),
            index: ScopedIndex::with_store(IndexOptions::default(), 10, store),
        })
        .hold(HoldOptions::default())
        .build()
        .unwrap()
}

fn links_of(traces: impl IntoIterator<Item = bytes::Bytes>) -> usize {
    let spans = traces.into_iter().flat_map(|traces| spans_of(&traces));
    spans.map(|span| span.links.len()).sum()
}

#[test]
fn a_producer_that_passed_another_host_is_found() {
    let store = Arc::new(Store::default());
    let (one, other) = (host(&store), host(&store));
    one.process(batch(vec![producer(1, "a")])).unwrap();
    let mended = other.process(batch(vec![consumer(2, "a")])).unwrap();
    assert_eq!(mended.counts.links_added, 1);
}

/// A span waited for its time, since nobody here had seen its producer.
#[test]
fn a_producer_that_passes_another_host_wakes_a_held_span() {
    let store = Arc::new(Store::default());
    let (one, other) = (host(&store), host(&store));
    let held = other.process(batch(vec![consumer(2, "a")])).unwrap();
    assert_eq!((held.held, held.traces), (1, None));
    let awaited = other.awaited();
    assert_eq!(store.known(&awaited), []);
    one.process(batch(vec![producer(1, "a")])).unwrap();
    let known = store.known(&awaited);
    assert_eq!(known.len(), 1);
    other.wake(&known);
    let ready = other.next_release().unwrap();
    assert!(ready <= Instant::now());
    let released = other.release(ready);
    assert_eq!(
        links_of(released.into_iter().filter_map(|one| one.traces)),
        1
    );
    assert_eq!(other.awaited(), []);
    assert_eq!(other.hold_stats().released_ready, 1);
}

#[test]
fn scopes_are_apart_in_the_store_too() {
    let store = Arc::new(Store::default());
    let (one, other) = (scoped(&store), scoped(&store));
    let within = |name: &str| ProcessOptions {
        scope: Scope::of([&[name.to_owned()][..]]),
        ..ProcessOptions::default()
    };
    let consumer = || batch(vec![consumer(2, "a")]);
    other.process_with(consumer(), &within("red")).unwrap();
    other.process_with(consumer(), &within("blue")).unwrap();
    let awaited = other.awaited();
    assert!(awaited.iter().all(|(scope, _)| scope.is_some()));
    one.process_with(batch(vec![producer(1, "a")]), &within("red"))
        .unwrap();
    let known = store.known(&awaited);
    assert_eq!(known.len(), 1, "{awaited:?}");
    other.wake(&known);
    let released = other.release(Instant::now());
    assert_eq!(
        links_of(released.into_iter().filter_map(|one| one.traces)),
        1
    );
    assert_eq!(other.hold_stats().held, 1);
    let late = other.process_with(consumer(), &within("red")).unwrap();
    assert_eq!(late.counts.links_added, 1);
}

fn known(key: u64, span: u64, start: u64) -> Producer {
    Producer {
        key: MessageKey { high: 0, low: key },
        trace_id_high: span,
        trace_id_low: 1,
        span_id: span,
        start,
        end: start + 1,
        trace_state: linkmend_tests::rules::NO_TEXT,
        flags: 1,
        hint: 0,
        rank: 0,
    }
}

/// Whatever part of what is known is here, and whatever there, and what in both: the
/// answer is the one of a single index that has all of it.
#[test]
fn two_halves_answer_as_the_whole_does() {
    let all: Vec<Producer> = (0..40u64)
        .map(|number| known(number % 6, number, 1_000 + number * 7_919 % 101))
        .collect();
    let keys: Vec<MessageKey> = (0..8).map(|low| MessageKey { high: 0, low }).collect();
    let before: Vec<u64> = (0..8).map(|number| 1_010 + number * 12).collect();
    let whole = MemoryIndex::default();
    whole.remember(&all, &[]).unwrap();
    for split in 0..40 {
        let here = Arc::new(MemoryIndex::default());
        here.remember(&all[..split], &[]).unwrap();
        let store = Store::default();
        store.remember(None, &all[split.saturating_sub(5)..], &[]);
        let both = SharedIndex::new(here, Arc::new(store));
        assert_eq!(
            both.recall_before(&keys, &before).unwrap(),
            whole.recall_before(&keys, &before).unwrap()
        );
        assert_eq!(both.recall(&keys).unwrap(), whole.recall(&keys).unwrap());
    }
}

#[test]
fn answers_are_told_once_with_their_trace_states() {
    let mut answers = Answers::with_capacity(3);
    let [one, other] = [known(1, 1, 10), known(1, 2, 20)];
    answers.add(
        None,
        false,
        [(one, &b"a=b"[..]), (other, b""), (one, b"c=d")],
    );
    answers.add(None, true, []);
    answers.add(
        Some(5),
        true,
        (0..4).map(|span| (known(2, span, 9), &b""[..])),
    );
    let recalled = answers.end();
    assert_eq!(recalled.counts, [2, 0, 5]);
    assert_eq!(recalled.texts, b"a=b");
    assert_eq!(recalled.producers[1].trace_state.length, 3);
}
