//! What components say together: what is of no use, or at odds.

use std::collections::BTreeMap;
use std::path::Path;

use linkmend_config::{Content, Node};

use super::endpoint::Listen;
use super::exporters::Exporter;
use super::extensions::Extension;
use super::id::Id;
use super::processors::Processor;
use super::reader::Reader;
use super::receivers::Receiver;
use super::root::Config;
use super::scalars;
use super::service::Pipeline;
use crate::signal::Signal;

/// Tells of components that are for traces alone, in pipelines of other signals;
/// and of exporters that do not know where to send a signal.
pub(super) fn signals(reader: &mut Reader, root: &Node, config: &Config) {
    for (id, pipeline) in &config.service.pipelines {
        let Some(signal) = Pipeline::signal(id) else {
            continue;
        };
        for receiver in &pipeline.receivers {
            if signal != Signal::Traces
                && let Some(Receiver::OtlpJsonFile(_)) = config.receivers.get(receiver)
            {
                let text = format!(
                    "`{receiver}` reads traces alone, and this pipeline is of {signal}; take it \
                     out here, and read these files with a Collector"
                );
                in_pipeline(reader, root, id, "receivers", receiver, text);
            }
        }
        for processor in &pipeline.processors {
            if signal != Signal::Traces
                && let Some(Processor::Linkmend(_)) = config.processors.get(processor)
            {
                let text = format!(
                    "`{processor}` mends links of spans, and this pipeline is of {signal}; take \
                     it out here: {signal} pass without it"
                );
                in_pipeline(reader, root, id, "processors", processor, text);
            }
        }
        for exporter in &pipeline.exporters {
            if let Some(Exporter::OtlpHttp(http)) = config.exporters.get(exporter)
                && http.url(signal).is_none()
                // Without any endpoint, that is told already.
                && Signal::ALL.iter().any(|other| http.url(*other).is_some())
            {
                let text = format!(
                    "`{exporter}` does not know where to send {signal}: give it `endpoint` or \
                     `{signal}_endpoint`"
                );
                in_pipeline(reader, root, id, "exporters", exporter, text);
            }
        }
    }
}

/// Tells of a component in the list of a pipeline.
fn in_pipeline(
    reader: &mut Reader,
    root: &Node,
    pipeline: &Id,
    list: &str,
    component: &Id,
    text: String,
) {
    let (pipeline, component) = (pipeline.to_string(), component.to_string());
    let keys = ["service", "pipelines", &pipeline, list];
    let node = deepest(root, &keys);
    let is_it = |element: &&Node| scalars::text(element).is_ok_and(|text| text == component);
    let spot = match &node.content {
        Content::List(elements) => elements.iter().find(is_it).map(|element| element.spot),
        _ => None,
    };
    reader.within(&keys.join("."), |reader| {
        reader.fault(spot.unwrap_or(node.spot), text);
    });
}

/// What keeps something in a storage: its section and id, the key in it, and
/// the storage.
fn storage_users(config: &Config) -> Vec<(&'static str, &Id, &'static str, &Id)> {
    let mut users = Vec::new();
    for (id, exporter) in &config.exporters {
        let storage = exporter.queue().and_then(|queue| queue.storage.as_ref());
        users.extend(storage.map(|storage| ("exporters", id, "sending_queue", storage)));
    }
    for (id, processor) in &config.processors {
        if let Processor::Linkmend(processor) = processor {
            let storage = processor.hold.storage.as_ref();
            users.extend(storage.map(|storage| ("processors", id, "hold", storage)));
            let storage = processor.index.storage.as_ref();
            users.extend(storage.map(|storage| ("processors", id, "index", storage)));
        }
    }
    users
}

/// Tells of storages that are none.
pub(super) fn storages(reader: &mut Reader, root: &Node, config: &Config) {
    for (section, id, key, storage) in storage_users(config) {
        let text = match config.extensions.get(storage) {
            Some(Extension::FileStorage(_)) if config.service.extensions.contains(storage) => {
                continue;
            }
            Some(Extension::FileStorage(_)) => {
                format!("the extension `{storage}` does not run; put it into `service.extensions`")
            }
            Some(_) => format!("the extension `{storage}` is no storage; use a `file_storage`"),
            None if find(root, &["extensions", &storage.to_string()]).is_some() => {
                format!("the extension `{storage}` is no storage of linkmend; use a `file_storage`")
            }
            None => format!("the extension `{storage}` is not defined under `extensions`"),
        };
        let user = find(root, &[section, &id.to_string(), key]);
        at(reader, section, id, |reader| {
            reader.within(key, |reader| {
                reader.fault_of(user.unwrap_or(root), "storage", text);
            });
        });
    }
}

/// Tells of processors that are to look at what no receiver hands on.
pub(super) fn metadata(reader: &mut Reader, root: &Node, config: &Config) {
    let hands_on = |id: &Id| match config.receivers.get(id) {
        Some(Receiver::Otlp(otlp)) => {
            let grpc = otlp.grpc.as_ref().map(|grpc| grpc.include_metadata);
            let http = otlp.http.as_ref().map(|http| http.include_metadata);
            grpc == Some(true) || http == Some(true)
        }
        Some(Receiver::Kafka(kafka)) => kafka.include_metadata,
        _ => false,
    };
    for (id, processor) in &config.processors {
        let Processor::Linkmend(processor) = processor else {
            continue;
        };
        let pipelines = config.service.pipelines.values();
        let mut pipelines = pipelines.filter(|pipeline| pipeline.processors.contains(id));
        if processor.scope.metadata_keys.is_empty()
            || pipelines.all(|pipeline| pipeline.receivers.iter().any(hands_on))
        {
            continue;
        }
        let text = "no receiver of its pipeline hands on what came with a request; give \
                    `include_metadata: true` below its `grpc` or `http`";
        of_metadata(reader, root, id, text);
    }
    for pipeline in config.service.pipelines.values() {
        behind_another(reader, root, config, &pipeline.processors);
    }
}

