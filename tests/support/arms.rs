//! The built-in rule in the sandbox, without it, and beside the kernel, on batches in both
//! field orders.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use linkmend::index::{self, MessageIndex};
use linkmend::interface as host;
use linkmend::{
    HoldOptions, HoldStats, Mended, NativeRule, ProcessError, Processor, Rule, Shown, World,
};
use linkmend_repair::Repair;
use linkmend_rule::{self as sdk, FieldRule as _};

use crate::kernel::Kernel;
use crate::order::descending;

/// Names the file that the sandboxed built-in rule is read from, where it is
/// not the embedded one: a fresh build, in CI.
pub const BUILTIN_COMPONENT: &str = "LINKMEND_BUILTIN_COMPONENT";

/// Where the built-in rule runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// Without a sandbox.
    Native,
    /// As a component.
    Sandbox,
    /// Without a sandbox, and the engine as a WebAssembly module: see [`crate::kernel`].
    Kernel,
}

/// An engine with the built-in rule, as suites use it.
pub trait Engine {
    /// [`Processor::process_at`]
    ///
    /// # Errors
    ///
    /// As there.
    fn process_at(&self, batch: Bytes, now: Instant) -> Result<Mended, ProcessError>;

    /// [`Processor::process`]
    ///
    /// # Errors
    ///
    /// As there.
    fn process(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.process_at(batch, Instant::now())
    }

    /// [`Processor::remember`]; an engine that reads no files does more than that, and it is
    /// not looked at.
    ///
    /// # Errors
    ///
    /// As there.
    fn remember(&self, batch: Bytes) -> Result<Mended, ProcessError>;

    /// [`Processor::mend`]
    ///
    /// # Errors
    ///
    /// As there.
    fn mend(&self, batch: Bytes) -> Result<Mended, ProcessError>;

    /// [`Processor::release`]
    fn release(&self, now: Instant) -> Vec<Mended>;

    /// [`Processor::drain`]
    fn drain(&self) -> Vec<Mended>;

    /// [`Processor::next_release`]
    fn next_release(&self) -> Option<Instant>;

    /// [`Processor::hold_stats`]
    fn hold_stats(&self) -> HoldStats;
}

impl Engine for Processor {
    fn process_at(&self, batch: Bytes, now: Instant) -> Result<Mended, ProcessError> {
        self.process_at(batch, now)
    }

    fn remember(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.remember(batch)
    }

    fn mend(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.mend(batch)
    }

    fn release(&self, now: Instant) -> Vec<Mended> {
        self.release(now)
    }

    fn drain(&self) -> Vec<Mended> {
        self.drain()
    }

    fn next_release(&self) -> Option<Instant> {
        self.next_release()
    }

    fn hold_stats(&self) -> HoldStats {
        self.hold_stats()
    }
}

impl Engine for Kernel {
    fn process_at(&self, batch: Bytes, now: Instant) -> Result<Mended, ProcessError> {
        self.process_at(&batch, now)
    }

    fn remember(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.process_at(&batch, Instant::now())?;
        Ok(Mended {
            traces: Some(batch),
            ..Mended::default()
        })
    }

    fn mend(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.process_at(&batch, Instant::now())
    }

    fn release(&self, now: Instant) -> Vec<Mended> {
        self.release(now)
    }

    fn drain(&self) -> Vec<Mended> {
        self.drain()
    }

    fn next_release(&self) -> Option<Instant> {
        self.next_release()
    }

    fn hold_stats(&self) -> HoldStats {
        self.hold_stats()
    }
}

/// In which order the fields of a batch stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As SDKs write them.
    Ascending,
    /// As the Collector writes them.
    Descending,
}

impl Arm {
    /// The built-in rule, for a [`Processor`].
    ///
    /// # Panics
    ///
    /// When `config` is not one, and of [`Self::Kernel`], which has no such processor.
    #[must_use]
    pub fn rule(self, config: &str) -> Rule {
        match self {
            Self::Native => native_repair(config),
            Self::Sandbox => sandboxed_repair().with_config(config),
            Self::Kernel => panic!("a kernel makes its rules by itself"),
        }
    }

    /// A processor with the built-in rule alone.
    ///
    /// # Panics
    ///
    /// When the rule cannot be loaded.
    #[must_use]
    pub fn processor(self, config: &str) -> Processor {
        let built = Processor::builder().rule(self.rule(config)).build();
        built.unwrap_or_else(|error| panic!("{error}"))
    }

    /// An engine with the built-in rule alone.
    ///
    /// # Panics
    ///
    /// When the rule cannot be loaded.
    #[must_use]
    pub fn engine(self, config: &str) -> Box<dyn Engine> {
        match self {
            Self::Native | Self::Sandbox => Box::new(self.processor(config)),
            Self::Kernel => Box::new(kernel(config, None)),
        }
    }

