//! Which bytes are which value.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use linkmend_config::{Outline, Part};

const TEXT: &str = "\
# ä first
exporters:
  debug:
  otlp: &o # an anchor
    endpoint: \"b:1\" # the backend

service:
  pipelines:
    traces:
      receivers: [otlp, 'a/b'] # in brackets
      processors:
      - memory_limiter   # first
      - batch
      #- resource
      exporters: *list
    metrics: {receivers: [otlp], exporters: [debug]}
# last
";

fn part<'p>(outline: &'p Outline, keys: &[&str]) -> &'p Part {
    outline.root.find(keys).unwrap()
}

#[test]
fn lists_and_mappings_end_where_their_last_value_does() {
    let owned = TEXT.replace("*list", "[o] #");
    let outline = Outline::read(&owned).unwrap();
    let of = |keys: &[&str]| owned[part(&outline, keys).bytes.clone()].to_owned();
    let traces = ["service", "pipelines", "traces"];
    let of_traces = |key| of(&[&traces[..], &[key]].concat());
    assert_eq!(of_traces("receivers"), "[otlp, 'a/b']");
    assert_eq!(
        of_traces("processors"),
        "- memory_limiter   # first\n      - batch"
    );
    assert_eq!(of_traces("exporters"), "[o]");
    assert_eq!(
        of(&["service", "pipelines", "metrics"]),
        "{receivers: [otlp], exporters: [debug]}"
    );
    assert_eq!(of(&["exporters", "otlp", "endpoint"]), "\"b:1\"");
    assert_eq!(of(&["exporters", "debug"]), "");
    let processors = part(&outline, &["service", "pipelines", "traces", "processors"]);
    let elements: Vec<_> = processors
        .elements()
        .iter()
        .map(|part| &owned[part.bytes.clone()])
        .collect();
    assert_eq!(elements, ["memory_limiter", "batch"]);
    assert!(!processors.is_flow);
    assert!(part(&outline, &["service", "pipelines", "metrics"]).is_flow);
    let debug = part(&outline, &["exporters", "debug"]).bytes.end;
    assert!(owned[..debug].ends_with("debug:"));
}

#[test]
fn anchors_are_no_part_of_values() {
    let text = "a: &x [b, c] # d\ne: *x\nf: &y\n  g: &z 'h'\ni: &w\n";
    let outline = Outline::read(text).unwrap();
    let of = |keys: &[&str]| &text[part(&outline, keys).bytes.clone()];
    assert_eq!((of(&["a"]), of(&["e"])), ("[b, c]", "*x"));
    assert_eq!((of(&["f"]), of(&["f", "g"])), ("g: &z 'h'", "'h'"));
    assert_eq!(of(&["i"]), "");
}

#[test]
fn what_is_no_yaml_is_told() {
    assert!(Outline::read("a: [").is_err());
    assert!(Outline::read("").is_ok());
}
