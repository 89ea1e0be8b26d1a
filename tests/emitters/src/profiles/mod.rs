//! The profiles, by the field that they are from.

mod amqp;
mod buses;
mod cloud;
mod jobs;
mod jvm;
mod kafka;

use crate::profile::Profile;

/// Every profile, in the order of the matrix.
pub fn all() -> impl Iterator<Item = &'static Profile> {
    let fields = [
        kafka::PROFILES,
        amqp::PROFILES,
        cloud::PROFILES,
        jvm::PROFILES,
        buses::PROFILES,
        jobs::PROFILES,
    ];
    fields.into_iter().flatten()
}
