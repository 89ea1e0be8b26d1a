//! What is told of configurations that are a Collector's.

use linkmend_pipeline::config::{Config, Fault, Faults};

use crate::support::{env, faults, read, sources, with};

/// With the traits of public ones: receivers of metrics, processors of all kinds,
/// a connector, a pipeline of which nothing is left, what only that uses.
const COLLECTOR: &str = "\
receivers:
  otlp: {protocols: {grpc: }}
  hostmetrics: {root_path: /hostfs}
  file_log: {include: [a], password: '${NOT_SET}'}
  pulsar:
  otlp/logs: {protocols: {grpc: {endpoint: ':1'}}}
processors:
  batch:
  tail_sampling: {policies: []}
  k8sattributes:
  memory_limiter: {check_interval: 1s, limit_mib: 9}
exporters:
  debug:
  splunk_hec: {token: x}
  otlp/metrics: {endpoint: 'metrics:1', auth: {authenticator: basicauth}}
connectors:
  spanmetrics:
extensions:
  basicauth: {client_auth: {username: a}}
  zpages:
service:
  extensions: [basicauth, zpages]
  pipelines:
    traces:
      receivers: [otlp, pulsar]
      processors: [memory_limiter, k8sattributes, tail_sampling, batch]
      exporters: [debug, spanmetrics]
    metrics:
      receivers: [hostmetrics, spanmetrics]
      exporters: [otlp/metrics]
    logs:
      receivers: [otlp/logs, file_log]
      exporters: [splunk_hec]
";

#[test]
fn what_is_left_to_the_collector_is_told_with_all_that_goes_with_it() {
    let told = faults(&[COLLECTOR]);
    let receivers = "3 places: linkmend does not have this receiver: leave it to the Collector, and \
                     have the Collector's exporter `otlp_grpc` send to linkmend; remove it here\n    \
                     linkmend.yaml: line 3, column 3: receivers.hostmetrics\n    \
                     linkmend.yaml: line 4, column 3: receivers.file_log\n    \
                     linkmend.yaml: line 5, column 3: receivers.pulsar (and in line 25: \
                     service.pipelines.traces.receivers[1])";
    assert!(told.contains(receivers), "{told}");
    for expected in [
        "2 places: only pipelines that are left to the Collector use it: remove it here, too",
        "    linkmend.yaml: line 6, column 3: receivers.otlp/logs",
        "    linkmend.yaml: line 15, column 3: exporters.otlp/metrics",
        "line 9, column 3: processors.tail_sampling (and in line 26: \
         service.pipelines.traces.processors[2]): linkmend does not have this processor, which \
         leaves spans out: leave it to a Collector behind linkmend",
        "line 10, column 3: processors.k8sattributes (and in line 26: ",
        "line 14, column 3: exporters.splunk_hec: linkmend does not have this exporter",
        "line 17, column 3: connectors.spanmetrics (and in line 27: \
         service.pipelines.traces.exporters[1]): linkmend has no connectors",
        "line 19, column 3: extensions.basicauth (and in line 22: service.extensions[0]): linkmend \
         has no authentication extensions",
        "line 20, column 3: extensions.zpages (and in line 22: service.extensions[1])",
        "2 places: no receiver, or no exporter, is left of it",
        "line 28, column 5: service.pipelines.metrics",
        "line 31, column 5: service.pipelines.logs",
    ] {
        assert!(told.contains(expected), "{expected}\n---\n{told}");
    }
    // What is inside of what goes is of no interest.
    for unexpected in [
        "NOT_SET",
        "`auth`",
        ".auth",
        "is not defined",
        "defined and not used",
    ] {
        assert!(!told.contains(unexpected), "{unexpected}\n---\n{told}");
    }
}

/// Who does what is said is done: the paths that are told are all that has to go.
#[test]
fn who_removes_what_is_told_is_done() {
    let Err(Faults(faults)) = Config::read(&sources(&[COLLECTOR]), &env) else {
        panic!("it was read")
    };
    let document = linkmend_config::read(COLLECTOR).unwrap();
    let mut value = serde_json::Value::Object(document.into_value());
    let paths = faults.iter().flat_map(places);
    let mut paths: Vec<_> = paths.collect();
    // Elements from behind, so that those before them keep their numbers.
    paths.sort_by_key(|path| std::cmp::Reverse(number(path)));
    for path in &paths {
        assert!(remove(&mut value, path), "{path}");
    }
    read(&[&value.to_string()]);
}

/// All places that a fault is told of.
/// Components in one file, and what names them in another one.
#[test]
fn places_in_other_files_are_told_with_their_file() {
    let over = "service: {pipelines: {traces: {receivers: [otlp], processors: [geoip], exporters: \
                [debug]}}}";
    let told = faults(&[
        "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\nprocessors: {geoip: }\n",
        over,
    ]);
    assert!(
        told.starts_with(
            "linkmend.yaml: line 3, column 14: processors.geoip (and in over1.yaml, line 1: \
             service.pipelines.traces.processors[0]): linkmend does not have"
        ),
        "{told}"
    );
}

