/* HTTP on a unix socket: what every plugin speaks. Each connection has a thread and one call; calls run one after another. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "plugin.h"

enum { MAX_HEAD_BYTES = 64 * 1024, MAX_BODY_BYTES = 16 * 1024 * 1024, TIMEOUT_SECONDS = 10 };

static volatile sig_atomic_t is_stopped;

static void stop(int signal) {
  (void)signal;
  is_stopped = 1;
}

static pthread_mutex_t driver_lock = PTHREAD_MUTEX_INITIALIZER;

int respond(const char *path, const char *body, struct text *answer) {
  if (strcmp(path, "/Plugin.Activate") == 0) {
    text_append(answer, "{\"Implements\":[\"%s\"]}", driver_kind);
    return 200;
  }
  pthread_mutex_lock(&driver_lock);
  int status = driver_call(path, body, answer);
  pthread_mutex_unlock(&driver_lock);
  return status;
}

static void send_answer(int connection, int status, const char *body) {
  struct text head = {0};
  text_append(&head, "HTTP/1.1 %d %s\r\nContent-Type: application/vnd.docker.plugins.v1.2+json\r\n", status,
              status == 200 ? "OK" : "Error");
  text_append(&head, "Content-Length: %zu\r\nConnection: close\r\n\r\n%s", strlen(body), body);
  for (size_t sent = 0; sent < head.length;) {
    ssize_t count = send(connection, head.bytes + sent, head.length - sent, MSG_NOSIGNAL);
    if (count <= 0) break;
    sent += (size_t)count;
  }
  text_free(&head);
}

/* Read more of a request. Returns false at its end, after the time limit, and when it is too large. */
static bool receive(int connection, struct text *request) {
  if (request->length >= MAX_HEAD_BYTES + MAX_BODY_BYTES) return false;
  if (request->size - request->length < 65536) {
    size_t size = request->size * 2 + 65536;
    char *bytes = realloc(request->bytes, size);
    if (bytes == NULL) return false;
    request->bytes = bytes;
    request->size = size;
  }
  ssize_t count = recv(connection, request->bytes + request->length, request->size - request->length - 1, 0);
  if (count <= 0) return false;
  request->length += (size_t)count;
  request->bytes[request->length] = '\0';
  return true;
}

/* Take the chunks of a body together, in place. Returns false when they are malformed or there are more to come. */
static bool join_chunks(char *body) {
  char *to = body, *at = body;
  for (;;) {
    char *end;
    unsigned long size = strtoul(at, &end, 16);
    char *data = strstr(end, "\r\n");
    if (end == at || data == NULL || size > MAX_BODY_BYTES) return false;
    data += 2;
    if (size == 0) break;
    if (strlen(data) < size + 2) return false;
    memmove(to, data, size);
    to += size;
    at = data + size + 2;
  }
  *to = '\0';
  return true;
}

static void answer_connection(int connection) {
  struct text request = {0}, answer = {0};
  char *body = NULL;
  while ((body = request.bytes == NULL ? NULL : strstr(request.bytes, "\r\n\r\n")) == NULL) {
    if (request.length > MAX_HEAD_BYTES || !receive(connection, &request)) goto end;
  }
  size_t head = (size_t)(body - request.bytes);
  *body = '\0';
  char *field = strcasestr(request.bytes, "\r\nContent-Length:");
  bool is_chunked = strcasestr(request.bytes, "\r\nTransfer-Encoding: chunked") != NULL;
  unsigned long size = field == NULL ? 0 : strtoul(field + 17, NULL, 10);
  if (size > MAX_BODY_BYTES) {
    send_answer(connection, 413, "{\"Err\":\"the request is too large\"}");
    goto end;
  }
  if (strcasestr(request.bytes, "\r\nExpect: 100-continue") != NULL)
    send(connection, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
  while (is_chunked ? strstr(request.bytes + head + 3, "\r\n0\r\n") == NULL && strncmp(request.bytes + head + 4, "0\r\n", 3) != 0
                    : request.length < head + 4 + size) {
    if (!receive(connection, &request)) goto end;
  }
  body = request.bytes + head + 4;
  char path[256];
  if (sscanf(request.bytes, "POST %255[^ \r\n]", path) != 1) {
    send_answer(connection, 405, "{\"Err\":\"want POST\"}");
  } else if (is_chunked && !join_chunks(body)) {
    send_answer(connection, 400, "{\"Err\":\"the chunks of the request are malformed\"}");
  } else {
    int status = respond(path, *body == '\0' ? "{}" : body, &answer);
    send_answer(connection, status, answer.bytes == NULL ? "{}" : answer.bytes);
  }
end:
  text_free(&request);
  text_free(&answer);
}

static void *run_connection(void *argument) {
  int connection = (int)(intptr_t)argument;
  struct timeval limit = {.tv_sec = TIMEOUT_SECONDS};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  answer_connection(connection);
  close(connection);
  return NULL;
}

static int open_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  strcpy(address.sun_path, path);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* A socket that is left of a process that was killed. */
  if (unlink(path) != 0 && errno != ENOENT) return -1;
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  return chmod(path, 0660) != 0 || listen(listener, 64) != 0 ? -1 : listener;
}

int serve(const char *path) {
  /* Without SA_RESTART, so that accept() returns. */
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  int listener = open_socket(path);
  if (listener < 0) return fprintf(stderr, "cannot listen on %s: %s\n", path, strerror(errno)), 1;
  while (!is_stopped) {
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0) continue;
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_connection, (void *)(intptr_t)connection) == 0) pthread_detach(thread);
    else close(connection);
  }
  unlink(path);
  return 0;
}
