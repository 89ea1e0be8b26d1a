;; Has a table of 200,000 elements from the start.
(table $large 200000 funcref)
