//! What a user can do where messages can not be joined.

use std::fmt::Write as _;

use linkmend_emitters::profile::Remedy;
use linkmend_emitters::{Joinable, Profile, Score};

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

const REMEDIES_HEAD: &str = "
## Where nothing joins

What is not on the spans can not be made up from them. What helps is to put it
there, and each way below does it with a setting or a line of code. The keys
that are named are those of the rule's configuration ([rule.md](rule.md)).
";

/// The sections on what a user can do.
pub fn sections(measured: &[(&Profile, Score)]) -> String {
    let sections = REMEDIES.iter().map(|remedy| section(*remedy, measured));
    REMEDIES_HEAD.to_owned() + &sections.collect::<String>()
}

fn section(remedy: Remedy, measured: &[(&Profile, Score)]) -> String {
    let mut text = String::new();
    let name = title(remedy);
    let (first, rest) = name.split_at(1);
    write!(
        text,
        "\n### {}{rest}\n\n{}\n",
        first.to_uppercase(),
        advice(remedy)
    )
    .unwrap();
    for (profile, _) in measured {
        match profile.joinable {
            Joinable::Not { why, remedy: own } if own == remedy => {
                writeln!(text, "- {} ({}): {why}", profile.library, profile.language).unwrap();
            }
            _ => {}
        }
    }
    text
}

fn advice(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::CaptureHeaders => {
            "\
Let the Java agent record the header that carries the context:
`-Dotel.instrumentation.messaging.experimental.capture-headers=traceparent,tracestate`
puts `messaging.header.traceparent` on the spans, on those of batches with one
element for each message. The rule reads the context from it, and needs no
producer; other names of such attributes go into `captured_headers`. This helps
wherever the header arrives and no link is made of it. Where it does not arrive,
an id of your own does: see [a recipe of your own](#a-recipe-of-your-own).
"
        }
        Remedy::SetMessageId => {
            "\
AMQP has a property for it, which brokers and clients leave to the application.
Set `message_id` to something unique, such as a UUID, when you publish: the
instrumentations record it on both sides, and the rule joins by it.
"
        }
        Remedy::RecordOffset => {
            "\
Record where the record was stored on the span that sent it, once the broker
has acknowledged it: in the delivery callback or on the result of the send, set
`messaging.destination.name`, `messaging.destination.partition.id` and
`messaging.kafka.offset`. The span must not have ended by then. Consumers that
name no offset need the same three attributes, for batches on each link.
"
        }
        Remedy::WaitForAcknowledgement => {
            "\
A producer that does not wait for the broker never learns the offset. With
`acks=1` or `acks=all` (`kgo.RequiredAcks` in franz-go) the instrumentation
records it. Where that costs too much, send an id of your own in a header, and
record it on both sides: see [a recipe of your own](#a-recipe-of-your-own).
"
        }
        Remedy::RecordIdsOfBatch => {
            "\
Record the ids that the answer names on the span that sent the batch, as an
array of strings under `messaging.message.id` (BullMQ: under `bullmq.job.id`):
each of them then leads to that span. Or send messages one by one.
"
        }
        Remedy::ContextInAttributes => {
            "\
Let the function or the loop that handles the messages record what it gets: the
ids of all messages as an array of strings under `messaging.message.id` on the
span that receives them; or, where the context of the producer is at hand (in
the message, in a database row), its ids in hex under attributes of your own,
which `context_attributes` names. Context in attributes needs no producer.
"
        }
        Remedy::CustomRecipe => {
            "\
Record an id that your messages have anyway (an order, a request, an event) on
the spans of both sides, and name it in `recipes`:

```yaml
recipes:
  - name: event
    attributes: [event.id]
```

Spans that are neither producers nor consumers by themselves are given a role:
one entry with `role: producer`, and one of the same name with `role: consumer`.
"
        }
    }
}
