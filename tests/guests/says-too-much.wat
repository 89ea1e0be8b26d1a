;; Answers with an error of a megabyte.
(func $hostile (param i32 i32 i32) (result i32)
  (memory.fill (i32.const 0x10000) (i32.const 97) (i32.const 0x100000))
  (i32.store (i32.const 512) (i32.const 1))
  (i32.store (i32.const 516) (i32.const 0x10000))
  (i32.store (i32.const 520) (i32.const 0x100000))
  (i32.const 512))
