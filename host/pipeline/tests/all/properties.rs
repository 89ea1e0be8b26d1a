//! Whatever a file says, it is read or refused.

use linkmend_pipeline::config::Config;
use proptest::prelude::*;

use crate::components::REALISTIC;
use crate::support::{env, sources};

/// Words that mean something somewhere.
const WORDS: [&str; 40] = [
    "receivers",
    "processors",
    "exporters",
    "extensions",
    "service",
    "pipelines",
    "traces",
    "otlp",
    "otlp/a",
    "otlpjsonfile",
    "linkmend",
    "memory_limiter",
    "otlp_grpc",
    "otlp_http",
    "file",
    "debug",
    "health_check",
    "file_storage",
    "protocols",
    "grpc",
    "http",
    "endpoint",
    "tls",
    "cert_file",
    "sending_queue",
    "batch",
    "sizer",
    "storage",
    "telemetry",
    "metrics",
    "readers",
    "logs",
    "level",
    "0",
    "-1",
    "5s",
    "${env:PORT}",
    "${env:",
    "$$",
    "http://[::1]:0/",
];

fn yaml() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(&WORDS[..]).prop_map(|word| format!("'{word}'")),
        prop::sample::select(&WORDS[..]).prop_map(|word| format!("\"{word}\"")),
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f32>()
            .prop_filter("JSON has it", |number| number.is_finite())
            .prop_map(|number| number.to_string()),
        "\\PC{0,12}".prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let key = prop::sample::select(&WORDS[..33]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|list| format!("[{}]", list.join(", "))),
            prop::collection::btree_map(key, inner, 0..6).prop_map(|map| {
                let members = map.iter().map(|(key, value)| format!("'{key}': {value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]

    #[test]
    fn any_yaml_is_read_or_refused(parts in prop::collection::btree_map(prop::sample::select(&WORDS[..5]), yaml(), 0..6), over in yaml()) {
        let parts: Vec<_> = parts.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        let text = parts.join("\n");
        let over = format!("exporters: {over}\n");
        for texts in [&[text.as_str()][..], &[&text, &over], &[REALISTIC, &text]] {
            if let Err(faults) = Config::read(&sources(texts), &env) {
                prop_assert!(!faults.0.is_empty());
                prop_assert!(faults.0.is_sorted_by_key(|fault| (fault.file.clone(), fault.place)));
                prop_assert!(!faults.to_string().contains("s3cret"));
            }
        }
    }
}

/// Every line of a configuration taken out, and every value made another one.
#[test]
fn a_configuration_with_one_line_changed_is_read_or_refused() {
    let lines: Vec<_> = REALISTIC.lines().collect();
    for at in 0..lines.len() {
        for value in ["[]", "{}", "7", "~", "''", "{a: {b: c}}", "[[x]]", "-1s"] {
            let mut changed = lines.clone();
            let line = match lines[at].split_once(':') {
                Some((key, _)) => format!("{key}: {value}"),
                None => value.to_owned(),
            };
            changed[at] = &line;
            let _ = Config::read(&sources(&[&changed.join("\n")]), &env);
        }
        let mut changed = lines.clone();
        changed.remove(at);
        let _ = Config::read(&sources(&[&changed.join("\n")]), &env);
    }
}
