;; Adds a link to nowhere.
(func $hostile (param i32 i32 i32) (result i32)
  (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (i64.store (i32.const 0x10020) (i64.const 0))
  (call $answer (i32.const 1)))
