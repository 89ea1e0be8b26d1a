;; Gives a new link attributes past the end of the attributes.
(func $hostile (param i32 i32 i32) (result i32)
  (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (call $edit-attributes (i32.const 0) (i32.const 0xffffffff) (i32.const 0xffffffff))
  (call $answer (i32.const 1)))
