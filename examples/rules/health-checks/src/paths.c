/* The paths of health checks.
 *
 * The configuration is JSON, but only one shape of it: an object with one key,
 * whose value is a list of texts. So this reads that shape and names what is
 * something else, and needs no library. */
#include "paths.h"

#include <string.h>

#define MOST_PATHS 64
#define LONGEST_PATH 256

struct path {
  char text[LONGEST_PATH];
  size_t length;
};

static struct path paths[MOST_PATHS];
static size_t path_count;

static const char *const USUAL[] = {
    "/health", "/healthz", "/livez", "/readyz", "/ping", "/actuator/health",
};

/* What is left to read. */
struct text {
  const char *at;
  const char *end;
};

static const char *const NO_OBJECT =
    "the configuration is an object such as {\"paths\": [\"/healthz\"]}";
static const char *const NO_LIST =
    "paths: it is a list of texts such as [\"/healthz\", \"/ping\"]";

static char next(struct text *json) {
  while (json->at < json->end &&
         (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r')) {
    json->at++;
  }
  return json->at < json->end ? *json->at : '\0';
}

static bool takes(struct text *json, char wanted) {
  if (next(json) != wanted) {
    return false;
  }
  json->at++;
  return true;
}

/* A text with its escapes; those by number are refused, as no path has them. */
static bool takes_text(struct text *json, struct path *into) {
  if (!takes(json, '"')) {
    return false;
  }
  into->length = 0;
  while (json->at < json->end && *json->at != '"') {
    char byte = *json->at++;
    if (byte == '\\') {
      byte = json->at < json->end ? *json->at++ : '\0';
      if (byte != '"' && byte != '\\' && byte != '/') {
        return false;
      }
    }
    if (into->length == LONGEST_PATH) {
      return false;
    }
    into->text[into->length++] = byte;
  }
  return takes(json, '"');
}

static size_t significant(const char *path, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (path[i] == '?') {
      length = i;
    }
  }
  return length > 1 && path[length - 1] == '/' ? length - 1 : length;
}

static const char *takes_path(struct text *json) {
  if (path_count == MOST_PATHS) {
    return "paths: more than 64 paths; leave out those that nobody links to";
  }
  struct path *path = &paths[path_count];
  if (!takes_text(json, path)) {
    return "paths: each is a text of at most 256 bytes, without \\u escapes";
  }
  if (path->length == 0 || path->text[0] != '/') {
    return "paths: each begins with a slash, as /healthz does";
  }
  path->length = significant(path->text, path->length);
  path_count++;
  return NULL;
}

static const char *takes_list(struct text *json) {
  if (!takes(json, '[')) {
    return NO_LIST;
  }
  if (takes(json, ']')) {
    return "paths: the list is empty; leave the rule out, or the key for the usual paths";
  }
  do {
    const char *fault = takes_path(json);
    if (fault != NULL) {
      return fault;
    }
  } while (takes(json, ','));
  return takes(json, ']') ? NULL : NO_LIST;
}

static void take_usual(void) {
  for (path_count = 0; path_count < sizeof USUAL / sizeof *USUAL; path_count++) {
    struct path *path = &paths[path_count];
    path->length = strlen(USUAL[path_count]);
    memcpy(path->text, USUAL[path_count], path->length);
  }
}

/* "KEY: there is no such key", in a place that stays. */
static const char *unknown(const struct path *key) {
  static const char END[] = ": there is no such key; there is `paths`";
  static char fault[LONGEST_PATH + sizeof END];
  memcpy(fault, key->text, key->length);
  memcpy(fault + key->length, END, sizeof END);
  return fault;
}

const char *paths_configure(const char *text, size_t length) {
  struct text json = {text, text + length};
  bool is_given = false;
  path_count = 0;
  if (!takes(&json, '{')) {
    return NO_OBJECT;
  }
  if (next(&json) != '}') {
    do {
      static struct path key;
      if (!takes_text(&json, &key) || !takes(&json, ':')) {
        return NO_OBJECT;
      }
      if (key.length != 5 || memcmp(key.text, "paths", 5) != 0) {
        return unknown(&key);
      }
      if (is_given) {
        return "paths: it is given twice";
      }
      is_given = true;
      const char *fault = takes_list(&json);
      if (fault != NULL) {
        return fault;
      }
    } while (takes(&json, ','));
  }
  if (!takes(&json, '}') || next(&json) != '\0') {
    return NO_OBJECT;
  }
  if (!is_given) {
    take_usual();
  }
  return NULL;
}

bool paths_match(const char *path, size_t length) {
  length = significant(path, length);
  for (size_t i = 0; i < path_count; i++) {
    if (paths[i].length == length && memcmp(paths[i].text, path, length) == 0) {
      return true;
    }
  }
  return false;
}
