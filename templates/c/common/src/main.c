/* The program of the plugin: it serves the driver on the socket that config.json names. */
#include <stdlib.h>

#include "plugin.h"

int main(void) {
  const char *path = getenv("PLUGIN_SOCKET");
  if (!driver_open()) return 1;
  return serve(path != NULL ? path : "/run/docker/plugins/__NAME__.sock");
}
