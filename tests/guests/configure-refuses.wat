;; Does not take any configuration.
(data (i32.const 1024) "`max_links` must be a number: write {\22max_links\22: 128}")
(func (export "configure") (param i32 i32) (result i32)
  (i32.store (i32.const 320) (i32.const 1))
  (i32.store (i32.const 324) (i32.const 1024))
  (i32.store (i32.const 328) (i32.const 54))
  (i32.const 320))
