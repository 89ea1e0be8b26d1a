//! Senders that are told apart, in the configuration.

use linkmend_pipeline::config::Receiver;

use crate::support::{faults, linkmend, read, receiver};

/// Two processors, the second of which tells senders apart by their requests.
fn with(first: &str, second: &str, protocols: &str) -> String {
    format!(
        "
receivers: {{otlp: {{protocols: {{{protocols}}}}}}}
processors:
  linkmend/1: {first}
  linkmend/2: {second}
exporters: {{debug: }}
service:
  pipelines:
    traces: {{receivers: [otlp], processors: [linkmend/1, linkmend/2], exporters: [debug]}}
"
    )
}

const BY_REQUEST: &str = "{scope: {metadata_keys: [X-Scope-OrgID]}}";
const NO_HOLD: &str = "{hold: {time: 0s}}";
const INCLUDED: &str = "grpc: {include_metadata: true}";

#[test]
fn what_tells_senders_apart_is_read() {
    let scope = "{scope: {metadata_keys: [X-Scope-OrgID, x-Team], resource_attributes: \
                 [tenant.id], cardinality_limit: 5}}";
    let config = read(&[&with(NO_HOLD, scope, "http: {include_metadata: true}")]);
    let scope = &linkmend(&config, "linkmend/2").scope;
    assert_eq!(scope.metadata_keys, ["x-scope-orgid", "x-team"]);
    assert_eq!(scope.resource_attributes, ["tenant.id"]);
    assert_eq!(scope.cardinality_limit, 5);
    let Receiver::Otlp(receiver) = receiver(&config, "otlp") else {
        panic!("{:?}", config.receivers);
    };
    assert!(receiver.http.as_ref().unwrap().include_metadata);
}

#[test]
fn metadata_that_no_receiver_hands_on_is_told() {
    let told = faults(&[&with(
        NO_HOLD,
        BY_REQUEST,
        "grpc: , http: {include_metadata: false}",
    )]);
    assert_eq!(
        told,
        "linkmend.yaml: line 5, column 24: processors.linkmend/2.scope.metadata_keys: no receiver \
         of its pipeline hands on what came with a request; give `include_metadata: true` below \
         its `grpc` or `http`"
    );
}

#[test]
fn metadata_behind_a_processor_that_holds_spans_is_told() {
    let told = faults(&[&with("", BY_REQUEST, INCLUDED)]);
    let expected = "processors.linkmend/2.scope.metadata_keys: `linkmend/1` before it holds \
                    spans, which go on without what came with their request; give \
                    `hold: {time: 0s}` there, or use `resource_attributes` here";
    assert!(told.ends_with(expected), "{told}");
    read(&[&with(NO_HOLD, BY_REQUEST, INCLUDED)]);
    let by_resource = "{scope: {resource_attributes: [tenant.id]}}";
    read(&[&with("", by_resource, INCLUDED)]);
}

#[test]
fn keys_that_are_none_are_told() {
    for (keys, expected) in [
        ("metadata_keys: ['a b']", "`a b` is no name of a header"),
        ("metadata_keys: [A, b, a]", "`a` is there twice"),
        ("resource_attributes: [a, b, a]", "`a` is there twice"),
        ("resource_attributes: ['']", "is not a value it takes"),
        ("cardinality_limit: 0", "is not a value it takes"),
        ("keys: [a]", "unknown key"),
    ] {
        let told = faults(&[&with(NO_HOLD, &format!("{{scope: {{{keys}}}}}"), INCLUDED)]);
        assert!(told.contains(expected), "{keys}: {told}");
    }
}
