# RabbitMQ: its Java client, Spring AMQP, and the client of Vert.x.

rabbitmq="RabbitMQ 3.10.8"
amqp_client="amqp-client 5.26.0"
spring_rabbit="spring-rabbit 3.2.8"
vertx_rabbit="vertx-rabbitmq-client 4.5.21"

# 10 orders for two services, of which one gets a message again, and 6 payments
# that a third one gets by itself.
rabbit_traffic() {
  script=rabbitmq.sh
  broker rabbitmq
  run shop RabbitClient produce
  run billing RabbitClient deliver billing 11
  run shipping RabbitClient deliver shipping 11
  run mailer RabbitClient get payments 6
}

rec:rabbitmq-client() {
  rabbit_traffic
  keep "RabbitMQ Java client" "$amqp_client" "$rabbitmq"
}

rec:rabbitmq-client-newest-names() {
  options=("$newest_names")
  rabbit_traffic
  keep "RabbitMQ Java client, newest names" "$amqp_client" "$rabbitmq"
}

rec:rabbitmq-client-receive-telemetry() {
  options=("$receive_telemetry")
  rabbit_traffic
  keep "RabbitMQ Java client, receive telemetry" "$amqp_client" "$rabbitmq"
}

rec:rabbitmq-client-off() {
  script=rabbitmq.sh
  options=("$no_propagation")
  broker rabbitmq
  run shop RabbitClient produce
  run billing RabbitClient deliver billing 11
  run shipping RabbitClient deliver shipping 11
  keep_off "RabbitMQ Java client" "$amqp_client" "$rabbitmq"
}

rec:advice-rabbitmq-client() {
  options=("$capture_headers")
  rabbit_traffic
  keep "RabbitMQ Java client" "$amqp_client" "$rabbitmq" --advice capture-headers
}

rec:advice-rabbitmq-client-old-agent() {
  agent=$OLD_AGENT
  options=("$capture_headers")
  rabbit_traffic
  keep "RabbitMQ Java client, 2022 to 2023" "$amqp_client" "$rabbitmq" --advice capture-headers
}

# Consumers that do not take contexts from messages, but record the headers.
rec:advice-rabbitmq-client-off() {
  script=rabbitmq.sh
  broker rabbitmq
  options=("$capture_headers")
  run shop RabbitClient produce
  options+=("$no_propagation")
  run billing RabbitClient deliver billing 11
  run shipping RabbitClient deliver shipping 11
  keep_off "RabbitMQ Java client" "$amqp_client" "$rabbitmq" --advice capture-headers \
    --note "Only the producer propagates."
}

# --- Spring AMQP --------------------------------------------------------------

spring_amqp() {
  script=rabbitmq.sh
  broker rabbitmq
  run shop SpringAmqp produce
  run billing SpringAmqp one 15
}

rec:spring-amqp() {
  spring_amqp
  keep "Spring AMQP" "$spring_rabbit" "$rabbitmq"
}

rec:spring-amqp-off() {
  options=("$no_propagation")
  spring_amqp
  keep_off "Spring AMQP" "$spring_rabbit" "$rabbitmq"
}

rec:advice-spring-amqp() {
  options=("$capture_headers")
  spring_amqp
  keep "Spring AMQP" "$spring_rabbit" "$rabbitmq" --advice capture-headers
}

rec:spring-amqp-batches() {
  script=rabbitmq.sh
  broker rabbitmq
  run shop SpringAmqp produce
  run billing SpringAmqp batches 14
  keep "Spring AMQP, batch listener" "$spring_rabbit" "$rabbitmq"
}

# --- Vert.x -------------------------------------------------------------------

rec:vertx-rabbitmq() {
  script=rabbitmq.sh
  broker rabbitmq
  run shop VertxRabbit produce
  run billing VertxRabbit consume orders 8
  run mailer VertxRabbit consume payments 4
  keep "Vert.x RabbitMQ client" "$vertx_rabbit" "$rabbitmq"
}
