/* malloc and its kin, without a libc.
 *
 * A rule is asked for one batch after the other and keeps nothing of them, so
 * its memory is a stack that is taken back at once: nothing to fragment, nothing
 * that could grow from batch to batch. */
#include "memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 65536u
#define ALIGN 16u

/* Set by the linker: where the data of the module ends. */
extern unsigned char __heap_base;

static uintptr_t next;
static bool is_over = true;

void memory_release(void) { is_over = true; }

void *malloc(size_t size) {
  if (is_over) {
    next = (uintptr_t)&__heap_base;
    is_over = false;
  }
  uintptr_t at = (next + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
  uintptr_t end = at + size;
  uintptr_t room = __builtin_wasm_memory_size(0) * (uintptr_t)PAGE;
  if (end < at) {
    abort();
  }
  if (end > room) {
    size_t pages = (end - room + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) {
      abort();
    }
  }
  next = end;
  return (void *)at;
}

/* How long the old one was is not kept. What lies behind it is memory of the
 * rule as well, and the new one is as long as what is copied. */
void *realloc(void *old, size_t size) {
  void *at = malloc(size);
  if (old != NULL) {
    size_t most = (uintptr_t)at - (uintptr_t)old;
    memcpy(at, old, size < most ? size : most);
  }
  return at;
}

/* All at once: memory_release. */
void free(void *at) { (void)at; }

/* The host takes it for a fault of the rule, and the batch goes on as it came. */
_Noreturn void abort(void) { __builtin_trap(); }

/* One instruction each (bulk memory), not a call of themselves. */
void *memcpy(void *to, const void *from, size_t size) {
  return __builtin_memcpy(to, from, size);
}

void *memset(void *at, int byte, size_t size) {
  return __builtin_memset(at, byte, size);
}

int memcmp(const void *one, const void *other, size_t size) {
  const unsigned char *a = one;
  const unsigned char *b = other;
  for (size_t i = 0; i < size; i++) {
    if (a[i] != b[i]) {
      return a[i] < b[i] ? -1 : 1;
    }
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') {
    length++;
  }
  return length;
}
