//! The dashboard asks for metrics that there are, by labels that they have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::metrics::all;

const LABELS_OF_PROMETHEUS: [&str; 3] = ["job", "instance", "le"];

fn dashboard() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/pipelines/grafana-dashboard.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The metrics of a configuration of which all have a value, and their labels.
fn exposed() -> BTreeMap<String, BTreeSet<String>> {
    let mut exposed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in all("{}")
        .text()
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let (name, labels) = line.split_once([' ', '{']).unwrap();
        let known = exposed.entry(name.into()).or_default();
        let labels = labels.rsplit_once('}').map_or("", |(labels, _)| labels);
        let keys = labels
            .split("\",")
            .filter_map(|label| label.split_once("=\""));
        known.extend(keys.map(|(key, _)| key.to_owned()));
    }
    exposed
}

/// The words of a query that begin as metrics do.
fn metrics_in(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|one: char| !one.is_ascii_alphanumeric() && one != '_');
    words.filter(|word| word.starts_with("linkmend_") || word.starts_with("otelcol_"))
}

/// Every query, and what its legend says.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut queries: Vec<_> = targets
        .flatten()
        .map(|target| (text(&target["expr"]), text(&target["legendFormat"])))
        .collect();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let variables = variables.iter().filter(|one| one["type"] == "query");
    queries.extend(variables.map(|one| (text(&one["query"]["query"]), String::new())));
    queries
}

#[test]
fn every_metric_of_the_dashboard_is_there() {
    let (dashboard, exposed) = (dashboard(), exposed());
    let queries = queries(&dashboard);
    assert!(queries.len() > 30);
    for (query, legend) in &queries {
        let mut metrics = metrics_in(query).peekable();
        assert!(metrics.peek().is_some(), "{query}");
        for metric in metrics {
            let known = exposed.get(metric);
            let known = known.unwrap_or_else(|| panic!("no metric {metric} for {query}"));
            let by = query
                .split("by (")
                .nth(1)
                .and_then(|rest| rest.split(')').next());
            let by = by
                .unwrap_or_default()
                .split(", ")
                .filter(|label| !label.is_empty());
            let shown = legend
                .split("{{")
                .skip(1)
                .map(|rest| rest.split("}}").next().unwrap());
            for label in by.chain(shown) {
                let is_known = known.contains(label) || LABELS_OF_PROMETHEUS.contains(&label);
                assert!(is_known, "{metric} has no label {label}: {query} {legend}");
            }
        }
    }
}

/// A metric that nobody sees is a mistake, here or there.
#[test]
fn every_metric_is_on_the_dashboard() {
    let dashboard = dashboard();
    let queries = queries(&dashboard);
    let shown: BTreeSet<_> = queries
        .iter()
        .flat_map(|(query, _)| metrics_in(query))
        .collect();
    // These say more to machines than to people.
    let left_out = [
        "target_info",
        "otelcol_processor_incoming_items_total",
        "otelcol_processor_outgoing_items_total",
        "otelcol_processor_accepted_spans_total",
        "linkmend_rule_duration_sum",
        "linkmend_rule_duration_count",
        "linkmend_shared_index_round_trip_sum",
        "linkmend_shared_index_round_trip_count",
    ];
    for metric in exposed()
        .keys()
        .filter(|one| !left_out.contains(&one.as_str()))
    {
        assert!(
            shown.contains(metric.as_str()),
            "{metric} is not on the dashboard"
        );
    }
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<_> = variables
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["datasource", "job", "instance"]);
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels
        .iter()
        .map(|panel| panel["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids.len(), panels.len());
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${datasource}");
        for target in panel["targets"].as_array().unwrap() {
            assert!(
                target["expr"]
                    .as_str()
                    .unwrap()
                    .contains("job=~\"$job\", instance=~\"$instance\"")
            );
        }
    }
}

/// That of flows asks for metrics of flows, by their labels.
#[test]
fn the_dashboard_of_flows_asks_for_what_the_manual_lists() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
    let read = |path: &str| std::fs::read_to_string(format!("{root}{path}")).unwrap();
    let dashboard: Value =
        serde_json::from_str(&read("examples/pipelines/grafana-flows.json")).unwrap();
    let manual = read("docs/configuration.md");
    let (_, manual) = manual.split_once("##### Metrics of flows\n").unwrap();
    let (manual, _) = manual.split_once("\n#").unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array());
    let queries = targets
        .flatten()
        .filter_map(|target| target["expr"].as_str());
    let mut asked = BTreeSet::new();
    for query in queries {
        let words = query.split(|one: char| !one.is_ascii_alphanumeric() && one != '_');
        asked.extend(
            words.filter(|word| word.starts_with("linkmend_") || word.starts_with("traces_")),
        );
    }
    assert!(asked.len() > 5, "{asked:?}");
    for metric in asked {
        let name = metric.trim_end_matches("_bucket");
        assert!(manual.contains(&format!("`{name}`")), "{metric}");
    }
}
