// SPDX-License-Identifier: BSD-2-Clause
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "confine.h"
#include "control_handover.h"
#include "control_line.h"
#include "monotonic.h"

enum {
    LISTENER = CONTROL_CONNECTIONS, /* places among what the thread polls */
    WAKE,
    POLLED,
    BACKLOG = 128,
    LOOK_MS = 500, /* how late a deadline may be noticed */
};

struct connection {
    int socket; /* -1: free */
    uid_t peer;
    uint64_t deadline;
    char *answer; /* to be written; NULL: a request is awaited */
    size_t written;
    size_t length; /* of the request so far */
    char request[CONTROL_LINE_MAX];
};

struct control {
    struct sockaddr_un address;
    int listener;
    int wake; /* an answer is there, or the end */
    pthread_t thread;
    bool started;
    bool bound;
    bool closing; /* atomic */
    struct control_handover handover;
    struct connection connection[CONTROL_CONNECTIONS]; /* the thread's */
};

static void hang_up(struct control *control, int place)
{
    struct connection *c = &control->connection[place];

    control_handover_forget(&control->handover, place);
    close(c->socket);
    free(c->answer);
    c->answer = NULL;
    c->socket = -1;
}

/* A client that takes its answer in time writes the next request. */
static void write_answer(struct control *control, int place)
{
    struct connection *c = &control->connection[place];
    size_t left = strlen(c->answer) - c->written;
    ssize_t sent = send(c->socket, c->answer + c->written, left, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        hang_up(control, place);
        return;
    }
    c->written += sent > 0 ? (size_t)sent : 0;
    if (sent < 0 || (size_t)sent < left)
        return;
    free(c->answer);
    c->answer = NULL;
    c->deadline = monotonic_ms() + CONTROL_IDLE_MS;
}

static void answer(struct control *control, int place, char *line)
{
    struct connection *c = &control->connection[place];

    if (!line) { /* without memory there is no answer either */
        hang_up(control, place);
        return;
    }
    c->answer = line;
    c->written = 0;
    write_answer(control, place);
}

/* Whether the request could be handed over, or was answered at once: it is off the connection. */
static bool take_line(struct control *control, int place, size_t length)
{
    struct connection *c = &control->connection[place];
    json_t *object = NULL;
    struct error error;

    if (!control_handover_is_free(&control->handover))
        return false;
    int status = control_line_parse(&object, c->request, length, &error);
    c->length -= length + 1;
    memmove(c->request, c->request + length + 1, c->length);
    if (status != 0) {
        answer(control, place, control_line_failed(error.text));
        return true;
    }
    control_handover_offer(&control->handover, place, c->peer, object);
    return true;
}

/* What has come in on a connection that has nothing on its way. */
static void look_at_request(struct control *control, int place)
{
    struct connection *c = &control->connection[place];
    const char *end = NULL;

    while (c->socket >= 0 && !c->answer && !control_handover_is_of(&control->handover, place)) {
        end = memchr(c->request, '\n', c->length);
        if (!end || !take_line(control, place, (size_t)(end - c->request)))
            break;
    }
    if (!end && c->socket >= 0 && c->length == CONTROL_LINE_MAX)
        hang_up(control, place); /* where the next request would begin can't be told */
}

static void receive(struct control *control, int place)
{
    struct connection *c = &control->connection[place];
    ssize_t got =
        recv(c->socket, c->request + c->length, CONTROL_LINE_MAX - c->length, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        hang_up(control, place);
        return;
    }
    if (c->length == 0)
        c->deadline = monotonic_ms() + CONTROL_COMMAND_MS;
    c->length += (size_t)got;
}

static bool may_ask(int socket, uid_t *peer)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t size = sizeof(who);

    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
        return false;
    *peer = who.uid;
    return who.uid == 0 || who.uid == geteuid();
}

