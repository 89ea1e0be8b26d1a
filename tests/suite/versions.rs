//! Components of older versions of the interface do what they did, byte for
//! byte: see `tests/frozen`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::{Asked, HoldOptions, Limits, Mended, Processor, Rule, World, inspect};

/// The built-in rule as it was built against a version of the interface.
#[derive(Debug, Clone, Copy)]
struct Frozen {
    version: &'static str,
    component: &'static [u8],
}

const FROZEN: [Frozen; 2] = [
    Frozen {
        version: "0.1.0",
        component: include_bytes!("../frozen/batch-rule-0.1.0.wasm"),
    },
    Frozen {
        version: "0.2.0",
        component: include_bytes!("../frozen/batch-rule-0.2.0.wasm"),
    },
];

impl Frozen {
    fn rule(self) -> Rule {
        Rule::component(self.version, self.component)
    }

    fn processor(self) -> Processor {
        Processor::builder().rule(self.rule()).build().unwrap()
    }

    /// What linkmend made of the orders with it then.
    fn expected(self, name: &str) -> Bytes {
        frozen(&format!("{}/{name}", self.version))
    }
}

/// A file of `tests/frozen/orders`.
fn frozen(name: &str) -> Bytes {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/frozen/orders");
    let path = PathBuf::from(folder).join(name);
    fs::read(path).unwrap().into()
}

#[test]
fn it_is_the_world_of_that_version() {
    for frozen_rule in FROZEN {
        let inspection = inspect(frozen_rule.component).unwrap();
        assert_eq!(inspection.world, Some(World::Batch));
        assert_eq!(inspection.version.as_deref(), Some(frozen_rule.version));
    }
}

#[test]
fn it_mends_as_it_did() {
    for frozen_rule in FROZEN {
        let processor = frozen_rule.processor();
        assert_eq!(processor.rules()[0].name, "repair");
        processor.remember(frozen("producers.pb")).unwrap();
        let mended = processor.mend(frozen("consumers.pb")).unwrap();
        assert_eq!(mended.faults, []);
        assert_eq!(mended.traces.unwrap(), frozen_rule.expected("mended.pb"));
        let counts = mended.counts;
        assert_eq!(counts.links_in + counts.links_added, counts.links_out + 2);
        assert_eq!(
            (counts.links_dropped_invalid, counts.links_dropped_duplicate),
            (1, 1)
        );
        assert_eq!((counts.links_repaired, counts.unresolved), (1, 1));
        assert!(counts.by_link_type["triggered_by"] > 0);
    }
}

#[test]
fn it_explains_as_it_did() {
    for frozen_rule in FROZEN {
        let processor = frozen_rule.processor();
        processor.remember(frozen("producers.pb")).unwrap();
        let mended = processor
            .explain(frozen("consumers.pb"), &Asked::all())
            .unwrap();
        assert_eq!(mended.traces.unwrap(), frozen_rule.expected("mended.pb"));
        let mut text = String::new();
        for explanation in &mended.explanations {
            for rule in &explanation.rules {
                write!(text, "{}:\n{}\n\n", explanation.name, rule.text).unwrap();
            }
        }
        assert_eq!(text.as_bytes(), frozen_rule.expected("explained.txt"));
    }
}

#[test]
fn it_holds_as_it_did() {
    for frozen_rule in FROZEN {
        let builder = Processor::builder().rule(frozen_rule.rule());
        let processor = builder.hold(HoldOptions::default()).build().unwrap();
        let start = Instant::now();
        let first = processor.process_at(frozen("consumers.pb"), start).unwrap();
        assert_eq!(first.traces.unwrap(), frozen_rule.expected("not-held.pb"));
        let held = first.held;
        processor.process_at(frozen("producers.pb"), start).unwrap();
        let released = |after| joined(processor.release(start + after));
        assert_eq!(
            released(Duration::from_millis(1)),
            frozen_rule.expected("released.pb")
        );
        assert_eq!(
            released(Duration::from_mins(1)),
            frozen_rule.expected("released-late.pb")
        );
        let stats = processor.hold_stats();
        assert_eq!((stats.held, stats.held_total), (0, held as u64));
    }
}

/// Batches behind each other are one.
fn joined(mended: Vec<Mended>) -> Vec<u8> {
    mended
        .into_iter()
        .flat_map(|mended| mended.traces.unwrap())
        .collect()
}

#[test]
fn its_configuration_and_its_limits_are_those_of_today() {
    for frozen_rule in FROZEN {
        let told = |rule: Rule| match Processor::builder().rule(rule).build() {
            Ok(_) => panic!("it was loaded"),
            Err(error) => error.to_string(),
        };
        let text = told(frozen_rule.rule().with_config(r#"{"max_lynx": 3}"#));
        assert!(text.contains("max_lynx: unknown key"), "{text}");
        let tight = Limits {
            memory: 65_536,
            ..Limits::default()
        };
        let text = told(frozen_rule.rule().with_limits(tight));
        assert!(text.contains("limits.memory = 65536"), "{text}");

        let rule = frozen_rule.rule().with_config(r#"{"max_links": 1}"#);
        let processor = Processor::builder().rule(rule).build().unwrap();
        processor.remember(frozen("producers.pb")).unwrap();
        let mended = processor.mend(frozen("consumers.pb")).unwrap();
        assert!(mended.counts.links_cut > 0, "{:?}", mended.counts);
    }
}

/// A rule of then behind the one of today: the same spans, edits and index.
#[test]
fn it_stands_beside_rules_of_today() {
    for frozen_rule in FROZEN {
        let builder = Processor::builder()
            .rule(Rule::builtin())
            .rule(frozen_rule.rule());
        let processor = builder.build().unwrap();
        processor.remember(frozen("producers.pb")).unwrap();
        let mended = processor.mend(frozen("consumers.pb")).unwrap();
        assert_eq!(mended.faults, []);
        let alone = Processor::builder().rule(Rule::builtin()).build().unwrap();
        alone.remember(frozen("producers.pb")).unwrap();
        let by_one = alone.mend(frozen("consumers.pb")).unwrap();
        assert_eq!(mended.traces, by_one.traces, "nothing is left to mend");
    }
}
