package linkmend.recordings;

import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import reactor.core.publisher.Mono;
import reactor.kafka.receiver.KafkaReceiver;
import reactor.kafka.receiver.ReceiverOptions;
import reactor.kafka.sender.KafkaSender;
import reactor.kafka.sender.SenderOptions;
import reactor.kafka.sender.SenderRecord;

/** Reactor Kafka: {@code produce}, or {@code consume GROUP MESSAGES TOPIC}. */
final class ReactorKafka {
  private ReactorKafka() {}

  public static void main(String[] args) throws Exception {
    if (args[0].equals("produce")) {
      produce();
    } else {
      consume(args[1], Integer.parseInt(args[2]), args[3]);
    }
  }

  /** 10 orders, the last 4 in one trace, and 4 payments. */
  private static void produce() throws Exception {
    KafkaSender<String, String> sender =
        KafkaSender.create(SenderOptions.create(KafkaSettings.producer()));
    for (int i = 0; i < 6; i++) {
      Trail.send("place order", body -> send(sender, "orders", body));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> send(sender, "payments", body));
    }
    Trail.together("import orders", 4, "place order", body -> send(sender, "orders", body));
    sender.close();
  }

  private static void send(KafkaSender<String, String> sender, String topic, String body) {
    SenderRecord<String, String, Void> record =
        SenderRecord.create(new ProducerRecord<>(topic, body), null);
    sender.send(Mono.just(record)).blockLast(Trail.PATIENCE);
  }

  private static void consume(String group, int messages, String topic) {
    ReceiverOptions<String, String> options =
        ReceiverOptions.<String, String>create(KafkaSettings.consumer(group))
            .subscription(List.of(topic));
    KafkaReceiver.create(options)
        .receive()
        .doOnNext(
            record -> {
              Trail.handle(record.value());
              record.receiverOffset().acknowledge();
            })
        .take(messages)
        .blockLast(Trail.PATIENCE);
  }
}
