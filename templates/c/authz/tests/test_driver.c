/* Asks the driver as an engine does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* The body is base64. */
static void expect(bool is_allowed, const char *method, const char *uri, const char *body) {
  struct text request = {0}, answer = {0};
  text_append(&request, "{\"RequestMethod\":\"%s\",\"RequestUri\":\"%s\",\"RequestBody\":\"%s\"}", method, uri, body);
  respond("/AuthZPlugin.AuthZReq", request.bytes, &answer);
  if ((strstr(answer.bytes, "\"Allow\":true") != NULL) != is_allowed) {
    fprintf(stderr, "%s: %s\n", request.bytes, answer.bytes);
    exit(1);
  }
  text_free(&request);
  text_free(&answer);
}

static void expect_in_config(const char *text) {
  static char config[65536];
  FILE *file = fopen("config.json", "r");
  if (file == NULL || fread(config, 1, sizeof config - 1, file) == 0 || strstr(config, text) == NULL) {
    fprintf(stderr, "config.json lacks %s\n", text);
    exit(1);
  }
  fclose(file);
}

int main(void) {
  const char create[] = "/v1.41/containers/create?name=web";
  /* {"HostConfig":{"Privileged":true}}, the same in another letter case, and {"HostConfig":{}} */
  expect(false, "POST", create, "eyJIb3N0Q29uZmlnIjp7IlByaXZpbGVnZWQiOnRydWV9fQ==");
  expect(false, "POST", create, "eyJob3N0Y29uZmlnIjp7IlBSSVZJTEVHRUQiOnRydWV9fQ==");
  expect(true, "POST", create, "eyJIb3N0Q29uZmlnIjp7fX0=");
  /* With the letter U+017F in place of the s. */
  expect(false, "POST", create, "eyJob8W/dENvbmZpZyI6eyJQcml2aWxlZ2VkIjp0cnVlfX0=");
  expect(false, "POST", create, "");
  expect(false, "POST", create, "bm9uc2Vuc2U=");
  expect(true, "GET", "/v1.41/containers/json", "");
  expect_in_config("\"docker.authz/1.0\"");
  puts("all tests passed");
  return 0;
}
