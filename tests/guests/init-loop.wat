;; Never comes back from being instantiated.
(func $start (loop $again (br $again)))
(start $start)
