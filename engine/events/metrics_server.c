// SPDX-License-Identifier: BSD-2-Clause
#include "metrics_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "metrics_answers.h"
#include "monotonic.h"

enum {
    LOOK_MS = 250, /* how late a deadline may be noticed */
    BACKLOG = 128,
    REQUEST_BYTES = 8192, /* of a request's head */
};

enum request_state {
    REQUEST_NONE,
    REQUEST_BEGUN,
    REQUEST_WAITS, /* for the text: suspended */
    REQUEST_READY,
    REQUEST_LATE,
};

/* One that is open. The server's thread alone. */
struct place {
    struct MHD_Connection *connection; /* NULL: free */
    enum request_state state;
    uint64_t since;   /* ms: when it began */
    uint64_t waiting; /* ms: since when the request waits */
    bool answered, ended;
};

struct metrics_server {
    struct metrics_address address;
    struct metrics_counters counters;
    struct MHD_Daemon *daemon;
    int listener; /* -1: the daemon's */
    int wake;     /* a text is there, or the end */
    pthread_t thread;
    bool started;
    bool closing; /* these two: atomic */
    bool wanted;
    pthread_mutex_t lock;
    bool written; /* behind the lock, as what was written: NULL for want of memory */
    char *text;
    size_t length;
    struct metrics_answers answers; /* the thread's, from here on */
    uint32_t open;
    struct place place[METRICS_CONNECTIONS];
};

static void count(uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static struct place *place_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static enum MHD_Result may_enter(void *context, const struct sockaddr *peer, socklen_t size)
{
    struct metrics_server *server = context;

    (void)peer;
    (void)size;
    if (server->open < METRICS_CONNECTIONS)
        return MHD_YES;
    count(&server->counters.refused);
    return MHD_NO;
}

static void enter(struct metrics_server *server, struct MHD_Connection *connection, void **context)
{
    for (struct place *place = server->place; place < server->place + METRICS_CONNECTIONS;
         place++) {
        if (place->connection)
            continue;
        *place = (struct place){.connection = connection, .since = monotonic_ms()};
        *context = place;
        server->open++;
        return;
    }
}

static void notify(void *context, struct MHD_Connection *connection, void **socket_context,
                   enum MHD_ConnectionNotificationCode what)
{
    struct metrics_server *server = context;
    struct place *place = *socket_context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        enter(server, connection, socket_context);
    } else if (place) {
        if (!place->answered)
            count(&server->counters.unanswered);
        place->connection = NULL;
        server->open--;
    }
}

/* Each answer ends its connection: what one of them may take is bounded by its time. */
static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status,
                             struct MHD_Response *response)
{
    place_of(connection)->answered = true;
    return MHD_queue_response(connection, status, response);
}

