;; Gives a new link an attribute whose key lies past the end of the texts.
(func $hostile (param i32 i32 i32) (result i32)
  (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (call $edit-attributes (i32.const 0) (i32.const 0) (i32.const 1))
  (call $attribute (i32.const 0) (i32.const 0xffffffff) (i32.const 7) (i32.const 0) (i32.const 7))
  (call $list (i32.const 1) (i32.const 0x200000) (i32.const 1))
  (call $list (i32.const 5) (i32.const 16) (i32.const 7))
  (call $answer (i32.const 1)))
