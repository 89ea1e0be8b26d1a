//! Which server has which keys: one server, the primary of several, or a cluster.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::RwLock;
use redis::{Pipeline, Value};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::connect::Line;
use crate::dial::{Dial, SharedDial};
use crate::node::{Node, Turned};
use crate::options::{Address, Options};
use crate::slots::{SLOTS, slot};

/// How often it is looked who has what: when all is well, and when it is not.
const SELDOM: Duration = Duration::from_secs(10);
const OFTEN: Duration = Duration::from_millis(250);

/// What a server has to say of a cluster, or of its replicas, has fewer bytes.
const LONGEST: usize = 4 << 20;

/// The servers, and which of them has which slot.
#[derive(Default)]
pub(crate) struct Map {
    pub(crate) nodes: Vec<Arc<Node>>,
    /// By slot; empty where one server has all.
    owners: Vec<Option<u16>>,
}

impl Map {
    /// One server has all keys.
    pub(crate) fn is_one(&self) -> bool {
        self.owners.is_empty()
    }

    /// The number of the server that has a key.
    pub(crate) fn owner(&self, key: &[u8]) -> Option<usize> {
        if self.is_one() {
            return (!self.nodes.is_empty()).then_some(0);
        }
        let owner = *self.owners.get(usize::from(slot(key)))?;
        owner.map(usize::from)
    }
}

pub(crate) struct Topology {
    options: Options,
    dial: SharedDial,
    map: RwLock<Arc<Map>>,
    /// Somebody was told that a key is elsewhere.
    stale: Notify,
    turned: Arc<Turned>,
}

/// Who has which slots: the first and the last of a range.
type Ranges = Vec<(Address, usize, usize)>;

impl Topology {
    /// Begins to look. To be called inside of the runtime of the store.
    pub(crate) fn start(options: &Options) -> Arc<Self> {
        let topology = Arc::new(Self {
            options: options.clone(),
            dial: Arc::new(Dial::new(options)),
            map: RwLock::default(),
            stale: Notify::new(),
            turned: Arc::default(),
        });
        match (options.cluster, options.endpoints.as_slice()) {
            (false, [only]) => topology.become_one(only),
            _ => drop(tokio::spawn(Arc::clone(&topology).watch())),
        }
        topology
    }

    pub(crate) fn map(&self) -> Arc<Map> {
        Arc::clone(&self.map.read())
    }

    /// A server can be asked that could not, or the other way around.
    pub(crate) fn turned(&self) -> &Notify {
        &self.turned.told
    }

    /// How often a server could be asked that could not before.
    pub(crate) fn connections(&self) -> u64 {
        self.turned.connections.load(Ordering::Relaxed)
    }

    /// What is known is not so any more.
    pub(crate) fn is_stale(&self) {
        self.stale.notify_one();
    }

    async fn watch(self: Arc<Self>) {
        let mut is_told = false;
        loop {
            match self.look().await {
                Ok(()) => is_told = false,
                Err(why) => {
                    if !is_told {
                        tracing::warn!(
                            why,
                            "the shared index cannot be reached: batches go on with what is known here"
                        );
                    }
                    is_told = true;
                }
            }
            let map = self.map();
            let is_well = !is_told && map.nodes.iter().all(|node| node.is_open());
            sleep(OFTEN).await;
            if is_well {
                tokio::select! {
                    () = sleep(SELDOM) => {}
                    () = self.stale.notified() => {}
                    () = self.turned.told.notified() => {}
                }
            }
        }
    }

    /// Asks one server after the other, until one knows.
    async fn look(&self) -> Result<(), String> {
        let map = self.map();
        let mut why = String::from("no server is named");
        let known = map.nodes.iter().map(|node| &node.address);
        let mut asked: Vec<&Address> = Vec::new();
        for address in known.chain(&self.options.endpoints) {
            if asked.contains(&address) {
                continue;
            }
            asked.push(address);
            match self.look_at(address, &map).await {
                Ok(()) => return Ok(()),
                Err(error) => why = format!("{address}: {error}"),
            }
        }
        Err(why)
    }