    /// The same, which holds spans.
    ///
    /// # Panics
    ///
    /// When the rule cannot be loaded.
    #[must_use]
    pub fn holding(self, config: &str, options: HoldOptions) -> Box<dyn Engine> {
        if self == Self::Kernel {
            return Box::new(kernel(config, Some(&options)));
        }
        let builder = Processor::builder().rule(self.rule(config)).hold(options);
        let built = builder.build();
        Box::new(built.unwrap_or_else(|error| panic!("{error}")))
    }
}

impl Order {
    /// A batch in this order; it is in ascending order.
    #[must_use]
    pub fn of(self, batch: &Bytes) -> Bytes {
        match self {
            Self::Ascending => batch.clone(),
            Self::Descending => descending(batch).into(),
        }
    }
}

/// Makes four tests of a function of an [`Arm`] and an [`Order`].
#[macro_export]
macro_rules! rule_test {
    ($($test:tt)*) => {
        $crate::arm_tests! {
            [
                native_ascending: Native, Ascending;
                native_descending: Native, Descending;
                sandbox_ascending: Sandbox, Ascending;
                sandbox_descending: Sandbox, Descending;
            ]
            $($test)*
        }
    };
}

/// The same with the kernel: six tests of a function that uses an [`Engine`].
#[macro_export]
macro_rules! engine_test {
    ($($test:tt)*) => {
        $crate::arm_tests! {
            [
                native_ascending: Native, Ascending;
                native_descending: Native, Descending;
                sandbox_ascending: Sandbox, Ascending;
                sandbox_descending: Sandbox, Descending;
                kernel_ascending: Kernel, Ascending;
                kernel_descending: Kernel, Descending;
            ]
            $($test)*
        }
    };
}

/// Tests of a function, each by its name, on an arm and in an order.
#[doc(hidden)]
#[macro_export]
macro_rules! arm_tests {
    (
        [$($test:ident: $on:ident, $in:ident;)*]
        $(#[$meta:meta])* fn $name:ident($arm:ident, $order:ident) $body:block
    ) => {
        $(#[$meta])*
        mod $name {
            use super::*;
            use $crate::arms::{Arm, Order};

            fn case($arm: Arm, $order: Order) $body

            $(
                #[test]
                fn $test() {
                    case(Arm::$on, Order::$in);
                }
            )*
        }
    };
}

fn sandboxed_repair() -> Rule {
    match std::env::var_os(BUILTIN_COMPONENT) {
        Some(path) => Rule::file(Path::new(&path)),
        None => Rule::builtin(),
    }
}

/// The built-in rule without the sandbox.
///
/// # Panics
///
/// When `config` is not one.
#[must_use]
pub fn native_repair(config: &str) -> Rule {
    native_fields::<Repair>(config)
}

/// The built-in rule beside the kernel.
fn kernel(config: &str, hold: Option<&HoldOptions>) -> Kernel {
    let configured = |config: &str| match Repair::configure(config) {
        Ok(configured) => configured,
        Err(text) => panic!("{text}"),
    };
    let (_, plan) = configured(config);
    let config = config.to_owned();
    let make = move || Box::new(NativeFields(configured(&config).0)) as Box<dyn NativeRule>;
    let described = about(Repair::describe());
    Kernel::new(&described, &host_plan(plan), Arc::new(make), hold)
}

/// A rule of the world `field-rule` without the sandbox.
fn native_fields<R: sdk::FieldRule + Send>(config: &str) -> Rule {
    native(
        R::describe(),
        World::Field,
        config,
        R::configure,
        NativeFields,
    )
}

/// A rule of the world `batch-rule` without the sandbox.
///
/// # Panics
///
/// When `config` is not one.
#[must_use]
pub fn native_rule<R: sdk::BatchRule + Send>(config: &str) -> Rule {
    native(R::describe(), World::Batch, config, R::configure, Native)
}

fn native<R: 'static, N: NativeRule + 'static>(
    described: sdk::About,
    world: World,
    config: &str,
    configure: fn(&str) -> Result<(R, sdk::Plan), String>,
    wrap: fn(R) -> N,
) -> Rule {
    let configured = move |config: &str| match configure(config) {
        Ok(configured) => configured,
        Err(text) => panic!("{text}"),
    };
    let (_, plan) = configured(config);
    let config = config.to_owned();
    Rule::native(about(described), host_plan(plan), world, move || {
        Box::new(wrap(configured(&config).0))
    })
}

struct NativeFields<R>(R);

impl<R: sdk::FieldRule + Send> NativeRule for NativeFields<R> {
    fn process(
        &mut self,
        tasks: host::Tasks,
        shown: Shown<'_>,
        index: &dyn MessageIndex,
    ) -> Result<host::Verdict, String> {
        let Shown::Fields(traces) = shown else {
            return Err("it was shown bytes".into());
        };
        let answer = self
            .0
            .process(sdk_tasks(tasks), traces, &mut Adapter(index));
        answer.map(host_verdict)
    }
}

struct Native<R>(R);

impl<R: sdk::BatchRule + Send> NativeRule for Native<R> {
    fn process(
        &mut self,
        tasks: host::Tasks,
        shown: Shown<'_>,
        index: &dyn MessageIndex,
    ) -> Result<host::Verdict, String> {
        let Shown::Traces(traces) = shown else {
            return Err("it was shown fields".into());
        };
        let answer = self
            .0
            .process(sdk_tasks(tasks), traces, &mut Adapter(index));
        answer.map(host_verdict)
    }
}

/// The host's index, as a rule sees it.
pub struct Adapter<'a>(pub &'a dyn MessageIndex);

impl sdk::Index for Adapter<'_> {
    fn remember(
        &mut self,
        producers: &[sdk::Producer],
        texts: &[u8],
    ) -> Result<(), sdk::IndexError> {
        let producers: Vec<_> = producers.iter().map(host_producer).collect();
        self.0.remember(&producers, texts).map_err(sdk_error)
    }

    fn recall(&mut self, keys: &[sdk::MessageKey]) -> Result<sdk::Recalled, sdk::IndexError> {
        let keys: Vec<_> = keys.iter().map(host_key).collect();
        let recalled = self.0.recall(&keys).map_err(sdk_error)?;
        Ok(sdk_recalled(recalled))
    }

    fn recall_before(
        &mut self,
        keys: &[sdk::MessageKey],
        before: &[u64],
    ) -> Result<sdk::Recalled, sdk::IndexError> {
        let keys: Vec<_> = keys.iter().map(host_key).collect();
        let recalled = self.0.recall_before(&keys, before).map_err(sdk_error)?;
        Ok(sdk_recalled(recalled))
    }
}

