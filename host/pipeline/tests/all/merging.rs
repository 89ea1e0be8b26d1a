//! Several files, and the environment.

use linkmend_pipeline::config::{
    Encoding, Exporter, GrpcCompression, Listen, OtlpGrpcExporter, Receiver, Target,
};

use crate::support::{exporter, faults, linkmend, read, receiver, with, with_exporter};

const BASE: &str = "\
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 0.0.0.0:4317
processors:
  linkmend:
    config: {max_links: 64, keep_links: last}
exporters:
  otlp_grpc:
    endpoint: backend:4317
    compression: zstd
    headers: {a: '1', b: '2'}
service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: [linkmend]
      exporters: [otlp_grpc]
";

#[track_caller]
fn grpc(text: &str, id: &str) -> OtlpGrpcExporter {
    match exporter(&read(&[text]), id) {
        Exporter::OtlpGrpc(exporter) => (**exporter).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn mappings_are_merged_and_everything_else_is_replaced() {
    let over = "\
exporters:
  otlp_grpc:
    endpoint: other:4317
    headers: {b: '3'}
  debug:
processors: {linkmend: {config: {max_links: 32}}}
service: {pipelines: {traces: {exporters: [debug, otlp_grpc]}}}
";
    let config = read(&[BASE, over]);
    let Exporter::OtlpGrpc(grpc) = exporter(&config, "otlp_grpc") else {
        panic!()
    };
    let host = "other".to_owned();
    let endpoint = Target::Host {
        host,
        port: 4317,
        tls: None,
    };
    assert_eq!(grpc.client.endpoint, endpoint);
    assert_eq!(grpc.client.compression, GrpcCompression::Zstd);
    let headers = grpc.client.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    assert_eq!(headers, [("a", "1"), ("b", "3")]);
    let rule = linkmend(&config, "linkmend").config.to_json();
    assert_eq!(rule["max_links"], 32);
    assert_eq!(rule["keep_links"], "last");
    let pipeline = &config.service.pipelines[&"traces".parse().unwrap()];
    let exporters: Vec<_> = pipeline.exporters.iter().map(ToString::to_string).collect();
    assert_eq!(exporters, ["debug", "otlp_grpc"]);
}

#[test]
fn faults_name_the_file_that_gave_the_value() {
    let over = "exporters:\n  otlp_grpc:\n    timeout: soon\n";
    assert_eq!(
        faults(&[BASE, over]),
        "over1.yaml: line 3, column 5: exporters.otlp_grpc.timeout: `soon` is not a value it \
         takes; it takes a duration like 500ms, 1.5s or 1h30m"
    );
    // In the order of the files.
    let wrong = BASE.replace("compression: zstd", "compression: brotli");
    let both = faults(&[&wrong, over]);
    let lines: Vec<_> = both.lines().collect();
    assert!(
        lines[0].starts_with("linkmend.yaml: line 12, column 5: exporters.otlp_grpc.compression: ")
    );
    assert!(lines[1].starts_with("over1.yaml: line 3, "));
    assert_eq!(lines.len(), 2);
}

#[test]
fn every_file_that_can_not_be_read_is_told() {
    assert_eq!(
        faults(&["a: [", "receivers: {}", "a: 1\na: 2\n"])
            .lines()
            .count(),
        2
    );
    assert_eq!(
        faults(&[BASE, "a: 1\na: 2\n"]),
        "over1.yaml: line 2, column 1: the key `a` is given a second time"
    );
    assert_eq!(faults(&[]), ": line 1, column 1: there is no file");
}

#[test]
fn the_environment_is_put_in() {
    let text = with_exporter(
        "endpoint: '${env:HOST}:${env:PORT}'\n\
         timeout: ${env:TIMEOUT:-250ms}\n\
         headers:\n  authorization: ${env:TOKEN}\n  port: ${PORT}\n  price: 3$$ or $4\n  nested: ${env:NONE:-${env:HOST}}\n  raw: ${env:DOLLARS}\n  escaped: $${env:HOST}\n  none: ${env:NONE:-}\n\
         sending_queue:\n  queue_size: ${env:PORT}\n  block_on_overflow: ${env:YES}",
    );
    let exporter = grpc(&text, "otlp_grpc/x");
    let host = "backend".to_owned();
    let endpoint = Target::Host {
        host,
        port: 4317,
        tls: None,
    };
    assert_eq!(exporter.client.endpoint, endpoint);
    assert_eq!(
        exporter.timeout,
        Some(std::time::Duration::from_millis(250))
    );
    let headers = exporter.client.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    assert_eq!(
        headers,
        [
            ("authorization", "Bearer s3cret"),
            ("port", "4317"),
            ("price", "3$ or $4"),
            ("nested", "backend"),
            ("raw", "a$$b${env:HOST}"),
            ("escaped", "${env:HOST}"),
            ("none", ""),
        ]
    );
    let queue = exporter.queue.unwrap();
    assert_eq!(queue.queue_size, 4317);
    assert!(queue.block_on_overflow);
}

#[test]
fn a_list_may_come_from_the_environment() {
    let text = with(
        "receivers",
        "otlp",
        "protocols: {http: {compression_algorithms: '${env:LIST}'}}",
    );
    let config = read(&[&text]);
    let Receiver::Otlp(otlp) = receiver(&config, "otlp") else {
        panic!()
    };
    let http = otlp.http.as_ref().unwrap();
    assert_eq!(
        http.compression_algorithms,
        [Encoding::Gzip, Encoding::Zstd]
    );
    assert_eq!(
        http.listener.endpoint,
        Listen::Tcp {
            host: "localhost".into(),
            port: 4318
        }
    );
}

#[test]
fn a_variable_that_is_not_set_is_empty_and_told() {
    let text = with_exporter("endpoint: b:1\ntimeout: ${env:NONE}\nheaders: {a: '${NONE}'}");
    let config = read(&[&text]);
    let warnings: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "linkmend.yaml: line 4, column 5: exporters.otlp_grpc/x.timeout: the environment \
             variable NONE is not set; its value is empty",
            "linkmend.yaml: line 5, column 15: exporters.otlp_grpc/x.headers.a: the environment \
             variable NONE is not set; its value is empty",
        ]
    );
    // Empty is the default, where there is no empty value.
    let exporter = grpc(&text, "otlp_grpc/x");
    assert_eq!(exporter.timeout, Some(std::time::Duration::from_secs(5)));
    assert_eq!(exporter.client.headers[0].1.expose(), "");
    // One that is set and empty is not told.
    let text = with_exporter("endpoint: b:1\ntimeout: ${env:EMPTY}");
    assert!(read(&[&text]).warnings.is_empty());
}

