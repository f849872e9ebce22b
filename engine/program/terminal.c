// SPDX-License-Identifier: BSD-2-Clause
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static struct termios before;
static bool begun;
static volatile sig_atomic_t quits, resized;
static sigset_t outside; /* of terminal_wait these signals are held back */

static void want_quit(int number)
{
    (void)number;
    quits = 1;
}

static void want_resize(int number)
{
    (void)number;
    resized = 1;
}

void terminal_catch(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction quit = {.sa_handler = want_quit};
    struct sigaction resize = {.sa_handler = want_resize};
    sigset_t ours;

    sigemptyset(&ours);
    sigaddset(&ours, SIGWINCH);
    sigaction(SIGWINCH, &resize, NULL);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        sigaddset(&ours, ends[i]);
        sigaction(ends[i], &quit, NULL);
    }
    sigprocmask(SIG_BLOCK, &ours, &outside);
}

int terminal_begin(struct error *error)
{
    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
        return error_set(error, -ENOTTY, "this is no terminal: --batch prints for a pipe");
    struct termios keys = before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    keys.c_cc[VSUSP] = _POSIX_VDISABLE; /* the shell would find the screen as it is here */
    terminal_catch();
    if (tcsetattr(STDIN_FILENO, TCSANOW, &keys) != 0)
        return error_set(error, -errno, "the terminal can't be set: %s", strerror(errno));
    begun = true;
    fputs("\033[?1049h\033[?25l", stdout); /* another screen, no cursor */
    return 0;
}

void terminal_end(void)
{
    if (!begun)
        return;
    begun = false;
    fputs("\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void terminal_size(uint32_t *rows, uint32_t *columns)
{
    struct winsize size = {.ws_row = 0};
    bool told = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

    *rows = told && size.ws_row > 0 ? size.ws_row : 24;
    *columns = told && size.ws_col > 0 ? size.ws_col : 80;
}

static enum terminal_event what_came(const struct pollfd *keys)
{
    char key = 0;

    if (quits || keys->revents & (POLLHUP | POLLERR))
        return TERMINAL_QUIT;
    if (resized) {
        resized = 0;
        return TERMINAL_RESIZED;
    }
    if (!(keys->revents & POLLIN))
        return TERMINAL_TIME;
    if (read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q')
        return TERMINAL_QUIT;
    return TERMINAL_RESIZED; /* any other key draws anew */
}

enum terminal_event terminal_wait(int ms)
{
    const struct timespec patience = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    struct pollfd keys = {.fd = begun ? STDIN_FILENO : -1, .events = POLLIN};

    if (ppoll(&keys, 1, &patience, &outside) < 0)
        keys.revents = 0;
    return what_came(&keys);
}
