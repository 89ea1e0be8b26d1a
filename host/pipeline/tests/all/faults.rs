//! What is told of a configuration that is wrong.

use crate::support::{faults, with, with_exporter};

/// What is told of an exporter `otlp_grpc/x` with these lines after its
/// endpoint, without file and path.
#[track_caller]
fn of_exporter(lines: &str) -> String {
    let told = faults(&[&with_exporter(&format!("endpoint: b:1\n{lines}"))]);
    let told = told.strip_prefix("linkmend.yaml: ").unwrap().to_owned();
    told.replace("exporters.otlp_grpc/x.", "")
}

#[track_caller]
fn of(section: &str, id: &str, lines: &str) -> String {
    let told = faults(&[&with(section, id, lines)]);
    let told = told.strip_prefix("linkmend.yaml: ").unwrap().to_owned();
    told.replace(&format!("{section}.{id}."), "")
}

#[test]
fn unknown_keys_name_the_nearest() {
    assert_eq!(
        of_exporter("retry_on_failure: {inital_interval: 1s}"),
        "line 4, column 24: retry_on_failure.inital_interval: unknown key; the nearest is \
         `initial_interval` (all keys: enabled, initial_interval, max_interval, \
         max_elapsed_time, multiplier, randomization_factor)"
    );
    assert_eq!(
        of("receivers", "otlp", "protocol: {grpc: }")
            .lines()
            .nth(1)
            .unwrap(),
        "linkmend.yaml: line 3, column 5: protocol: unknown key; the nearest is `protocols` (all \
         keys: protocols, admission)"
    );
    assert_eq!(
        faults(&["reciever: {}\nservice: {pipelines: {traces: {receivers: [a], exporters: [b]}}}"])
            .lines()
            .next()
            .unwrap(),
        "linkmend.yaml: line 1, column 1: reciever: unknown key; the nearest is `receivers` \
         (all keys: receivers, processors, exporters, extensions, service)"
    );
}

#[test]
fn keys_of_the_collector_that_are_not_supported_say_why() {
    assert_eq!(
        of_exporter("balancer_name: round_robin"),
        "line 4, column 5: balancer_name: not supported by linkmend, because there is one \
         connection to one address; remove it"
    );
    let with_connectors = |connectors: &str| {
        let connectors = format!("\nconnectors: {connectors}\nreceivers:");
        with("exporters", "debug", "").replace("\nreceivers:", &connectors)
    };
    assert_eq!(
        faults(&[&with_connectors("{forward: }")]),
        "linkmend.yaml: line 3, column 14: connectors.forward: linkmend has no connectors, its \
         pipelines do not feed each other: leave it to the Collector, with the pipelines that it \
         feeds; remove it here"
    );
    // Who removed all of them may leave their section.
    crate::support::read(&[&with_connectors("{}")]);
}

