# NATS, with and without JetStream.

nats="nats-server 2.15.3"
jnats="jnats 2.21.5"

# Orders for a queue group, payments that are fetched, and requests.
nats_traffic() {
  script=nats.sh
  broker nats
  start billing NatsClient dispatch 13
  start mailer NatsClient next 4
  run shop NatsClient produce
  finish
}

rec:nats() {
  nats_traffic
  keep "NATS" "$jnats" "$nats"
}

rec:advice-nats() {
  options=("$capture_headers")
  nats_traffic
  keep "NATS" "$jnats" "$nats" --advice capture-headers
}

jetstream_traffic() {
  script=nats.sh
  broker nats
  run shop NatsClient stream-produce
  run billing NatsClient stream-push 9
  run mailer NatsClient stream-pull 4
}

# JetStream.publish makes no span and sends no context: the sender is the span of
# the application's own.
jetstream_sends=(--sends '^(place order|pay)$')

rec:nats-jetstream-off() {
  jetstream_traffic
  keep_off "NATS JetStream" "$jnats" "$nats" "${jetstream_sends[@]}"
}

rec:advice-nats-jetstream-off() {
  options=("$capture_headers")
  jetstream_traffic
  keep_off "NATS JetStream" "$jnats" "$nats" --advice capture-headers \
    --note "There is no header to be captured: the producer sends none." "${jetstream_sends[@]}"
}

rec:advice-nats-jetstream-core() {
  export PUBLISH=core
  options=("$capture_headers")
  jetstream_traffic
  keep "NATS JetStream" "$jnats" "$nats" --advice capture-headers \
    --note "Published by Connection.publish, which sends the context; the stream keeps it."
}
