//! How much memory the machine or the container has.

use std::fs;
use std::path::{Path, PathBuf};

/// The least of what the machine has and what the control groups of this
/// process allow, in bytes. `root` is `/`.
pub(super) fn memory(root: &Path) -> Option<u64> {
    let machine = machine(root);
    groups(root).into_iter().chain(machine).min()
}

fn machine(root: &Path) -> Option<u64> {
    let info = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// All limits of the groups that this process is in, and of those above them.
fn groups(root: &Path) -> Vec<u64> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut limits = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(number), Some(controllers), Some(group)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if number == "0" && controllers.is_empty() {
            limits.extend(limits_of(&root.join("sys/fs/cgroup"), group, "memory.max"));
        } else if controllers.split(',').any(|one| one == "memory") {
            let mount = root.join("sys/fs/cgroup/memory");
            limits.extend(limits_of(&mount, group, "memory.limit_in_bytes"));
        }
    }
    limits
}

fn limits_of(mount: &Path, group: &str, file: &str) -> Vec<u64> {
    // In a container the group may be named as outside, where it does not exist
    // inside: what is mounted is the group itself then.
    let group = Path::new(group.trim_start_matches('/'));
    let folders = group.ancestors().map(|group| mount.join(group));
    folders
        .filter_map(|folder| limit(folder.join(file)))
        .collect()
}

/// `max`, and the number that version 1 has for it, are no limit that matters.
fn limit(file: PathBuf) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    fn machine_of(files: &[(&str, &str)]) -> Option<u64> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        memory(folder.path())
    }

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 5 kB\n");

    #[test]
    fn the_machine() {
        assert_eq!(machine_of(&[]), None);
        assert_eq!(machine_of(&[MEMINFO]), Some(1_024_000));
        let unlimited = [
            MEMINFO,
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "max\n"),
        ];
        assert_eq!(machine_of(&unlimited), Some(1_024_000));
    }

    #[test]
    fn control_groups_version_2() {
        let files = [
            MEMINFO,
            ("proc/self/cgroup", "0::/system.slice/linkmend.service\n"),
            ("sys/fs/cgroup/system.slice/memory.max", "4096\n"),
            (
                "sys/fs/cgroup/system.slice/linkmend.service/memory.max",
                "8192\n",
            ),
        ];
        assert_eq!(machine_of(&files), Some(4096));
    }

    #[test]
    fn control_groups_version_1() {
        let files = [
            MEMINFO,
            (
                "proc/self/cgroup",
                "5:cpu:/docker/x\n4:memory,hugetlb:/docker/x\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "8192\n"),
        ];
        assert_eq!(machine_of(&files), Some(8192));
    }
}
