//! `--index`: what is remembered, shared with other hosts.

use std::env::{VarError, var};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail};
use linkmend::index::{MessageKey, SharedStore as _};
use linkmend_redis::{Options, Stats, Store, Tls, Url};

use crate::args::ProcessArguments;

/// How long the store may take to be there. Whoever asks for it has time.
const CONNECTING: Duration = Duration::from_secs(10);

/// How long an answer may take: of a file nobody waits for a single batch.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How long the end waits for what is to be written.
const FLUSHING: Duration = Duration::from_mins(1);

/// So many producers may wait: reading is not to be faster than writing for long.
const QUEUE: usize = 4_000_000;

/// The store that is asked for, if it is there.
pub fn connected(arguments: &ProcessArguments) -> anyhow::Result<Option<Arc<Store>>> {
    let Some(url) = arguments.index.first() else {
        return Ok(None);
    };
    check(url, arguments)?;
    if arguments.index_prefix.contains(['{', '}']) {
        bail!(
            "--index-prefix: braces would put all keys on one server of a cluster; leave them out"
        );
    }
    let tls = url.tls.then(Tls::of_system).transpose();
    let store = Store::start(Options {
        endpoints: arguments
            .index
            .iter()
            .map(|url| url.address.clone())
            .collect(),
        cluster: arguments.index_cluster,
        database: url.database,
        username: variable("LINKMEND_INDEX_USERNAME")?,
        password: variable("LINKMEND_INDEX_PASSWORD")?,
        tls: tls.map_err(|error| anyhow!("--index: {error}"))?,
        key_prefix: arguments.index_prefix.clone(),
        timeout: TIMEOUT,
        time_to_live: Some(arguments.index_time_to_live),
        queue_size: QUEUE,
        ..Options::default()
    })?;
    if !store.connect(CONNECTING) {
        let why = store
            .connection_error()
            .unwrap_or_else(|| "it does not answer".into());
        bail!("--index: {}: {why}", url.address);
    }
    if is_of_a_cluster(&store) {
        bail!(
            "--index: {} is a server of a cluster; add `--index-cluster`",
            url.address
        );
    }
    Ok(Some(store))
}

/// Whether a server says so that was not taken for one: it has some of these keys, and not
/// all.
fn is_of_a_cluster(store: &Store) -> bool {
    let key = |number: u64| MessageKey {
        high: number,
        low: number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
    };
    let keys: Vec<_> = (0..32).map(key).collect();
    let _ = store.recall(None, &keys);
    store.stats().of_a_cluster > 0
}

/// All servers are reached in one way.
fn check(first: &Url, arguments: &ProcessArguments) -> anyhow::Result<()> {
    let way = |url: &Url| (url.tls, url.database);
    if arguments.index.iter().any(|url| way(url) != way(first)) {
        bail!(
            "--index: of the servers of one store, all or none have TLS, and they have the same \
               database"
        );
    }
    if arguments.index_cluster && first.database != 0 {
        bail!(
            "--index: a cluster has the database 0 alone; leave out `/{}`",
            first.database
        );
    }
    Ok(())
}

/// What an empty variable says is nothing.
fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("{name} is no text"),
    }
}

/// Waits until others find what was remembered; what is wrong with it.
pub fn end(store: &Store) -> Option<String> {
    let is_written = store.flush(FLUSHING);
    let Stats {
        waiting,
        dropped,
        refused,
        unanswered,
        ..
    } = store.stats();
    let lost = dropped + refused + if is_written { 0 } else { waiting };
    let mut faults = Vec::new();
    if lost > 0 {
        faults.push(format!(
            "{lost} producers were not written to the shared index: other hosts will not find them"
        ));
    }
    if unanswered > 0 {
        faults.push(format!(
            "{unanswered} messages were not looked up in the shared index, which did not answer: \
             links may be missing"
        ));
    }
    (!faults.is_empty()).then(|| faults.join("; "))
}
