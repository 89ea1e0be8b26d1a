;; Wants to see spans with one of 100,000 attribute keys, all of them "h":
;; cheap to hand over, dear to compare with.
(func (export "configure") (param i32 i32) (result i32)
  (local $at i32)
  (local.set $at (i32.const 0x200000))
  (loop $again
    (i32.store offset=0 (local.get $at) (i32.const 16))
    (i32.store offset=4 (local.get $at) (i32.const 1))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $again (i32.lt_u (local.get $at) (i32.const 0x2c3500))))
  (i32.store (i32.const 328) (i32.const 0x200000))
  (i32.store (i32.const 332) (i32.const 100000))
  (i32.const 320))
