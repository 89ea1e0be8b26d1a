;; Gives each of 100 new links the same attribute of a megabyte.
(func $hostile (param i32 i32 i32) (result i32)
  (local $n i32)
  (loop $again
    (call $edit (local.get $n) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $edit-attributes (local.get $n) (i32.const 0) (i32.const 1))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 100))))
  (memory.fill (i32.const 0x400000) (i32.const 97) (i32.const 0x100000))
  (call $attribute (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 0x100000))
  (call $list (i32.const 1) (i32.const 0x200000) (i32.const 1))
  (call $list (i32.const 5) (i32.const 0x400000) (i32.const 0x100000))
  (call $answer (i32.const 100)))
