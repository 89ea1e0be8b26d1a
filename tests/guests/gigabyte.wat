;; Says that it has a gigabyte of edits.
(func $hostile (param i32 i32 i32) (result i32)
  (call $list (i32.const 0) (i32.const 0x10000) (i32.const 0x1000000))
  (i32.const 512))
