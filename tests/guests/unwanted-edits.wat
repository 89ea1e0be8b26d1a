;; Edits whatever it was asked for.
(func $hostile (param i32 i32 i32) (result i32)
  (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (call $answer (i32.const 1)))
