//! The Collector's configuration with linkmend in its way.

use std::fmt::Write as _;
use std::ops::Range;

use linkmend_config::{Part, Shape};
use serde_json::{Map, Value, json};

use crate::InitError;
use crate::collector::{Collector, Pipeline, below};
use crate::edit::{self, Edit};
use crate::layout::{Hop, Plan, Way};

const TO_LINKMEND: &str = "To linkmend. It has no queue: who sends spans is answered when linkmend \
                           has them.";
const FROM_LINKMEND: &str = "From linkmend.";
const FRONT: &str = "Spans as they came go to linkmend.";

/// Makes the edits, and holds what comes out against what was meant.
pub(crate) fn write(collector: &Collector<'_>, plan: &Plan) -> Result<String, InitError> {
    let mut edits = Vec::new();
    let mut meant = collector.value.clone();
    for hop in &plan.hops {
        let exporter = plan.exporter(hop);
        let added = to_linkmend(hop.port);
        add(
            collector,
            &mut edits,
            "exporters",
            (&exporter, &added, TO_LINKMEND),
        )?;
        set(&mut meant, &["exporters", &exporter], added);
        match &hop.way {
            Way::Loop { port, .. } => {
                let receiver = hop.receiver();
                let added = from_linkmend(*port);
                add(
                    collector,
                    &mut edits,
                    "receivers",
                    (&receiver, &added, FROM_LINKMEND),
                )?;
                set(&mut meant, &["receivers", &receiver], added);
                looped(
                    collector,
                    hop,
                    (&exporter, &receiver),
                    &mut edits,
                    &mut meant,
                )?;
            }
            Way::Behind(_) => {
                for pipeline in &hop.pipelines {
                    let list = List::of(collector, pipeline, "exporters")?;
                    edits.push(list.replaced(collector, &exporter)?);
                    let keys = ["service", "pipelines", &pipeline.id, "exporters"];
                    set(&mut meant, &keys, json!([exporter]));
                }
            }
        }
    }
    let text = edit::apply(collector.text, edits);
    verified(collector, text, &meant)
}

fn to_linkmend(port: u16) -> Value {
    json!({
        "endpoint": format!("127.0.0.1:{port}"),
        "compression": "none",
        "timeout": "30s",
        "tls": {"insecure": true},
        "sending_queue": {"enabled": false},
        // For ever: who sends waits, and tries again.
        "retry_on_failure": {"max_elapsed_time": "0s"},
    })
}

fn from_linkmend(port: u16) -> Value {
    json!({"protocols": {"grpc": {
        "endpoint": format!("127.0.0.1:{port}"),
        "max_recv_msg_size_mib": 64,
    }}})
}

fn add(
    collector: &Collector<'_>,
    edits: &mut Vec<Edit>,
    section: &str,
    member: (&str, &Value, &str),
) -> Result<(), InitError> {
    let (key, part) = collector
        .part
        .member(section)
        .filter(|(_, part)| !matches!(part.shape, Shape::Alias))
        .ok_or_else(|| {
            InitError::new(format!(
                "`{section}` is not written out in this file; give one file with all sections in it"
            ))
        })?;
    edits.push(edit::add_member(collector.text, &key, part, member));
    Ok(())
}

/// Splits the pipelines of a hop: what comes in goes to linkmend, and what comes
/// from there goes the rest of their way.
fn looped(
    collector: &Collector<'_>,
    hop: &Hop,
    (exporter, receiver): (&str, &str),
    edits: &mut Vec<Edit>,
    meant: &mut Map<String, Value>,
) -> Result<(), InitError> {
    let Way::Loop {
        front,
        processors,
        moved,
        ..
    } = &hop.way
    else {
        return Ok(());
    };
    for (number, pipeline) in hop.pipelines.iter().enumerate() {
        let receivers = List::of(collector, pipeline, "receivers")?;
        if number == 0 {
            edits.push(front_pipeline(
                collector,
                pipeline,
                &receivers,
                (front, processors, exporter),
            )?);
            let lists = json!({
                "receivers": pipeline.receivers,
                "processors": processors,
                "exporters": [exporter],
            });
            set(meant, &["service", "pipelines", front], lists);
        }
        edits.push(receivers.taken(receiver));
        let keys = ["service", "pipelines", &pipeline.id];
        set(
            meant,
            &[&keys[..], &["receivers"]].concat(),
            json!([receiver]),
        );
        if !moved.is_empty() {
            let kept = pipeline.processors.iter().filter(|id| !moved.contains(id));
            let kept: Vec<_> = kept.cloned().collect();
            let list = List::of(collector, pipeline, "processors")?;
            edits.push(list.without(collector, pipeline, moved)?);
            set(meant, &[&keys[..], &["processors"]].concat(), json!(kept));
        }
    }
    Ok(())
}

