//! The memory that the process takes.

/// The resident set, in bytes, if the system tells it.
pub fn resident() -> Option<u64> {
    // On Linux the kernel has the sum ready; elsewhere it is asked for it in
    // other ways.
    status().or_else(|| {
        let stats = memory_stats::memory_stats()?;
        u64::try_from(stats.physical_mem).ok()
    })
}

fn status() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
