# Frameworks on top of the Kafka clients: Spring Kafka, Reactor Kafka, Vert.x.

spring_kafka="spring-kafka 3.3.11"
reactor_kafka="reactor-kafka 1.3.23"
vertx_kafka="vertx-kafka-client 4.5.21"

spring_kafka_records() {
  script=kafka-frameworks.sh
  broker kafka
  run shop SpringKafka produce
  run billing SpringKafka records 15
}

spring_kafka_batches() {
  script=kafka-frameworks.sh
  broker kafka
  run shop SpringKafka produce
  run billing SpringKafka batches 14
}

rec:spring-kafka-records() {
  spring_kafka_records
  keep "Spring Kafka, record listener" "$spring_kafka" "$kafka"
}

rec:spring-kafka-records-receive-telemetry() {
  options=("$receive_telemetry")
  spring_kafka_records
  keep "Spring Kafka, record listener, receive telemetry" "$spring_kafka" "$kafka"
}

rec:spring-kafka-batches() {
  spring_kafka_batches
  keep "Spring Kafka, batch listener" "$spring_kafka" "$kafka"
}

rec:spring-kafka-batches-off() {
  options=("$no_propagation")
  spring_kafka_batches
  keep_off "Spring Kafka, batch listener" "$spring_kafka" "$kafka"
}

rec:spring-kafka-batches-old-agent() {
  agent=$OLD_AGENT
  spring_kafka_batches
  keep "Spring Kafka, batch listener, older" "$spring_kafka" "$kafka"
}

rec:advice-spring-kafka-batches() {
  options=("$capture_headers")
  spring_kafka_batches
  keep "Spring Kafka, batch listener" "$spring_kafka" "$kafka" --advice capture-headers
}

rec:advice-spring-kafka-batches-old-agent() {
  agent=$OLD_AGENT
  options=("$capture_headers")
  spring_kafka_batches
  keep "Spring Kafka, batch listener, older" "$spring_kafka" "$kafka" --advice capture-headers
}

rec:reactor-kafka() {
  script=kafka-frameworks.sh
  broker kafka
  run shop ReactorKafka produce
  run billing ReactorKafka consume billing 10 orders
  run mailer ReactorKafka consume mailer 4 payments
  keep "Reactor Kafka" "$reactor_kafka" "$kafka"
}

rec:vertx-kafka() {
  script=kafka-frameworks.sh
  broker kafka
  run shop VertxKafka produce
  run billing VertxKafka consume billing 10 orders
  run mailer VertxKafka consume mailer 4 payments
  keep "Vert.x Kafka client" "$vertx_kafka" "$kafka"
}

rec:vertx-kafka-batches() {
  script=kafka-frameworks.sh
  broker kafka
  run shop VertxKafka produce
  run billing VertxKafka batches billing 10 orders
  keep "Vert.x Kafka client, batches" "$vertx_kafka" "$kafka"
}
