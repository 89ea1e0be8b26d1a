;; Has 100,000 attributes that name the same megabyte of text.
(func $hostile (param i32 i32 i32) (result i32)
  (local $n i32)
  (memory.fill (i32.const 0x10000) (i32.const 97) (i32.const 0x100000))
  (loop $again
    (call $attribute (local.get $n) (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 0x100000))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 100000))))
  (call $list (i32.const 1) (i32.const 0x200000) (i32.const 100000))
  (call $list (i32.const 5) (i32.const 0x10000) (i32.const 0x100000))
  ;; The edit lies behind the attributes, since the text has its place.
  (call $list (i32.const 0) (i32.const 0x600000) (i32.const 1))
  (i64.store (i32.const 0x600010) (i64.const 1))
  (i64.store (i32.const 0x600018) (i64.const 2))
  (i64.store (i32.const 0x600020) (i64.const 3))
  (i32.const 512))
