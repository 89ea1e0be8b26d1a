;; Has tables that fit the limit one by one, and not together.
(table $a 60000 funcref)
(table $b 60000 funcref)
