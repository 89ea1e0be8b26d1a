//! What is remembered of messages, and where.

use std::time::Duration;

use linkmend::index::IndexOptions;
use linkmend_config::Node;
use linkmend_redis::{Options, URL, Url, UrlError};

use crate::config::id::Id;
use crate::config::member::{self, Member, Refusal, shown};
use crate::config::reader::Reader;
use crate::config::scalars::{
    DURATION, FLAG, POSITIVE, count, flag, name, optional_duration, positive_duration, text, texts,
};
use crate::config::secret::Secret;
use crate::config::sending::{STORAGE, storage};
use crate::config::tls::{self, Tls};

/// What is remembered of messages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Index {
    /// The bounds of what is kept in memory.
    pub memory: IndexOptions,
    /// A store that other hosts share; `None`: there is none.
    pub redis: Option<Redis>,
    /// The extension that keeps what is in memory over a restart; `None`: a restart
    /// forgets it.
    pub storage: Option<Id>,
}

/// A store that other hosts share.
#[derive(Debug, Clone, PartialEq)]
pub struct Redis {
    /// The servers; at least one.
    pub endpoints: Vec<Url>,
    /// They are a cluster.
    pub cluster: bool,
    /// For whom to ask.
    pub username: Option<String>,
    /// Their password.
    pub password: Option<Secret>,
    /// TLS, where a URL asks for it.
    pub tls: Tls,
    /// What all keys begin with.
    pub key_prefix: String,
    /// How long a batch waits for an answer.
    pub timeout: Duration,
    /// How many producers may wait to be written.
    pub queue_size: usize,
}

impl Default for Redis {
    fn default() -> Self {
        let Options {
            cluster,
            key_prefix,
            timeout,
            queue_size,
            ..
        } = Options::default();
        Self {
            endpoints: Vec::new(),
            cluster,
            username: None,
            password: None,
            tls: Tls::default(),
            key_prefix,
            timeout,
            queue_size,
        }
    }
}

pub(in crate::config) static MEMBERS: &[Member<Index>] = &[
    Member::value(
        "max_entries",
        "1000000",
        "an integer above 0",
        "How many producers of messages are remembered here; the oldest are forgotten first. One takes 84 bytes at most; one with a trace state counts as up to eight. Consumers of messages that several spans sent are remembered as well.",
        |t, n| count(n).map(|v| t.memory.max_entries = v),
    ),
    Member::value(
        "time_to_live",
        "15m",
        DURATION,
        "How long a producer is remembered, here and in a store; 0: as long as there is room.",
        |t, n| optional_duration(n).map(|v| t.memory.time_to_live = v),
    ),
    Member::section(
        "redis",
        "redis",
        "off",
        "A store that other hosts share.",
        |t, r, n| t.redis = redis(r, n),
    ),
    Member::value(
        "storage",
        "null",
        STORAGE,
        "Keeps what is remembered here on disk, so that a restart forgets nothing.",
        |t, n| storage(n).map(|v| t.storage = Some(v)),
    ),
];

pub(in crate::config) static REDIS: &[Member<Redis>] = &[
    Member::value(
        "endpoint",
        "null",
        "a URL like redis://host:6379",
        "The server: `redis://host:6379`, or `rediss://` for TLS; `/1` behind it names a database. `valkey://` and `valkeys://` mean the same.",
        |t, n| endpoint(n).map(|v| t.endpoints.insert(0, v)),
    ),
    Member::value(
        "endpoints",
        "[]",
        "a list of such URLs",
        "Several servers: some of a cluster, or a primary and its replicas, of which the primary is used.",
        |t, n| endpoints(n).map(|v| t.endpoints.extend(v)),
    ),
    Member::value(
        "cluster",
        "false",
        FLAG,
        "Whether the servers are a cluster.",
        |t, n| flag(n).map(|v| t.cluster = v),
    ),
    Member::value(
        "username",
        "null",
        "a text",
        "The user; by default the default user of the server.",
        |t, n| name(n).map(|v| t.username = Some(v)),
    ),
    Member::value(
        "password",
        "null",
        "a text, such as ${env:REDIS_PASSWORD}",
        "The password.",
        |t, n| name(n).map(|v| t.password = Some(v.into())),
    ),
    Member::section(
        "tls",
        "tls client",
        "on",
        "TLS of the client, if the URL begins with `rediss`.",
        |t, r, n| tls::client(r, n, &mut t.tls),
    ),
    Member::value(
        "key_prefix",
        "linkmend",
        "a text without braces",
        "What all keys begin with: hosts with the same prefix share what they remember.",
        |t, n| prefix(n).map(|v| t.key_prefix = v),
    ),
    Member::value(
        "timeout",
        "50ms",
        POSITIVE,
        "How long a batch waits for an answer; it goes on with what is known here then.",
        |t, n| positive_duration(n).map(|v| t.timeout = v),
    ),
    Member::value(
        "queue_size",
        "200000",
        "an integer above 0",
        "How many producers may wait to be written while the store is away; if there are more, the oldest are dropped, and are known here alone. One takes some 150 bytes. As many may wait for the hosts of their consumers, with [flows](#flows); one of these takes some 200.",
        |t, n| count(n).map(|v| t.queue_size = v),
    ),
];

