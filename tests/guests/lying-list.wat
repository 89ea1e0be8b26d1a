;; Names a list of edits that begins in its memory and ends outside of it.
(func $hostile (param i32 i32 i32) (result i32)
  (call $list (i32.const 0) (i32.const 0x7fffc0) (i32.const 10))
  (i32.const 512))
