;; Has a memory of 125 MiB from the start.
(memory $large 2000)
