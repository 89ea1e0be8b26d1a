package linkmend.recordings;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * The Kafka clients: {@code produce}, or {@code consume GROUP MESSAGES TOPIC...}. The group {@code
 * billing} fails once, and gets the last record of its first batch again.
 */
final class KafkaClients {
  private KafkaClients() {}

  public static void main(String[] args) throws Exception {
    if (args[0].equals("produce")) {
      produce();
    } else {
      int messages = Integer.parseInt(args[2]);
      consume(args[1], messages, Arrays.asList(args).subList(3, args.length));
    }
  }

  /** 14 orders, the last 4 in one trace, and 6 payments. */
  private static void produce() throws Exception {
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(KafkaSettings.producer())) {
      for (int i = 0; i < 10; i++) {
        String key = "customer-" + i % 3;
        Trail.send(
            "place order",
            body -> producer.send(new ProducerRecord<>("orders", key, body)).get());
      }
      for (int i = 0; i < 6; i++) {
        Trail.send("pay", body -> producer.send(new ProducerRecord<>("payments", body)));
      }
      Trail.together(
          "import orders",
          4,
          "place order",
          body -> producer.send(new ProducerRecord<>("orders", body)));
    }
  }

  private static void consume(String group, int messages, List<String> topics) {
    Trail.expect(messages);
    boolean fails = group.equals("billing");
    long end = System.nanoTime() + Trail.PATIENCE.toNanos();
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(KafkaSettings.consumer(group))) {
      consumer.subscribe(topics);
      while (!Trail.done()) {
        if (System.nanoTime() > end) {
          throw new IllegalStateException(group + ": not all messages arrived");
        }
        ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(500));
        ConsumerRecord<String, String> last = null;
        for (ConsumerRecord<String, String> record : records) {
          Trail.handle(record.value());
          last = record;
        }
        if (fails && last != null) {
          consumer.seek(new TopicPartition(last.topic(), last.partition()), last.offset());
          fails = false;
        }
        consumer.commitSync();
      }
    }
  }
}
