# The Kafka clients, and Kafka Streams.

kafka="Apache Kafka 4.1.1"
kafka_clients="kafka-clients 3.9.1"
kafka_streams="kafka-streams 3.9.1"

# 14 orders to two groups, 6 payments to one, which gets a record again.
kafka_traffic() {
  script=kafka.sh
  broker kafka
  run shop KafkaClients produce
  run billing KafkaClients consume billing 21 orders payments
  run shipping KafkaClients consume shipping 14 orders
}

rec:kafka-clients() {
  kafka_traffic
  keep "Kafka clients, record by record" "$kafka_clients" "$kafka"
}

rec:kafka-clients-off() {
  options=("$no_propagation")
  kafka_traffic
  keep_off "Kafka clients, record by record" "$kafka_clients" "$kafka"
}

rec:kafka-receive-telemetry() {
  options=("$receive_telemetry")
  kafka_traffic
  keep "Kafka clients, receive telemetry" "$kafka_clients" "$kafka"
}

rec:kafka-newest-names() {
  options=("$newest_names")
  kafka_traffic
  keep "Kafka clients, newest names" "$kafka_clients" "$kafka"
}

rec:kafka-newest-names-receive-telemetry() {
  options=("$newest_names" "$receive_telemetry")
  kafka_traffic
  keep "Kafka clients, newest names, receive telemetry" "$kafka_clients" "$kafka"
}

rec:kafka-old-agent() {
  agent=$OLD_AGENT
  kafka_traffic
  keep "Kafka clients, 2022 to 2023" "$kafka_clients" "$kafka"
}

rec:kafka-old-agent-receive-telemetry() {
  agent=$OLD_AGENT
  options=("$receive_telemetry")
  kafka_traffic
  keep "Kafka clients, 2022 to 2023, receive telemetry" "$kafka_clients" "$kafka"
}

rec:kafka-acks-0() {
  export ACKS=0
  kafka_traffic
  keep "Kafka clients, acks=0" "$kafka_clients" "$kafka"
}

rec:advice-kafka-acks-1() {
  export ACKS=1
  kafka_traffic
  keep "Kafka clients, acks=0" "$kafka_clients" "$kafka" \
    --advice wait-for-the-acknowledgement --note "acks=1 in place of acks=0."
}

rec:advice-kafka-acks-0-headers() {
  export ACKS=0
  options=("$capture_headers")
  kafka_traffic
  keep "Kafka clients, acks=0" "$kafka_clients" "$kafka" \
    --advice capture-headers --note "Still with acks=0, and with the header captured."
}

# --- Kafka Streams: orders become invoices ------------------------------------

streams_traffic() {
  script=kafka.sh
  broker kafka
  run shop KafkaClients produce
  run invoicing KafkaStreamsApp 14
  run mailer KafkaClients consume mailer 14 invoices
}

rec:kafka-streams() {
  streams_traffic
  keep "Kafka Streams" "$kafka_streams" "$kafka"
}

rec:kafka-streams-off() {
  options=("$no_propagation")
  streams_traffic
  keep_off "Kafka Streams" "$kafka_streams" "$kafka"
}

rec:kafka-streams-headers() {
  options=("$capture_headers")
  streams_traffic
  keep "Kafka Streams, headers captured" "$kafka_streams" "$kafka" --variants as-is
}

# Only the shop knows of contexts: what it put into the header is sent on by
# Kafka Streams, and is that of an order where an invoice is received.
rec:kafka-streams-forwarded-off() {
  script=kafka.sh
  broker kafka
  run shop KafkaClients produce
  options=("$no_propagation" "$capture_headers")
  run invoicing KafkaStreamsApp 14
  run mailer KafkaClients consume mailer 14 invoices
  keep_off "Kafka Streams, headers captured" "$kafka_streams" "$kafka" \
    --note "Only the first producer propagates: Kafka Streams sends its header on with another record."
}
