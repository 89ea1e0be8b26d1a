;; Adds no link, and explains span 0 when it is asked to.
(data (i32.const 0x8000) "\00\00\00\00\00\00\00\00\24\00\00\00")
(data (i32.const 0x8010) "It is the first.\nIt got no link yet.")
(func $hostile (param $tasks i32) (param i32 i32) (result i32)
  (if (i32.and (local.get $tasks) (i32.const 8))
    (then
      (call $list (i32.const 5) (i32.const 0x8010) (i32.const 0x24))
      (call $list (i32.const 6) (i32.const 0x8000) (i32.const 1))))
  (call $answer (i32.const 0)))
