;; Takes table elements until it gets no more.
(table $table 0 funcref)
(func $hostile (param i32 i32 i32) (result i32)
  (loop $again
    (br_if $again (i32.ne (table.grow $table (ref.null func) (i32.const 1000)) (i32.const -1))))
  (unreachable))
