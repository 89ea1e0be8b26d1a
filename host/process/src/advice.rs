//! What can be done about a link that was not made.

use linkmend::Reason;

/// What to do, by reason; for the messaging systems that it names, by all names
/// that they had, or for all. The first match counts.
const ADVICE: &[(Reason, &[&str], &str)] = &[
    (
        Reason::Unresolved,
        &["kafka"],
        "Give the producer's file too. If it is there, the producer's span has no partition and \
         offset: the Java agent records them, the instrumentations for Python, JavaScript and .NET \
         do not. Capture the header `traceparent` at the consumer instead.",
    ),
    (
        Reason::Unresolved,
        SQS,
        "Give the producer's file too. If it is there, its span has no message id, as those of \
         SendMessageBatch in Java and JavaScript: send the messages one by one, or send the trace \
         context with them.",
    ),
    (
        Reason::Unresolved,
        &["rabbitmq"],
        "Give the producer's file too. If it is there, set `message_id` in the properties of the \
         messages: most clients record no other id.",
    ),
    (
        Reason::Unresolved,
        &[],
        "Give the producer's file too: the producer is in none of the inputs. If it is there, its \
         span does not carry the message's id (docs/emitters.md).",
    ),
    (
        Reason::TooLate,
        &[],
        "Correct the hosts' clocks, or raise `clock_skew`: the producer starts later after its \
         consumer than that allows.",
    ),
    (
        Reason::TooMany,
        &[],
        "Receive fewer messages at once: no more than 1,024 of one span are looked at.",
    ),
    (
        Reason::Ambiguous,
        &[],
        "Make message ids unique, or set `ambiguous: latest`: several producers of one id are \
         equally near, or there are too many of them.",
    ),
    (
        Reason::NoRoom,
        &[],
        "Raise `max_links`: the span has as many links as it may have.",
    ),
    (
        Reason::Incomplete,
        &["kafka"],
        "Record topic, partition and offset on the span: they tell a message only together.",
    ),
    (
        Reason::Incomplete,
        &[],
        "Record the destination too (`messaging.destination.name`): the id is not unique on its own.",
    ),
    (
        Reason::Unnamed,
        &["kafka"],
        "Record partition and offset at the consumer, or capture the header `traceparent` (Java \
         agent: otel.instrumentation.messaging.experimental.capture-headers), or write a recipe.",
    ),
    (
        Reason::Unnamed,
        &[],
        "Set the message id in the application, or capture the header `traceparent` (Java agent: \
         otel.instrumentation.messaging.experimental.capture-headers), or write a recipe.",
    ),
];

const SQS: &[&str] = &["aws_sqs", "AmazonSQS", "aws.sqs"];

/// What to do when links are not made for this reason.
#[must_use]
pub fn advice(reason: Reason, messaging_system: &str) -> &'static str {
    let fits = |systems: &[&str]| systems.is_empty() || systems.contains(&messaging_system);
    let found = ADVICE
        .iter()
        .find(|(of, systems, _)| *of == reason && fits(systems));
    found.map_or("", |(_, _, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_advice_whatever_the_system() {
        for reason in Reason::ALL {
            for system in ["kafka", "aws_sqs", "rabbitmq", "nobody_knows", "-", ""] {
                let text = advice(reason, system);
                assert!(text.len() > 20 && text.ends_with('.'), "{reason} {system}");
            }
        }
    }

    #[test]
    fn advice_for_a_system_comes_before_that_for_all() {
        for (reason, systems, text) in ADVICE {
            let system = systems.last().unwrap_or(&"nobody_knows");
            assert_eq!(advice(*reason, system), *text);
        }
        assert!(advice(Reason::Unresolved, "kafka").contains("partition and offset"));
        assert!(!advice(Reason::Unresolved, "nats").contains("partition"));
    }

    #[test]
    fn advice_is_one_line() {
        assert!(ADVICE.iter().all(|(_, _, text)| !text.contains('\n')));
    }
}
