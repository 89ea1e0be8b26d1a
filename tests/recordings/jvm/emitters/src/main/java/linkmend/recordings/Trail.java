package linkmend.recordings;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the programs have in common: spans of the application's own around what is sent and where it
 * is handled, and notes of who received what, which do not rest on ids of messages.
 */
final class Trail {
  /** Sends one message with this body. */
  interface Sending {
    void send(String body) throws Exception;
  }

  /** How long programs wait for what has to come: machines that record can be busy. */
  static final Duration PATIENCE = Duration.ofMinutes(4);

  private static final Tracer TRACER = GlobalOpenTelemetry.getTracer("shop");
  private static final Pattern CONTEXT = Pattern.compile("([0-9a-f]{32})-([0-9a-f]{16})");
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static CountDownLatch expected = new CountDownLatch(0);

  private Trail() {}

  /** The name of the broker: what the script that started it printed. */
  static String broker() {
    return "127.0.0.1:" + System.getenv("BROKER");
  }

  /** Artemis, for a client that is patient. */
  static String artemis() {
    return "tcp://"
        + broker()
        + "?useTopologyForLoadBalancing=false&connectionTTL=-1&callTimeout="
        + PATIENCE.toMillis();
  }

  /** A span around a send, whose context goes into the body. */
  static void send(String what, Sending sending) throws Exception {
    Span span = TRACER.spanBuilder(what).startSpan();
    try (Scope scope = span.makeCurrent()) {
      sending.send(body(span.getSpanContext()));
    } finally {
      span.end();
    }
  }

  /** A span around several sends. */
  static void together(String what, int times, String each, Sending sending) throws Exception {
    Span span = TRACER.spanBuilder(what).startSpan();
    try (Scope scope = span.makeCurrent()) {
      for (int i = 0; i < times; i++) {
        send(each, sending);
      }
    } finally {
      span.end();
    }
  }

  private static String body(SpanContext context) {
    return String.format(
        "{\"number\": %d, \"sender\": \"%s-%s\"}",
        NUMBER.incrementAndGet(), context.getTraceId(), context.getSpanId());
  }

  /** A body for what is sent below the current span, at a place that no span can be put around. */
  static String forward() {
    return body(Span.current().getSpanContext());
  }

  /** How many messages will be handled. */
  static void expect(int messages) {
    expected = new CountDownLatch(messages);
  }

  static boolean done() {
    return expected.getCount() == 0;
  }

  /** Waits until as many messages were handled as were expected. */
  static void await() throws InterruptedException {
    if (!expected.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException(expected.getCount() + " messages did not arrive");
    }
  }

  /** Tells the script that messages may be sent now. */
  static void ready() {
    System.out.println("ready");
  }

  /**
   * Notes that the current span, if any, received this message, and handles it. Without a current
   * span only the contexts that travelled tell what is true.
   */
  static void handle(String body) {
    received(body);
    Span span = TRACER.spanBuilder("handle").startSpan();
    try (Scope scope = span.makeCurrent()) {
      Thread.sleep(2);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } finally {
      span.end();
    }
    expected.countDown();
  }

  private static synchronized void received(String body) {
    SpanContext here = Span.current().getSpanContext();
    Matcher sender = CONTEXT.matcher(body);
    if (!sender.find()) {
      throw new IllegalArgumentException("a message of somebody else: " + body);
    }
    if (here.isValid()) {
      note(here, sender.group(1), sender.group(2));
    }
  }

  private static void note(SpanContext here, String trace, String span) {
    String line =
        String.format(
            "[\"%s\", \"%s\", \"%s\", \"%s\"]%n", here.getTraceId(), here.getSpanId(), trace, span);
    try {
      Files.writeString(
          Path.of(System.getenv("PAIRS")), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Sends several messages and gives the ids that the answer names. */
  interface Batch {
    List<String> send();
  }

  /**
   * Sends a batch. Where the variable IDS is {@code recorded}, as docs/emitters.md advises: below a
   * producer span of the application's own, which gets the ids.
   */
  static void sendBatch(String system, String destination, Batch batch) {
    if (!"recorded".equals(System.getenv("IDS"))) {
      batch.send();
      return;
    }
    Span span =
        TRACER
            .spanBuilder("send " + destination)
            .setSpanKind(SpanKind.PRODUCER)
            .setAttribute("messaging.system", system)
            .setAttribute("messaging.destination.name", destination)
            .setAttribute("messaging.operation.type", "send")
            .startSpan();
    try (Scope scope = span.makeCurrent()) {
      span.setAttribute(AttributeKey.stringArrayKey("messaging.message.id"), batch.send());
    } finally {
      span.end();
    }
  }
}
