import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.logging.Logger;

/**
 * A service with traces, metrics and logs on, as the Java agent configures it from the environment
 * alone. It produces and consumes messages, and loses the context on the way: no consumer has a
 * parent or a link.
 */
public final class Signals {
  private static final Tracer TRACER = GlobalOpenTelemetry.getTracer("signals");
  private static final Meter METER = GlobalOpenTelemetry.getMeter("signals");
  private static final LongCounter ORDERS =
      METER.counterBuilder("orders.received").setUnit("{order}").build();
  private static final LongHistogram SIZES =
      METER.histogramBuilder("orders.size").setUnit("By").ofLongs().build();
  private static final Logger LOGGER = Logger.getLogger("signals");

  private Signals() {}

  public static void main(String[] arguments) {
    int count = Integer.parseInt(arguments[0]);
    for (int number = 0; number < count; number++) {
      message(number, SpanKind.PRODUCER, "publish").end();
      Span received = message(number, SpanKind.CONSUMER, "receive");
      try (Scope inside = received.makeCurrent()) {
        ORDERS.add(1, Attributes.of(AttributeKey.stringKey("shop"), "north"));
        SIZES.record(number);
        LOGGER.info("order " + number + " is here");
      } finally {
        received.end();
      }
    }
  }

  private static Span message(int number, SpanKind kind, String operation) {
    return TRACER
        .spanBuilder(operation)
        .setParent(Context.root())
        .setSpanKind(kind)
        .setAttribute("messaging.system", "rabbitmq")
        .setAttribute("messaging.destination.name", "orders")
        .setAttribute("messaging.message.id", "message-" + number)
        .setAttribute("messaging.operation", operation)
        .startSpan();
  }
}
