# SQS, by the two AWS SDKs, from ElasticMQ.

elasticmq="ElasticMQ 1.6.14"
aws_sdk_1="aws-java-sdk-sqs 1.12.780"
aws_sdk_2="software.amazon.awssdk:sqs 2.33.0"
message_attributes=otel.instrumentation.aws-sdk.experimental-use-propagator-for-messaging=true

# 10 orders, of which one is received again, and 4 payments.
sqs_traffic() {
  script=sqs.sh
  broker elasticmq
  run shop Sqs2 produce
  run billing Sqs2 consume orders 11
  run mailer Sqs2 consume payments 5
}

rec:sqs() {
  sqs_traffic
  keep "AWS SDK 2, SQS" "$aws_sdk_2" "$elasticmq"
}

rec:sqs-receive-telemetry() {
  options=("$receive_telemetry")
  sqs_traffic
  keep "AWS SDK 2, SQS, receive telemetry" "$aws_sdk_2" "$elasticmq"
}

rec:sqs-newest-names() {
  options=("$newest_names")
  sqs_traffic
  keep "AWS SDK 2, SQS, newest names" "$aws_sdk_2" "$elasticmq"
}

rec:sqs-newest-names-receive-telemetry() {
  options=("$newest_names" "$receive_telemetry")
  sqs_traffic
  keep "AWS SDK 2, SQS, newest names, receive telemetry" "$aws_sdk_2" "$elasticmq"
}

rec:sqs-message-attributes() {
  options=("$message_attributes")
  sqs_traffic
  keep "AWS SDK 2, SQS, context in message attributes" "$aws_sdk_2" "$elasticmq"
}

# --- SendMessageBatch ---------------------------------------------------------

sqs_batches() {
  script=sqs.sh
  broker elasticmq
  run shop Sqs2 batches
  run billing Sqs2 consume orders 13
}

rec:sqs-batches() {
  sqs_batches
  keep "AWS SDK 2, SQS, \`SendMessageBatch\`" "$aws_sdk_2" "$elasticmq"
}

# The span of the SDK has ended when the answer is read: the ids go to a span of
# the application's own around it, which is the one to be linked to.
rec:advice-sqs-batches() {
  export IDS=recorded
  sqs_batches
  keep "AWS SDK 2, SQS, \`SendMessageBatch\`" "$aws_sdk_2" "$elasticmq" \
    --advice record-the-ids-of-a-batch --note "A producer span of the application's own has the ids." \
    --pairs "$scratch/pairs" --sends '^send orders$'
}

# --- SDK 1 --------------------------------------------------------------------

sqs_1_traffic() {
  script=sqs.sh
  broker elasticmq
  run shop Sqs1 produce
  run billing Sqs1 consume orders 10
  run mailer Sqs1 consume payments 4
}

rec:sqs-sdk-1() {
  sqs_1_traffic
  keep "AWS SDK 1, SQS" "$aws_sdk_1" "$elasticmq"
}

rec:sqs-sdk-1-receive-telemetry() {
  options=("$receive_telemetry")
  sqs_1_traffic
  keep "AWS SDK 1, SQS, receive telemetry" "$aws_sdk_1" "$elasticmq"
}
