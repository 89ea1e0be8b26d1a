;; Explains span 0 with a text that is not UTF-8.
(data (i32.const 0x8000) "\00\00\00\00\00\00\00\00\02\00\00\00")
(data (i32.const 0x8010) "\ff\fe")
(func $hostile (param i32 i32 i32) (result i32)
  (call $list (i32.const 5) (i32.const 0x8010) (i32.const 2))
  (call $list (i32.const 6) (i32.const 0x8000) (i32.const 1))
  (call $answer (i32.const 0)))
