;; Calls itself what would break logs and metrics.
(data (i32.const 16) "a\0ab c-d")
