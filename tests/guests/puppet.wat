;; Answers what it is configured to: the memory of an answer as it is, from
;; 0x600000 on, each byte as two letters from `a` on.
(func (export "configure") (param $at i32) (param $length i32) (result i32)
  (local $to i32)
  (local $end i32)
  (local.set $to (i32.const 0x600000))
  (local.set $end (i32.add (local.get $at) (local.get $length)))
  (block $done
    (loop $again
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (i32.store8 (local.get $to) (i32.or
        (i32.shl
          (i32.sub (i32.load8_u (local.get $at)) (i32.const 97))
          (i32.const 4))
        (i32.sub (i32.load8_u offset=1 (local.get $at)) (i32.const 97))))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (br $again)))
  (i32.const 320))
(func $hostile (param i32 i32 i32) (result i32) (i32.const 0x600000))
