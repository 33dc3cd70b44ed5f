/* Reads single fields of JSON objects: strict about what it reads, and bounded in depth. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin.h"

enum { MAX_DEPTH = 64 };

static const char *skip_space(const char *at) { return at + strspn(at, " \t\r\n"); }

static int hex4(const char *at) {
  int value = 0;
  for (int index = 0; index < 4; index++) {
    char c = at[index];
    int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

static size_t encode_utf8(uint32_t code, char *out) {
  if (code < 0x80) return out[0] = (char)code, 1;
  if (code < 0x800) return out[0] = (char)(0xc0 | code >> 6), out[1] = (char)(0x80 | (code & 63)), 2;
  if (code < 0x10000) {
    out[0] = (char)(0xe0 | code >> 12), out[1] = (char)(0x80 | (code >> 6 & 63)), out[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  out[0] = (char)(0xf0 | code >> 18), out[1] = (char)(0x80 | (code >> 12 & 63));
  out[2] = (char)(0x80 | (code >> 6 & 63)), out[3] = (char)(0x80 | (code & 63));
  return 4;
}

/* Read a string at its quote. With `value` it is decoded; one that does not fit, or holds a zero byte, is malformed. */
static const char *read_string(const char *at, char *value, size_t size) {
  size_t length = 0;
  if (*at++ != '"') return NULL;
  while (*at != '"') {
    char bytes[4];
    size_t count = 1;
    if ((unsigned char)*at < 0x20) return NULL;
    if (*at != '\\') {
      bytes[0] = *at++;
    } else if (at[1] == 'u') {
      int code = hex4(at + 2);
      at += 6;
      if (code < 0) return NULL;
      uint32_t full = (uint32_t)code;
      if (full >= 0xd800 && full < 0xdc00) {
        int low = at[0] == '\\' && at[1] == 'u' ? hex4(at + 2) : -1;
        if (low < 0xdc00 || low > 0xdfff) return NULL;
        full = 0x10000 + ((full - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
        at += 6;
      }
      if (full == 0) return NULL;
      count = encode_utf8(full, bytes);
    } else {
      const char *known = "\"\\/bfnrt", *found = at[1] == '\0' ? NULL : strchr(known, at[1]);
      if (found == NULL) return NULL;
      bytes[0] = "\"\\/\b\f\n\r\t"[found - known];
      at += 2;
    }
    if (value == NULL) continue;
    if (length + count >= size) return NULL;
    memcpy(value + length, bytes, count);
    length += count;
  }
  if (value != NULL) value[length] = '\0';
  return at + 1;
}

static bool is_ascii(const char *text) {
  for (; *text != '\0'; text++)
    if ((unsigned char)*text >= 0x80) return false;
  return true;
}

static const char *skip_value(const char *at, int depth) {
  at = skip_space(at);
  if (depth > MAX_DEPTH) return NULL;
  if (*at == '"') return read_string(at, NULL, 0);
  if (*at != '{' && *at != '[') {
    size_t length = strspn(at, "+-.0123456789aefElnrstu");
    return length == 0 ? NULL : at + length;
  }
  char end = *at == '{' ? '}' : ']';
  at = skip_space(at + 1);
  if (*at == end) return at + 1;
  for (;;) {
    if (end == '}') {
      at = read_string(skip_space(at), NULL, 0);
      if (at == NULL || *(at = skip_space(at)) != ':') return NULL;
      at++;
    }
    at = skip_value(at, depth + 1);
    if (at == NULL) return NULL;
    at = skip_space(at);
    if (*at == end) return at + 1;
    if (*at++ != ',') return NULL;
  }
}

int json_value(const char *json, const char *name, const char **start, size_t *length) {
  int found = 0;
  const char *at = skip_space(json);
  if (*at != '{' || skip_value(at, 0) == NULL) return -1;
  at = skip_space(at + 1);
  while (*at != '}') {
    char key[128];
    const char *after = read_string(skip_space(at), key, sizeof key);
    /* A name that is too long is none of ours. */
    bool is_wanted = after != NULL && strcasecmp(key, name) == 0;
    /* Go folds letters beyond ASCII to s and k, and so would read such a name as another one. */
    if (after != NULL && !is_ascii(key)) return -1;
    if (after == NULL) after = read_string(skip_space(at), NULL, 0);
    if (after == NULL) return -1;
    const char *value = skip_space(skip_space(after) + 1), *end = skip_value(value, 0);
    if (end == NULL || (is_wanted && found)) return -1;
    if (is_wanted) *start = value, *length = (size_t)(end - value), found = 1;
    at = skip_space(end);
    if (*at == ',') at = skip_space(at + 1);
  }
  return found && *length == 4 && strncmp(*start, "null", 4) == 0 ? 0 : found;
}

int json_string(const char *json, const char *name, char *value, size_t size) {
  const char *start;
  size_t length;
  int found = json_value(json, name, &start, &length);
  if (found != 1) return found;
  return read_string(start, value, size) == NULL ? -1 : 1;
}
