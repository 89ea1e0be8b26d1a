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

rec:nats-jetstream() {
  jetstream_traffic
  keep "NATS JetStream" "$jnats" "$nats"
}

rec:advice-nats-jetstream() {
  options=("$capture_headers")
  jetstream_traffic
  keep "NATS JetStream" "$jnats" "$nats" --advice capture-headers
}