#[test]
fn components_that_are_unknown_or_not_supported_are_told() {
    assert_eq!(
        faults(&[&with("exporters", "oltp_http/a", "endpoint: http://b")]),
        "linkmend.yaml: line 2, column 3: exporters.oltp_http/a: unknown type of exporter; the \
         nearest is `otlp_http` (all types: otlp_grpc, otlp, otlp_http, otlphttp, file, debug, kafka)"
    );
    let told = faults(&[&with("exporters", "logging", "")]);
    assert!(
        told.contains("exporters.logging: the Collector removed this exporter, too: use `debug`"),
        "{told}"
    );
    let told = faults(&[&with("exporters", "debug/", "")]);
    let expected = "`debug/` is no component; write `type` or `type/name`, the type in letters, \
                    digits and `_`, the name without spaces and symbols\n    \
                    linkmend.yaml: line 2, column 3: exporters.debug/";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn values_of_the_wrong_kind_are_told() {
    for (line, expected) in [
        (
            "timeout: 5",
            "timeout: 5 has no unit (the Collector would take it for nanoseconds); write `5s` if \
             it is seconds",
        ),
        (
            "timeout: 5 s",
            "timeout: `5 s` is not a value it takes; it takes a duration like 500ms, 1.5s or 1h30m",
        ),
        (
            "timeout: -5s",
            "timeout: `-5s` is not a value it takes; it takes a duration like 500ms, 1.5s or 1h30m",
        ),
        (
            "timeout: 9999999999h",
            "timeout: `9999999999h` is not a value it takes; it takes a duration like 500ms, 1.5s \
             or 1h30m",
        ),
        (
            "compression: snappy",
            "compression: `snappy` is not a value it takes; it takes gzip, zstd, none",
        ),
        (
            "user_agent: 7",
            "user_agent: 7 is a number, not a text; put it in quotes",
        ),
        (
            "sending_queue: {enabled: yes}",
            "sending_queue.enabled: `yes` is not a value it takes; it takes true, false",
        ),
        (
            "sending_queue: {num_consumers: 0}",
            "sending_queue.num_consumers: 0 is not a value it takes; it takes an integer above 0",
        ),
        (
            "sending_queue: {queue_size: '10'}",
            "sending_queue.queue_size: `10` is not a value it takes; it takes an integer above 0",
        ),
        (
            "retry_on_failure: {randomization_factor: 1.5}",
            "retry_on_failure.randomization_factor: 1.5 is not a value it takes; it takes a \
             number from 0 to 1",
        ),
        (
            "sending_queue: off",
            "sending_queue: it is a text, not a mapping of keys to values",
        ),
        (
            "tls: {min_version: '1.1'}",
            "tls.min_version: `1.1` is not a value it takes; it takes \"1.2\", \"1.3\" (older \
             ones are not safe)",
        ),
        (
            "headers: [a]",
            "headers: it takes a mapping of header names to texts",
        ),
        (
            "headers: {a: 7}",
            "headers: the value of the header `a` is a number; put it in quotes",
        ),
        ("headers: {a b: c}", "headers: `a b` is no name of a header"),
        (
            "headers: {a: b, A: c}",
            "headers: the header `a` is given a second time",
        ),
        (
            "headers: {a: \"b\\nc\"}",
            "headers: the value of the header `a` has a control character in it, such as a line \
             end",
        ),
    ] {
        let told = of_exporter(line);
        let (place, told) = told.split_once(": ").unwrap();
        assert_eq!(told, expected);
        assert!(place.starts_with("line 4, column "), "{place}");
    }
}

#[test]
fn endpoints_that_are_none_are_told() {
    let takes = "it takes `host:port`, which may have `http://`, `https://` or `dns:///` before \
                 it, or `unix:///path`";
    for endpoint in [
        "b",
        "b:",
        "b:x",
        "b:+1",
        ":1",
        "b:0",
        "b:65536",
        "b c:1",
        "[::1]",
        "[::g]:1",
        "::1:4317",
        "ftp://b:1",
        "unix://",
        "https://b",
        "http://b:1/v1/traces",
    ] {
        assert_eq!(
            faults(&[&with_exporter(&format!("endpoint: '{endpoint}'"))]),
            format!(
                "linkmend.yaml: line 3, column 5: exporters.otlp_grpc/x.endpoint: `{endpoint}` is \
                 no endpoint; {takes}"
            )
        );
    }
    for url in [
        "b:4318",
        "grpc://b",
        "http://",
        "http://:80",
        "http://b:99999",
        "http://b/#x",
        "http://b/a b",
    ] {
        assert_eq!(
            faults(&[&with(
                "exporters",
                "otlp_http",
                &format!("endpoint: '{url}'")
            )]),
            format!(
                "linkmend.yaml: line 3, column 5: exporters.otlp_http.endpoint: `{url}` is no \
                 endpoint; it takes a URL like https://host:4318"
            )
        );
    }
    let told = faults(&[&with(
        "exporters",
        "otlp_http",
        "endpoint: https://me:pw1@b",
    )]);
    assert!(told.contains("credentials in an endpoint are not supported"));
    assert!(!told.contains("pw1"));
    assert_eq!(
        of("receivers", "otlp", "protocols: {grpc: {endpoint: '4317'}}"),
        "line 3, column 24: protocols.grpc.endpoint: `4317` is no endpoint; it takes `host:port`, \
         `[::1]:port`, `:port` for all addresses, or `unix:///path`"
    );
}

#[test]
fn what_must_be_given_is_told() {
    for (section, id, expected) in [
        (
            "exporters",
            "otlp_grpc",
            "endpoint: is missing; it takes `host:port`, which may have `http://`, `https://` or \
             `dns:///` before it, or `unix:///path`",
        ),
        (
            "exporters",
            "otlp_http",
            "endpoint: is missing; it takes a URL like https://host:4318",
        ),
        ("exporters", "file", "path: is missing; it takes a path"),
        (
            "receivers",
            "otlp",
            "protocols: it needs a protocol: give `grpc:`, `http:` or both",
        ),
        (
            "receivers",
            "otlpjsonfile",
            "include: is missing; it takes a list of patterns of paths, one at least",
        ),
    ] {
        assert_eq!(of(section, id, ""), format!("line 2, column 3: {expected}"));
    }
    assert_eq!(
        faults(&[&with("processors", "memory_limiter", "")]),
        "linkmend.yaml: line 2, column 3: processors.memory_limiter: there is no limit; give \
         `limit_mib` or `limit_percentage`"
    );
}

#[test]
fn keys_that_are_at_odds_are_told() {
    for (lines, expected) in [
        (
            "tls: {cert_file: a}",
            "tls: the certificate has no key; give `key_file` too",
        ),
        (
            "tls: {key_pem: a}",
            "tls: the key has no certificate; give `cert_file` too",
        ),
        (
            "tls: {ca_file: a, ca_pem: b}",
            "tls.ca_pem: `ca_file` is given too; give one of them",
        ),
        (
            "tls: {insecure: true, insecure_skip_verify: true}",
            "tls.insecure_skip_verify: there is no certificate to check with `insecure: true`; \
             remove one of them",
        ),
        (
            "tls: {min_version: '1.3', max_version: '1.2'}",
            "tls.min_version: it is newer than `max_version`",
        ),
        (
            "retry_on_failure: {max_elapsed_time: 20s}",
            "retry_on_failure.max_interval: it is longer than `max_elapsed_time`",
        ),
        (
            "sending_queue: {batch: {min_size: 10, max_size: 9}}",
            "sending_queue.batch.max_size: it is less than `min_size`",
        ),
        (
            "sending_queue: {sizer: items, batch: {}}",
            "sending_queue.batch.min_size: 8192 is more than the queue holds (`queue_size` is 1000)",
        ),
        (
            "sending_queue: {sizer: requests, batch: {}}",
            "sending_queue.batch.sizer: the queue is counted in requests, and a batch can not be; \
             it takes items, bytes",
        ),
        (
            "sending_queue: {storage: file_storage}",
            "sending_queue.storage: the extension `file_storage` is not defined under `extensions`",
        ),
    ] {
        let told = of_exporter(lines);
        assert_eq!(told.split_once(": ").unwrap().1, expected);
    }
    assert_eq!(
        of(
            "exporters",
            "file",
            "path: a\nappend: true\ncompression: zstd"
        ),
        "line 5, column 5: compression: `compression` and `append: true` exclude each other; \
         remove one of them"
    );
    assert_eq!(
        of(
            "processors",
            "memory_limiter",
            "limit_mib: 10\nspike_limit_mib: 10"
        ),
        "line 4, column 5: spike_limit_mib: it is not less than `limit_mib`"
    );
    let sum = "0".repeat(64);
    assert_eq!(
        of("processors", "linkmend", &format!("sha256: '{sum}'")),
        "line 3, column 5: sha256: the built-in rule is part of the program and has no file to \
         check; remove it"
    );
    assert_eq!(
        of("receivers", "otlp", "protocols: {http: {tls: {}}}"),
        "line 3, column 24: protocols.http.tls: a server needs a certificate: give `cert_file` \
         and `key_file`"
    );
}

#[test]
fn components_that_are_at_odds_are_told() {
    assert_eq!(
        of(
            "receivers",
            "otlp",
            "protocols:\n  grpc: {endpoint: 'localhost:4318'}\n  http:"
        ),
        "line 5, column 7: receivers.otlp.protocols.http: localhost:4318 is the address of \
         receivers.otlp.protocols.grpc too; give one of them another"
            .replace("receivers.otlp.protocols.http", "protocols.http")
            .replace("receivers.otlp.protocols.grpc", "protocols.grpc")
    );
    // Any free port is not one port.
    let text = with(
        "receivers",
        "otlp",
        "protocols: {grpc: {endpoint: 'a:0'}, http: {endpoint: 'a:0'}}",
    );
    crate::support::read(&[&text]);
    let text = with("exporters", "file", "path: a")
        .replace("exporters:\n", "exporters:\n  file/2: {path: a}\n")
        .replace("[file]", "[file, file/2]");
    assert_eq!(
        faults(&[&text]),
        "linkmend.yaml: line 2, column 12: exporters.file/2.path: it is that of exporters.file \
         too; give one of them another"
    );
    let text = with_exporter("endpoint: b:1\nsending_queue: {storage: file_storage}")
        .replace("\nreceivers:", "\nextensions: {file_storage: }\nreceivers:");
    let told = faults(&[&text]);
    let told: Vec<_> = told.lines().collect();
    assert_eq!(
        told,
        [
            "linkmend.yaml: line 4, column 21: exporters.otlp_grpc/x.sending_queue.storage: the \
             extension `file_storage` does not run; put it into `service.extensions`",
            "linkmend.yaml: line 5, column 14: extensions.file_storage: it is defined and not \
             used; put it into `service.extensions`, or remove it",
        ]
    );
}

/// A service of one pipeline with these lists.
fn service(pipelines: &str) -> String {
    format!(
        "receivers: {{otlp: {{protocols: {{grpc: }}}}}}\n\
         exporters: {{debug: }}\n\
         service:\n  pipelines:\n{pipelines}"
    )
}

#[test]
fn pipelines_that_can_not_be_are_told() {
    for (pipelines, expected) in [
        (
            "    traces: {receivers: [otlp/x], exporters: [debug]}\n    traces/2: {receivers: [otlp], exporters: [debug]}\n",
            "line 5, column 26: service.pipelines.traces.receivers[0]: the receiver `otlp/x` is \
             not defined under `receivers`; the nearest is `otlp`",
        ),
        (
            "    traces: {receivers: [otlp], processors: [linkmend], exporters: [debug]}\n",
            "line 5, column 46: service.pipelines.traces.processors[0]: the processor `linkmend` \
             is not defined under `processors`",
        ),
        (
            "    traces: {receivers: [otlp, otlp], exporters: [debug]}\n",
            "line 5, column 32: service.pipelines.traces.receivers[1]: `otlp` is there a second \
             time",
        ),
        (
            "    traces: {receivers: otlp, exporters: [debug]}\n    traces/2: {receivers: [otlp], exporters: [debug]}\n",
            "line 5, column 14: service.pipelines.traces.receivers: it is a text, not a list",
        ),
        (
            "    traces: {receivers: [otlp]}\n    traces/2: {receivers: [otlp], exporters: [debug]}\n",
            "line 5, column 5: service.pipelines.traces.exporters: it needs one exporter at least",
        ),
        (
            "    spans: {receivers: [otlp], exporters: [debug]}\n",
            "line 5, column 5: service.pipelines.spans: a pipeline is of `traces`, \
             `metrics`, `logs` or `profiles`, or of `traces/name` and the like when there are \
             several",
        ),
    ] {
        assert_eq!(
            faults(&[&service(pipelines)]),
            format!("linkmend.yaml: {expected}")
        );
    }
}

#[test]
fn a_service_that_is_missing_or_empty_is_told() {
    let told = faults(&["receivers: {otlp: {protocols: {grpc: }}}\n"]);
    assert_eq!(
        told,
        "linkmend.yaml: line 1, column 1: service: is missing; it says which components run: \
         `service: {pipelines: {traces: {receivers: […], exporters: […]}}}`"
    );
    let told = faults(&["service: {pipelines: {}}\n"]);
    assert_eq!(
        told,
        "linkmend.yaml: line 1, column 11: service.pipelines: there is no pipeline; give one such \
         as `traces: {receivers: […], exporters: […]}`"
    );
    assert!(faults(&[""]).contains("service: is missing"));
}

#[test]
fn components_without_use_are_told() {
    let text = service("    traces: {receivers: [otlp], exporters: [debug]}\n")
        .replace("{debug: }", "{debug: , debug/2: }");
    assert_eq!(
        faults(&[&text]),
        "linkmend.yaml: line 2, column 22: exporters.debug/2: it is defined and not used; put it \
         into a pipeline, or remove it"
    );
}

#[test]
fn telemetry_that_is_not_supported_is_told() {
    let text = with("exporters", "debug", "").replace("service:\n", "service:\n  telemetry: {metrics: {address: ':8888', readers: [{periodic: {}}, {pull: {exporter: {otlp: }}, periodic: {exporter: {console: }}}, {pull: {exporter: {prometheus: }}}, {push: }]}, logs: {sampling: {}}, traces: {processors: [{simple: {}}]}}\n");
    let told = faults(&[&text]);
    let told: Vec<_> = told
        .lines()
        .map(|line| {
            line.split_once("service.telemetry.")
                .map_or(line, |parts| parts.1)
        })
        .collect();
    assert_eq!(
        told,
        [
            "metrics.address: not supported by linkmend, because the Collector removed it, too; \
             use `readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]`; \
             remove it",
            "metrics.readers[0].periodic.exporter: is missing; give `exporter: {otlp: {endpoint: …}}`",
            "metrics.readers[1]: a reader is either `pull` or `periodic`",
            "metrics.readers[1].pull.exporter.otlp: not supported by linkmend, because it has \
             `prometheus` only; write that in its place, or remove the list that it is in",
            "metrics.readers[1].periodic.exporter.console: not supported by linkmend, because it \
             has `otlp` only; write that in its place, or remove the list that it is in",
            "metrics.readers[2].pull: one reader serves Prometheus; remove the other",
            "metrics.readers[3].push: unknown key (all keys: pull, periodic)",
            "logs.sampling: not supported by linkmend, because its log is plain lines; remove it",
            "traces.processors[0].simple: not supported by linkmend, because it has `batch` only; \
             write that in its place, or remove the list that it is in",
        ]
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let lines: Vec<_> = (0..25).map(|number| format!("x{number:02}: 1")).collect();
    let lines = lines.join("\n");
    let told = faults(&[&with_exporter(&format!("endpoint: b:1\n{lines}"))]);
    assert!(
        told.starts_with("25 places: unknown key (all keys: "),
        "{told}"
    );
    assert_eq!(told.lines().count(), 26, "{told}");
    // In the order of the file.
    let last = "    linkmend.yaml: line 28, column 5: exporters.otlp_grpc/x.x24";
    assert_eq!(told.lines().last(), Some(last));
}

/// Other signals have pipelines, too, without what is for traces alone.
#[test]
fn components_for_traces_alone_are_in_pipelines_of_traces_alone() {
    let text = "\
receivers:
  otlp: {protocols: {grpc: }}
  otlpjsonfile: {include: [a]}
processors: {linkmend: }
exporters:
  debug:
  otlp_http: {traces_endpoint: 'http://b/v1/traces'}
service:
  pipelines:
    traces: {receivers: [otlp, otlpjsonfile], processors: [linkmend], exporters: [otlp_http]}
    metrics: {receivers: [otlp], processors: [linkmend], exporters: [debug]}
    logs/files: {receivers: [otlpjsonfile], exporters: [otlp_http]}
    profiles: {receivers: [otlp], exporters: [debug]}
";
    assert_eq!(
        faults(&[text]),
        "linkmend.yaml: line 11, column 47: service.pipelines.metrics.processors: `linkmend` \
         mends links of spans, and this pipeline is of metrics; take it out here: metrics pass \
         without it\n\
         linkmend.yaml: line 12, column 5: service.pipelines.logs/files: no receiver, or no \
         exporter, is left of it: leave this pipeline to the Collector, too, and remove it here\n\
         linkmend.yaml: line 12, column 30: service.pipelines.logs/files.receivers: \
         `otlpjsonfile` reads traces alone, and this pipeline is of logs; take it out here, and \
         read these files with a Collector\n\
         linkmend.yaml: line 12, column 57: service.pipelines.logs/files.exporters: `otlp_http` \
         does not know where to send logs: give it `endpoint` or `logs_endpoint`"
    );
}

/// They had no effect, and who set them believed that clients were checked.
#[test]
fn authorities_of_a_server_are_those_of_clients() {
    for key in [
        "ca_file: a",
        "ca_pem: a",
        "include_system_ca_certs_pool: true",
    ] {
        let lines = format!("protocols: {{http: {{tls: {{cert_file: c, key_file: k, {key}}}}}}}");
        let told = faults(&[&with("receivers", "otlp", &lines)]);
        let name = key.split(':').next().unwrap();
        let expected = format!(
            "receivers.otlp.protocols.http.tls.{name}: not supported by linkmend, because clients \
             are checked against `client_ca_file` alone (give it there); remove it"
        );
        assert!(told.contains(&expected), "{told}");
    }
}

/// A chart writes it for either kind of address.
#[test]
fn brackets_are_taken_around_addresses_of_both_kinds() {
    for (endpoint, is_taken) in [
        ("[::1]:4317", true),
        ("[127.0.0.1]:4317", true),
        ("[pod.example]:4317", true),
        ("[]:4317", false),
        ("[::1:4317", false),
        ("[a b]:4317", false),
    ] {
        let lines = format!("protocols: {{grpc: {{endpoint: '{endpoint}'}}}}");
        let sources = crate::support::sources(&[&with("receivers", "otlp", &lines)]);
        let told = linkmend_pipeline::config::Config::read(&sources, &crate::support::env);
        assert_eq!(told.is_ok(), is_taken, "{endpoint}: {told:?}");
    }
}

/// Where the fault stands on the section, the reason was not told.
#[test]
fn a_variable_that_is_not_set_is_told_with_what_it_makes_wrong() {
    let told = faults(&[&with(
        "processors",
        "memory_limiter",
        "check_interval: 2s\nlimit_mib: ${NO_SUCH_LIMIT}",
    )]);
    assert!(told.contains("NO_SUCH_LIMIT is not set"), "{told}");
}

/// Everything at once: what the environment makes wrong, and all the rest.
#[test]
fn a_bad_variable_does_not_hide_the_rest() {
    let text = with_exporter("endpoint: ${s3:bucket}\ntimeout: 5\nbalancer: x");
    let told = faults(&[&text]);
    assert!(told.contains("`${s3:…}` is not supported"), "{told}");
    assert!(told.contains("timeout: 5 has no unit"), "{told}");
    assert!(told.contains("balancer: unknown key"), "{told}");
    assert!(!told.contains("is missing"), "{told}");
}

#[test]
fn what_follows_from_a_bad_value_is_not_told() {
    let told = faults(&[&with_exporter(
        "endpoint: b:1\nheaders: {a: '${file:/no/such/file}'}",
    )]);
    let line = "linkmend.yaml: line 4, column 15: exporters.otlp_grpc/x.headers.a: cannot read the \
                file `/no/such/file`: ";
    assert!(told.starts_with(line), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_resource_of_the_operator_is_unwrapped() {
    let text = with("exporters", "debug", "");
    let lines: Vec<_> = text.lines().map(|line| format!("    {line}")).collect();
    let text = format!(
        "apiVersion: opentelemetry.io/v1beta1\nkind: OpenTelemetryCollector\nspec:\n  config:\n{}\n",
        lines.join("\n")
    );
    let config = crate::support::read(&[&text]);
    assert_eq!(config.exporters.len(), 1);
    let told = faults(&["apiVersion: v1\nkind: Service\n"]);
    assert!(told.contains("this is a resource of Kubernetes"), "{told}");
}

#[test]
fn the_processor_batch_is_done_by_exporters() {
    let text = "\
receivers: {otlp: {protocols: {grpc: }}}
processors:
  batch: {timeout: 1s, send_batch_size: 10, send_batch_max_size: 20}
exporters:
  otlp_grpc: {endpoint: 'b:1'}
  otlp_http: {endpoint: 'http://b', sending_queue: {batch: {min_size: 7}}}
  debug:
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp_grpc, otlp_http, debug]}
";
    let config = crate::support::read(&[text]);
    assert!(config.processors.is_empty());
    let pipeline = config.service.pipelines.values().next().unwrap();
    assert!(pipeline.processors.is_empty());
    let queue = |id: &str| config.exporters[&id.parse().unwrap()].queue().unwrap();
    let made = queue("otlp_grpc");
    assert!(made.wait_for_result);
    let batch = made.batch.as_ref().unwrap();
    assert_eq!((batch.min_size, batch.max_size), (10, Some(20)));
    assert_eq!(batch.flush_timeout.as_secs(), 1);
    assert_eq!(queue("otlp_http").batch.as_ref().unwrap().min_size, 7);
    let [warning] = &config.warnings[..] else {
        panic!("{:?}", config.warnings)
    };
    assert_eq!(warning.place.line, 3);
    assert!(
        warning.text.contains("otlp_grpc makes batches"),
        "{}",
        warning.text
    );
}
