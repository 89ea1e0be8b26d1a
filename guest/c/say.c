/* What a rule says: it is printed to where the host listens. */
#include <stdarg.h>

#include "internal.h"

const lm_span_t *lm_at;

typedef struct {
  const uint8_t *ptr;
  size_t len;
} part_t;

__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) int
fd_write(int stream, const part_t *parts, size_t count, size_t *written);

enum { OUTPUT = 1, ERRORS = 2 };

static part_t part(const char *text) {
  return (part_t){(const uint8_t *)text, strlen(text)};
}

static void print(int stream, const part_t *parts, size_t count) {
  size_t written;
  fd_write(stream, parts, count, &written);
}

void lm_say(const char *text) { print(OUTPUT, (part_t[]){part(text), part("\n")}, 2); }

void lm_say_text(const char *before, lm_text_t text) {
  print(OUTPUT, (part_t[]){part(before), {text.ptr, text.len}, part("\n")}, 3);
}

/* The digits of a number, at the end of a buffer. */
static const char *decimal(int64_t number, char buffer[static 24]) {
  char *at = buffer + 23;
  uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
  *at = '\0';
  do {
    *--at = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (number < 0) {
    *--at = '-';
  }
  return at;
}

void lm_say_number(const char *before, int64_t number) {
  char buffer[24];
  print(OUTPUT, (part_t[]){part(before), part(decimal(number, buffer)), part("\n")}, 3);
}

static void hex(uint64_t number, char *at) {
  for (int shift = 60; shift >= 0; shift -= 4) {
    *at++ = "0123456789abcdef"[(number >> shift) & 15];
  }
}

_Noreturn void lm_fail(const char *file, int line, const char *why) {
  char buffer[24];
  char ids[] = "................................/................";
  part_t parts[] = {part("panic: "), part(why),  part(" ("), part(file), part(", line "),
                    part(decimal(line, buffer)), part(")"),  part("\n")};
  if (lm_at != NULL) {
    hex(lm_at->raw->trace_id_high, ids);
    hex(lm_at->raw->trace_id_low, ids + 16);
    hex(lm_at->raw->span_id, ids + 33);
    part_t of_span[] = {parts[0], parts[1], parts[2],           parts[3],  parts[4],
                        parts[5], parts[6], part(", at span "), part(ids), part(" ("),
                        {lm_at->raw->name.ptr, lm_at->raw->name.len}, part(")\n")};
    print(ERRORS, of_span, sizeof of_span / sizeof *of_span);
  } else {
    print(ERRORS, parts, sizeof parts / sizeof *parts);
  }
  __builtin_trap();
}

const char *lm_joined(const char *first, ...) {
  va_list texts;
  size_t size = 1;
  va_start(texts, first);
  for (const char *text = first; text != NULL; text = va_arg(texts, const char *)) {
    size += strlen(text);
  }
  va_end(texts);
  char *joined = malloc(size), *at = joined;
  va_start(texts, first);
  for (const char *text = first; text != NULL; text = va_arg(texts, const char *)) {
    size_t length = strlen(text);
    memcpy(at, text, length);
    at += length;
  }
  va_end(texts);
  *at = '\0';
  return joined;
}
