// SPDX-License-Identifier: BSD-2-Clause
#include "control_client.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "claim.h"
#include "control.h"
#include "run_folder.h"

enum { NAME = 64, ANSWER_S = CONTROL_COMMAND_MS / 1000 + 1, WAITING_MS = 3000, AGAIN_MS = 50 };

struct control_client {
    int socket;
    FILE *stream;
};

/* -ENOENT where nobody listens. */
static int connect_to(struct control_client *client, const char *name)
{
    const struct timeval patience = {.tv_sec = ANSWER_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/%.*s", RUN_FOLDER, NAME, name);
    client->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->socket < 0)
        return -errno;
    (void)setsockopt(client->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(client->socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(client->socket, (struct sockaddr *)&address, sizeof(address)) == 0)
        return 0;
    int status = errno == ECONNREFUSED ? -ENOENT : -errno;
    close(client->socket);
    client->socket = -1;
    return status;
}

static int say_failed(const char *what, int status, struct error *error)
{
    if (status == -EACCES || status == -EPERM)
        return error_set(error, status, "%s: only root and the engine's user may ask", what);
    return error_set(error, status, "%s: the engine can't be asked: %s", what, strerror(-status));
}

static int connect_interface(struct control_client *client, const char *interface,
                             struct error *error)
{
    unsigned index = if_nametoindex(interface);
    char claim[48];
    char name[NAME];

    if (index == 0)
        return error_set(error, -ENODEV, "%s: no such interface", interface);
    xdp_claim_name(claim, sizeof(claim), (int)index);
    snprintf(name, sizeof(name), "%s%s", claim, XDP_CLAIM_CONTROL);
    int status = connect_to(client, name);
    if (status == -ENOENT)
        return error_set(error, status,
                         "%s: no engine runs on it; with two interfaces name the one of --iface",
                         interface);
    return status == 0 ? 0 : say_failed(interface, status, error);
}

/* Whether a file of the run folder is a control socket of this network namespace. */
static bool is_ours(const char *name)
{
    char own[48];
    const char *ending = strchr(name, '.');

    xdp_claim_name(own, sizeof(own), 0);
    size_t space = strcspn(own, "-") + 1;
    return ending && strcmp(ending, XDP_CLAIM_CONTROL) == 0 && strlen(name) < NAME &&
           strncmp(name, own, space) == 0;
}

static int connect_only(struct control_client *client, struct error *error)
{
    DIR *folder = opendir(RUN_FOLDER);
    const struct dirent *file;
    int found = 0;

    if (!folder && errno != ENOENT)
        return say_failed(RUN_FOLDER, -errno, error);
    while (folder && (file = readdir(folder)) != NULL) {
        struct control_client one;

        if (!is_ours(file->d_name) || connect_to(&one, file->d_name) != 0)
            continue;
        if (found++ == 0)
            client->socket = one.socket;
        else
            close(one.socket);
    }
    if (folder)
        closedir(folder);
    if (found == 0)
        return error_set(error, -ENOENT, "no engine runs on an interface here");
    if (found > 1)
        return error_set(error, -EINVAL, "%d engines run here: say which by --iface", found);
    return 0;
}

int control_client_open(struct control_client **out, const char *interface, struct error *error)
{
    struct control_client *client = malloc(sizeof(*client));
    int status;

    if (!client)
        return error_set(error, -ENOMEM, "no memory to ask an engine");
    *client = (struct control_client){.socket = -1};
    status = interface ? connect_interface(client, interface, error) : connect_only(client, error);
    if (status == 0) {
        client->stream = fdopen(client->socket, "r+");
        if (!client->stream)
            status = error_set(error, -ENOMEM, "no memory to ask an engine");
    }
    if (status != 0) {
        control_client_close(client);
        return status;
    }
    *out = client;
    return 0;
}

/* The message of an answer, or what it says has failed. */
static int read_answer(json_t *answer, json_t **message, struct error *error)
{
    const char *outcome = json_string_value(json_object_get(answer, "return"));
    json_t *content = json_object_get(answer, "message");

    if (!outcome || !content)
        return error_set(error, -EBADMSG, "the engine's answer can't be read");
    if (strcmp(outcome, "OK") != 0)
        return error_set(error, -EREMOTEIO, "%s",
                         json_is_string(content) ? json_string_value(content) : "it failed");
    *message = json_incref(content);
    return 0;
}

static int ask_once(struct control_client *client, const json_t *request, json_t **message,
                    struct error *error)
{
    char *line = NULL;
    size_t size = 0;

    if (json_dumpf(request, client->stream, JSON_COMPACT) != 0 ||
        fputc('\n', client->stream) == EOF || fflush(client->stream) == EOF)
        return error_set(error, -EPIPE, "the engine takes no request: it has ended");
    errno = 0;
    if (getline(&line, &size, client->stream) <= 0) {
        int status = errno == EAGAIN ? -ETIMEDOUT : -EPIPE;
        free(line);
        return error_set(error, status,
                         status == -EPIPE ? "the engine has ended, or hung up without an answer"
                                          : "the engine doesn't answer");
    }
    json_t *answer = json_loads(line, 0, NULL);
    free(line);
    int status = read_answer(answer, message, error);
    json_decref(answer);
    return status;
}

int control_client_ask(struct control_client *client, const json_t *request, json_t **message,
                       struct error *error)
{
    const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000};

    for (int waited = 0; waited < WAITING_MS; waited += AGAIN_MS) {
        int status = ask_once(client, request, message, error);

        if (status != 0 || !json_is_true(json_object_get(*message, "waiting")))
            return status;
        json_decref(*message);
        nanosleep(&pause, NULL);
    }
    return error_set(error, -ETIMEDOUT, "what was waited for didn't come within %d s",
                     WAITING_MS / 1000);
}

void control_client_close(struct control_client *client)
{
    if (!client)
        return;
    if (client->stream)
        fclose(client->stream);
    else if (client->socket >= 0)
        close(client->socket);
    free(client);
}
