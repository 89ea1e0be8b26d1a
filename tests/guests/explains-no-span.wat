;; Explains a span that it was not given, when it is asked to.
(data (i32.const 0x8000) "\03\00\00\00\00\00\00\00\00\00\00\00")
(func $hostile (param i32 i32 i32) (result i32)
  (call $list (i32.const 6) (i32.const 0x8000) (i32.const 1))
  (call $answer (i32.const 0)))
