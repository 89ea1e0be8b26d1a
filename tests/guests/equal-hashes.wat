;; Remembers 100,000 messages whose keys differ in their high halves only: a
;; table that hashes by the low half alone would look at each for each.
(func $hostile (param i32 i32 i32) (result i32)
  (local $n i32)
  (local $at i32)
  (drop (memory.grow (i32.const 128)))
  (loop $again
    (local.set $at (i32.add (i32.const 0x800000) (i32.mul (local.get $n) (i32.const 72))))
    (i64.store offset=0 (local.get $at) (i64.extend_i32_u (i32.mul (local.get $n) (i32.const 64))))
    (i64.store offset=8 (local.get $at) (i64.const 5))
    (i64.store offset=16 (local.get $at) (i64.const 7))
    (i64.store offset=32 (local.get $at) (i64.const 7))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 100000))))
  (call $remember (i32.const 0x800000) (i32.const 100000) (i32.const 0) (i32.const 0) (i32.const 1024))
  (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (call $answer (i32.const 1)))
