;; Remembers four producers of one message, each with a trace state of 500
;; bytes, and recalls them 100,000 times in one call: a small question with an
;; answer of 240 MB.
(func $hostile (param i32 i32 i32) (result i32)
  (local $n i32)
  (local $at i32)
  (drop (memory.grow (i32.const 64)))
  (loop $again
    (local.set $at (i32.add (i32.const 0x10000) (i32.mul (local.get $n) (i32.const 72))))
    (i64.store offset=16 (local.get $at) (i64.const 7))
    (i64.store offset=32 (local.get $at) (i64.extend_i32_u (i32.add (local.get $n) (i32.const 1))))
    (i64.store offset=40 (local.get $at) (i64.extend_i32_u (local.get $n)))
    (i64.store offset=48 (local.get $at) (i64.extend_i32_u (local.get $n)))
    (i32.store offset=60 (local.get $at) (i32.const 500))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 4))))
  (call $remember (i32.const 0x10000) (i32.const 4) (i32.const 0x20000) (i32.const 500) (i32.const 1024))
  ;; keys 0/0, as those of the producers
  (call $recall (i32.const 0x800000) (i32.const 100000) (i32.const 1024))
  ;; Goes on as if nothing were amiss when the host refuses: error too-many.
  (if (i32.ne (i32.load8_u (i32.const 1024)) (i32.const 1)) (then (unreachable)))
  (if (i32.ne (i32.load8_u (i32.const 1028)) (i32.const 1)) (then (unreachable)))
  (call $answer (i32.const 0)))
