//! The ways that are measured side by side.

use std::sync::Arc;

use bytes::Bytes;
use linkmend::Rule;
use linkmend_repair::Repair;
use linkmend_repair::config::Config;
use linkmend_tests::arms::{Adapter, native_repair};
use linkmend_workbench::FreshIndex;
use linkmend_workbench::bench::{Arm, ArmError, Engine, Pass};

use crate::reference::{self, Known};

/// All three, in the order of the report.
pub struct Arms {
    /// linkmend: the built-in rule in the sandbox.
    pub sandbox: Engine,
    /// The same rule without the sandbox, in the same engine.
    pub native: Engine,
    /// The same rule on structs.
    pub prost: Structs,
}

/// prost's structs.
pub struct Structs {
    rule: Repair,
    known: Known,
    index: Arc<FreshIndex>,
}

impl Arms {
    /// With the rule configured like this.
    pub fn new(config: &str) -> anyhow::Result<Self> {
        let rule = Repair::new(Config::read(config).map_err(anyhow::Error::msg)?);
        Ok(Self {
            sandbox: Engine::new(Rule::builtin().with_config(config))?,
            native: Engine::new(native_repair(config))?,
            prost: Structs {
                known: Known::of(&rule),
                rule,
                index: Arc::default(),
            },
        })
    }

    /// As a list.
    pub fn all(&mut self) -> [&mut dyn Arm; 3] {
        [&mut self.sandbox, &mut self.native, &mut self.prost]
    }
}

impl Arm for Structs {
    fn forget(&mut self) {
        self.index.forget();
    }

    fn mend(&mut self, batch: &Bytes) -> Result<Pass, ArmError> {
        let mut index = Adapter(&*self.index);
        let traces = reference::mend(&mut self.rule, &self.known, batch, &mut index)?;
        Ok(Pass {
            traces: traces.into(),
            ..Pass::default()
        })
    }
}
