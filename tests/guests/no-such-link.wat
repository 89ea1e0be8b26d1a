;; Drops a link that the span does not have.
(func $hostile (param i32 i32 i32) (result i32)
  (call $edit (i32.const 0) (i32.const 0) (i32.const 5) (i32.const 2))
  (call $answer (i32.const 1)))
