//! Where held spans are kept that no extension keeps.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use linkmend_pipeline::service::StateDirectory;

/// For services of a machine, and containers.
const OF_THE_MACHINE: &str = "/var/lib/linkmend";

/// The directory that was asked for; otherwise the first that can be written of
/// systemd's, the user's, and the machine's.
pub fn directory(asked: Option<&Path>) -> StateDirectory {
    match asked {
        Some(path) if path.as_os_str().is_empty() => StateDirectory::Nowhere,
        Some(path) => StateDirectory::At(path.to_owned()),
        None => StateDirectory::FirstOf(places(&|name| std::env::var_os(name))),
    }
}

fn places(env: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    // It may name several; each is the service's own.
    let of_systemd = env("STATE_DIRECTORY").and_then(|paths| {
        let first = std::env::split_paths(&paths).next();
        first.and_then(absolute)
    });
    let of_user = env("XDG_STATE_HOME").map(PathBuf::from).and_then(absolute);
    let of_user = of_user.or_else(|| {
        let home = env("HOME").map(PathBuf::from).and_then(absolute);
        home.map(|home| home.join(".local/state"))
    });
    let of_user = of_user.map(|state| state.join("linkmend"));
    let of_machine = Some(PathBuf::from(OF_THE_MACHINE));
    [of_systemd, of_user, of_machine]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Vec<PathBuf> {
        places(&|name| {
            let mut known = variables.iter();
            let value = known.find_map(|(known, value)| (*known == name).then_some(value));
            value.map(OsString::from)
        })
    }

    #[test]
    fn places_are_those_of_systemd_the_user_and_the_machine() {
        let machine = PathBuf::from(OF_THE_MACHINE);
        assert_eq!(of(&[]), std::slice::from_ref(&machine));
        let home = ("HOME", "/home/me");
        let user = PathBuf::from("/home/me/.local/state/linkmend");
        assert_eq!(of(&[home]), [user, machine.clone()]);
        assert_eq!(
            of(&[
                home,
                ("XDG_STATE_HOME", "/state"),
                ("STATE_DIRECTORY", "/var/lib/one:/var/lib/two"),
            ]),
            [
                PathBuf::from("/var/lib/one"),
                PathBuf::from("/state/linkmend"),
                machine.clone(),
            ]
        );
        // What is not absolute is to be left alone, as XDG says.
        assert_eq!(of(&[("XDG_STATE_HOME", "here"), ("HOME", "")]), [machine]);
    }
}
