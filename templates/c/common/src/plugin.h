/* The parts of the plugin: the server calls the driver. */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

/* A text that grows. After a failure of memory it stays NULL, and every append does nothing. */
struct text {
  char *bytes;
  size_t length, size;
};

void text_append(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Append a string as JSON, with its quotes. */
void text_append_json(struct text *text, const char *string);
void text_free(struct text *text);

/*
 * Read a string of a JSON object, at its top level. Names match in any letter case, as engines read them.
 * Returns 1 with the decoded value, 0 when there is no such field or it is null, -1 when the object is malformed, the value
 * is no string or is too long, or the name is there twice.
 */
int json_string(const char *json, const char *name, char *value, size_t size);
/* The same for any value: its JSON text, of which `start` and `length` are a part of `json`. */
int json_value(const char *json, const char *name, const char **start, size_t *length);

/* What the driver is for, such as "VolumeDriver". */
extern const char driver_kind[];
/* Called once, before the first call. Returns false, with a message on stderr, when it cannot work. */
bool driver_open(void);
/*
 * Answer a call, such as "/VolumeDriver.Create": append the document to `answer` and return the HTTP status.
 * `request` is a JSON object.
 */
int driver_call(const char *path, const char *request, struct text *answer);
/* Append the document of a failed call, and return 500. */
int driver_failure(struct text *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Answer calls on a unix socket until SIGTERM. Returns the exit code. */
int serve(const char *path);
/* Answer one call with its JSON body; used by the server, and by tests. */
int respond(const char *path, const char *body, struct text *answer);

#endif
