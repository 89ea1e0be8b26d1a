;; Hands 4 MiB to the message index.
(func $hostile (param i32 i32 i32) (result i32)
  (call $remember (i32.const 0) (i32.const 0) (i32.const 0x10000) (i32.const 0x400000) (i32.const 1024))
  (call $answer (i32.const 0)))