/// What was held goes on without what came with its request: whose it is would not
/// be known any more.
fn behind_another(reader: &mut Reader, root: &Node, config: &Config, processors: &[Id]) {
    let mut holding: Option<&Id> = None;
    for id in processors {
        let Some(Processor::Linkmend(processor)) = config.processors.get(id) else {
            continue;
        };
        if let Some(other) = holding
            && !processor.scope.metadata_keys.is_empty()
        {
            let text = format!(
                "`{other}` before it holds spans, which go on without what came with their \
                 request; give `hold: {{time: 0s}}` there, or use `resource_attributes` here"
            );
            of_metadata(reader, root, id, &text);
        }
        if processor.hold.time.is_some() {
            holding = Some(id);
        }
    }
}

fn of_metadata(reader: &mut Reader, root: &Node, id: &Id, text: &str) {
    let scope = find(root, &["processors", &id.to_string(), "scope"]);
    at(reader, "processors", id, |reader| {
        reader.within("scope", |reader| {
            reader.fault_of(scope.unwrap_or(root), "metadata_keys", text);
        });
    });
}

/// Something that listens: the keys that lead to its section, and where.
struct Server {
    keys: Vec<String>,
    address: Listen,
}

/// Tells of servers that listen at the same address.
pub(super) fn addresses(reader: &mut Reader, root: &Node, config: &Config) {
    let mut taken: Vec<Server> = Vec::new();
    for server in servers(config) {
        let is_any = matches!(server.address, Listen::Tcp { port: 0, .. });
        let other = taken.iter().find(|other| other.address == server.address);
        if let Some(other) = other.filter(|_| !is_any) {
            let text = format!(
                "{} is the address of {} too; give one of them another",
                server.address,
                other.keys.join(".")
            );
            let keys: Vec<_> = server.keys.iter().map(String::as_str).collect();
            let section = deepest(root, &keys);
            let spot = section.get("endpoint").unwrap_or(section).spot;
            reader.within(&server.keys.join("."), |reader| reader.fault(spot, text));
        }
        taken.push(server);
    }
}

fn servers(config: &Config) -> Vec<Server> {
    let mut servers = Vec::new();
    let mut add = |keys: &[&str], address: &Listen| {
        servers.push(Server {
            keys: keys.iter().map(ToString::to_string).collect(),
            address: address.clone(),
        });
    };
    for (id, receiver) in &config.receivers {
        let Receiver::Otlp(receiver) = receiver else {
            continue;
        };
        let id = id.to_string();
        if let Some(grpc) = &receiver.grpc {
            add(
                &["receivers", &id, "protocols", "grpc"],
                &grpc.listener.endpoint,
            );
        }
        if let Some(http) = &receiver.http {
            add(
                &["receivers", &id, "protocols", "http"],
                &http.listener.endpoint,
            );
        }
    }
    for (id, extension) in &config.extensions {
        if let Extension::HealthCheck(health) = extension {
            add(&["extensions", &id.to_string()], &health.listener.endpoint);
        }
        if let Extension::Flows(page) = extension {
            add(&["extensions", &id.to_string()], &page.listener.endpoint);
        }
    }
    if let Some(address) = config.service.telemetry.metrics.listen() {
        add(&["service", "telemetry", "metrics"], &address);
    }
    servers
}

/// Tells of files that two exporters write, and folders that two storages have.
pub(super) fn files(reader: &mut Reader, root: &Node, config: &Config) {
    let files = config.exporters.iter().filter_map(|(id, exporter)| {
        let Exporter::File(file) = exporter else {
            return None;
        };
        Some((id, file.path.as_path()))
    });
    apart(reader, root, ("exporters", "path"), files);
    let folders = config.extensions.iter().filter_map(|(id, extension)| {
        let Extension::FileStorage(storage) = extension else {
            return None;
        };
        Some((id, storage.directory.as_path()))
    });
    apart(reader, root, ("extensions", "directory"), folders);
}

fn apart<'c>(
    reader: &mut Reader,
    root: &Node,
    (section, key): (&str, &str),
    paths: impl Iterator<Item = (&'c Id, &'c Path)>,
) {
    let mut taken = BTreeMap::new();
    for (id, path) in paths.filter(|(_, path)| !path.as_os_str().is_empty()) {
        if let Some(other) = taken.insert(path, id) {
            let text = format!("it is that of {section}.{other} too; give one of them another");
            let component = deepest(root, &[section, &id.to_string()]);
            at(reader, section, id, |reader| {
                reader.fault_of(component, key, text);
            });
        }
    }
}

fn at(reader: &mut Reader, section: &str, id: &Id, tell: impl FnOnce(&mut Reader)) {
    reader.within(section, |reader| reader.within(&id.to_string(), tell));
}

fn find<'n>(root: &'n Node, keys: &[&str]) -> Option<&'n Node> {
    keys.iter().try_fold(root, |node, key| node.get(key))
}

/// The last section on the way that is there.
fn deepest<'n>(root: &'n Node, keys: &[&str]) -> &'n Node {
    let mut node = root;
    for key in keys {
        match node.get(key) {
            Some(below) => node = below,
            None => return node,
        }
    }
    node
}
