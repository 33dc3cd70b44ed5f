/* Decides on requests to the engine's API: everyone may read, and no one may make privileged containers. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

const char driver_kind[] = "authz";

bool driver_open(void) { return true; }

/* Everything that is no decision denies. */
int driver_failure(struct text *answer, const char *format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  text_append(answer, "{\"Allow\":false,\"Msg\":");
  text_append_json(answer, message);
  text_append(answer, ",\"Err\":");
  text_append_json(answer, message);
  text_append(answer, "}");
  return 500;
}

static int allow(struct text *answer) {
  text_append(answer, "{\"Allow\":true}");
  return 200;
}

static int deny(struct text *answer, const char *message) {
  text_append(answer, "{\"Allow\":false,\"Msg\":");
  text_append_json(answer, message);
  text_append(answer, "}");
  return 200;
}

/* Decode base64 in place. Returns false for other text, and for a body with a zero byte. */
static bool decode_base64(char *text) {
  const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned bits = 0, count = 0;
  char *to = text;
  for (const char *at = text; *at != '\0' && *at != '='; at++) {
    const char *digit = strchr(digits, *at);
    if (digit == NULL) return false;
    bits = bits << 6 | (unsigned)(digit - digits);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    *to = (char)(bits >> count);
    if (*to++ == '\0') return false;
  }
  *to = '\0';
  return true;
}

/* True for a request to make a container, in any version of the API. */
static bool is_creation(const char *method, const char *uri) {
  if (strcmp(method, "POST") != 0) return false;
  if (uri[0] == '/' && uri[1] == 'v' && isdigit((unsigned char)uri[2])) uri += 2 + strspn(uri + 2, "0123456789.");
  const char path[] = "/containers/create";
  size_t length = strcspn(uri, "?");
  return length == sizeof path - 1 && strncmp(uri, path, length) == 0;
}

/* Decide on a config. Returns 1 for a privileged container, 0 for others, -1 for a config that cannot be read. */
static int is_privileged(const char *config) {
  const char *start;
  size_t length;
  int found = json_value(config, "HostConfig", &start, &length);
  if (found != 1) return found;
  char *host = strndup(start, length);
  if (host == NULL) return -1;
  int result = *host == '{' ? json_value(host, "Privileged", &start, &length) : -1;
  if (result == 1) result = strncmp(start, "true", 4) == 0;
  free(host);
  return result;
}

static int decide(const char *request, struct text *answer) {
  char method[32], uri[8192];
  if (json_string(request, "RequestMethod", method, sizeof method) != 1 ||
      json_string(request, "RequestUri", uri, sizeof uri) != 1)
    return driver_failure(answer, "the request has no method or no target of at most 8 KiB");
  if (!is_creation(method, uri)) return allow(answer);
  size_t size = strlen(request) + 1;
  char *body = malloc(size);
  /* Engines show bodies up to a size only: what cannot be judged is refused. */
  if (body == NULL || json_string(request, "RequestBody", body, size) != 1 || !decode_base64(body)) {
    free(body);
    return deny(answer, "a container cannot be made without its config being shown");
  }
  int privileged = is_privileged(body);
  free(body);
  if (privileged < 0) return driver_failure(answer, "the config of the container cannot be read");
  return privileged ? deny(answer, "privileged containers are forbidden on this host") : allow(answer);
}

int driver_call(const char *path, const char *request, struct text *answer) {
  if (strcmp(path, "/AuthZPlugin.AuthZReq") == 0) return decide(request, answer);
  if (strcmp(path, "/AuthZPlugin.AuthZRes") == 0) return allow(answer);
  return driver_failure(answer, "unknown call %s", path), 404;
}
