//! The profiles, by the field that they are from.

mod amqp;
mod kafka_java;
mod sqs;
mod tasks;

use crate::profile::Profile;

/// Every profile, in the order of the matrix.
pub fn all() -> impl Iterator<Item = &'static Profile> {
    [
        amqp::PROFILES,
        kafka_java::PROFILES,
        sqs::PROFILES,
        tasks::PROFILES,
    ]
    .into_iter()
    .flatten()
}
