/* The few words of <stdlib.h> that the bindings use. */
#ifndef STDLIB_H
#define STDLIB_H

#include <stddef.h>

void *malloc(size_t size);
void *realloc(void *old, size_t size);
void free(void *at);
_Noreturn void abort(void);

#endif