/// What is wrong is said with why, and once.
#[test]
fn a_variable_that_is_not_set_may_be_why_something_is_wrong() {
    for key in ["endpoint", "traces_endpoint"] {
        let lines = format!("{key}: ${{env:NONE}}\nheaders: {{a: '${{NONE}}'}}");
        let text = with("exporters", "otlp_http/x", &lines);
        let place = format!("linkmend.yaml: line 3, column 5: exporters.otlp_http/x.{key}");
        assert_eq!(
            faults(&[&text]),
            format!(
                "{place}: the environment variable NONE is not set; its value is empty\n\
                 {place}: the value of `${{env:NONE}}` is no endpoint; it takes a URL like \
                 https://host:4318"
            )
        );
    }
}

/// One variable says where all servers listen, whether as a part of an
/// `endpoint` or as the `host` of metrics.
#[test]
fn the_host_of_metrics_is_written_as_in_an_endpoint() {
    for (given, expected) in [
        ("'${env:EMPTY}'", ""),
        ("''", ""),
        ("'${env:HOST}'", "backend"),
        ("'[::1]'", "::1"),
        ("'::1'", "::1"),
        ("", "localhost"),
    ] {
        let prometheus = format!("{{pull: {{exporter: {{prometheus: {{host: {given}}}}}}}}}");
        let reader = format!("service: {{telemetry: {{metrics: {{readers: [{prometheus}]}}}}}}");
        let listen = read(&[BASE, &reader]).service.telemetry.metrics.listen();
        let (host, port) = (expected.into(), 8888);
        assert_eq!(listen, Some(Listen::Tcp { host, port }), "{given}");
    }
}

#[test]
fn what_is_no_variable_is_told() {
    let written = "write `${env:NAME}` or `${env:NAME:-default}`, and `$$` for a dollar sign";
    for (value, expected) in [
        (
            "${file:/no/such/token}",
            "cannot read the file `/no/such/token`: No such file or directory (os error 2)".into(),
        ),
        (
            "${https://x/y}",
            format!(
                "`${{https:…}}` is not supported by linkmend, because values come from files and \
                 the environment alone; {written}, or `${{file:PATH}}`"
            ),
        ),
        (
            "${env:7UP}",
            format!("`7UP` is no name of an environment variable; {written}"),
        ),
        (
            "${}",
            format!("`` is no name of an environment variable; {written}"),
        ),
        ("${env:HOST", format!("a `${{` has no `}}`; {written}")),
    ] {
        let text = with_exporter(&format!("endpoint: '{value}'"));
        assert_eq!(
            faults(&[&text]),
            format!("linkmend.yaml: line 3, column 5: exporters.otlp_grpc/x.endpoint: {expected}")
        );
    }
}

#[test]
fn values_of_the_environment_are_never_shown() {
    let text = with_exporter(
        "endpoint: ${env:TOKEN}\ntimeout: ${env:TOKEN}\nheaders: ${env:TOKEN}\n\
         compression: x${env:TOKEN}\ntls: {ca_file: [1], key_pem: '${env:TOKEN}'}",
    );
    let faults = faults(&[&text]);
    assert_eq!(faults.lines().count(), 6, "{faults}");
    assert!(!faults.contains("s3cret"), "{faults}");
    assert!(faults.contains("the value of `x${env:TOKEN}` is not a value it takes"));

    let text = with_exporter(
        "endpoint: b:1\nheaders: {authorization: '${env:TOKEN}'}\n\
         tls: {cert_file: c, key_pem: '${env:TOKEN}'}",
    );
    let shown = format!("{:?}", read(&[&text]));
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("[REDACTED]"));
}
