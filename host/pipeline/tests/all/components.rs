//! What is read of a configuration.

use std::time::Duration;

use linkmend_pipeline::config::{
    Batch, Encoding, Exporter, Extension, FileFormat, GrpcCompression, Listen, LogEncoding,
    LogLevel, MemoryLimiter, MetricsLevel, OtlpProtocol, Processor, Queue, Receiver, RuleSource,
    Sizer, Target, TlsVersion,
};

use crate::support::{exporter, linkmend, read, receiver, with, with_exporter};

/// The first configuration of the Collector's manual, with its processor
/// renamed, and without the signals that linkmend does not handle.
const MINIMAL: &str = "\
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 0.0.0.0:4317
      http:
        endpoint: 0.0.0.0:4318
processors:
  linkmend:

exporters:
  otlp_grpc:
    endpoint: otelcol:4317

extensions:
  health_check:

service:
  extensions: [health_check]
  pipelines:
    traces:
      receivers: [otlp]
      processors: [linkmend]
      exporters: [otlp_grpc]
";

/// One with most of what there is.
pub const REALISTIC: &str = "\
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: '[::]:4317'
        max_recv_msg_size_mib: 64
        tls:
          cert_file: /certs/server.crt
          key_file: /certs/server.key
          client_ca_file: /certs/clients.crt
          min_version: '1.3'
        keepalive:
          server_parameters: {max_connection_age: 10m, max_connection_age_grace: 30s}
      http:
        max_request_body_size: 64MiB
        cors:
          allowed_origins: ['https://*.example.com']
          max_age: 7200
  otlp/local:
    protocols: {grpc: {endpoint: /run/linkmend.sock, transport: unix}}
  otlpjsonfile/old:
    include: [/var/log/traces-*.jsonl]
    start_at: beginning
processors:
  memory_limiter:
    check_interval: 1s
    limit_percentage: 80
    spike_limit_percentage: 20
  linkmend:
    on_error: reject
    config:
      max_links: 64
      recipes:
        - {name: report, attributes: [report.id]}
    limits: {call_time: 250ms, memory: 128MiB, max_links: 64}
    hold: {time: 10s, max_spans: 50000}
    index: {max_entries: 5000000, time_to_live: 1h}
  linkmend/mine:
    rule: rules/mine.wasm
    sha256: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'
    hold: {time: 0}
exporters:
  otlp:
    endpoint: https://backend.example.com:443
    compression: zstd
    headers:
      authorization: ${env:TOKEN}
    timeout: 1.5s
    keepalive: {time: 30s}
    retry_on_failure: {initial_interval: 1s, max_elapsed_time: 0s}
    sending_queue:
      sizer: bytes
      queue_size: 268435456
      storage: file_storage/queue
      batch: {flush_timeout: 1s, min_size: 1048576, max_size: 4194304}
  otlphttp/second:
    endpoint: http://other.example.com:4318/otlp/
    encoding: json
    compression: none
    sending_queue: {enabled: false}
  file:
    path: /var/log/linkmend.jsonl
    rotation: {max_megabytes: 10, max_days: 3}
  debug/some:
    verbosity: detailed
    sampling_initial: 5
extensions:
  health_check: {endpoint: '0.0.0.0:13133', path: /health}
  file_storage/queue: {directory: /var/lib/linkmend, create_directory: true}
service:
  extensions: [health_check, file_storage/queue]
  telemetry:
    logs: {level: DEBUG, encoding: json}
    metrics:
      level: detailed
      readers:
        - pull: {exporter: {prometheus: {host: 0.0.0.0, port: 9090, without_units: true}}}
        - periodic: {interval: 5000, exporter: {otlp: {protocol: grpc, endpoint: 'self:4317', insecure: true, temporality_preference: cumulative}}}
    traces:
      processors:
        - batch: {exporter: {otlp: {protocol: grpc, endpoint: 'self:4317', insecure: true}}}
    resource: {service.name: linkmend-eu, service.instance.id: }
  pipelines:
    traces:
      receivers: [otlp, otlp/local]
      processors: [memory_limiter, linkmend, linkmend/mine]
      exporters: [otlp, otlphttp/second]
    traces/old:
      receivers: [otlpjsonfile/old]
      processors: [linkmend]
      exporters: [file, debug/some]
";

fn tcp(host: &str, port: u16) -> Listen {
    let host = host.into();
    Listen::Tcp { host, port }
}

