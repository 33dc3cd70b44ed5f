#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

void text_append(struct text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) return;
  size_t needed = text->length + (size_t)length + 1;
  if (needed > text->size) {
    size_t size = needed * 2;
    char *bytes = realloc(text->bytes, size);
    if (bytes == NULL) return;
    text->bytes = bytes;
    text->size = size;
  }
  va_start(arguments, format);
  vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
  va_end(arguments);
  text->length += (size_t)length;
}

void text_append_json(struct text *text, const char *string) {
  text_append(text, "\"");
  for (const unsigned char *at = (const unsigned char *)string; *at != '\0'; at++) {
    if (*at == '"' || *at == '\\') text_append(text, "\\%c", *at);
    else if (*at < 0x20) text_append(text, "\\u%04x", *at);
    else text_append(text, "%c", *at);
  }
  text_append(text, "\"");
}

void text_free(struct text *text) {
  free(text->bytes);
  *text = (struct text){0};
}
