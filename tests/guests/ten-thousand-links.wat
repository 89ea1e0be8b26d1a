;; Adds 10,000 links to one span.
(func $hostile (param i32 i32 i32) (result i32)
  (local $n i32)
  (loop $again
    (call $edit (local.get $n) (i32.const 0) (i32.const 0) (i32.const 0))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 10000))))
  (call $answer (i32.const 10000)))
