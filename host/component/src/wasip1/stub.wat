;; WASI preview 1 with nothing in it, for modules of compilers that cannot do
;; without: Go, Rust for wasm32-wasip1, C with wasi-libc.
;;
;; There is no file, variable, argument or network. What is printed goes to
;; wasi:cli's streams, where the host hears it as what the rule says. Time begins in
;; 1970 and goes on by a microsecond whenever it is looked at, so that a runtime comes
;; up and its sleeps end at once. Random numbers are always the same.
;;
;; It is put into a component by `linkmend rule component`. It has no memory of its
;; own: what a call needs for a moment is borrowed from the module and put back.
(module
  (import "env" "memory" (memory 0))
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $get_stdout (result i32)))
  (import "wasi:cli/stderr@0.2.0" "get-stderr" (func $get_stderr (result i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))

  ;; Errors of WASI.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))
  (global $nosys i32 (i32.const 52))
  (global $spipe i32 (i32.const 70))

  ;; The streams, once they are asked for.
  (global $stdout (mut i32) (i32.const -1))
  (global $stderr (mut i32) (i32.const -1))
  ;; Nanoseconds. A runtime may take zero for a clock that does not work.
  (global $time (mut i64) (i64.const 1000))
  (global $random (mut i64) (i64.const 0x9e3779b97f4a7c15))

  ;; ---- arguments and variables: none ----

  (func $no_sizes (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (global.get $success))
  (func (export "args_sizes_get") (param i32 i32) (result i32)
    (call $no_sizes (local.get 0) (local.get 1)))
  (func (export "environ_sizes_get") (param i32 i32) (result i32)
    (call $no_sizes (local.get 0) (local.get 1)))
  (func (export "args_get") (param i32 i32) (result i32) (global.get $success))
  (func (export "environ_get") (param i32 i32) (result i32) (global.get $success))

  ;; ---- clocks ----

  (func (export "clock_res_get") (param $clock i32) (param $at i32) (result i32)
    (i64.store (local.get $at) (i64.const 1000))
    (global.get $success))
  (func (export "clock_time_get")
    (param $clock i32) (param $precision i64) (param $at i32) (result i32)
    (global.set $time (i64.add (global.get $time) (i64.const 1000)))
    (i64.store (local.get $at) (global.get $time))
    (global.get $success))

  ;; Go's bindings ask for this: here nothing is called that would have to pause.
  (func (export "adapter_monotonic_clock_set_paused") (param i32))

  ;; Sleeping ends at once. A subscription has 48 bytes, an event 32.
  (func (export "poll_oneoff")
    (param $subscriptions i32) (param $events i32) (param $count i32) (param $happened i32)
    (result i32)
    (if (i32.or (i32.eqz (local.get $count))
                (i32.load8_u offset=8 (local.get $subscriptions)))
      (then (return (global.get $nosys))))
    (global.set $time
      (i64.add (global.get $time) (i64.load offset=24 (local.get $subscriptions))))
    (i64.store (local.get $events) (i64.load (local.get $subscriptions)))
    (i64.store offset=8 (local.get $events) (i64.const 0))
    (i64.store offset=16 (local.get $events) (i64.const 0))
    (i64.store offset=24 (local.get $events) (i64.const 0))
    (i32.store (local.get $happened) (i32.const 1))
    (global.get $success))
  (func (export "sched_yield") (result i32) (global.get $success))

  ;; ---- random numbers: xorshift, from the same beginning ----

  (func (export "random_get") (param $at i32) (param $length i32) (result i32)
    (local $number i64)
    (local.set $number (global.get $random))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $length)))
        (local.set $number
          (i64.xor (local.get $number) (i64.shl (local.get $number) (i64.const 13))))
        (local.set $number
          (i64.xor (local.get $number) (i64.shr_u (local.get $number) (i64.const 7))))
        (local.set $number
          (i64.xor (local.get $number) (i64.shl (local.get $number) (i64.const 17))))
        (i64.store8 (local.get $at) (i64.shr_u (local.get $number) (i64.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $next)))
    (global.set $random (local.get $number))
    (global.get $success))

  ;; ---- streams: nothing comes in, what goes out is heard ----

  (func $is_stream (param $fd i32) (result i32) (i32.le_u (local.get $fd) (i32.const 2)))
  (func $stream (param $fd i32) (result i32)
    (if (i32.eq (local.get $fd) (i32.const 1))
      (then
        (if (i32.eq (global.get $stdout) (i32.const -1))
          (then (global.set $stdout (call $get_stdout))))
        (return (global.get $stdout))))
    (if (i32.eq (global.get $stderr) (i32.const -1))
      (then (global.set $stderr (call $get_stderr))))
    (global.get $stderr))

  ;; The host puts twelve bytes of answer somewhere: here, where the bytes of the
  ;; module are put back.
  (func $print (param $fd i32) (param $bytes i32) (param $length i32)
    (local $first i64) (local $second i32)
    (local.set $first (i64.load (i32.const 16)))
    (local.set $second (i32.load (i32.const 24)))
    (call $write
      (call $stream (local.get $fd)) (local.get $bytes) (local.get $length) (i32.const 16))
    (i64.store (i32.const 16) (local.get $first))
    (i32.store (i32.const 24) (local.get $second)))

  (func (export "fd_write")
    (param $fd i32) (param $parts i32) (param $count i32) (param $written i32) (result i32)
    (local $total i32)
    (if (i32.or (i32.eqz (local.get $fd)) (i32.eqz (call $is_stream (local.get $fd))))
      (then (return (global.get $badf))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (call $print
          (local.get $fd)
          (i32.load (local.get $parts))
          (i32.load offset=4 (local.get $parts)))
        (local.set $total
          (i32.add (local.get $total) (i32.load offset=4 (local.get $parts))))
        (local.set $parts (i32.add (local.get $parts) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $total))
    (global.get $success))
  (func (export "fd_read") (param $fd i32) (param i32 i32) (param $read i32) (result i32)
    (if (local.get $fd) (then (return (global.get $badf))))
    (i32.store (local.get $read) (i32.const 0))
    (global.get $success))
  (func (export "fd_close") (param $fd i32) (result i32)
    (select (global.get $success) (global.get $badf) (call $is_stream (local.get $fd))))
  (func (export "fd_seek") (param $fd i32) (param i64 i32 i32) (result i32)
    (select (global.get $spipe) (global.get $badf) (call $is_stream (local.get $fd))))
  ;; A stream is a character device with no flags.
  (func (export "fd_fdstat_get") (param $fd i32) (param $at i32) (result i32)
    (if (i32.eqz (call $is_stream (local.get $fd))) (then (return (global.get $badf))))
    (i64.store (local.get $at) (i64.const 2))
    (i64.store offset=8 (local.get $at) (i64.const -1))
    (i64.store offset=16 (local.get $at) (i64.const -1))
    (global.get $success))
  (func (export "fd_fdstat_set_flags") (param $fd i32) (param i32) (result i32)
    (select (global.get $success) (global.get $badf) (call $is_stream (local.get $fd))))

  ;; ---- files: none ----

  (func (export "fd_prestat_get") (param i32 i32) (result i32) (global.get $badf))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (global.get $badf))
  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) (global.get $nosys))
  (func (export "fd_allocate") (param i32 i64 i64) (result i32) (global.get $nosys))
  (func (export "fd_datasync") (param i32) (result i32) (global.get $nosys))
  (func (export "fd_fdstat_set_rights") (param i32 i64 i64) (result i32) (global.get $nosys))
  (func (export "fd_filestat_get") (param i32 i32) (result i32) (global.get $nosys))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (global.get $nosys))
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (global.get $nosys))
  (func (export "fd_pread") (param i32 i32 i32 i64 i32) (result i32) (global.get $nosys))
  (func (export "fd_pwrite") (param i32 i32 i32 i64 i32) (result i32) (global.get $nosys))
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) (global.get $nosys))
  (func (export "fd_renumber") (param i32 i32) (result i32) (global.get $nosys))
  (func (export "fd_sync") (param i32) (result i32) (global.get $nosys))
  (func (export "fd_tell") (param i32 i32) (result i32) (global.get $nosys))
  (func (export "path_create_directory") (param i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "path_filestat_set_times")
    (param i32 i32 i32 i32 i64 i64 i32) (result i32) (global.get $nosys))
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "path_open")
    (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (global.get $nosys))
  (func (export "path_readlink") (param i32 i32 i32 i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "path_remove_directory") (param i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "path_symlink") (param i32 i32 i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) (global.get $nosys))

  ;; ---- network: none ----

  (func (export "sock_accept") (param i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "sock_recv") (param i32 i32 i32 i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "sock_send") (param i32 i32 i32 i32 i32) (result i32) (global.get $nosys))
  (func (export "sock_shutdown") (param i32 i32) (result i32) (global.get $nosys))

  ;; ---- the end ----

  (func (export "proc_exit") (param i32) (unreachable))
  (func (export "proc_raise") (param i32) (result i32) (global.get $nosys)))