static void refuse(int socket, const char *why)
{
    char *line = control_line_failed(why);

    if (line)
        (void)!send(socket, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
    free(line);
    close(socket);
}

static bool accept_one(struct control *control)
{
    int socket = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int place = 0;
    uid_t peer;

    if (socket < 0)
        return false;
    if (!may_ask(socket, &peer)) {
        refuse(socket, "only root and the engine's user may ask");
        return true;
    }
    while (place < CONTROL_CONNECTIONS && control->connection[place].socket >= 0)
        place++;
    if (place == CONTROL_CONNECTIONS) {
        refuse(socket, "too many connections, 16 are the most");
        return true;
    }
    struct connection *c = &control->connection[place];
    c->socket = socket;
    c->peer = peer;
    c->length = 0;
    c->deadline = monotonic_ms() + CONTROL_IDLE_MS;
    return true;
}

/* The answer that control_serve has left, to whom it belongs. */
static void deliver(struct control *control)
{
    eventfd_t ignored;
    char *line;
    int place;

    (void)eventfd_read(control->wake, &ignored);
    if (!control_handover_collect(&control->handover, &place, &line))
        return;
    if (place >= 0)
        answer(control, place, line);
    else
        free(line);
}

/* A request that nobody carries out in time is taken back; one that is being carried out loses its
 * asker. */
static void expire(struct control *control, int place)
{
    if (!control_handover_is_of(&control->handover, place)) {
        hang_up(control, place);
        return;
    }
    bool unbegun = control_handover_take_back(&control->handover, place);
    control->connection[place].deadline = monotonic_ms() + CONTROL_COMMAND_MS;
    answer(control, place,
           control_line_failed(unbegun ? "not carried out: the engine did not get to it within 5 s"
                                       : "not finished within 5 s; it goes on"));
}

static void fill_polled(struct control *control, struct pollfd *polled)
{
    for (int i = 0; i < CONTROL_CONNECTIONS; i++) {
        const struct connection *c = &control->connection[i];
        short events = c->answer ? POLLOUT : c->length < CONTROL_LINE_MAX ? POLLIN : 0;

        if (!c->answer && control_handover_is_of(&control->handover, i))
            events = 0; /* one at a time; a hang-up is seen all the same */
        polled[i] = (struct pollfd){.fd = c->socket, .events = events};
    }
    polled[LISTENER] = (struct pollfd){.fd = control->listener, .events = POLLIN};
    polled[WAKE] = (struct pollfd){.fd = control->wake, .events = POLLIN};
}

static void look_after(struct control *control, int place, const struct pollfd *seen)
{
    struct connection *c = &control->connection[place];

    if (c->socket < 0 || c->socket != seen->fd)
        return;
    if (seen->revents & (POLLHUP | POLLERR) && !(seen->revents & POLLIN)) {
        hang_up(control, place);
        return;
    }
    if (c->answer && seen->revents & POLLOUT)
        write_answer(control, place);
    else if (!c->answer && seen->revents & POLLIN)
        receive(control, place);
    if (c->socket >= 0 && c->length > 0)
        look_at_request(control, place);
    if (c->socket >= 0 && monotonic_ms() > c->deadline)
        expire(control, place);
}

static void *control_thread(void *argument)
{
    struct control *control = argument;
    struct pollfd polled[POLLED];

    while (!__atomic_load_n(&control->closing, __ATOMIC_ACQUIRE)) {
        fill_polled(control, polled);
        (void)poll(polled, POLLED, LOOK_MS);
        if (polled[WAKE].revents)
            deliver(control);
        for (int i = 0; i < CONTROL_CONNECTIONS; i++)
            look_after(control, i, &polled[i]);
        for (int i = 0; i < BACKLOG && polled[LISTENER].revents && accept_one(control); i++)
            ; /* those that are too many wait for no place, only to be told so */
    }
    deliver(control); /* of the request that asked for the end */
    return NULL;
}

/* The mode is set before the name is there: bind takes it over (unix(7) says nothing of it, Linux
 * has done so since 2.6). */
static int make_socket(struct control *control)
{
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->listener < 0 || fchmod(control->listener, 0600) != 0)
        return -errno;
    (void)unlink(control->address.sun_path);
    if (bind(control->listener, (struct sockaddr *)&control->address, sizeof(control->address)) !=
        0)
        return -errno;
    control->bound = true;
    if (listen(control->listener, BACKLOG) != 0)
        return -errno;
    control->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return control->wake < 0 ? -errno : 0;
}

int control_open(struct control **out, const char *path, struct error *error)
{
    const struct confine_thread options = {.who = CONFINED_CONTROL};
    struct control *control = calloc(1, sizeof(*control));

    if (!control)
        return error_set(error, -ENOMEM, "no memory for the control socket");
    control->listener = control->wake = -1;
    for (int i = 0; i < CONTROL_CONNECTIONS; i++)
        control->connection[i].socket = -1;
    control_handover_init(&control->handover);
    control->address.sun_family = AF_UNIX;
    strncpy(control->address.sun_path, path, sizeof(control->address.sun_path) - 1);
    int status =
        strlen(path) < sizeof(control->address.sun_path) ? make_socket(control) : -ENAMETOOLONG;
    if (status != 0) {
        error_set(error, status, "cannot make the control socket %s: %s", path, strerror(-status));
    } else {
        json_object_seed(0); /* which reads a file that the thread mustn't open */
        status = confine_start(&control->thread, &options, control_thread, control, error);
        control->started = status == 0;
    }
    if (status != 0) {
        control_close(control);
        return status;
    }
    *out = control;
    return 0;
}

static char *carry_out(control_handler *handler, void *context, const json_t *object, uid_t peer)
{
    const struct control_request request = {
        .command = json_string_value(json_object_get(object, "command")),
        .object = object,
        .peer = peer,
    };
    struct error error = {""};
    json_t *message = NULL;

    if (handler(context, &request, &message, &error) == 0)
        return control_line_ok(message);
    json_decref(message);
    return control_line_failed(error.text);
}

void control_serve(struct control *control, control_handler *handler, void *context)
{
    uid_t peer = 0;
    json_t *request = control_handover_take(&control->handover, &peer);

    if (!request)
        return;
    char *line = carry_out(handler, context, request, peer);
    json_decref(request);
    control_handover_answer(&control->handover, line);
    (void)eventfd_write(control->wake, 1);
}

void control_close(struct control *control)
{
    if (!control)
        return;
    __atomic_store_n(&control->closing, true, __ATOMIC_RELEASE);
    if (control->started) {
        (void)eventfd_write(control->wake, 1);
        pthread_join(control->thread, NULL);
    }
    for (int i = 0; i < CONTROL_CONNECTIONS; i++) {
        if (control->connection[i].socket >= 0)
            hang_up(control, i);
    }
    if (control->bound)
        (void)unlink(control->address.sun_path);
    if (control->listener >= 0)
        close(control->listener);
    if (control->wake >= 0)
        close(control->wake);
    control_handover_end(&control->handover);
    free(control);
}
