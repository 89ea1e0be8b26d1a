# The Kafka clients, and Kafka Streams.

script=recordings/kafka.sh
kafka="Apache Kafka 4.1.1"
kafka_clients="kafka-clients 3.9.1"
receive_telemetry=otel.instrumentation.messaging.experimental.receive-telemetry.enabled=true
capture_headers=otel.instrumentation.messaging.experimental.capture-headers=traceparent,tracestate
newest_names=otel.semconv-stability.opt-in=messaging
no_propagation=otel.propagators=none

# 14 orders to two groups, 6 payments to one, which gets a record again.
kafka_traffic() {
  broker kafka
  run shop KafkaClients produce
  run billing KafkaClients consume billing 21 orders payments
  run shipping KafkaClients consume shipping 14 orders
}

rec:kafka-clients() {
  kafka_traffic
  keep "Kafka clients, record by record" "$kafka_clients" "$kafka"
}
