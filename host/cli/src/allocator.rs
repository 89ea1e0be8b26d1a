//! Where memory comes from.
//!
//! The allocator of glibc keeps most of what a wave of requests took: after 8,000
//! connections with 12 kB of a body each the process had 450 MB for good, with
//! jemalloc 32 MB after a second (docs/performance.md). Its threads, which give
//! memory back while nothing else goes on, need glibc; and it has to know the size
//! of pages when it is compiled, which differs between machines with other
//! processors. There the allocator of the system does.

#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
