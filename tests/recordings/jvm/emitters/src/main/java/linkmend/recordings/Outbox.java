package linkmend.recordings;

import static org.quartz.JobBuilder.newJob;
import static org.quartz.SimpleScheduleBuilder.simpleSchedule;
import static org.quartz.TriggerBuilder.newTrigger;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import org.quartz.DisallowConcurrentExecution;
import org.quartz.Job;
import org.quartz.JobExecutionContext;
import org.quartz.Scheduler;
import org.quartz.impl.StdSchedulerFactory;

/**
 * An outbox, with links that the application makes: {@code produce} writes events into a table, with
 * the contexts of the spans that do so; {@code relay MESSAGES} has a job of Quartz send them on, some
 * at a time.
 */
final class Outbox {
  private static final Tracer TRACER = GlobalOpenTelemetry.getTracer("outbox");
  private static final String URL = "jdbc:h2:file:./outbox";

  private Outbox() {}

  public static void main(String[] args) throws Exception {
    if (args[0].equals("produce")) {
      produce();
    } else {
      relay(Integer.parseInt(args[1]));
    }
  }

  /** 12 events, the last 4 in one trace. */
  private static void produce() throws Exception {
    try (Connection database = DriverManager.getConnection(URL)) {
      try (Statement statement = database.createStatement()) {
        statement.execute(
            "create table outbox (id identity primary key, context varchar, body varchar)");
      }
      for (int i = 0; i < 8; i++) {
        Trail.send("place order", body -> write(database, body));
      }
      Trail.together("import orders", 4, "place order", body -> write(database, body));
    }
  }

  private static void write(Connection database, String body) throws SQLException {
    Span span = TRACER.spanBuilder("write event").setSpanKind(SpanKind.PRODUCER).startSpan();
    try (Scope scope = span.makeCurrent();
        PreparedStatement insert =
            database.prepareStatement(
                "insert into outbox (context, body) values (?, ?)",
                Statement.RETURN_GENERATED_KEYS)) {
      SpanContext context = span.getSpanContext();
      insert.setString(1, context.getTraceId() + context.getSpanId());
      insert.setString(2, body);
      insert.execute();
      try (ResultSet keys = insert.getGeneratedKeys()) {
        keys.next();
        span.setAttribute("event.id", keys.getLong(1));
      }
    } finally {
      span.end();
    }
  }

  private static void relay(int messages) throws Exception {
    Trail.expect(messages);
    Scheduler scheduler = new StdSchedulerFactory().getScheduler();
    scheduler.scheduleJob(
        newJob(Relay.class).withIdentity("relay").build(),
        newTrigger()
            .withSchedule(simpleSchedule().withIntervalInMilliseconds(200).repeatForever())
            .build());
    scheduler.start();
    Trail.await();
    scheduler.shutdown(true);
  }

  /** Takes up to five events from the table. */
  @DisallowConcurrentExecution
  public static final class Relay implements Job {
    @Override
    public void execute(JobExecutionContext job) {
      try (Connection database = DriverManager.getConnection(URL);
          Statement statement = database.createStatement()) {
        Map<Long, String> events = new LinkedHashMap<>();
        SpanBuilder span = TRACER.spanBuilder("relay events").setSpanKind(SpanKind.CONSUMER);
        try (ResultSet rows =
            statement.executeQuery("select id, context, body from outbox order by id limit 5")) {
          while (rows.next()) {
            events.put(rows.getLong(1), rows.getString(3));
            span.addLink(context(rows.getString(2)));
          }
        }
        if (!events.isEmpty()) {
          sendOn(span.startSpan(), statement, events);
        }
      } catch (SQLException error) {
        throw new IllegalStateException(error);
      }
    }

    private static void sendOn(Span span, Statement statement, Map<Long, String> events)
        throws SQLException {
      try (Scope scope = span.makeCurrent()) {
        for (Map.Entry<Long, String> event : events.entrySet()) {
          Trail.handle(event.getValue());
          statement.execute("delete from outbox where id = " + event.getKey());
        }
      } finally {
        span.end();
      }
    }

    private static SpanContext context(String ids) {
      return SpanContext.createFromRemoteParent(
          ids.substring(0, 32), ids.substring(32), TraceFlags.getSampled(), TraceState.getDefault());
    }
  }
}
