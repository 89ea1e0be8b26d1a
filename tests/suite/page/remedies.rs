//! What a user can do where messages can not be joined.

use std::fmt::Write as _;
use std::path::Path;

use linkmend_emitters::profile::Remedy;
use linkmend_emitters::{Joinable, Profile, Score};

use super::recorded::{Row, made};

const REMEDIES: &[Remedy] = &[
    Remedy::CaptureHeaders,
    Remedy::SetMessageId,
    Remedy::RecordOffset,
    Remedy::WaitForAcknowledgement,
    Remedy::RecordIdsOfBatch,
    Remedy::ContextInAttributes,
    Remedy::CustomRecipe,
];

/// The title of the section on a remedy.
pub fn title(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::CaptureHeaders => "capture headers",
        Remedy::SetMessageId => "set the message id",
        Remedy::RecordOffset => "record the offset",
        Remedy::WaitForAcknowledgement => "wait for the acknowledgement",
        Remedy::RecordIdsOfBatch => "record the ids of a batch",
        Remedy::ContextInAttributes => "context in attributes",
        Remedy::CustomRecipe => "a recipe of your own",
    }
}

/// Where that section is.
pub fn anchor(remedy: Remedy) -> String {
    title(remedy).replace(' ', "-")
}

/// Where all of them are.
pub fn anchors() -> impl Iterator<Item = String> {
    REMEDIES.iter().map(|remedy| anchor(*remedy))
}

/// The title of what is there.
pub fn title_of(wanted: &str) -> &'static str {
    let remedy = REMEDIES.iter().find(|remedy| anchor(**remedy) == wanted);
    title(*remedy.unwrap_or_else(|| panic!("no section #{wanted}")))
}

const REMEDIES_HEAD: &str = "
## Where nothing joins

What is not on the spans cannot be derived from them; what helps is to put it there.
Each piece of advice is followed by the recordings in which it was tried, with how many
of the missing links were made; where it fails, that is stated as well. Keys are those
of the rule's configuration ([rule.md](rule.md)).
";

/// The sections on what a user can do.
pub fn sections(rows: &[Row], measured: &[(&Profile, Score)]) -> String {
    let sections = REMEDIES
        .iter()
        .map(|remedy| section(*remedy, rows, measured));
    REMEDIES_HEAD.to_owned() + &sections.collect::<String>()
}

fn section(remedy: Remedy, rows: &[Row], measured: &[(&Profile, Score)]) -> String {
    let mut text = String::new();
    let (first, rest) = title(remedy).split_at(1);
    let first = first.to_uppercase();
    writeln!(text, "\n### {first}{rest}\n\n{}", advice(remedy)).unwrap();
    for row in rows {
        text.push_str(&followed(row, &anchor(remedy)));
    }
    for (profile, _) in measured {
        match profile.joinable {
            Joinable::Not { why, remedy: own } if own == remedy => {
                let (library, language) = (profile.library, profile.language);
                writeln!(text, "- {library} ({language}), not recorded: {why}").unwrap();
            }
            _ => {}
        }
    }
    text
}

/// A line on the recordings of an emitter in which this was followed.
fn followed(row: &Row, anchor: &str) -> String {
    let cases = row.advised.iter().filter(|(recording, judged)| {
        recording.advice.as_deref() == Some(anchor) && judged.need > 0
    });
    let lines: Vec<String> = cases
        .map(|(recording, judged)| format!("{} (`{}`)", made(judged), recording.name))
        .collect();
    let (emitter, language) = row.emitter();
    if lines.is_empty() {
        String::new()
    } else {
        format!("- {emitter} ({language}): {}\n", lines.join(", "))
    }
}

