# JMS with ActiveMQ Artemis: javax.jms, and Spring JMS on Jakarta Messaging.

artemis="ActiveMQ Artemis 2.40.0"
jms_client="artemis-jms-client 2.40.0"
spring_jms="spring-jms 6.2.12, artemis-jakarta-client 2.40.0"

# A topic of 10 orders with two subscribers, which get one of them again, and a
# queue of 6 payments, received by transactions, of which one is rolled back.
jms_traffic() {
  script=jms.sh
  broker artemis
  start billing JmsClient listen 11
  start shipping JmsClient listen 11
  run shop JmsClient produce
  run mailer JmsClient receive 7
  finish
}

rec:jms() {
  jms_traffic
  keep "JMS" "$jms_client" "$artemis"
}

rec:jms-receive-telemetry() {
  options=("$receive_telemetry")
  jms_traffic
  keep "JMS, receive telemetry" "$jms_client" "$artemis"
}

rec:jms-newest-names() {
  options=("$newest_names")
  jms_traffic
  keep "JMS, newest names" "$jms_client" "$artemis"
}

rec:jms-newest-names-receive-telemetry() {
  options=("$newest_names" "$receive_telemetry")
  jms_traffic
  keep "JMS, newest names, receive telemetry" "$jms_client" "$artemis"
}

rec:jms-old-agent() {
  agent=$OLD_AGENT
  jms_traffic
  keep "JMS, 2022 to 2023" "$jms_client" "$artemis"
}

# --- Spring JMS ---------------------------------------------------------------

spring_jms_traffic() {
  script=jms.sh
  broker artemis
  run shop SpringJms produce
  run billing SpringJms listen 11
  run mailer SpringJms receive 4
}

rec:spring-jms() {
  spring_jms_traffic
  keep "Spring JMS" "$spring_jms" "$artemis"
}

rec:spring-jms-receive-telemetry() {
  options=("$receive_telemetry")
  spring_jms_traffic
  keep "Spring JMS, receive telemetry" "$spring_jms" "$artemis"
}

rec:spring-jms-newest-names() {
  options=("$newest_names")
  spring_jms_traffic
  keep "Spring JMS, newest names" "$spring_jms" "$artemis"
}
