;; Wants to read a million attributes, whose keys all are the same megabyte.
(func (export "configure") (param i32 i32) (result i32)
  (local $at i32)
  (drop (memory.grow (i32.const 128)))
  (memory.fill (i32.const 0x10000) (i32.const 97) (i32.const 0x100000))
  (local.set $at (i32.const 0x800000))
  (loop $again
    (i32.store offset=0 (local.get $at) (i32.const 0x10000))
    (i32.store offset=4 (local.get $at) (i32.const 0x100000))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $again (i32.lt_u (local.get $at) (i32.const 0xfa1200))))
  (i32.store (i32.const 364) (i32.const 0x800000))
  (i32.store (i32.const 368) (i32.const 1000000))
  (i32.const 320))
