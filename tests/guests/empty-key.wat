;; Gives a new link an attribute without a key.
(func $hostile (param i32 i32 i32) (result i32)
  (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (call $edit-attributes (i32.const 0) (i32.const 0) (i32.const 1))
  (call $attribute (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (call $list (i32.const 1) (i32.const 0x200000) (i32.const 1))
  (call $answer (i32.const 1)))
