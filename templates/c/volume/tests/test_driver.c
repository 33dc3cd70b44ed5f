/* Calls the driver as an engine does, in a directory of its own. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* The call must have this status, and its answer must hold the text. */
static void expect(const char *call, const char *request, int status, const char *text) {
  struct text answer = {0};
  char path[64];
  snprintf(path, sizeof path, "/VolumeDriver.%s", call);
  int actual = respond(path, request, &answer);
  if (actual != status || strstr(answer.bytes, text) == NULL) {
    fprintf(stderr, "%s %s: %d %s, want %d %s\n", call, request, actual, answer.bytes, status, text);
    exit(1);
  }
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
  char root[] = "/tmp/__NAME__-XXXXXX";
  if (mkdtemp(root) == NULL || setenv("PLUGIN_ROOT", root, 1) != 0 || !driver_open()) return 1;
  expect("Create", "{\"Name\":\"data\",\"Opts\":null}", 200, "{}");
  expect("List", "{}", 200, "\"Name\":\"data\"");
  expect("Mount", "{\"name\":\"d\\u0061ta\",\"ID\":\"a\"}", 200, "/data\"");
  expect("Mount", "{\"Name\":\"data\",\"ID\":\"a\"}", 200, "/data\"");
  expect("Remove", "{\"Name\":\"data\"}", 500, "in use");
  expect("Unmount", "{\"Name\":\"data\",\"ID\":\"a\"}", 200, "{}");
  expect("Unmount", "{\"Name\":\"data\",\"ID\":\"a\"}", 200, "{}");
  expect("Path", "{\"Name\":\"data\"}", 200, "\"Mountpoint\":\"\"");
  expect("Remove", "{\"Name\":\"data\"}", 200, "{}");
  expect("List", "{}", 200, "{\"Volumes\":[]}");
  expect("Create", "{\"Name\":\"../etc\"}", 500, "invalid volume name");
  expect("Create", "{\"Name\":\"a\",\"name\":\"b\"}", 500, "invalid volume name");
  expect("Create", "{\"Name\":", 500, "invalid volume name");
  expect("Nothing", "{\"Name\":\"data\"}", 500, "does not exist");
  expect_in_config("\"docker.volumedriver/1.0\"");
  char command[64];
  snprintf(command, sizeof command, "rm -r %s", root);
  if (system(command) != 0) return 1;
  puts("all tests passed");
  return 0;
}
