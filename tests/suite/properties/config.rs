//! Configurations: each value of each key in some of them.

/// A configuration of the rule, and what of it the checks have to know.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// As the rule reads it.
    pub text: &'static str,
    /// `max_links`
    pub max_links: usize,
    /// `invalid_links` is `drop`.
    pub drops_invalid: bool,
    /// `ambiguous` is `all`.
    pub links_all: bool,
    /// `count_invalid_in_dropped`
    pub counts_all: bool,
}

const DEFAULT: Config = Config {
    text: "{}",
    max_links: 128,
    drops_invalid: true,
    links_all: false,
    counts_all: false,
};

/// The configurations.
pub const CONFIGS: &[Config] = &[
    DEFAULT,
    Config {
        text: r#"{"max_links": 3, "ambiguous": "latest", "link_to_parent": true}"#,
        max_links: 3,
        ..DEFAULT
    },
    Config {
        text: r#"{"ambiguous": "all", "same_trace": "link", "provenance_attribute": ""}"#,
        links_all: true,
        ..DEFAULT
    },
    Config {
        text: r#"{"max_links": 1, "invalid_links": "keep", "link_type_attribute": ""}"#,
        max_links: 1,
        drops_invalid: false,
        ..DEFAULT
    },
    Config {
        text: r#"{"max_links": 0, "invalid_links": "drop_bare", "clock_skew": "0s"}"#,
        max_links: 0,
        drops_invalid: false,
        ..DEFAULT
    },
    Config {
        text: r#"{"max_links": 8, "invalid_links": "drop_bare", "link_to_parent": true,
            "same_trace": "link", "ambiguous": "all", "clock_skew": "1h",
            "link_type_attribute": "why", "provenance_attribute": "made.by"}"#,
        max_links: 8,
        drops_invalid: false,
        links_all: true,
        ..DEFAULT
    },
    Config {
        text: r#"{"max_links": 3, "keep_links": "last", "merge_links": true,
            "count_invalid_in_dropped": true}"#,
        max_links: 3,
        counts_all: true,
        ..DEFAULT
    },
    Config {
        text: r#"{"event_attributes": true, "environment_attributes": [],
            "link_type_aliases": true, "link_type_values": {"triggered_by": "caused_by"},
            "context_attributes": [{"trace_id": "job.trace_id", "span_id": "job.span_id"}],
            "recipes": [
                {"name": "x", "attributes": ["x"], "role": "producer", "kinds": ["server"]},
                {"name": "x", "attributes": ["x"], "role": "consumer", "kinds": ["internal"]}
            ]}"#,
        ..DEFAULT
    },
];
