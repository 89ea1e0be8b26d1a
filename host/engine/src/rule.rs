//! What a processor is made of: rules, and what becomes of a batch when one
//! fails.

use std::path::PathBuf;
use std::sync::Arc;

use crate::bindings::linkmend::rule::types::{About, Plan, Tasks, Verdict};
use crate::exhibit::Shown;
use crate::index::MessageIndex;
use crate::inspect::World;
use crate::limits::Limits;

/// What becomes of a batch that a rule fails on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnError {
    /// It goes on as it came.
    #[default]
    Pass,
    /// It is dropped.
    Drop,
    /// It is an error of the call, so that the sender can try again. A batch
    /// of held spans has no sender any more and goes on as it is.
    Reject,
}

/// A rule, as a user asks for it.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(crate) source: Source,
    pub(crate) config: String,
    pub(crate) limits: Limits,
    pub(crate) on_error: OnError,
}

#[derive(Clone)]
pub(crate) enum Source {
    File(PathBuf),
    Component {
        name: String,
        bytes: Arc<[u8]>,
    },
    Native {
        about: About,
        plan: Plan,
        world: World,
        make: MakeNative,
    },
}

pub(crate) type MakeNative = Arc<dyn Fn() -> Box<dyn NativeRule> + Send + Sync>;

/// A rule that runs without the sandbox. For tests and measurements: whatever
/// it does wrong, it does to the host.
pub trait NativeRule: Send {
    /// Looks at the selected spans of one batch, as `process` of its world in
    /// `wit/`.
    ///
    /// # Errors
    ///
    /// A fault of the rule.
    fn process(
        &mut self,
        tasks: Tasks,
        shown: Shown<'_>,
        index: &dyn MessageIndex,
    ) -> Result<Verdict, String>;
}

/// The component of the built-in rule.
const BUILTIN: &[u8] = include_bytes!("../dist/linkmend-repair.wasm");

impl Rule {
    /// The built-in rule: repairs missing links from message ids, drops invalid
    /// and duplicate ones, caps them, and says why each exists.
    #[must_use]
    pub fn builtin() -> Self {
        Self::component("builtin", BUILTIN)
    }

    /// The component that the built-in rule is.
    #[must_use]
    pub fn builtin_component() -> &'static [u8] {
        BUILTIN
    }

    /// A rule in a file: a WebAssembly component.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::File(path.into()))
    }

    /// A rule in memory: a WebAssembly component. The name is for errors until
    /// the rule has said its own.
    #[must_use]
    pub fn component(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::new(Source::Component {
            name: name.into(),
            bytes: bytes.into(),
        })
    }

    /// A rule that runs without the sandbox, see [`NativeRule`]: of the world
    /// `field-rule`, or `batch-rule`.
    #[must_use]
    pub fn native(
        about: About,
        plan: Plan,
        world: World,
        make: impl Fn() -> Box<dyn NativeRule> + Send + Sync + 'static,
    ) -> Self {
        let make = Arc::new(make);
        Self::new(Source::Native {
            about,
            plan,
            world,
            make,
        })
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            config: "{}".into(),
            limits: Limits::default(),
            on_error: OnError::default(),
        }
    }

    /// Its configuration, a JSON object.
    #[must_use]
    pub fn with_config(mut self, json: impl Into<String>) -> Self {
        self.config = json.into();
        self
    }

    /// What it may use.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What becomes of a batch that it fails on.
    #[must_use]
    pub fn with_on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Component { name, .. } => f.debug_tuple("Component").field(name).finish(),
            Self::Native { about, .. } => f.debug_tuple("Native").field(about).finish(),
        }
    }
}
