package linkmend.recordings;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.util.backoff.FixedBackOff;

/**
 * Spring Kafka: {@code produce}, or a listener to orders, {@code records MESSAGES} or {@code batches
 * MESSAGES}. The listener to records fails once.
 */
final class SpringKafka {
  private SpringKafka() {}

  public static void main(String[] args) throws Exception {
    if (args[0].equals("produce")) {
      produce();
      return;
    }
    Trail.expect(Integer.parseInt(args[1]));
    Class<?> listener = args[0].equals("batches") ? Batches.class : Records.class;
    try (var context = new AnnotationConfigApplicationContext(Settings.class, listener)) {
      Trail.await();
    }
  }

  /** 10 orders, the last 4 in one trace, and 4 payments. */
  private static void produce() throws Exception {
    var factory = new DefaultKafkaProducerFactory<String, String>(KafkaSettings.producer());
    KafkaTemplate<String, String> template = new KafkaTemplate<>(factory);
    for (int i = 0; i < 6; i++) {
      Trail.send("place order", body -> send(template, "orders", body));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> send(template, "payments", body));
    }
    Trail.together("import orders", 4, "place order", body -> send(template, "orders", body));
    factory.destroy();
  }

  private static void send(KafkaTemplate<String, String> template, String topic, String body)
      throws Exception {
    template.send(topic, body).get(Trail.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** The containers of the listeners. */
  @EnableKafka
  static class Settings {
    @Bean
    ConcurrentKafkaListenerContainerFactory<String, String> kafkaListenerContainerFactory() {
      var factory = new ConcurrentKafkaListenerContainerFactory<String, String>();
      factory.setConsumerFactory(
          new DefaultKafkaConsumerFactory<>(KafkaSettings.consumer("billing")));
      factory.setCommonErrorHandler(new DefaultErrorHandler(new FixedBackOff(50, 2)));
      return factory;
    }
  }

  /** Handles records one by one. */
  static class Records {
    private final AtomicBoolean fails = new AtomicBoolean(true);

    @KafkaListener(topics = {"orders", "payments"})
    void listen(String body) {
      Trail.handle(body);
      if (fails.getAndSet(false)) {
        throw new IllegalStateException("the database is locked");
      }
    }
  }

  /** Handles records as many as came together. */
  static class Batches {
    @KafkaListener(topics = {"orders", "payments"}, batch = "true")
    void listen(List<String> bodies) {
      bodies.forEach(Trail::handle);
    }
  }
}
