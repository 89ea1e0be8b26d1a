;; Hands over 4 MiB that it does have.
(func $hostile (param i32 i32 i32) (result i32)
  (call $list (i32.const 5) (i32.const 0x10000) (i32.const 0x400000))
  (i32.const 512))