/// What requests, held spans and the index may take together: with the defaults, and where
/// two pipelines share a processor.
#[test]
fn limits_of_memory_add_up() {
    let mib = |mib: u64| mib << 20;
    let defaults = read(&[MINIMAL]).most_memory();
    assert_eq!(defaults, mib(40 + 32) + 84 * 1_000_000);
    let two = "
receivers:
  otlp: {admission: {request_limit_mib: 64}, protocols: {grpc: }}
processors:
  linkmend: {index: {max_entries: 1000}, hold: {max_bytes: 1MiB}}
exporters: {otlp_grpc: {endpoint: 'backend:4317'}}
service:
  pipelines:
    traces/one: {receivers: [otlp], processors: [linkmend], exporters: [otlp_grpc]}
    traces/two: {receivers: [otlp], processors: [linkmend], exporters: [otlp_grpc]}
";
    assert_eq!(read(&[two]).most_memory(), mib(64) + 2 * mib(1) + 84_000);
}

#[test]
fn the_collectors_first_configuration_is_read() {
    let config = read(&[MINIMAL]);
    assert!(config.warnings.is_empty());
    let Receiver::Otlp(otlp) = receiver(&config, "otlp") else {
        panic!()
    };
    let (grpc, http) = (otlp.grpc.as_ref().unwrap(), otlp.http.as_ref().unwrap());
    assert_eq!(grpc.listener.endpoint, tcp("0.0.0.0", 4317));
    assert_eq!(grpc.max_recv_msg_size, 4 << 20);
    assert_eq!(http.listener.endpoint, tcp("0.0.0.0", 4318));
    assert_eq!(http.max_request_body_size, 20 << 20);
    assert_eq!(http.traces_url_path, "/v1/traces");
    let linkmend = linkmend(&config, "linkmend");
    assert_eq!(linkmend.rule, RuleSource::Builtin);
    assert_eq!(linkmend.hold.time, Some(Duration::from_secs(6)));
    assert_eq!(linkmend.hold.max_spans, 20_000);
    assert_eq!(linkmend.hold.max_bytes, 32 << 20);
    assert!(linkmend.config.to_json().is_empty());
    let Exporter::OtlpGrpc(grpc) = exporter(&config, "otlp_grpc") else {
        panic!()
    };
    assert!(grpc.client.uses_tls());
    assert_eq!(grpc.client.compression, GrpcCompression::Gzip);
    assert_eq!(grpc.timeout, Some(Duration::from_secs(5)));
    assert_eq!(grpc.retry.initial_interval, Duration::from_secs(5));
    assert_eq!(grpc.queue, None);
    assert_eq!(config.service.extensions.len(), 1);
    let metrics = &config.service.telemetry.metrics;
    assert_eq!(metrics.listen(), Some(tcp("localhost", 8888)));
}

#[test]
fn receivers_have_what_a_configuration_says() {
    let config = read(&[REALISTIC]);
    let Receiver::Otlp(otlp) = receiver(&config, "otlp") else {
        panic!()
    };
    let (grpc, http) = (otlp.grpc.as_ref().unwrap(), otlp.http.as_ref().unwrap());
    assert_eq!(grpc.listener.endpoint, tcp("::", 4317));
    assert_eq!(grpc.listener.endpoint.to_string(), "[::]:4317");
    assert_eq!(grpc.max_recv_msg_size, 64 << 20);
    let tls = grpc.listener.tls.as_ref().unwrap();
    assert_eq!(tls.min_version, Some(TlsVersion::Tls13));
    assert!(tls.client_ca_file.is_some());
    let keepalive = &grpc.keepalive;
    assert_eq!(keepalive.max_connection_age, Some(Duration::from_mins(10)));
    assert_eq!(keepalive.time, Duration::from_hours(2));
    assert_eq!(http.listener.endpoint, tcp("localhost", 4318));
    assert_eq!(http.max_request_body_size, 64 << 20);
    let cors = http.cors.as_ref().unwrap();
    assert_eq!(cors.max_age, Some(Duration::from_hours(2)));
    let Receiver::Otlp(local) = receiver(&config, "otlp/local") else {
        panic!()
    };
    let socket = Listen::Unix("/run/linkmend.sock".into());
    assert_eq!(local.grpc.as_ref().unwrap().listener.endpoint, socket);
    assert!(local.http.is_none());
    let Receiver::OtlpJsonFile(old) = receiver(&config, "otlpjsonfile/old") else {
        panic!()
    };
    assert_eq!(old.include, ["/var/log/traces-*.jsonl"]);
}

