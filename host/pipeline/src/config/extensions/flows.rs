//! The extension `flows`.

use linkmend_config::Node;

use crate::config::endpoint::LISTEN;
use crate::config::listener::{self, Listener};
use crate::config::member::Member;
use crate::config::reader::Reader;

/// Shows the flows of messages of the last fifteen minutes on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowsPage {
    /// Where it listens, and how.
    pub listener: Listener,
}

impl Default for FlowsPage {
    fn default() -> Self {
        Self {
            listener: Listener::localhost(55690),
        }
    }
}

pub(in crate::config) static MEMBERS: &[Member<FlowsPage>] = &[Member::value(
    "endpoint",
    "localhost:55690",
    LISTEN,
    "Where it listens.",
    |_, _| Ok(()),
)];

pub(super) fn read(reader: &mut Reader, node: &Node) -> FlowsPage {
    let mut page = FlowsPage::default();
    listener::read(reader, node, MEMBERS, |page| &mut page.listener, &mut page);
    page
}
