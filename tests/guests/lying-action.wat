;; Names an action that does not exist.
(func $hostile (param i32 i32 i32) (result i32)
  (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 77))
  (call $answer (i32.const 1)))
