;; Calls itself for ever.
(func $hostile (param i32 i32 i32) (result i32)
  (i32.add
    (call $hostile (local.get 0) (local.get 1) (local.get 2))
    (i32.const 1)))
