;; What the hostile guests have in common: a component of the world
;; `batch-rule` around one core module. A guest is a few items of that module;
;; they take the place of the line `GUEST-HERE`, and the defaults that it does not
;; define itself take the place of `DEFAULTS-HERE`.
;;
;; A batch of up to 1,000 bytes is answered with one good edit (span 0 is given
;; a link to 1/2/3), a longer one by the guest's own function `$hostile`.
;;
;; Memory: 512 the verdict, 1024 room for the guest, 64 Ki the edits, 2 Mi the
;; attributes, 4 Mi what the host hands over.
(component
  (type $types-type (instance
    (type $message-key' (record (field "high" u64) (field "low" u64)))
    (export "message-key" (type $message-key (eq $message-key')))
    (type $text' (record (field "offset" u32) (field "length" u32)))
    (export "text" (type $text (eq $text')))
    (type $about' (record (field "name" string) (field "version" string) (field "summary" string)))
    (export "about" (type $about (eq $about')))
    (type $kinds' (flags "unspecified" "internal" "server" "client" "producer" "consumer"))
    (export "span-kinds" (type $kinds (eq $kinds')))
    (type $selector' (record (field "kinds" $kinds) (field "attribute-keys" (list string))
      (field "attribute-prefixes" (list string)) (field "with-links" bool)))
    (export "selector" (type $selector (eq $selector')))
    (type $plan' (record (field "selector" $selector) (field "uses-index" bool)
      (field "type-attribute" string) (field "count-all-drops" bool) (field "reads" (list string))))
    (export "plan" (type $plan (eq $plan')))
    (type $tasks' (flags "remember" "mend" "defer" "explain"))
    (export "tasks" (type $tasks (eq $tasks')))
    (type $action' (enum "add-link" "replace-context" "drop-link" "add-attributes"))
    (export "action" (type $action (eq $action')))
    (type $reason' (enum "invalid" "duplicate" "over-limit" "unwanted"))
    (export "drop-reason" (type $reason (eq $reason')))
    (type $context' (record (field "trace-id-high" u64) (field "trace-id-low" u64)
      (field "span-id" u64) (field "trace-state" $text) (field "flags" u32)))
    (export "span-context" (type $context (eq $context')))
    (type $edit' (record (field "span" u32) (field "link" u32) (field "action" $action)
      (field "reason" $reason) (field "context" $context) (field "first-attribute" u32)
      (field "attribute-count" u32)))
    (export "edit" (type $edit (eq $edit')))
    (type $value-kind' (enum "text" "boolean" "integer" "double"))
    (export "value-kind" (type $value-kind (eq $value-kind')))
    (type $attribute' (record (field "key" $text) (field "kind" $value-kind) (field "text" $text)
      (field "bits" u64)))
    (export "attribute" (type $attribute (eq $attribute')))
    (type $note-kind' (enum "unresolved" "too-late" "too-many" "ambiguous" "no-room"
      "incomplete" "unnamed"))
    (export "note-kind" (type $note-kind (eq $note-kind')))
    (type $note' (record (field "span" u32) (field "kind" $note-kind) (field "count" u32)))
    (export "note" (type $note (eq $note')))
    (type $deferral' (record (field "span" u32) (field "first-key" u32) (field "key-count" u32)))
    (export "deferral" (type $deferral (eq $deferral')))
    (type $explanation' (record (field "span" u32) (field "text" $text)))
    (export "explanation" (type $explanation (eq $explanation')))
    (type $verdict' (record (field "edits" (list $edit)) (field "attributes" (list $attribute))
      (field "notes" (list $note)) (field "deferrals" (list $deferral))
      (field "keys" (list $message-key)) (field "texts" (list u8))
      (field "explanations" (list $explanation))))
    (export "verdict" (type $verdict (eq $verdict')))
  ))
  (import "linkmend:rule/types@0.2.0" (instance $types (type $types-type)))
  (alias export $types "message-key" (type $message-key))
  (alias export $types "text" (type $text))
  (alias export $types "about" (type $about))
  (alias export $types "plan" (type $plan))
  (alias export $types "tasks" (type $tasks))
  (alias export $types "verdict" (type $verdict))

  (type $index-type (instance
    (alias outer 1 $message-key (type $message-key'))
    (export "message-key" (type $message-key (eq $message-key')))
    (alias outer 1 $text (type $text'))
    (export "text" (type $text (eq $text')))
    (type $producer' (record (field "key" $message-key) (field "trace-id-high" u64)
      (field "trace-id-low" u64) (field "span-id" u64) (field "start" u64) (field "end" u64)
      (field "trace-state" $text) (field "flags" u32) (field "hint" u16) (field "rank" u8)))
    (export "producer" (type $producer (eq $producer')))
    (type $index-error' (enum "malformed" "too-many" "unavailable"))
    (export "index-error" (type $index-error (eq $index-error')))
    (type $recalled' (record (field "counts" (list u8)) (field "producers" (list $producer))
      (field "texts" (list u8))))
    (export "recalled" (type $recalled (eq $recalled')))
    (export "remember" (func (param "producers" (list $producer)) (param "texts" (list u8))
      (result (result (error $index-error)))))
    (export "recall" (func (param "keys" (list $message-key))
      (result (result $recalled (error $index-error)))))
  ))
  (import "linkmend:rule/index@0.2.0" (instance $index (type $index-type)))

  (core module $libc
    (memory (export "memory") 128)
    (global $next (mut i32) (i32.const 0x400000))
    (func (export "reset") (global.set $next (i32.const 0x400000)))
    (func (export "realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.const 7))
        (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (local.get $at)))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
  (core func $remember (canon lower (func $index "remember") (memory $memory)))
  (core func $recall (canon lower (func $index "recall") (memory $memory) (realloc $realloc)))

  (core module $rule
    (import "libc" "memory" (memory 1))
    (import "libc" "reset" (func $reset))
    (import "index" "remember" (func $remember (param i32 i32 i32 i32 i32)))
    (import "index" "recall" (func $recall (param i32 i32 i32)))
    (data (i32.const 16) "hostile")
    (data (i32.const 32) "1.0.0")
    (data (i32.const 48) "A rule for tests.")
    ;; about: three strings
    (data (i32.const 256) "\10\00\00\00\07\00\00\00\20\00\00\00\05\00\00\00\30\00\00\00\11\00\00\00")
    ;; result: ok; selector: all kinds; uses-index
    (data (i32.const 324) "\3f")
    (data (i32.const 348) "\01")

    ;; Writes edit number `n`: its link, if it makes one, points at 1/2/3.
    (func $edit (param $n i32) (param $span i32) (param $link i32) (param $action i32)
      (local $at i32)
      (local.set $at (i32.add (i32.const 0x10000) (i32.mul (local.get $n) (i32.const 64))))
      (memory.fill (local.get $at) (i32.const 0) (i32.const 64))
      (i32.store offset=0 (local.get $at) (local.get $span))
      (i32.store offset=4 (local.get $at) (local.get $link))
      (i32.store8 offset=8 (local.get $at) (local.get $action))
      (i64.store offset=16 (local.get $at) (i64.const 1))
      (i64.store offset=24 (local.get $at) (i64.const 2))
      (i64.store offset=32 (local.get $at) (i64.const 3)))

    ;; Gives edit number `n` a range of the attributes.
    (func $edit-attributes (param $n i32) (param $first i32) (param $count i32)
      (local $at i32)
      (local.set $at (i32.add (i32.const 0x10000) (i32.mul (local.get $n) (i32.const 64))))
      (i32.store offset=56 (local.get $at) (local.get $first))
      (i32.store offset=60 (local.get $at) (local.get $count)))

    ;; Writes attribute number `n`, a text: ranges of the texts.
    (func $attribute (param $n i32) (param $key i32) (param $key-length i32)
      (param $text i32) (param $text-length i32)
      (local $at i32)
      (local.set $at (i32.add (i32.const 0x200000) (i32.mul (local.get $n) (i32.const 32))))
      (memory.fill (local.get $at) (i32.const 0) (i32.const 32))
      (i32.store offset=0 (local.get $at) (local.get $key))
      (i32.store offset=4 (local.get $at) (local.get $key-length))
      (i32.store offset=12 (local.get $at) (local.get $text))
      (i32.store offset=16 (local.get $at) (local.get $text-length)))

    ;; Sets a list of the verdict: 0 edits, 1 attributes, 2 notes, 3 deferrals,
    ;; 4 keys, 5 texts, 6 explanations.
    (func $list (param $which i32) (param $at i32) (param $length i32)
      (local $field i32)
      (local.set $field (i32.add (i32.const 516) (i32.mul (local.get $which) (i32.const 8))))
      (i32.store offset=0 (local.get $field) (local.get $at))
      (i32.store offset=4 (local.get $field) (local.get $length)))

    ;; Answers with the first `n` edits.
    (func $answer (param $n i32) (result i32)
      (call $list (i32.const 0) (i32.const 0x10000) (local.get $n))
      (i32.const 512))

    (func (export "process") (param $tasks i32) (param $traces i32) (param $length i32) (result i32)
      (call $reset)
      (memory.fill (i32.const 512) (i32.const 0) (i32.const 512))
      (if (i32.gt_u (local.get $length) (i32.const 1000))
        (then (return (call $hostile (local.get $tasks) (local.get $traces) (local.get $length)))))
      (if (i32.eqz (i32.and (local.get $tasks) (i32.const 2)))
        (then (return (call $answer (i32.const 0)))))
      (call $edit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
      (call $answer (i32.const 1)))

    GUEST-HERE
    DEFAULTS-HERE
  )
  (core instance $rule (instantiate $rule
    (with "libc" (instance $libc))
    (with "index" (instance
      (export "remember" (func $remember))
      (export "recall" (func $recall))))))

  (func $describe (result $about)
    (canon lift (core func $rule "describe") (memory $memory)))
  (func $configure (param "config" string) (result (result $plan (error string)))
    (canon lift (core func $rule "configure") (memory $memory) (realloc $realloc)))
  (func $process (param "tasks" $tasks) (param "traces" (list u8))
    (result (result $verdict (error string)))
    (canon lift (core func $rule "process") (memory $memory) (realloc $realloc)))
  (instance $lifecycle
    (export "describe" (func $describe))
    (export "configure" (func $configure)))
  (instance $batch (export "process" (func $process)))
  (export "linkmend:rule/lifecycle@0.2.0" (instance $lifecycle))
  (export "linkmend:rule/batch@0.2.0" (instance $batch))
)
