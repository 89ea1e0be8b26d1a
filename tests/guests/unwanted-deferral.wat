;; Wants a span to be kept back where nobody can.
(func $hostile (param i32 i32 i32) (result i32)
  (i32.store (i32.const 1024) (i32.const 0))
  (i32.store (i32.const 1028) (i32.const 0))
  (i32.store (i32.const 1032) (i32.const 1))
  (call $list (i32.const 3) (i32.const 1024) (i32.const 1))
  (call $list (i32.const 4) (i32.const 2048) (i32.const 1))
  (i32.const 512))
