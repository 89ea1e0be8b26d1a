;; Answers with an error.
(data (i32.const 1024) "these spans are not to my taste")
(func $hostile (param i32 i32 i32) (result i32)
  (i32.store (i32.const 512) (i32.const 1))
  (i32.store (i32.const 516) (i32.const 1024))
  (i32.store (i32.const 520) (i32.const 31))
  (i32.const 512))
