package linkmend.recordings;

import io.vertx.core.Vertx;
import io.vertx.kafka.client.consumer.KafkaConsumer;
import io.vertx.kafka.client.producer.KafkaProducer;
import io.vertx.kafka.client.producer.KafkaProducerRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The Kafka client of Vert.x: {@code produce}, {@code consume GROUP MESSAGES TOPIC}, or {@code
 * batches GROUP MESSAGES TOPIC}.
 */
final class VertxKafka {
  private VertxKafka() {}

  public static void main(String[] args) throws Exception {
    Vertx vertx = Vertx.vertx();
    if (args[0].equals("produce")) {
      produce(vertx);
    } else {
      consume(vertx, args[0].equals("batches"), args[1], Integer.parseInt(args[2]), args[3]);
    }
    vertx.close().toCompletionStage().toCompletableFuture().get(Trail.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** 10 orders, the last 4 in one trace, and 4 payments. */
  private static void produce(Vertx vertx) throws Exception {
    KafkaProducer<String, String> producer =
        KafkaProducer.create(vertx, strings(KafkaSettings.producer()));
    for (int i = 0; i < 6; i++) {
      Trail.send("place order", body -> send(producer, "orders", body));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> send(producer, "payments", body));
    }
    Trail.together("import orders", 4, "place order", body -> send(producer, "orders", body));
    producer.close();
  }

  private static void send(KafkaProducer<String, String> producer, String topic, String body)
      throws Exception {
    producer
        .send(KafkaProducerRecord.create(topic, body))
        .toCompletionStage()
        .toCompletableFuture()
        .get(Trail.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private static void consume(
      Vertx vertx, boolean batches, String group, int messages, String topic) throws Exception {
    Trail.expect(messages);
    KafkaConsumer<String, String> consumer =
        KafkaConsumer.create(vertx, strings(KafkaSettings.consumer(group)));
    consumer.handler(record -> handle(batches, record.value()));
    if (batches) {
      consumer.batchHandler(
          records -> {
            for (int i = 0; i < records.size(); i++) {
              Trail.handle(records.recordAt(i).value());
            }
          });
    }
    consumer.subscribe(topic);
    Trail.await();
    consumer.close().toCompletionStage().toCompletableFuture().get(Trail.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** With a handler of batches, that of records sees each of them once more. */
  private static void handle(boolean batches, String body) {
    if (!batches) {
      Trail.handle(body);
    }
  }

  private static Map<String, String> strings(Map<String, Object> settings) {
    Map<String, String> strings = new HashMap<>();
    settings.forEach((key, value) -> strings.put(key, value.toString()));
    return strings;
  }
}
