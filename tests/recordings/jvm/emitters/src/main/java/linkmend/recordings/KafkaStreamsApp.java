package linkmend.recordings;

import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;

/** Kafka Streams, from orders to invoices: {@code MESSAGES}. */
final class KafkaStreamsApp {
  private KafkaStreamsApp() {}

  public static void main(String[] args) throws Exception {
    Trail.expect(Integer.parseInt(args[0]));
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "invoicing");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, Trail.broker());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("SCRATCH") + "/streams");
    settings.put(
        StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class.getName());
    settings.put(
        StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class.getName());
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);

    StreamsBuilder builder = new StreamsBuilder();
    builder.<String, String>stream("orders").mapValues(KafkaStreamsApp::invoice).to("invoices");
    try (KafkaStreams streams = new KafkaStreams(builder.build(), settings)) {
      streams.start();
      Trail.await();
    }
  }

  private static String invoice(String order) {
    Trail.handle(order);
    return Trail.forward();
  }
}