/// What linkmend has is not the Collector's alone, however it is spelled.
#[test]
fn misspelled_components_of_its_own_are_not_left_to_the_collector() {
    for (section, id, own) in [
        ("exporters", "otlpgrpc", "otlp_grpc"),
        ("processors", "memorylimiter", "memory_limiter"),
        ("extensions", "healthcheck", "health_check"),
    ] {
        let told = faults(&[&with(section, id, "a: b")]);
        let expected = format!("the nearest is `{own}`");
        assert!(told.contains(&expected), "{told}");
        assert!(!told.contains("remove it here"), "{told}");
    }
}

/// Older and newer names have the same way out.
#[test]
fn other_spellings_have_the_same_way_out() {
    for (id, way_out) in [
        ("health_check_v2", "use `health_check` in its place"),
        ("dbstorage", "use `file_storage` in its place"),
        ("oauth2_client", "no authentication extensions"),
    ] {
        let told = faults(&[&with("extensions", id, "a: b")]);
        assert!(told.contains(way_out), "{told}");
    }
}

fn places(fault: &Fault) -> impl Iterator<Item = &str> {
    let also = fault.also.iter().map(|also| also.path.as_str());
    std::iter::once(fault.path.as_str()).chain(also)
}

/// The number of the last element of a list in a path.
fn number(path: &str) -> usize {
    let inside = path
        .rsplit_once('[')
        .map(|(_, rest)| rest.trim_end_matches(']'));
    inside
        .and_then(|inside| inside.parse().ok())
        .unwrap_or_default()
}

/// Takes away what a path such as `service.extensions[0]` leads to.
fn remove(value: &mut serde_json::Value, path: &str) -> bool {
    let (way, element) = match path.split_once('[') {
        Some((way, _)) => (way, Some(number(path))),
        None => (path, None),
    };
    let mut steps: Vec<_> = way.split('.').collect();
    let last = if element.is_none() { steps.pop() } else { None };
    let mut at = value;
    for step in steps {
        match at.get_mut(step) {
            Some(below) => at = below,
            None => return false,
        }
    }
    match (element, last) {
        (Some(number), _) => at.as_array_mut().is_some_and(|list| {
            let is_there = number < list.len();
            is_there.then(|| list.remove(number));
            is_there
        }),
        (None, Some(key)) => at
            .as_object_mut()
            .is_some_and(|map| map.remove(key).is_some()),
        (None, None) => false,
    }
}

#[test]
fn a_file_of_which_nothing_is_left_says_so() {
    let text = "receivers: {otlp: {protocols: {http: }}}\nexporters: {loadbalancing: }\nservice:\n  \
                pipelines:\n    traces: {receivers: [otlp], exporters: [loadbalancing]}\n";
    let told = faults(&[text]);
    assert!(
        told.contains("service.pipelines: no pipeline is left for linkmend then"),
        "{told}"
    );
    assert!(told.contains("`linkmend init --from`"), "{told}");
}

/// `redis` was told to be meant as `otlp`.
#[test]
fn a_nearest_name_is_a_near_one() {
    for (written, is_near) in [
        ("otlq", true),
        ("oltp", true),
        ("redi5", false),
        ("my_own", false),
    ] {
        let text = format!(
            "receivers: {{{written}: {{}}}}\nexporters: {{debug: }}\nservice: {{pipelines: \
             {{traces: {{receivers: [{written}], exporters: [debug]}}}}}}\n"
        );
        let told = faults(&[&text]);
        assert_eq!(told.contains("the nearest is"), is_near, "{told}");
    }
    let told = faults(&["receivers: {redis: }\nservice: {pipelines: {}}\n"]);
    assert!(
        told.contains("linkmend does not have this receiver"),
        "{told}"
    );
}

/// The newer form of the Collector.
#[test]
fn attributes_of_the_resource_may_be_a_list() {
    let text = |attributes: &str| {
        format!(
            "receivers: {{otlp: {{protocols: {{grpc: }}}}}}\nexporters: {{debug: }}\nservice:\n  \
             telemetry: {{resource: {{attributes: {attributes}}}}}\n  pipelines: {{traces: \
             {{receivers: [otlp], exporters: [debug]}}}}\n"
        )
    };
    let config = read(&[&text("[{name: mode, value: gateway}]")]);
    let resource = &config.service.telemetry.resource;
    assert_eq!(resource["mode"].as_deref(), Some("gateway"));
    let told = faults(&[&text("[{name: mode}]")]);
    assert!(told.contains("has no `name` or no `value`"), "{told}");
}
