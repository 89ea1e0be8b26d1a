;; Gives a new link an attribute whose value is not UTF-8.
(data (i32.const 0x8000) "key\ff\fe")
(func $hostile (param i32 i32 i32) (result i32)
  (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (call $edit-attributes (i32.const 0) (i32.const 0) (i32.const 1))
  (call $attribute (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 2))
  (call $list (i32.const 1) (i32.const 0x200000) (i32.const 1))
  (call $list (i32.const 5) (i32.const 0x8000) (i32.const 5))
  (call $answer (i32.const 1)))