static enum MHD_Result reply_line(struct MHD_Connection *connection, unsigned status,
                                  const char *line)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(line), (void *)(uintptr_t)line, MHD_RESPMEM_PERSISTENT);

    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
    enum MHD_Result result = reply(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result begin(struct metrics_server *server, struct place *place, const char *url,
                             const char *method)
{
    bool reads = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || //
                 strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

    if (!reads || strcmp(url, "/metrics") != 0) {
        count(&server->counters.wrong);
        return reads ? reply_line(place->connection, MHD_HTTP_NOT_FOUND, "see /metrics\n")
                     : reply_line(place->connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    }
    place->state = REQUEST_WAITS;
    place->waiting = monotonic_ms();
    MHD_suspend_connection(place->connection);
    __atomic_store_n(&server->wanted, true, __ATOMIC_RELEASE);
    return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request)
{
    struct metrics_server *server = context;
    struct place *place = place_of(connection);

    (void)version;
    (void)upload;
    if (!place)
        return MHD_NO;
    if (!*request) { /* the head alone is there */
        *request = place;
        place->state = REQUEST_BEGUN;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (place->state == REQUEST_BEGUN)
        return begin(server, place, url, method);
    struct MHD_Response *answer = metrics_answers_pick(&server->answers, connection);
    if (place->state == REQUEST_READY && answer) {
        count(&server->counters.answered);
        return reply(connection, MHD_HTTP_OK, answer);
    }
    count(&server->counters.late);
    return reply_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                      "the engine did not get to it in time\n");
}

/* The text that metrics_server_serve has left, for all who wait. */
static void take_text(struct metrics_server *server)
{
    eventfd_t ignored;

    (void)eventfd_read(server->wake, &ignored);
    pthread_mutex_lock(&server->lock);
    bool written = server->written;
    char *text = server->text;
    size_t length = server->length;
    server->written = false;
    server->text = NULL;
    pthread_mutex_unlock(&server->lock);
    if (!written)
        return;
    metrics_answers_set(&server->answers, text, length);
    for (int i = 0; i < METRICS_CONNECTIONS; i++) {
        struct place *place = &server->place[i];

        if (!place->connection || place->state != REQUEST_WAITS)
            continue;
        place->state = REQUEST_READY;
        MHD_resume_connection(place->connection);
    }
}

/* Nobody stays beyond his time; of what waits for a text, not even at the end. */
static void look_at_time(struct metrics_server *server, bool ends)
{
    uint64_t now = monotonic_ms();

    for (int i = 0; i < METRICS_CONNECTIONS; i++) {
        struct place *place = &server->place[i];

        if (!place->connection)
            continue;
        if (place->state == REQUEST_WAITS) {
            if (!ends && now - place->waiting < METRICS_TEXT_MS)
                continue;
            place->state = REQUEST_LATE;
            MHD_resume_connection(place->connection);
        } else if (!place->ended && now - place->since >= METRICS_CONNECTION_MS) {
            const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(place->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

            place->ended = true; /* the daemon sees it, and closes */
            if (info)
                (void)shutdown(info->connect_fd, SHUT_RDWR);
        }
    }
}

static int patience(struct metrics_server *server)
{
    MHD_UNSIGNED_LONG_LONG ms;

    return MHD_get_timeout(server->daemon, &ms) == MHD_YES && ms < LOOK_MS ? (int)ms : LOOK_MS;
}

static void *server_thread(void *argument)
{
    struct metrics_server *server = argument;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd polled[] = {{.fd = info->epoll_fd, .events = POLLIN},
                              {.fd = server->wake, .events = POLLIN}};

    while (!__atomic_load_n(&server->closing, __ATOMIC_ACQUIRE)) {
        (void)poll(polled, 2, patience(server));
        if (polled[1].revents)
            take_text(server);
        (void)MHD_run(server->daemon);
        look_at_time(server, false);
    }
    look_at_time(server, true);
    (void)MHD_run(server->daemon);
    return NULL;
}

static int listen_at(struct metrics_server *server)
{
    const int yes = 1;

    server->listener = socket(server->address.any.sa_family,
                              SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (server->listener < 0 ||
        setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(server->listener, &server->address.any, server->address.size) != 0 ||
        listen(server->listener, BACKLOG) != 0 ||
        getsockname(server->listener, &server->address.any, &server->address.size) != 0)
        return -errno;
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return server->wake < 0 ? -errno : 0;
}

static int start(struct metrics_server *server, struct error *error)
{
    const struct confine_thread options = {.who = CONFINED_METRICS};

    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, may_enter, server, handle, server,
        MHD_OPTION_LISTEN_SOCKET, server->listener, MHD_OPTION_NOTIFY_CONNECTION, notify, server,
        MHD_OPTION_CONNECTION_LIMIT, 2u * METRICS_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        METRICS_CONNECTION_MS / 1000u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
        MHD_OPTION_END);
    if (!server->daemon)
        return error_set(error, -ENOMEM, "no memory for the server of metrics");
    server->listener = -1;
    tzset(); /* which reads a file that the thread mustn't open, for the date of an answer */
    int status = confine_start(&server->thread, &options, server_thread, server, error);
    server->started = status == 0;
    return status;
}

int metrics_server_open(struct metrics_server **out, const struct metrics_address *address,
                        struct error *error)
{
    struct metrics_server *server = calloc(1, sizeof(*server));
    char text[METRICS_ADDRESS_TEXT];

    if (!server)
        return error_set(error, -ENOMEM, "no memory for the server of metrics");
    pthread_mutex_init(&server->lock, NULL);
    server->address = *address;
    server->listener = server->wake = -1;
    int status = listen_at(server);
    if (status != 0) {
        metrics_address_text(address, text);
        error_set(error, status, "cannot listen for scrapers on %s: %s", text, strerror(-status));
    } else {
        status = start(server, error);
    }
    if (status != 0) {
        metrics_server_close(server);
        return status;
    }
    *out = server;
    return 0;
}

const struct metrics_address *metrics_server_address(const struct metrics_server *server)
{
    return &server->address;
}

void metrics_server_read(const struct metrics_server *server, struct metrics_counters *counters)
{
    const struct metrics_counters *c = &server->counters;

    *counters = (struct metrics_counters){
        .answered = __atomic_load_n(&c->answered, __ATOMIC_RELAXED),
        .late = __atomic_load_n(&c->late, __ATOMIC_RELAXED),
        .wrong = __atomic_load_n(&c->wrong, __ATOMIC_RELAXED),
        .refused = __atomic_load_n(&c->refused, __ATOMIC_RELAXED),
        .unanswered = __atomic_load_n(&c->unanswered, __ATOMIC_RELAXED),
    };
}

void metrics_server_serve(struct metrics_server *server, void (*write)(void *context, FILE *to),
                          void *context)
{
    char *text = NULL;
    size_t length = 0;

    if (!__atomic_exchange_n(&server->wanted, false, __ATOMIC_ACQUIRE))
        return;
    FILE *to = open_memstream(&text, &length);
    if (to) {
        write(context, to);
        bool failed = ferror(to) != 0;
        if (fclose(to) != 0 || failed) {
            free(text);
            text = NULL;
        }
    }
    pthread_mutex_lock(&server->lock);
    free(server->text);
    server->text = text;
    server->length = length;
    server->written = true;
    pthread_mutex_unlock(&server->lock);
    (void)eventfd_write(server->wake, 1);
}

void metrics_server_close(struct metrics_server *server)
{
    if (!server)
        return;
    __atomic_store_n(&server->closing, true, __ATOMIC_RELEASE);
    if (server->started) {
        (void)eventfd_write(server->wake, 1);
        pthread_join(server->thread, NULL);
    }
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    metrics_answers_clear(&server->answers);
    if (server->listener >= 0)
        close(server->listener);
    if (server->wake >= 0)
        close(server->wake);
    free(server->text);
    pthread_mutex_destroy(&server->lock);
    free(server);
}
