//! Where memory comes from.
//!
//! The allocator of glibc keeps most of what a wave of requests took: after 8,000
//! connections with 12 kB of a body each the process had 450 MB for good, with
//! jemalloc 32 MB after a second (docs/performance.md). Its threads, which give
//! memory back while nothing else goes on, need glibc; and it has to know the size
//! of pages when it is compiled, which differs between machines with other
//! processors. There the allocator of the system does.

#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
pub use jemalloc::give_back;
#[cfg(not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")))]
pub use system::give_back;

#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
mod jemalloc {
    use tikv_jemalloc_ctl::{Access as _, AsName as _, arenas};

    #[global_allocator]
    static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

    /// Gives all pages back to the system that nothing is on; `None` where that cannot be
    /// done.
    pub fn give_back() -> Option<()> {
        for arena in 0..arenas::narenas::read().ok()? {
            // Whoever sets a time of zero has everything given back at once. Names of
            // jemalloc's end with a zero byte.
            let time = format!("arena.{arena}.dirty_decay_ms\0");
            let time = time.as_bytes().name();
            let usual: Result<isize, _> = time.read();
            // An arena that no thread had yet has no time.
            if let Ok(usual) = usual {
                time.write(0_isize).ok()?;
                time.write(usual).ok()?;
            }
        }
        Some(())
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")))]
mod system {
    /// The allocator of the system cannot be told to.
    pub fn give_back() -> Option<()> {
        None
    }
}