#[test]
fn processors_have_what_a_configuration_says() {
    let config = read(&[REALISTIC]);
    let first = linkmend(&config, "linkmend");
    assert_eq!(first.on_error, linkmend::OnError::Reject);
    assert_eq!(first.limits.call_time, Duration::from_millis(250));
    assert_eq!(first.limits.memory, 128 << 20);
    assert_eq!(first.limits.max_links, 64);
    assert_eq!(first.limits.growth, 64 << 20);
    assert_eq!(first.hold.time, Some(Duration::from_secs(10)));
    assert_eq!(
        first.index.memory.time_to_live,
        Some(Duration::from_hours(1))
    );
    assert_eq!(first.index.memory.max_entries, 5_000_000);
    let mine = linkmend(&config, "linkmend/mine");
    assert_eq!(mine.rule, RuleSource::File("rules/mine.wasm".into()));
    assert_eq!(mine.sha256.unwrap().to_string()[..6], *"001122");
    assert_eq!(mine.hold.time, None);
    let limiter = &config.processors[&"memory_limiter".parse().unwrap()];
    let expected = MemoryLimiter {
        limit_percentage: Some(80),
        spike_limit_percentage: Some(20),
        ..MemoryLimiter::default()
    };
    assert_eq!(*limiter, Processor::MemoryLimiter(expected));
}

#[test]
fn exporters_have_what_a_configuration_says() {
    let config = read(&[REALISTIC]);
    let Exporter::OtlpGrpc(grpc) = exporter(&config, "otlp") else {
        panic!()
    };
    assert!(grpc.client.uses_tls());
    assert_eq!(grpc.timeout, Some(Duration::from_millis(1500)));
    assert_eq!(grpc.retry.max_elapsed_time, Duration::ZERO);
    assert_eq!(grpc.client.headers[0].1.expose(), "Bearer s3cret");
    let queue = grpc.queue.as_ref().unwrap();
    assert_eq!(queue.storage, Some("file_storage/queue".parse().unwrap()));
    let batch = Batch {
        flush_timeout: Duration::from_secs(1),
        min_size: 1 << 20,
        max_size: Some(4 << 20),
        // That of the queue.
        sizer: Sizer::Bytes,
    };
    assert_eq!(queue.batch, Some(batch));
    let Exporter::OtlpHttp(http) = exporter(&config, "otlphttp/second") else {
        panic!()
    };
    let url = http
        .url(linkmend_pipeline::signal::Signal::Traces)
        .unwrap()
        .to_string();
    assert_eq!(url, "http://other.example.com:4318/otlp/v1/traces");
    assert_eq!(http.client.compression, Encoding::Identity);
    assert!(http.queue.is_none());
    let Exporter::File(file) = exporter(&config, "file") else {
        panic!()
    };
    let rotation = file.rotation.as_ref().unwrap();
    assert_eq!(rotation.max_size, 10 << 20);
    assert_eq!(rotation.max_age, Some(Duration::from_hours(72)));
    assert_eq!(file.format, FileFormat::Json);
}

#[test]
fn the_service_has_what_a_configuration_says() {
    let config = read(&[REALISTIC]);
    let service = &config.service;
    let pipeline = &service.pipelines[&"traces".parse().unwrap()];
    let processors: Vec<_> = pipeline
        .processors
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(processors, ["memory_limiter", "linkmend", "linkmend/mine"]);
    assert_eq!(service.pipelines.len(), 2);
    let telemetry = &service.telemetry;
    assert_eq!(telemetry.logs.level, LogLevel::Debug);
    assert_eq!(telemetry.logs.encoding, LogEncoding::Json);
    assert_eq!(telemetry.metrics.level, MetricsLevel::Detailed);
    assert_eq!(telemetry.metrics.listen(), Some(tcp("0.0.0.0", 9090)));
    let [periodic] = telemetry.metrics.periodic() else {
        panic!("one reader is periodic");
    };
    assert_eq!(periodic.interval, Duration::from_secs(5));
    assert_eq!(periodic.sender, telemetry.traces[0].sender);
    let traces = &telemetry.traces[0];
    assert_eq!(traces.sender.protocol, OtlpProtocol::Grpc);
    assert_eq!(
        traces.sender.endpoint.as_ref().unwrap().to_string(),
        "http://self:4317"
    );
    assert_eq!(telemetry.resource["service.instance.id"], None);
    assert_eq!(
        telemetry.resource["service.name"].as_deref(),
        Some("linkmend-eu")
    );
    let health = &config.extensions[&"health_check".parse().unwrap()];
    let Extension::HealthCheck(health) = health else {
        panic!()
    };
    assert_eq!(health.path, "/health");
}