    async fn look_at(&self, address: &Address, map: &Map) -> Result<(), String> {
        let known = map.nodes.iter().find(|node| node.address == *address);
        let open = known.and_then(|node| node.connection());
        let of_its_own;
        let line = if let Some(open) = &open {
            &open.line
        } else {
            of_its_own = self.dial.line(address, &Arc::new(Notify::new())).await?;
            &of_its_own
        };
        if self.options.cluster {
            let slots = reply(line, &["CLUSTER", "SLOTS"]).await?;
            let ranges = ranges(&slots, address).filter(|ranges| !ranges.is_empty());
            self.take(&ranges.ok_or("it knows of no slots")?);
            return Ok(());
        }
        let role = reply(line, &["ROLE"]).await?;
        match role
            .as_sequence()
            .and_then(|role| role.first())
            .and_then(text)
        {
            Some(role) if role == "master" => {
                self.become_one(address);
                Ok(())
            }
            role => Err(format!("it is no primary: {}", role.unwrap_or_default())),
        }
    }

    fn become_one(&self, address: &Address) {
        let map = self.map();
        if matches!(map.nodes.as_slice(), [only] if only.address == *address) {
            return;
        }
        let nodes = vec![self.node(&map, address)];
        self.replace(Map {
            nodes,
            owners: Vec::new(),
        });
    }

    fn take(&self, ranges: &Ranges) {
        let map = self.map();
        let mut nodes: Vec<Arc<Node>> = Vec::new();
        let mut owners = vec![None; SLOTS];
        for (address, first, last) in ranges {
            let known = nodes.iter().position(|node| node.address == *address);
            let number = known.unwrap_or_else(|| {
                nodes.push(self.node(&map, address));
                nodes.len() - 1
            });
            for owner in owners.iter_mut().take(last + 1).skip(*first) {
                *owner = u16::try_from(number).ok();
            }
        }
        self.replace(Map { nodes, owners });
    }

    /// One that is known stays as it is.
    fn node(&self, map: &Map, address: &Address) -> Arc<Node> {
        let known = map.nodes.iter().find(|node| node.address == *address);
        known.cloned().unwrap_or_else(|| {
            Node::start(
                address.clone(),
                Arc::clone(&self.dial),
                Arc::clone(&self.turned),
            )
        })
    }

    fn replace(&self, map: Map) {
        let map = Arc::new(map);
        let before = std::mem::replace(&mut *self.map.write(), Arc::clone(&map));
        let is_left = |node: &&Arc<Node>| !map.nodes.iter().any(|left| Arc::ptr_eq(left, node));
        before
            .nodes
            .iter()
            .filter(is_left)
            .for_each(|node| node.retire());
        self.turned.told.notify_waiters();
    }
}

impl Drop for Topology {
    fn drop(&mut self) {
        self.map.read().nodes.iter().for_each(|node| node.retire());
    }
}

async fn reply(line: &Line, words: &[&str]) -> Result<Value, String> {
    let mut request = Pipeline::new();
    if let [first, rest @ ..] = words {
        request.cmd(first);
        for word in rest {
            request.arg(*word);
        }
    }
    let answered = timeout(SELDOM / 10, line.ask(&request, LONGEST)).await;
    let answered = answered.map_err(|_| "no answer")??;
    match answered.into_iter().next() {
        Some(Value::ServerError(error)) => Err(error.to_string()),
        Some(value) => Ok(value),
        None => Err("no answer".into()),
    }
}

/// `CLUSTER SLOTS`: for each range its first and last slot, and its servers, the
/// primary first, each with its host and port. A server that does not know its own
/// host is the one that was asked.
fn ranges(slots: &Value, asked: &Address) -> Option<Ranges> {
    let range = |range: &Value| {
        let [first, last, primary, ..] = range.as_sequence()? else {
            return None;
        };
        let [host, port, ..] = primary.as_sequence()? else {
            return None;
        };
        let host = text(host).filter(|host| !host.is_empty() && host != "?");
        let address = Address {
            host: host.unwrap_or_else(|| asked.host.clone()),
            port: u16::try_from(number(port)?).ok()?,
        };
        let slot = |value| usize::try_from(number(value)?).ok();
        Some((address, slot(first)?, slot(last)?))
    };
    slots.as_sequence()?.iter().map(range).collect()
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}
