#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;

use super::*;

fn of(reason: Reason, system: &str, language: &str) -> ReasonCount {
    ReasonCount {
        reason,
        service: "orders".into(),
        messaging_system: system.into(),
        language: language.into(),
        count: 1,
    }
}

fn recordings(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings");
    let path = path.join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// `need 34 right 34 near  0 …`, which the suite holds against what is measured.
fn found(recording: &str) -> Option<(u32, u32)> {
    let text = recordings("found.txt");
    let line = text
        .lines()
        .find(|line| line.split_whitespace().next() == Some(recording))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let figure = |name: &str| {
        let place = words.iter().position(|word| *word == name)?;
        words.get(place + 1)?.parse::<u32>().ok()
    };
    Some((figure("need")?, figure("right")? + figure("near")?))
}

#[test]
fn advice_was_followed_in_recordings_and_made_the_links() {
    for line in LINES {
        for recording in line.followed {
            let (language, name) = recording.split_once('/').unwrap();
            let list = recordings(&format!("data/{language}/recordings.json"));
            let is_there = list.contains(&format!("\"name\": \"{name}\""));
            assert!(is_there, "{recording} is no recording: {}", line.text);
            let found = found(recording);
            let Some((need, made)) = found.filter(|(need, _)| *need > 0) else {
                panic!("nothing was missing in {recording}: {found:?}");
            };
            assert_eq!(made, need, "{recording}: {}", line.text);
        }
    }
}

#[test]
fn only_settings_of_the_rule_need_no_recording() {
    let bare = LINES.iter().filter(|line| line.followed.is_empty());
    let bare: Vec<Reason> = bare.map(|line| line.reason).collect();
    assert_eq!(
        bare,
        [
            Reason::TooLate,
            Reason::TooMany,
            Reason::Ambiguous,
            Reason::NoRoom
        ]
    );
}

#[test]
fn every_reason_has_advice_whatever_the_system_and_the_producers() {
    let all = [
        Seen::default(),
        Seen {
            named: true,
            ..Seen::default()
        },
        Seen {
            nameless: true,
            ..Seen::default()
        },
    ];
    for reason in Reason::ALL {
        for system in ["kafka", "aws_sqs", "rabbitmq", "nats", "nobody_knows", "-"] {
            for language in ["java", "python", "-"] {
                for seen in all {
                    let producers = Producers::with(system.trim_matches('-'), seen);
                    for source in [Source::Files, Source::Senders] {
                        let text = advice(&of(reason, system, language), &producers, source);
                        assert!(
                            text.len() > 20 && text.ends_with('.') && !text.contains('\n'),
                            "{reason} {system} {language} {seen:?}: {text}"
                        );
                        // Where there are no files, none is asked for.
                        let of_files = text.contains("file too") || text.contains("inputs");
                        assert!(source == Source::Files || !of_files, "{text}");
                    }
                }
            }
        }
    }
}

#[test]
fn advice_depends_on_both_sides() {
    let said = |reason, system, language, of_producers, seen| {
        advice(
            &of(reason, system, language),
            &Producers::with(of_producers, seen),
            Source::Files,
        )
    };
    let named = Seen {
        named: true,
        ..Seen::default()
    };
    let nameless = Seen {
        nameless: true,
        ..Seen::default()
    };
    let java = Seen {
        java_without_offset: true,
        ..nameless
    };
    for (text, part) in [
        (
            said(Reason::Unresolved, "kafka", "java", "rabbitmq", named),
            "no producer of this system",
        ),
        (
            said(Reason::Unresolved, "kafka", "java", "kafka", java),
            "acks=1",
        ),
        (
            said(Reason::Unresolved, "kafka", "nodejs", "kafka", nameless),
            "PRODUCER span of your own",
        ),
        (
            said(Reason::Unresolved, "kafka", "go", "kafka", named),
            "let it wait",
        ),
        (
            said(Reason::Unresolved, "aws.sqs", "python", "aws.sns", nameless),
            "SNS gives",
        ),
        (
            said(Reason::Unresolved, "AmazonSQS", "java", "aws_sqs", nameless),
            "sent in a batch",
        ),
        (
            said(Reason::Unnamed, "rabbitmq", "java", "rabbitmq", nameless),
            "headers.included",
        ),
        (
            said(Reason::Unnamed, "rabbitmq", "-", "rabbitmq", nameless),
            "Set `message_id`",
        ),
    ] {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
    // Ids on the consumer only: they are set.
    let only_consumer = said(Reason::Unresolved, "rabbitmq", "java", "rabbitmq", nameless);
    assert!(!only_consumer.contains("set `message_id`"));
    assert!(only_consumer.contains("traceparent"));
}