/// The rule says a path; the user reads a file and a line.
#[test]
fn what_a_rule_says_of_its_configuration_gets_its_place() {
    let over = "processors:\n  linkmend:\n    config:\n      recipes:\n        - name: x\n          rol: y\n";
    let config = read(&[REALISTIC, over]);
    let id = "linkmend".parse().unwrap();
    let told = |text: &str| config.rule_fault(&id, text).unwrap().to_string();
    assert_eq!(
        told("recipes[0].rol: unknown key"),
        "over1.yaml: line 6, column 11: processors.linkmend.config.recipes[0].rol: unknown key"
    );
    assert_eq!(
        told("recipes[0].attributes: is missing"),
        "over1.yaml: line 5, column 11: processors.linkmend.config.recipes[0].attributes: is missing"
    );
    assert_eq!(
        told("max_links: too many"),
        "linkmend.yaml: line 32, column 7: processors.linkmend.config.max_links: too many"
    );
}

#[test]
fn durations_are_those_of_go() {
    for (text, nanos) in [
        ("0", 0),
        ("0s", 0),
        ("'0'", 0),
        ("5s", 5_000_000_000),
        ("+5s", 5_000_000_000),
        ("1.5s", 1_500_000_000),
        (".5s", 500_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1h1m1s1ms1us1ns", 3_661_001_001_001),
        ("3\u{b5}s", 3_000),
        ("0.1ms", 100_000),
    ] {
        let text = with_exporter(&format!("endpoint: b:1\ntimeout: {text}"));
        let config = read(&[&text]);
        let Exporter::OtlpGrpc(grpc) = exporter(&config, "otlp_grpc/x") else {
            panic!()
        };
        let expected = (nanos > 0).then(|| Duration::from_nanos(nanos));
        assert_eq!(grpc.timeout, expected, "{text}");
    }
}

#[test]
fn sizes_are_bytes_or_have_a_unit() {
    for (text, bytes) in [
        ("1", 1),
        ("1024", 1024),
        ("1KiB", 1024),
        ("1.5kib", 1536),
        ("64 MiB", 64 << 20),
        ("2kb", 2000),
        ("1G", 1_000_000_000),
        ("7b", 7),
    ] {
        let text = with(
            "receivers",
            "otlp",
            &format!("protocols: {{http: {{max_request_body_size: {text}}}}}"),
        );
        let config = read(&[&text]);
        let Receiver::Otlp(otlp) = receiver(&config, "otlp") else {
            panic!()
        };
        assert_eq!(
            otlp.http.as_ref().unwrap().max_request_body_size,
            bytes,
            "{text}"
        );
    }
}

#[test]
fn endpoints_are_those_of_the_collector() {
    let host = |host: &str, port, tls| Target::Host {
        host: host.into(),
        port,
        tls,
    };
    for (text, expected) in [
        ("b:4317", host("b", 4317, None)),
        ("http://b:80", host("b", 80, Some(false))),
        ("https://b:443/", host("b", 443, Some(true))),
        ("dns:///b.example:4317", host("b.example", 4317, None)),
        ("[::1]:4317", host("::1", 4317, None)),
        ("[fe80::1%eth0]:4317", host("fe80::1%eth0", 4317, None)),
        ("unix:///run/x.sock", Target::Unix("/run/x.sock".into())),
    ] {
        let text = with_exporter(&format!("endpoint: '{text}'"));
        let config = read(&[&text]);
        let Exporter::OtlpGrpc(grpc) = exporter(&config, "otlp_grpc/x") else {
            panic!()
        };
        assert_eq!(grpc.client.endpoint, expected, "{text}");
    }
    for (text, expected) in [
        ("http://b", "http://b:80/v1/traces"),
        ("https://b/", "https://b:443/v1/traces"),
        ("https://[::1]/x", "https://[::1]:443/x/v1/traces"),
        ("https://[::1]:4318", "https://[::1]:4318/v1/traces"),
    ] {
        let text = with("exporters", "otlp_http", &format!("endpoint: '{text}'"));
        let config = read(&[&text]);
        let Exporter::OtlpHttp(http) = exporter(&config, "otlp_http") else {
            panic!()
        };
        assert_eq!(
            http.url(linkmend_pipeline::signal::Signal::Traces)
                .unwrap()
                .to_string(),
            expected,
            "{text}"
        );
    }
}

/// It is off unless the section is there, with or without content: a sender is
/// then answered for what the next hop has taken.
#[test]
fn queue_is_on_where_its_section_is() {
    for (lines, queue) in [
        ("endpoint: b:1", None),
        ("endpoint: b:1\nsending_queue:", Some(Queue::default())),
        ("endpoint: b:1\nsending_queue: {}", Some(Queue::default())),
        ("endpoint: b:1\nsending_queue: {enabled: false}", None),
    ] {
        let config = read(&[&with_exporter(lines)]);
        assert_eq!(
            exporter(&config, "otlp_grpc/x").queue(),
            queue.as_ref(),
            "{lines}"
        );
    }
}
