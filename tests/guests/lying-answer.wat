;; Says that its answer lies where it has no memory.
(func $hostile (param i32 i32 i32) (result i32) (i32.const 0xfffffff0))