fn sdk_recalled(recalled: index::Recalled) -> sdk::Recalled {
    sdk::Recalled {
        counts: recalled.counts,
        producers: recalled.producers.iter().map(sdk_producer).collect(),
        texts: recalled.texts,
    }
}

fn about(about: sdk::About) -> host::About {
    host::About {
        name: about.name,
        version: about.version,
        summary: about.summary,
    }
}

fn host_plan(plan: sdk::Plan) -> host::Plan {
    let kinds = [
        (sdk::SpanKinds::UNSPECIFIED, host::SpanKinds::UNSPECIFIED),
        (sdk::SpanKinds::INTERNAL, host::SpanKinds::INTERNAL),
        (sdk::SpanKinds::SERVER, host::SpanKinds::SERVER),
        (sdk::SpanKinds::CLIENT, host::SpanKinds::CLIENT),
        (sdk::SpanKinds::PRODUCER, host::SpanKinds::PRODUCER),
        (sdk::SpanKinds::CONSUMER, host::SpanKinds::CONSUMER),
    ];
    let mut selected = host::SpanKinds::empty();
    for (theirs, ours) in kinds {
        if plan.selector.kinds & theirs == theirs {
            selected |= ours;
        }
    }
    host::Plan {
        selector: host::Selector {
            kinds: selected,
            attribute_keys: plan.selector.attribute_keys,
            attribute_prefixes: plan.selector.attribute_prefixes,
            with_links: plan.selector.with_links,
        },
        uses_index: plan.uses_index,
        type_attribute: plan.type_attribute,
        count_all_drops: plan.count_all_drops,
        reads: plan.reads,
    }
}

fn sdk_tasks(tasks: host::Tasks) -> sdk::Tasks {
    let pairs = [
        (host::Tasks::REMEMBER, sdk::Tasks::REMEMBER),
        (host::Tasks::MEND, sdk::Tasks::MEND),
        (host::Tasks::DEFER, sdk::Tasks::DEFER),
        (host::Tasks::EXPLAIN, sdk::Tasks::EXPLAIN),
    ];
    let wanted = pairs.into_iter().filter(|(ours, _)| tasks.contains(*ours));
    wanted.fold(sdk::Tasks::empty(), |all, (_, theirs)| all | theirs)
}

/// A verdict of the SDK, as the host takes it.
#[must_use]
pub fn host_verdict(verdict: sdk::Verdict) -> host::Verdict {
    host::Verdict {
        edits: verdict.edits.iter().map(host_edit).collect(),
        attributes: verdict.attributes.iter().map(host_attribute).collect(),
        notes: verdict.notes.iter().map(host_note).collect(),
        deferrals: verdict.deferrals.iter().map(host_deferral).collect(),
        keys: verdict.keys.iter().map(host_key).collect(),
        texts: verdict.texts,
        explanations: verdict.explanations.iter().map(host_explanation).collect(),
    }
}

