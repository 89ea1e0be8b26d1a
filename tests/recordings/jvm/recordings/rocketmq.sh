# RocketMQ.

rocketmq="RocketMQ 5.3.3"
rocketmq_client="rocketmq-client 5.3.3"

# The client writes a log into the home directory.
rocketmq_traffic() {
  options+=("user.home=$scratch")
  script=rocketmq.sh
  broker rocketmq
  run shop RocketClient produce
  run billing RocketClient consume billing 11 orders 1
  run shipping RocketClient consume shipping 10 orders 1
  run mailer RocketClient consume mailer 4 payments 4
}

rec:rocketmq() {
  rocketmq_traffic
  keep "RocketMQ" "$rocketmq_client" "$rocketmq"
}

rec:rocketmq-newest-names() {
  options=("$newest_names")
  rocketmq_traffic
  keep "RocketMQ, newest names" "$rocketmq_client" "$rocketmq"
}

rocketmq_batches() {
  options+=("user.home=$scratch")
  script=rocketmq.sh
  broker rocketmq
  run shop RocketClient batches
  run billing RocketClient consume mailer 12 orders 4
}

rec:rocketmq-batches() {
  rocketmq_batches
  keep "RocketMQ, batches" "$rocketmq_client" "$rocketmq"
}

rec:rocketmq-batches-old-agent() {
  agent=$OLD_AGENT
  rocketmq_batches
  keep "RocketMQ, batches, older" "$rocketmq_client" "$rocketmq"
}
