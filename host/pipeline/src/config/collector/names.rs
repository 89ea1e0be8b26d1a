//! The names of the components that the OpenTelemetry Collector has.
//!
//! Read from the reports on its distributions, and from the change log, of
//! `opentelemetry-collector-contrib` 0.160.0, with the core of the same version.
//! Older names (`hostmetrics`) differ from these by their `_`, which does not
//! count when they are compared; those that differ by more are in [`OLDER`].

/// The version of what is listed here.
pub(in crate::config) const VERSION: &str = "0.160.0";

/// Receivers.
pub(super) const RECEIVERS: &str = "\
    active_directory_ds active_directory_inv aerospike apache apache_spark \
    aws_cloudwatch aws_lambda awscontainerinsight awsecscontainermetrics awsfirehose \
    awss3 awsxray azure_blob azure_event_hub azure_monitor carbon chrony cisco_os \
    cloud_foundry cloudflare collectd couchdb datadog docker_stats elasticsearch \
    envoy_als expvar faro file_log file_stats flink_metrics fluent_forward github gitlab \
    google_cloud_spanner googlecloudmonitoring googlecloudpubsub googlecloudpubsubpush \
    haproxy host_metrics http_check icmp_check iis influxdb jaeger journald k8s_cluster \
    k8s_events k8s_objects kafka kafka_metrics kubelet_stats libhoney loki \
    macos_unified_logging memcached mongodb mongodb_atlas mysql named_pipe netflow nginx \
    nop nsxt ntp obi oracledb otelarrow otlp otlp_json_file podman_stats postgresql \
    pprof prometheus prometheus_remote_write prometheus_simple pulsar purefa purefb \
    rabbitmq receiver_creator redis riak saphana signalfx skywalking snmp snowflake \
    solace splunk_enterprise splunk_hec sql_query sqlserver ssh_check statsd stef syslog \
    systemd tcp_check tcp_log tls_check udp_log vcenter wavefront webhook_event \
    windows_event_log windows_perf_counters windows_service yang_grpc zipkin zookeeper";

/// Processors.
pub(super) const PROCESSORS: &str = "\
    adaptive_tail_sampling attributes batch cardinality_guardian coralogix \
    cumulative_to_delta delta_to_cumulative delta_to_rate drain filter gen_ai_normalizer \
    geoip groupbyattrs groupbytrace interval isolationforest k8s_attributes log_dedup \
    memory_limiter metric_start_time metrics_transform metricsgeneration \
    probabilistic_sampler redaction remotetap resource resource_detection schema span \
    span_pruning sumologic tail_sampling transform unroll";

/// Exporters.
pub(super) const EXPORTERS: &str = "\
    alibabacloud_logservice awscloudwatchlogs awsemf awskinesis awss3 awsxray azure_blob \
    azure_monitor azuredataexplorer bmc_helix cassandra clickhouse coralogix datadog \
    dataset debug doris elasticsearch faro file google_cloud_storage googlecloud \
    googlecloudpubsub googlemanagedprometheus honeycomb_marker influxdb kafka \
    load_balancing logicmonitor logzio mezmo nop opensearch otelarrow otlp_grpc \
    otlp_http prometheus prometheus_remote_write pulsar rabbitmq sentry signalfx \
    splunk_hec stef sumologic syslog tencentcloud_logservice tinybird zipkin";

/// Extensions.
pub(super) const EXTENSIONS: &str = "\
    ack asapclient aws_iam_db_auth aws_logs_encoding awscloudwatchmetricstreams_encoding \
    awsproxy azure_auth azure_encoding basicauth bearertokenauth cgroup_runtime datadog \
    db_storage docker_observer ecs_observer file_storage google_cloud_logentry_encoding \
    googleclientauth headers_setter health_check healthcheckv2 host_observer \
    http_forwarder jaeger_encoding jaegerremotesampling json_log_encoding \
    k8s_leader_elector k8s_observer memory_limiter oauth2client oidc opamp otlp_encoding \
    pebble_tail_storage pprof redis_storage sd_notify sigv4auth skywalking_encoding \
    sumologic text_encoding zipkin_encoding zpages";

/// Connectors.
pub(super) const CONNECTORS: &str = "\
    count datadog exceptions failover forward grafanacloud metrics_as_logs otlp_json \
    round_robin routing service_graph signal_to_metrics slow_sql span_metrics sum";

/// Names that the Collector had once, by section; and for exporters, which of
/// those that linkmend has, too, took their place.
pub(super) const OLDER: &[(&str, &str, Option<&str>)] = &[
    ("exporters", "awsprometheusremotewrite", None),
    ("exporters", "carbon", None),
    ("exporters", "dynatrace", Some("otlp_http")),
    ("exporters", "instana", None),
    ("exporters", "jaeger", Some("otlp_grpc")),
    ("exporters", "jaeger_thrift", Some("otlp_grpc")),
    ("exporters", "lightstep", Some("otlp_grpc")),
    ("exporters", "logging", Some("debug")),
    ("exporters", "loki", Some("otlp_http")),
    ("exporters", "newrelic", Some("otlp_http")),
    ("exporters", "opencensus", Some("otlp_grpc")),
    ("exporters", "otlp", Some("otlp_grpc")),
    ("exporters", "sapm", Some("otlp_http")),
    ("exporters", "skywalking", None),
    ("extensions", "fluentbit", None),
    ("extensions", "kafkatopics_observer", None),
    ("processors", "dynamic_sampling", None),
    ("processors", "logstransform", None),
    ("processors", "routing", None),
    ("processors", "servicegraph", None),
    ("processors", "spanmetrics", None),
    ("receivers", "awscontainerinsightreceiver", None),
    ("receivers", "bigip", None),
    ("receivers", "icmpcheckreceiver", None),
    ("receivers", "opencensus", None),
    ("receivers", "prometheus_exec", None),
    ("receivers", "sapm", None),
];

/// Components that other distributions of the Collector have, by section: those
/// of Jaeger, Splunk, New Relic, Google and AWS Lambda.
pub(super) const OTHERS: &[(&str, &str)] = &[
    ("exporters", "jaeger_storage_exporter"),
    ("extensions", "expvar"),
    ("extensions", "jaeger_mcp"),
    ("extensions", "jaeger_query"),
    ("extensions", "jaeger_storage"),
    ("extensions", "remote_sampling"),
    ("extensions", "remote_storage"),
    ("extensions", "smartagent"),
    ("processors", "adaptive_sampling"),
    ("processors", "adaptivetelemetry"),
    ("processors", "agentmetrics"),
    ("processors", "casttosum"),
    ("processors", "coldstart"),
    ("processors", "decouple"),
    ("processors", "normalizesums"),
    ("processors", "rolling_span_latency"),
    ("processors", "timestamp"),
    ("receivers", "dcgm"),
    ("receivers", "discovery"),
    ("receivers", "dnscheck"),
    ("receivers", "gnmi"),
    ("receivers", "lightprometheus"),
    ("receivers", "nvml"),
    ("receivers", "scripted_inputs"),
    ("receivers", "signalfxgatewayprometheusremotewrite"),
    ("receivers", "smartagent"),
    ("receivers", "telemetryapi"),
    ("receivers", "varnish"),
];
