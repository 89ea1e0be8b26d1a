import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A service under load, for tests/fleet/run: it produces messages, or consumes them with four spans
 * each, so many a second, and loses the context on the way. All of the SDK is as it is by default,
 * or as the environment says.
 */
public final class Load {
  private static final Map<String, SpanKind> STEPS =
      Map.of("check", SpanKind.INTERNAL, "query", SpanKind.CLIENT, "store", SpanKind.INTERNAL);

  private Load() {}

  public static void main(String[] arguments) throws InterruptedException {
    List<String> given = List.of(arguments);
    boolean produces = value(given, "--role").equals("producer");
    int rate = Integer.parseInt(value(given, "--rate"));
    int messages = rate * Integer.parseInt(value(given, "--seconds"));
    double start = Double.parseDouble(value(given, "--start"));
    Timed[] timed = new Timed[1];
    OpenTelemetrySdk sdk =
        AutoConfiguredOpenTelemetrySdk.builder()
            .addSpanExporterCustomizer((exporter, config) -> timed[0] = new Timed(exporter))
            .build()
            .getOpenTelemetrySdk();
    Tracer tracer = sdk.getTracer("load");
    double late = 0;
    for (int number = 0; number < messages; number++) {
      double ahead = start + (double) number / rate - System.currentTimeMillis() / 1e3;
      if (ahead > 0) {
        TimeUnit.MICROSECONDS.sleep((long) (ahead * 1e6));
      }
      late = Math.max(late, -ahead);
      if (produces) {
        message(tracer, number, "publish", SpanKind.PRODUCER).end();
      } else {
        consume(tracer, number);
      }
    }
    sdk.getSdkTracerProvider().shutdown().join(60, TimeUnit.SECONDS);
    System.out.printf(
        "{\"messages\": %d, \"late\": %s, \"exported\": %s, \"failed\": %s, \"seconds\": %s}%n",
        messages, late, timed[0].exported, timed[0].failed, timed[0].seconds);
  }

  private static String value(List<String> arguments, String name) {
    return arguments.get(arguments.indexOf(name) + 1);
  }

  private static void consume(Tracer tracer, int number) {
    Span span = message(tracer, number, "process", SpanKind.CONSUMER);
    Context inside = Context.root().with(span);
    STEPS.forEach(
        (name, kind) ->
            tracer
                .spanBuilder(name)
                .setParent(inside)
                .setSpanKind(kind)
                .setAttribute("order", number)
                .startSpan()
                .end());
    span.end();
  }

  private static Span message(Tracer tracer, int number, String operation, SpanKind kind) {
    return tracer
        .spanBuilder(operation + " orders")
        .setParent(Context.root())
        .setSpanKind(kind)
        .setAttribute("messaging.system", "rabbitmq")
        .setAttribute("messaging.destination.name", "orders")
        .setAttribute("messaging.message.id", "message-" + number)
        .setAttribute("messaging.operation", operation)
        .startSpan();
  }

  /** Exports by another exporter, and keeps how long each call took. */
  private static final class Timed implements SpanExporter {
    private final SpanExporter inner;
    private final AtomicLong exported = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final Queue<Double> seconds = new ConcurrentLinkedQueue<>();

    Timed(SpanExporter inner) {
      this.inner = inner;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      int count = spans.size();
      long begun = System.nanoTime();
      CompletableResultCode result = inner.export(spans);
      result.whenComplete(
          () -> {
            seconds.add((System.nanoTime() - begun) / 1e9);
            (result.isSuccess() ? exported : failed).addAndGet(count);
          });
      return result;
    }

    @Override
    public CompletableResultCode flush() {
      return inner.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return inner.shutdown();
    }
  }
}