/// The pipeline to linkmend, with the receivers as they were written.
fn front_pipeline(
    collector: &Collector<'_>,
    pipeline: &Pipeline,
    receivers: &List<'_>,
    (front, processors, exporter): (&str, &[String], &str),
) -> Result<Edit, InitError> {
    let text = collector.text;
    let (section, key, part) = section(collector, pipeline)?;
    let exporters = [exporter.to_owned()];
    if section.is_flow {
        let ids = json!({
            "receivers": pipeline.receivers, "processors": processors, "exporters": exporters,
        });
        return Ok(Edit {
            bytes: key.start..key.start,
            text: format!("{}: {ids}, ", Value::from(front)),
        });
    }
    if part.is_flow {
        let indent = edit::column(text, key.start);
        let at = edit::line_start(text, key.start);
        let [receivers, processors, exporters] = [
            pipeline.receivers.as_slice(),
            processors,
            exporters.as_slice(),
        ]
        .map(edit::words);
        return Ok(Edit {
            bytes: at..at,
            text: format!(
                "{:indent$}# {FRONT}\n{:indent$}{front}: {{receivers: [{receivers}], processors: \
                 [{processors}], exporters: [{exporters}]}}\n",
                "", ""
            ),
        });
    }
    let indent = edit::column(text, key.start);
    let inner = part
        .members()
        .first()
        .map_or(indent + 2, |(_, key, _)| edit::column(text, key.start));
    let (written, processors, exporters) = (
        receivers.written,
        edit::words(processors),
        edit::words(&exporters),
    );
    let mut new = format!("{:indent$}# {FRONT}\n{:indent$}{front}:\n", "", "");
    let _ = writeln!(new, "{:inner$}receivers:{written}", "");
    let _ = writeln!(new, "{:inner$}processors: [{processors}]", "");
    let _ = writeln!(new, "{:inner$}exporters: [{exporters}]", "");
    // An anchor must stand before those that name it.
    if receivers.has_anchor() {
        let at = edit::line_start(text, key.start);
        return Ok(Edit {
            bytes: at..at,
            text: new,
        });
    }
    let (at, is_end) = edit::next_line(text, part.bytes.end);
    if is_end && !text.ends_with('\n') {
        new.insert(0, '\n');
    }
    Ok(Edit {
        bytes: at..at,
        text: new,
    })
}

/// The section of pipelines, and the key and the value of one.
fn section<'c>(
    collector: &'c Collector<'_>,
    pipeline: &Pipeline,
) -> Result<(&'c Part, Range<usize>, &'c Part), InitError> {
    let pipelines = collector.part.find(&["service", "pipelines"]);
    let found = pipelines.and_then(|section| {
        let (key, part) = section.member(&pipeline.id)?;
        Some((section, key, part))
    });
    found
        .filter(|(.., part)| matches!(part.shape, Shape::Map(_)))
        .ok_or_else(|| not_written_out(&pipeline.id))
}

fn not_written_out(id: &str) -> InitError {
    InitError::new(format!(
        "the pipeline `{id}` is written with an alias or a merge (`<<`); write out its `receivers`, \
         `processors` and `exporters`, and try again"
    ))
}

/// A list of a pipeline in the text.
struct List<'c> {
    key: Range<usize>,
    part: &'c Part,
    /// What is behind its colon.
    written: &'c str,
    bytes: Range<usize>,
}

