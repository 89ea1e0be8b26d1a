//! `linkmend init`.

use std::path::Path;

use crate::place::{Done, Place};

/// The Collectors' files that the pairs are made of.
fn cases() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../init/tests/all/cases");
    let cases = std::fs::read_dir(folder).unwrap();
    let mut cases: Vec<_> = cases
        .map(|case| {
            let path = case.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(path.join("collector.yaml")).unwrap();
            (name, text)
        })
        .collect();
    cases.sort();
    cases
}

fn init(place: &Place, arguments: &str) -> Done {
    Done::of(place.linkmend("init", arguments.split_whitespace()))
}

#[test]
fn both_halves_are_written_and_linkmends_is_valid() {
    let cases = cases();
    assert!(cases.len() >= 10);
    for (name, text) in cases {
        let place = Place::with("collector.yaml", &text);
        let done = init(&place, "--from collector.yaml").well();
        assert!(done.text().contains("- `traces"), "{name}: {done:?}");
        let names = [
            "collector-with-linkmend.yaml",
            "collector.yaml",
            "linkmend.yaml",
        ];
        assert_eq!(place.names(), names, "{name}");
        assert_eq!(place.text("collector.yaml"), text, "{name}");
        let mut validate = place.linkmend("validate", ["--config", "linkmend.yaml"]);
        validate.env("TOKEN", "t");
        let valid = Done::of(validate).well();
        assert!(
            valid.text().starts_with("valid: traces"),
            "{name}: {valid:?}"
        );
    }
}

#[test]
fn an_exporter_with_a_key_that_linkmend_has_not_stays_in_the_collector() {
    let text = "receivers: {otlp: {protocols: {grpc: }}}\nexporters:\n  otlp: {endpoint: 'b:1', \
                balancer_name: round_robin}\nservice: {pipelines: {traces: {receivers: [otlp], \
                exporters: [otlp]}}}\n";
    let place = Place::with("collector.yaml", text);
    let done = init(&place, "--from collector.yaml -o made").well();
    let expected = "linkmend cannot do all that `otlp` has: exporters.otlp.balancer_name: not \
                    supported by linkmend";
    assert!(done.text().contains(expected), "{}", done.text());
    assert!(
        place
            .text("made/linkmend.yaml")
            .contains("otlp_grpc/collector:")
    );
    // What the environment says elsewhere is no reason.
    let text = text.replace("balancer_name: round_robin", "timeout: '${NO_SUCH_TIME}'");
    place.write("collector.yaml", text);
    let done = init(&place, "--from collector.yaml -o made --force").well();
    assert!(
        done.text().contains("linkmend to `otlp`"),
        "{}",
        done.text()
    );
    assert!(
        done.text().contains("environment: `NO_SUCH_TIME`"),
        "{}",
        done.text()
    );
}

#[test]
fn files_that_are_there_are_not_replaced_without_force() {
    let place = Place::with("linkmend.yaml", "mine");
    let told = "linkmend.yaml is there already, and nothing was written";
    init(&place, "").fails(2, &[told, "--force"]);
    let (_, text) = &cases()[0];
    place.write("collector.yaml", text);
    init(&place, "--from collector.yaml").fails(2, &[told]);
    assert_eq!(place.names(), ["collector.yaml", "linkmend.yaml"]);
    assert_eq!(place.text("linkmend.yaml"), "mine");
    init(&place, "--force").well();
    assert!(
        place
            .text("linkmend.yaml")
            .contains("linkmend run --config")
    );
}

#[test]
fn the_smallest_configuration_is_valid() {
    let place = Place::new();
    let done = init(&place, "-o etc").well();
    assert!(
        done.text()
            .contains("next:    linkmend validate --config etc/linkmend.yaml")
    );
    let valid = place.validate("etc/linkmend.yaml").well();
    assert_eq!(
        valid.text(),
        "valid: logs: otlp → otlp_grpc\nvalid: metrics: otlp → otlp_grpc\nvalid: traces: otlp → \
         linkmend → otlp_grpc\n"
    );
}

#[test]
fn what_cannot_be_used_is_told_with_its_place() {
    let place = Place::with("collector.yaml", "receivers:\n  otlp:\n  otlp:\n");
    let told = "collector.yaml: line 3, column 3: the key `otlp` is given a second time";
    init(&place, "--from collector.yaml").fails(2, &[told]);
    init(&place, "--from no-such.yaml").fails(2, &["cannot read the configuration no-such.yaml"]);
    place.write(
        "collector.yaml",
        "service: {pipelines: {logs: {receivers: [a]}}}",
    );
    init(&place, "--from collector.yaml").fails(2, &["there is no pipeline of traces"]);
    assert_eq!(place.names(), ["collector.yaml"]);
}
