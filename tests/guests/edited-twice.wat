;; Replaces a link, and drops it.
(func $hostile (param i32 i32 i32) (result i32)
  (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1))
  (call $edit (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 2))
  (call $answer (i32.const 2)))
