/* The paths of health checks: what the configuration says. */
#ifndef PATHS_H
#define PATHS_H

#include <stdbool.h>
#include <stddef.h>

/* Reads {"paths": ["/healthz", ...]}; {} stands for the usual ones. NULL when it
 * is well, or else what is wrong, for the user. */
const char *paths_configure(const char *json, size_t length);

/* Whether this is the path, target or route of a health check. What follows a
 * question mark does not count, nor does a slash at the end. */
bool paths_match(const char *path, size_t length);

#endif
