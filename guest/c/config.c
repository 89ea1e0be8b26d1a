/* The configuration of a rule: a JSON object of texts and flags. */
#include "internal.h"

/* What is kept from the configuration outlives its call. */
static char kept[16384];
static size_t kept_size;

bool lm_is_text(lm_text_t text, const char *other) {
  size_t length = strlen(other);
  return text.len == length && memcmp(text.ptr, other, length) == 0;
}

lm_text_t lm_text(const char *text) { return (lm_text_t){(uint8_t *)text, strlen(text)}; }

static const char *copied(lm_text_t text) {
  char *copy = malloc(text.len + 1);
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = '\0';
  return copy;
}

/* linkmend hands over JSON that it wrote itself: it is well-formed. */
typedef struct {
  const uint8_t *at, *end;
} reader_t;

static void skip_space(reader_t *reader) {
  while (reader->at < reader->end && *reader->at <= ' ') {
    reader->at++;
  }
}

static void skip_text(reader_t *reader) {
  reader->at++;
  while (reader->at < reader->end && *reader->at != '"') {
    reader->at += *reader->at == '\\' ? 2 : 1;
  }
  reader->at++;
}

/* One value, with all that is in it. */
static lm_text_t take_value(reader_t *reader) {
  skip_space(reader);
  const uint8_t *begin = reader->at;
  size_t depth = 0;
  while (reader->at < reader->end) {
    uint8_t byte = *reader->at;
    if (depth == 0 && (byte == ',' || byte == '}' || byte == ':')) {
      break;
    }
    if (byte == '"') {
      skip_text(reader);
      continue;
    }
    depth += byte == '{' || byte == '[';
    depth -= byte == '}' || byte == ']';
    reader->at++;
  }
  const uint8_t *end = reader->at < reader->end ? reader->at : reader->end;
  while (end > begin && end[-1] <= ' ') {
    end--;
  }
  return (lm_text_t){(uint8_t *)begin, (size_t)(end - begin)};
}

static bool is_quoted(lm_text_t value) { return value.len >= 2 && value.ptr[0] == '"'; }

static lm_text_t unquoted(lm_text_t value) {
  return (lm_text_t){value.ptr + 1, value.len - 2};
}

lm_config_t lm_config_read(lm_text_t json) {
  lm_config_t config = {NULL, 0, NULL};
  config.members = malloc((json.len / 4 + 1) * sizeof *config.members);
  reader_t reader = {json.ptr, json.ptr + json.len};
  skip_space(&reader);
  reader.at++;
  for (;;) {
    skip_space(&reader);
    if (reader.at >= reader.end || *reader.at != '"') {
      return config;
    }
    lm_text_t key = unquoted(take_value(&reader));
    reader.at++;
    config.members[config.count].key = key;
    config.members[config.count].value = take_value(&reader);
    config.members[config.count].is_taken = false;
    config.count++;
    reader.at++;
  }
}

static const lm_text_t *take(lm_config_t *config, const char *key) {
  for (size_t i = 0; i < config->count; i++) {
    if (lm_is_text(config->members[i].key, key)) {
      config->members[i].is_taken = true;
      return &config->members[i].value;
    }
  }
  return NULL;
}

static void refuse(lm_config_t *config, const char *key, const char *wanted, lm_text_t value) {
  if (config->fault == NULL) {
    config->fault = lm_joined("`", key, "` must be ", wanted, ", not ", copied(value), NULL);
  }
}

const char *lm_config_text(lm_config_t *config, const char *key, const char *missing) {
  const lm_text_t *value = take(config, key);
  if (value == NULL) {
    return missing;
  }
  lm_text_t text = is_quoted(*value) ? unquoted(*value) : (lm_text_t){NULL, 0};
  bool is_plain = text.len > 0 && kept_size + text.len < sizeof kept;
  for (size_t i = 0; is_plain && i < text.len; i++) {
    is_plain = text.ptr[i] != '\\';
  }
  if (!is_plain) {
    refuse(config, key, "a text (without quotes and backslashes in it)", *value);
    return missing;
  }
  char *copy = kept + kept_size;
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = '\0';
  kept_size += text.len + 1;
  return copy;
}

bool lm_config_flag(lm_config_t *config, const char *key, bool missing) {
  const lm_text_t *value = take(config, key);
  if (value == NULL) {
    return missing;
  }
  if (!lm_is_text(*value, "true") && !lm_is_text(*value, "false")) {
    refuse(config, key, "true or false", *value);
  }
  return lm_is_text(*value, "true");
}

const char *lm_config_done(lm_config_t *config) {
  const bool is_wrong = config->fault != NULL;
  for (size_t i = 0; !is_wrong && i < config->count; i++) {
    if (!config->members[i].is_taken) {
      const char *before = config->fault == NULL ? "`" : lm_joined(config->fault, "; `", NULL);
      config->fault = lm_joined(before, copied(config->members[i].key), "` is not known", NULL);
    }
  }
  return config->fault;
}