fn endpoint(node: &Node) -> Result<Url, Refusal> {
    url(node, &text(node)?)
}

fn endpoints(node: &Node) -> Result<Vec<Url>, Refusal> {
    let texts = texts(node)?;
    let urls = texts.iter().map(|text| url(node, text));
    urls.collect()
}

fn url(node: &Node, given: &str) -> Result<Url, Refusal> {
    Url::parse(given).map_err(|error| {
        Refusal::Because(match error {
            UrlError::Malformed => format!("{} is no URL of a store; it takes {URL}", shown(node)),
            UrlError::Credentials => {
                "credentials in an endpoint are not supported by linkmend, because endpoints are \
                 shown in logs; give `username` and `password`"
                    .into()
            }
        })
    })
}

/// What stands in braces decides where a cluster has a key: all would be at one place.
fn prefix(node: &Node) -> Result<String, Refusal> {
    let prefix = name(node)?;
    if prefix.contains(['{', '}']) {
        return Err(Refusal::Because(
            "braces would put all keys on one server of a cluster; leave them out".into(),
        ));
    }
    Ok(prefix)
}

fn redis(reader: &mut Reader, node: &Node) -> Option<Redis> {
    if node.is_null() && node.expanded.is_none() {
        return None;
    }
    let mut redis = Redis::default();
    member::read(reader, node, &[REDIS], &mut redis);
    let is_given = |key: &str| node.get(key).is_some_and(|node| !node.is_null());
    if is_given("endpoint") && is_given("endpoints") {
        let text = "`endpoint` is given too; give one of them";
        reader.fault_of(node, "endpoints", text);
    } else if !is_given("endpoint") && !is_given("endpoints") {
        reader.fault_of(node, "endpoint", format!("is missing; it takes {URL}"));
    }
    let Some(first) = redis.endpoints.first() else {
        if is_given("endpoints") && node.get("endpoints").is_some_and(is_empty) {
            reader.fault_of(node, "endpoints", "it is empty; name a server");
        }
        return Some(redis);
    };
    let mut rest = redis.endpoints.iter().skip(1);
    if rest.any(|url| (url.tls, url.database) != (first.tls, first.database)) {
        let text = "all of them take the same scheme and database";
        reader.fault_of(node, "endpoints", text);
    }
    if redis.cluster && first.database != 0 {
        let text = "a cluster has the database 0 alone; leave it out of the URL, or `cluster`";
        reader.fault_of(node, "cluster", text);
    }
    if first.tls && redis.tls.insecure {
        let tls = node.get("tls").unwrap_or(node);
        reader.within("tls", |reader| {
            let text = "the URL asks for TLS; remove this, or write `redis://`";
            reader.fault_of(tls, "insecure", text);
        });
    }
    if redis.username.is_some() && redis.password.is_none() {
        reader.fault_of(node, "username", "it has no `password`; give it too");
    }
    Some(redis)
}

fn is_empty(node: &Node) -> bool {
    matches!(&node.content, linkmend_config::Content::List(list) if list.is_empty())
}

pub(super) fn read(reader: &mut Reader, node: &Node, index: &mut Index) {
    member::read(reader, node, &[MEMBERS], index);
    if index.redis.is_some() && index.storage.is_some() {
        let text = "the store keeps what is remembered over a restart; remove this, or `redis`";
        reader.fault_of(node, "storage", text);
    }
}
