//! Makes a processor.

use std::sync::Arc;

use linkmend_core::index::MessageIndex;
use linkmend_core::{self as core, HoldOptions, Scoping};
use linkmend_sandbox::{CodeCache, Compiler, Listener, Sandbox};

use crate::clock::SystemClock;
use crate::error::LoadError;
use crate::index::MemoryIndex;
use crate::processor::Processor;
use crate::rule::{Loader, Rule};

/// Makes a [`Processor`].
#[derive(Default)]
pub struct ProcessorBuilder {
    rules: Vec<Rule>,
    index: Option<Arc<dyn MessageIndex>>,
    compiler: Compiler,
    cache: Option<CodeCache>,
    hold: Option<HoldOptions>,
    scoping: Option<Scoping>,
    counts_systems: bool,
    listener: Option<Listener>,
}

impl Processor {
    /// A processor without rules, to be given some.
    #[must_use]
    pub fn builder() -> ProcessorBuilder {
        ProcessorBuilder::default()
    }
}

impl ProcessorBuilder {
    /// Adds a rule behind those that are there: each sees the edits of the
    /// ones before it.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The message index that the rules share. Default: a new [`MemoryIndex`].
    #[must_use]
    pub fn index(mut self, index: Arc<dyn MessageIndex>) -> Self {
        self.index = Some(index);
        self
    }

    /// Tells senders apart: messages of one scope are not seen in another one, and
    /// no scope takes the room of others in the index and in the hold. In place of
    /// [`Self::index`]. Default: all are of one.
    #[must_use]
    pub fn scopes(mut self, scoping: Scoping) -> Self {
        self.scoping = Some(scoping);
        self
    }

    /// What compiles the rules. The default does it in this process, whatever
    /// time and memory it takes: where rules are not trusted, give a
    /// [`Compiler::command`].
    #[must_use]
    pub fn compiler(mut self, compiler: Compiler) -> Self {
        self.compiler = compiler;
        self
    }

    /// Where compiled rules are kept. Default: nowhere.
    #[must_use]
    pub fn code_cache(mut self, cache: CodeCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Holds spans back whose producers are not known yet. Whoever asks for
    /// this has to call [`Processor::release`] time and again. Default: none
    /// are held.
    #[must_use]
    pub fn hold(mut self, options: HoldOptions) -> Self {
        self.hold = Some(options);
        self
    }

    /// Counts what is done by messaging system, too: see
    /// [`Counts::systems`](crate::Counts). It costs one more look at the
    /// attributes of each span that is edited. Default: no.
    #[must_use]
    pub fn count_systems(mut self) -> Self {
        self.counts_systems = true;
        self
    }

    /// Whoever wants to know what rules say: what they print, and what their
    /// languages print for them when they fail. It is told of what is said while
    /// rules are loaded, too. Default: nobody.
    #[must_use]
    pub fn listener(mut self, listener: Listener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Compiles and configures the rules.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used.
    pub fn build(self) -> Result<Processor, LoadError> {
        let sandbox = Sandbox::new(self.compiler, self.cache, self.listener);
        let loader = Loader(sandbox.map_err(LoadError::of_all)?);
        let rules = loader.load_all(self.rules)?;
        let clock = SystemClock::default();
        let options = core::ProcessorOptions {
            clock: Arc::new(clock),
            index: self
                .index
                .unwrap_or_else(|| Arc::new(MemoryIndex::default())),
            scoping: self.scoping,
            hold: self.hold,
            count_systems: self.counts_systems,
        };
        let core = core::Processor::new(options, rules);
        Ok(Processor::new(core, clock, loader))
    }
}