fn advice(remedy: Remedy) -> String {
    let text = match remedy {
        Remedy::CaptureHeaders => {
            "\
Make the consumer's span record the header that carries the context. The Java agent
does so if you set
`-Dotel.instrumentation.messaging.experimental.capture-headers=traceparent,tracestate`
(recorded with 1.25.1 and 2.33.1; 2.33.1 announces that this name will be removed in
favour of `otel.instrumentation.common.messaging.headers.included`, which was not
recorded). It puts `messaging.header.traceparent` on the spans, with one element for
each message on those of batches. In Python and JavaScript, the hook of a consumer that
does not extract the context itself can set it, as an array of strings. The rule reads
the context from it, and needs no producer; if your attributes have other names, list
them in `captured_headers`.

It does not help if the producer injects no context, or the agent records none: 1.25.1
records nothing on the span of a batch of Spring Kafka; RabbitMQ's `basicGet` and NATS'
`nextMessage` make no span; the publish of NATS JetStream sends no header
(`advice-nats-jetstream-off`), while `Connection.publish` to the same stream does.
"
        }
        Remedy::SetMessageId => {
            "\
AMQP has a property for it, which brokers and clients leave to the application. Set
`message_id` to something unique, such as a UUID, when you publish: pika, aio-pika and
amqplib record it on both sides, and the rule joins by it.

It does not help if the instrumentation of the producer does not record the id: that of
RabbitMQ's Java client, Spring AMQP (capture headers there) and oslo.messaging.
FastStream records it at the consumer only, and is joined by its conversation id. If the
broker assigns the ids (SQS, Pub/Sub), put them on spans of the application.
"
        }
        Remedy::RecordOffset => {
            "\
Put a PRODUCER span of your own around each send, and record on it where the record was
stored, once the broker has acknowledged it: `messaging.system` kafka,
`messaging.destination.name`, `messaging.destination.partition.id` and
`messaging.kafka.offset`, from the result of the send or from the delivery callback. The
instrumentation's span has ended by then. The link leads to your span, or to the
instrumentation's span below it, in the trace that sent the record. Consumers that name
no offset need the same three attributes; batches need an array of
`topic.partition.offset` under `messaging.message.id`.
"
        }
        Remedy::WaitForAcknowledgement => {
            "\
A producer that does not wait for the broker never learns the offset. With `acks=1` or
`acks=all` (`kgo.RequiredAcks` in franz-go, `WaitForLocal` in Sarama) the
instrumentation records it. If that costs too much, [capture the
header](#capture-headers).
"
        }
        Remedy::RecordIdsOfBatch => {
            "\
Put a PRODUCER span of your own around the call that sends several messages at once, and
record on it the ids in the answer, as an array of strings, under the attribute that the
consumer uses for them (SQS: `messaging.message.id`; BullMQ: `bullmq.job.id`, with
`bullmq.queue.name`). The SDK's own span has ended by the time the answer is there, but
hooks that get the answer while it is still open can do it: `response_hook` of
botocore's instrumentation, `responseHook` of the AWS SDK's for JavaScript,
`otelaws.WithAttributeBuilder` in Go. With the Java agent, messages that are sent one by
one need none of this. It does not help from SNS to SQS, because SNS assigns other ids
than SQS.
"
        }
        Remedy::ContextInAttributes => {
            "\
Make the function or the loop that handles the messages record what it gets: the ids of
all messages as an array of strings under `messaging.message.id`, on a CONSUMER span of
its own (in AWS Lambda for Python on the current span, with the AWS SDKs for JavaScript
and Go by the hooks of the section above). Or, if the context of the producer is at hand
(in the message, in a database row), record its ids in hex under attributes of your own,
and name these in `context_attributes`. Context in attributes needs no producer.
"
        }
        Remedy::CustomRecipe => return recipes(),
    };
    text.to_owned()
}

/// With the configurations that were recorded, to copy.
fn recipes() -> String {
    format!(
        "\
Record an id that your messages have anyway (an order, a request, an event) on the spans
of both sides, and name it in `recipes`:

```yaml
{}```

Spans that are neither producers nor consumers by themselves need a role: one entry with
`role: producer`, and one of the same name with `role: consumer`. Their `kinds` or
attributes must differ: otherwise every span is a producer as well, and a message that
is delivered again is linked to where it was handled first.

The otelaws instrumentation needs no recipe if `otelaws.WithAttributeBuilder` records
`messaging.operation.type`, `messaging.destination.name` and the ids; nor does taskiq
with a middleware that records the task's id as `messaging.message.id`. River needs a
recipe. Its consumer has the id of the job under `id`; put a PRODUCER span of your own
around the insert, with the id that it returns under `river.job.id`:

```yaml
{}```
",
        config("python/order-id.yaml"),
        config("go/advice-river.yaml"),
    )
}

fn config(file: &str) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/data");
    let text = std::fs::read_to_string(data.join(file)).unwrap();
    text.replace("\r\n", "\n")
}