impl<'c> List<'c> {
    fn of(collector: &'c Collector<'_>, pipeline: &Pipeline, key: &str) -> Result<Self, InitError> {
        let (.., part) = section(collector, pipeline)?;
        let (key, part) = part
            .member(key)
            .ok_or_else(|| not_written_out(&pipeline.id))?;
        let start = edit::behind_colon(collector.text, &key);
        let bytes = start..part.bytes.end.max(start);
        Ok(Self {
            written: collector.text.get(bytes.clone()).unwrap_or_default(),
            key,
            part,
            bytes,
        })
    }

    fn has_anchor(&self) -> bool {
        let before = self.written.trim_start();
        before.starts_with('&')
    }

    /// With one component in place of all, whose anchor went elsewhere with them.
    fn taken(&self, id: &str) -> Edit {
        // JSON stays JSON.
        let id = Value::from(id);
        let id = if self.written.contains('"') {
            id.to_string()
        } else {
            edit::scalar(&id)
        };
        Edit {
            bytes: self.bytes.clone(),
            text: format!(" [{id}]"),
        }
    }

    /// With one component in place of all.
    fn replaced(&self, collector: &Collector<'_>, id: &str) -> Result<Edit, InitError> {
        if self.has_anchor() {
            return Err(self.anchored(collector));
        }
        Ok(self.taken(id))
    }

    fn anchored(&self, collector: &Collector<'_>) -> InitError {
        let why = "this list has an anchor that others may name; write those out, take the anchor \
                   away, and try again";
        InitError::at(collector.text, self.key.start, why)
    }

    /// Without some components.
    fn without(
        &self,
        collector: &Collector<'_>,
        pipeline: &Pipeline,
        moved: &[String],
    ) -> Result<Edit, InitError> {
        if self.has_anchor() {
            return Err(self.anchored(collector));
        }
        let elements = self.part.elements();
        let kept = elements.iter().zip(&pipeline.processors);
        let kept: Vec<_> = kept.filter(|(_, id)| !moved.contains(id)).collect();
        if self.part.is_flow || kept.is_empty() || elements.len() != pipeline.processors.len() {
            let ids = pipeline.processors.iter().filter(|id| !moved.contains(id));
            let ids: Vec<_> = ids.cloned().collect();
            return Ok(Edit {
                bytes: self.bytes.clone(),
                text: format!(" [{}]", edit::words(&ids)),
            });
        }
        // Line by line, so that comments stay.
        let mut lines = String::new();
        let gone = elements.iter().zip(&pipeline.processors);
        let gone: Vec<_> = gone
            .filter(|(_, id)| moved.contains(id))
            .map(|(part, _)| edit::line_start(collector.text, part.bytes.start))
            .collect();
        let mut at = self.bytes.start;
        for line in self.written.split_inclusive('\n') {
            if !gone.contains(&at) {
                lines.push_str(line);
            }
            at += line.len();
        }
        Ok(Edit {
            bytes: self.bytes.clone(),
            text: lines.trim_end_matches('\n').to_owned(),
        })
    }
}

fn set(map: &mut Map<String, Value>, keys: &[&str], value: Value) {
    let Some((first, rest)) = keys.split_first() else {
        return;
    };
    if rest.is_empty() {
        map.insert((*first).to_owned(), value);
        return;
    }
    let below = map
        .entry((*first).to_owned())
        .and_modify(|below| {
            if below.is_null() {
                *below = Value::Object(Map::new());
            }
        })
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(below) = below.as_object_mut() {
        set(below, rest, value);
    }
}

/// The text, if it says what is meant.
fn verified(
    collector: &Collector<'_>,
    text: String,
    meant: &Map<String, Value>,
) -> Result<String, InitError> {
    let not_so = |why: &str| {
        InitError::new(format!(
            "this file is written in a way in which linkmend cannot be put in its way ({why}); \
             write it out in block style, without anchors in `service.pipelines`, and try again"
        ))
    };
    let document = linkmend_config::read(&text).map_err(|error| not_so(&error.to_string()))?;
    match below(document.value(), collector.keys) {
        Some(value) if value == meant => Ok(text),
        _ => Err(not_so("another value would change, too")),
    }
}
