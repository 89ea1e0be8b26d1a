# Without a broker: Spring Integration, and an outbox that Quartz empties.

spring_integration="spring-integration-core 6.5.3"
outbox="Quartz 2.5.0, H2 2.3.232"

rec:spring-integration() {
  script=in-process.sh
  run shop SpringIntegration 16
  keep "Spring Integration" "$spring_integration" "none"
}

rec:advice-spring-integration() {
  script=in-process.sh
  options=("$capture_headers")
  run shop SpringIntegration 16
  keep "Spring Integration" "$spring_integration" "none" --advice capture-headers
}

rec:outbox() {
  script=in-process.sh
  run shop Outbox produce
  run relay Outbox relay 12
  keep "Outbox, links of the application's own" "$outbox" "none"
}
