;; Never comes back from a batch, and is in the host nearly all of the time.
(func $hostile (param i32 i32 i32) (result i32)
  (loop $again
    (call $reset)
    (call $recall (i32.const 0x10000) (i32.const 100) (i32.const 1024))
    (br $again))
  (unreachable))
