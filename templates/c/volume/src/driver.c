/*
 * Volumes that are directories. Put a file system of yours in place: mount it in `mount_volume`, and undo that in
 * `unmount_volume`.
 *
 * Who has mounted which volume is kept beside the volumes, as empty files `.mounts/NAME/ID`, so that a restart forgets nothing.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include "plugin.h"

const char driver_kind[] = "VolumeDriver";

/* "propagatedMount" in config.json: what is mounted below it is seen by the host, and it survives upgrades. */
static char root[PATH_MAX / 4] = "/mnt/volumes";

/* A volume of a call. */
struct volume {
  char name[128], place[PATH_MAX / 2], holders[PATH_MAX / 2];
};

int driver_failure(struct text *answer, const char *format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  text_append(answer, "{\"Err\":");
  text_append_json(answer, message);
  text_append(answer, "}");
  return 500;
}

bool driver_open(void) {
  const char *given = getenv("PLUGIN_ROOT");
  char state[PATH_MAX];
  if (given != NULL) snprintf(root, sizeof root, "%s", given);
  snprintf(state, sizeof state, "%s/.mounts", root);
  if (mkdir(state, 0700) == 0 || errno == EEXIST) return true;
  fprintf(stderr, "cannot make %s: %s\n", state, strerror(errno));
  return false;
}

/* Names come from anyone who may create volumes: no name may leave the root. */
static bool is_safe(const char *name) {
  const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  size_t length = strlen(name);
  return length > 0 && length <= 100 && name[0] != '.' && name[0] != '-' && strspn(name, allowed) == length;
}

/* Read the volume of a call. Returns 0, or the status of a failure. */
static int read_volume(const char *request, struct volume *volume, bool must_exist, struct text *answer) {
  struct stat facts;
  if (json_string(request, "Name", volume->name, sizeof volume->name) != 1 || !is_safe(volume->name))
    return driver_failure(answer, "invalid volume name: want letters, digits, \"_\", \".\" and \"-\"");
  snprintf(volume->place, sizeof volume->place, "%s/%s", root, volume->name);
  snprintf(volume->holders, sizeof volume->holders, "%s/.mounts/%s", root, volume->name);
  if (must_exist && lstat(volume->place, &facts) != 0)
    return driver_failure(answer, "volume \"%s\" does not exist", volume->name);
  return 0;
}

static int succeed(struct text *answer, int result) {
  if (result != 0) return driver_failure(answer, "%s", strerror(errno));
  text_append(answer, "{}");
  return 200;
}

static int delete_entry(const char *path, const struct stat *facts, int type, struct FTW *walk) {
  (void)facts, (void)type, (void)walk;
  return remove(path);
}

/* True while someone has mounted the volume: the directory of holders is not empty then. */
static bool is_mounted(const struct volume *volume) { return rmdir(volume->holders) != 0 && errno == ENOTEMPTY; }

static int create_volume(const char *request, struct volume *volume, struct text *answer) {
  const char *options;
  size_t length;
  int status = read_volume(request, volume, false, answer);
  if (status != 0) return status;
  int found = json_value(request, "Opts", &options, &length);
  if (found < 0 || (found == 1 && memchr(options, '"', length) != NULL))
    return driver_failure(answer, "unknown options: there are none");
  /* Engines create a volume again that exists. */
  return succeed(answer, mkdir(volume->place, 0755) != 0 && errno != EEXIST);
}

static int remove_volume(struct volume *volume, struct text *answer) {
  if (is_mounted(volume)) return driver_failure(answer, "volume \"%s\" is in use", volume->name);
  return succeed(answer, nftw(volume->place, delete_entry, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT));
}

/* The file that says that an ID has mounted a volume. */
static bool holder_file(const char *request, const struct volume *volume, char *file, size_t size) {
  char id[128];
  if (json_string(request, "ID", id, sizeof id) != 1 || !is_safe(id)) return false;
  return (size_t)snprintf(file, size, "%s/%s", volume->holders, id) < size;
}

static int answer_place(const struct volume *volume, bool is_known, struct text *answer) {
  text_append(answer, "{\"Mountpoint\":");
  text_append_json(answer, is_known ? volume->place : "");
  text_append(answer, "}");
  return 200;
}

static int mount_volume(const char *request, struct volume *volume, struct text *answer) {
  char file[PATH_MAX];
  if (!holder_file(request, volume, file, sizeof file)) return driver_failure(answer, "the call has no valid ID");
  if (mkdir(volume->holders, 0700) != 0 && errno != EEXIST) return succeed(answer, -1);
  /* An engine that lost the answer calls again with the same ID. */
  int holder = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (holder < 0) return succeed(answer, -1);
  close(holder);
  return answer_place(volume, true, answer);
}

static int unmount_volume(const char *request, struct volume *volume, struct text *answer) {
  char file[PATH_MAX];
  if (!holder_file(request, volume, file, sizeof file)) return driver_failure(answer, "the call has no valid ID");
  return succeed(answer, unlink(file) != 0 && errno != ENOENT);
}

static void append_volume(const char *name, const char *place, struct text *answer) {
  text_append(answer, "{\"Name\":");
  text_append_json(answer, name);
  text_append(answer, ",\"Mountpoint\":");
  text_append_json(answer, place);
  text_append(answer, "}");
}

static int get_volume(const struct volume *volume, struct text *answer) {
  text_append(answer, "{\"Volume\":");
  append_volume(volume->name, volume->place, answer);
  text_append(answer, "}");
  return 200;
}

static int list_volumes(struct text *answer) {
  struct dirent **entries;
  int count = scandir(root, &entries, NULL, alphasort);
  if (count < 0) return succeed(answer, -1);
  const char *separator = "";
  text_append(answer, "{\"Volumes\":[");
  for (int index = 0; index < count; index++) {
    char place[PATH_MAX];
    if (is_safe(entries[index]->d_name)) {
      snprintf(place, sizeof place, "%s/%s", root, entries[index]->d_name);
      text_append(answer, "%s", separator);
      append_volume(entries[index]->d_name, place, answer);
      separator = ",";
    }
    free(entries[index]);
  }
  free(entries);
  text_append(answer, "]}");
  return 200;
}

int driver_call(const char *path, const char *request, struct text *answer) {
  const char prefix[] = "/VolumeDriver.";
  struct volume volume;
  if (strncmp(path, prefix, sizeof prefix - 1) != 0) return driver_failure(answer, "unknown call %s", path), 404;
  const char *call = path + sizeof prefix - 1;
  if (strcmp(call, "Capabilities") == 0) {
    text_append(answer, "{\"Capabilities\":{\"Scope\":\"local\"}}");
    return 200;
  }
  if (strcmp(call, "List") == 0) return list_volumes(answer);
  if (strcmp(call, "Create") == 0) return create_volume(request, &volume, answer);
  int status = read_volume(request, &volume, true, answer);
  if (status != 0) return status;
  if (strcmp(call, "Remove") == 0) return remove_volume(&volume, answer);
  if (strcmp(call, "Mount") == 0) return mount_volume(request, &volume, answer);
  if (strcmp(call, "Unmount") == 0) return unmount_volume(request, &volume, answer);
  if (strcmp(call, "Path") == 0) return answer_place(&volume, is_mounted(&volume), answer);
  if (strcmp(call, "Get") == 0) return get_volume(&volume, answer);
  return driver_failure(answer, "unknown call %s", path), 404;
}