fn host_edit(edit: &sdk::Edit) -> host::Edit {
    host::Edit {
        span: edit.span,
        link: edit.link,
        action: match edit.action {
            sdk::Action::AddLink => host::Action::AddLink,
            sdk::Action::ReplaceContext => host::Action::ReplaceContext,
            sdk::Action::DropLink => host::Action::DropLink,
            sdk::Action::AddAttributes => host::Action::AddAttributes,
        },
        reason: match edit.reason {
            sdk::DropReason::Invalid => host::DropReason::Invalid,
            sdk::DropReason::Duplicate => host::DropReason::Duplicate,
            sdk::DropReason::OverLimit => host::DropReason::OverLimit,
            sdk::DropReason::Unwanted => host::DropReason::Unwanted,
        },
        context: host::SpanContext {
            trace_id_high: edit.context.trace_id_high,
            trace_id_low: edit.context.trace_id_low,
            span_id: edit.context.span_id,
            trace_state: host_text(edit.context.trace_state),
            flags: edit.context.flags,
        },
        first_attribute: edit.first_attribute,
        attribute_count: edit.attribute_count,
    }
}

fn host_attribute(attribute: &sdk::Attribute) -> host::Attribute {
    host::Attribute {
        key: host_text(attribute.key),
        kind: match attribute.kind {
            sdk::ValueKind::Text => host::ValueKind::Text,
            sdk::ValueKind::Boolean => host::ValueKind::Boolean,
            sdk::ValueKind::Integer => host::ValueKind::Integer,
            sdk::ValueKind::Double => host::ValueKind::Double,
        },
        text: host_text(attribute.text),
        bits: attribute.bits,
    }
}

fn host_note(note: &sdk::Note) -> host::Note {
    host::Note {
        span: note.span,
        kind: match note.kind {
            sdk::NoteKind::Unresolved => host::NoteKind::Unresolved,
            sdk::NoteKind::TooLate => host::NoteKind::TooLate,
            sdk::NoteKind::TooMany => host::NoteKind::TooMany,
            sdk::NoteKind::Incomplete => host::NoteKind::Incomplete,
            sdk::NoteKind::Unnamed => host::NoteKind::Unnamed,
            sdk::NoteKind::Ambiguous => host::NoteKind::Ambiguous,
            sdk::NoteKind::NoRoom => host::NoteKind::NoRoom,
        },
        count: note.count,
    }
}

fn host_explanation(explanation: &sdk::Explanation) -> host::Explanation {
    host::Explanation {
        span: explanation.span,
        text: host_text(explanation.text),
    }
}

fn host_deferral(deferral: &sdk::Deferral) -> host::Deferral {
    host::Deferral {
        span: deferral.span,
        first_key: deferral.first_key,
        key_count: deferral.key_count,
    }
}

fn host_key(key: &sdk::MessageKey) -> host::MessageKey {
    host::MessageKey {
        high: key.high,
        low: key.low,
    }
}

fn host_text(text: sdk::Text) -> host::Text {
    host::Text {
        offset: text.offset,
        length: text.length,
    }
}

fn host_producer(producer: &sdk::Producer) -> index::Producer {
    index::Producer {
        key: host_key(&producer.key),
        trace_id_high: producer.trace_id_high,
        trace_id_low: producer.trace_id_low,
        span_id: producer.span_id,
        start: producer.start,
        end: producer.end,
        trace_state: host_text(producer.trace_state),
        flags: producer.flags,
        hint: producer.hint,
        rank: producer.rank,
    }
}

fn sdk_producer(producer: &index::Producer) -> sdk::Producer {
    sdk::Producer {
        key: sdk::MessageKey {
            high: producer.key.high,
            low: producer.key.low,
        },
        trace_id_high: producer.trace_id_high,
        trace_id_low: producer.trace_id_low,
        span_id: producer.span_id,
        start: producer.start,
        end: producer.end,
        trace_state: sdk::Text {
            offset: producer.trace_state.offset,
            length: producer.trace_state.length,
        },
        flags: producer.flags,
        hint: producer.hint,
        rank: producer.rank,
    }
}

fn sdk_error(error: index::IndexError) -> sdk::IndexError {
    match error {
        index::IndexError::Malformed => sdk::IndexError::Malformed,
        index::IndexError::TooMany => sdk::IndexError::TooMany,
        index::IndexError::Unavailable => sdk::IndexError::Unavailable,
    }
}
