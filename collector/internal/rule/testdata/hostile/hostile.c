/* A rule that means harm, in one of the ways that its configuration names: {"do": "loop"}.
 * It is written against the core ABI by hand, since no helper lets one do this. */
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("linkmend:rule/index@0.2.0"), import_name(name)))

IMPORT("remember") void remember(uint32_t producers, uint32_t count, uint32_t texts, uint32_t length, void *result);
IMPORT("recall") void recall(uint32_t keys, uint32_t count, void *result);
__attribute__((import_module("linkmend:rule/log@0.2.0"), import_name("line"))) void line(
    uint32_t level, const char *text, uint32_t length);

extern uint8_t __heap_base;
static uint32_t next;
static char mode[32];

EXPORT("cabi_realloc") void *cabi_realloc(void *old, uint32_t old_size, uint32_t align, uint32_t size) {
  (void)old, (void)old_size;
  if (next == 0) next = (uint32_t)&__heap_base;
  next = (next + align - 1) & ~(align - 1);
  uint32_t at = next;
  next += size;
  uint32_t have = (uint32_t)__builtin_wasm_memory_size(0) << 16;
  if (next > have && __builtin_wasm_memory_grow(0, (next - have + 0xffff) >> 16) == (uint32_t)-1) __builtin_trap();
  return (void *)at;
}

static int is(const char *name) {
  uint32_t n = 0;
  while (name[n] && name[n] == mode[n]) n++;
  return name[n] == mode[n];
}

static volatile uint32_t spin;
static void loop(void) {
  for (;;) spin++;
}

static uint32_t recurse(uint32_t n) {
  volatile uint32_t here[64];
  here[n % 64] = n;
  return recurse(n + 1) + here[(n + 1) % 64];
}

/* Without a stack in its memory. */
__attribute__((noinline)) static uint32_t deep(uint32_t n) {
  if (n == 0xffffffff) return 0;
  uint32_t below = deep(n + 1);
  spin = below;
  return below / 3 + n;
}

static const char *about[6];
EXPORT("linkmend:rule/lifecycle@0.2.0#describe") void *describe(void) {
  about[0] = "hostile", about[1] = (const char *)7;
  about[2] = "1.0.0", about[3] = (const char *)5;
  about[4] = "A rule for tests.", about[5] = (const char *)17;
  return about;
}

static uint32_t plan[13];
EXPORT("linkmend:rule/lifecycle@0.2.0#configure") void *configure(const char *config, uint32_t length) {
  /* {"do":"MODE"} */
  for (uint32_t n = 7; n + 2 < length && n < 7 + sizeof mode - 1; n++) mode[n - 7] = config[n];
  if (is("configure-loop")) loop();
  plan[1] = 0x3f; /* spans of all kinds */
  plan[7] = 1;    /* uses-index */
  return plan;
}

static uint32_t verdict[15];
static uint64_t edits[8];
static uint8_t said[1024];

static void edit(uint32_t span, uint32_t action, uint64_t trace) {
  uint32_t *words = (uint32_t *)edits;
  words[0] = span, words[1] = 0, words[2] = action;
  edits[2] = trace, edits[3] = trace, edits[4] = trace;
  verdict[1] = (uint32_t)edits, verdict[2] = 1;
}

EXPORT("linkmend:rule/batch@0.2.0#process") void *process(uint32_t tasks, const uint8_t *traces, uint32_t length) {
  (void)traces, (void)length;
  uint32_t result[8];
  for (uint32_t n = 0; n < 15; n++) verdict[n] = 0;
  next = 0;
  if (!(tasks & 2)) return verdict;
  if (is("loop")) loop();
  if (is("trap")) __builtin_trap();
  if (is("stack")) spin = deep(spin);
  if (is("recursion")) spin = recurse(spin);
  if (is("memory"))
    while (__builtin_wasm_memory_grow(0, 16) != (uint32_t)-1) spin++;
  if (is("memory")) __builtin_trap();
  if (is("recall-loop"))
    for (;;) recall((uint32_t)edits, 4, result), next = 0;
  if (is("log")) {
    for (uint32_t n = 0; n < sizeof said; n++) said[n] = 'x';
    for (uint32_t n = 0; n < 10000; n++) line(4, (char *)said, sizeof said);
  }
  if (is("log-level")) line(7, "x", 1);
  if (is("remember-past-end")) remember(0xffffff00, 100, 0, 0, result);
  if (is("recall-misaligned")) recall(1, 1, result);
  if (is("recall-many")) recall(0, 0x10000001, result);
  if (is("result-past-end")) recall((uint32_t)edits, 1, (void *)0xfffffff0);
  if (is("list-past-end")) verdict[1] = 0x10000, verdict[2] = 0x7fffffff;
  if (is("list-misaligned")) verdict[1] = (uint32_t)edits + 1, verdict[2] = 1;
  if (is("answer-past-end")) return (void *)0xfffffff0;
  if (is("answer-misaligned")) return (uint8_t *)verdict + 1;
  if (is("no-result")) verdict[0] = 2;
  if (is("output")) verdict[11] = 0, verdict[12] = (uint32_t)__builtin_wasm_memory_size(0) << 16;
  if (is("no-such-span")) edit(1000000, 0, 1);
  if (is("no-such-action")) edit(0, 77, 1);
  if (is("invalid-context")) edit(0, 0, 0);
  if (is("good")) edit(0, 0, 1);
  if (is("says-error")) verdict[0] = 1, verdict[1] = (uint32_t) "it is not my day", verdict[2] = 16;
  return verdict;
}
