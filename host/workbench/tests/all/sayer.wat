;; A rule of the world span-rule of 0.2 that prints a line for each batch, as a compiler
;; for WASI preview 1 makes it, and fails on a batch of more than one span.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "sayer")
  (data (i32.const 1040) "looking at a batch\n")
  (data (i32.const 1072) "panic: two spans (sayer.wat, line 30)\n")
  ;; The two lines as lists of one part.
  (data (i32.const 1120) "\10\04\00\00\13\00\00\00")
  (data (i32.const 1128) "\30\04\00\00\26\00\00\00")
  ;; about: name, version and summary.
  (data (i32.const 1200) "\00\04\00\00\05\00\00\00\00\04\00\00\05\00\00\00\00\04\00\00\05\00\00\00")
  ;; result<plan, string>: spans of all kinds.
  (data (i32.const 1300) "\00\00\00\00\3f")
  (global $next (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
      (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get 3) (i32.const 16))))))
    (local.get $at))
  (func (export "linkmend:rule/lifecycle@0.2.0#describe") (result i32) (i32.const 1200))
  (func (export "linkmend:rule/lifecycle@0.2.0#configure") (param i32 i32) (result i32)
    (i32.const 1300))
  (func $mend (param $spans i32)
    (if (i32.gt_u (local.get $spans) (i32.const 1))
      (then
        (drop (call $write (i32.const 2) (i32.const 1128) (i32.const 1) (i32.const 1500)))
        (unreachable))))
  (func (export "linkmend:rule/spans@0.2.0#process") (param i32 i32 i32 i32 i32) (result i32)
    (global.set $next (i32.const 4096))
    (drop (call $write (i32.const 1) (i32.const 1120) (i32.const 1) (i32.const 1500)))
    (call $mend (local.get 4))
    (i32.const 1600)))
