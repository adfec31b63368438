/*
 * wire: the network tool of the test guest. Its own, because busybox ping does not check the payload of a reply and
 * busybox nc does not end reliably.
 *
 *   wire echo ADDRESS COUNT INTERVAL_MS BYTES   ICMP echoes with a payload made from their number; COUNT 0: until SIGTERM.
 *                                               Prints "@echo sent=N good=N bad=N again=N refused=N" every 200 ms and at the
 *                                               end: again are second answers, refused is what the socket had no room for.
 *                                               At the end also "@unsent BYTES": what the card has not given back.
 *                                               Status 0: all were answered, and rightly.
 *   wire hold ADDRESS COUNT INTERVAL_MS BYTES   the same, but the answers stay unread in the socket until the last echo was
 *                                               sent: in memory that only the network card has written. Prints at the end
 *                                               also "@lost N first=NUMBER last=NUMBER".
 *   wire take PORT                              accepts one TCP connection and copies it to standard output
 *   wire give ADDRESS PORT                      copies standard input to a TCP connection and waits for its end
 *   wire pour ADDRESS PORT INTERVAL_MS          sends numbered blocks of 16 KiB over a TCP connection until SIGTERM, and waits
 *                                               for its end. Prints "@poured blocks=N" at the end.
 *   wire drain PORT                             accepts one TCP connection and checks that it carries just these blocks. Prints
 *                                               "@drained blocks=N bad=N" every 200 ms and at the end.
 *   wire frames DEVICE MAC COUNT                sends numbered Ethernet frames of 64 to 1500 bytes to MAC, a few at a time, and
 *                                               takes those that come back. Those that have not after a while are lost. Prints
 *                                               "@frames sent=N back=N again=N bad=N" every 200 ms and at the end.
 *                                               Status 0: all came back once, and as they were.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, BLOCK = 16 * 1024, HELD_BYTES = 128 * 1024 * 1024, LARGEST = 65000, WINDOW = 1 << 16, REPORT_MS = 200, GRACE_MS = 2000,
       FRAME_TYPE = 0x88b5, FRAME_HEAD = 14, AHEAD = 64, LOST_MS = 500 };

static unsigned char buffer[CHUNK];
static volatile sig_atomic_t ended;

static void on_term(int number) { (void)number; ended = 1; }

static void fail(const char *what) { perror(what); exit(1); }

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

/* Four bytes of number, then bytes that depend on number and place. */
static void fill(unsigned char *to, int bytes, uint32_t number) {
    uint32_t state = number * 2654435761u + 12345u;
    memcpy(to, &number, sizeof number);
    for (int i = sizeof number; i < bytes; i++) {
        state = state * 1664525u + 1013904223u;
        to[i] = (unsigned char)(state >> 24);
    }
}

static uint16_t internet_sum(const unsigned char *from, int bytes) {
    uint32_t sum = 0;
    for (int i = 0; i < bytes; i++) {
        sum += (i & 1) ? from[i] : (uint32_t)from[i] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return htons((uint16_t)~sum);
}

struct echo {
    int socket, bytes;
    uint16_t id;
    uint32_t sent;
    long good, bad, again, refused;
    unsigned char seen[WINDOW];
};

static void send_one(struct echo *e, const struct sockaddr_in *to) {
    static unsigned char packet[LARGEST + 8];
    struct icmphdr head = {.type = ICMP_ECHO};
    head.un.echo.id = e->id;
    head.un.echo.sequence = htons((uint16_t)e->sent);
    memcpy(packet, &head, 8);
    fill(packet + 8, e->bytes, e->sent);
    uint16_t sum = internet_sum(packet, e->bytes + 8);
    memcpy(packet + 2, &sum, sizeof sum);
    e->seen[e->sent % WINDOW] = 0;
    e->sent++;
    /* A full ring or a link that is down only loses this one; the count of answers tells. */
    if (sendto(e->socket, packet, e->bytes + 8, MSG_DONTWAIT, (const struct sockaddr *)to, sizeof *to) < 0) {
        if (errno != EAGAIN && errno != ENOBUFS && errno != ENETDOWN && errno != EHOSTUNREACH) {
            fail("wire: sendto");
        }
        e->refused++;
    }
}

static void receive_one(struct echo *e) {
    static unsigned char packet[LARGEST + 128], wanted[LARGEST];
    ssize_t length = recv(e->socket, packet, sizeof packet, MSG_DONTWAIT);
    if (length < 20) {
        return;
    }
    int head = (packet[0] & 15) * 4;
    struct icmphdr icmp;
    if (length < head + 8) {
        return;
    }
    memcpy(&icmp, packet + head, 8);
    if (icmp.type != ICMP_ECHOREPLY || icmp.un.echo.id != e->id) {
        return;
    }
    uint32_t number;
    if (length != head + 8 + e->bytes) {
        e->bad++;
        return;
    }
    memcpy(&number, packet + head + 8, sizeof number);
    fill(wanted, e->bytes, number);
    if (number >= e->sent || memcmp(wanted, packet + head + 8, e->bytes) != 0) {
        e->bad++;
    } else if (e->seen[number % WINDOW]) {
        e->again++;
    } else {
        e->seen[number % WINDOW] = 1;
        e->good++;
    }
}

static void report(const struct echo *e) {
    printf("@echo sent=%u good=%ld bad=%ld again=%ld refused=%ld\n", e->sent, e->good, e->bad, e->again, e->refused);
    fflush(stdout);
}

static void receive_until(struct echo *e, long until_ms) {
    for (long left = until_ms - now_ms(); left > 0 && !ended; left = until_ms - now_ms()) {
        struct pollfd ready = {.fd = e->socket, .events = POLLIN};
        if (poll(&ready, 1, (int)left) > 0) {
            receive_one(e);
        }
    }
}

static void pause_until(long until_ms) {
    long left = until_ms - now_ms();
    if (left > 0 && !ended) {
        poll(NULL, 0, (int)left);
    }
}

static void report_lost(const struct echo *e) {
    uint32_t lost = 0, first = 0, last = 0;
    for (uint32_t number = e->sent > WINDOW ? e->sent - WINDOW : 0; number < e->sent; number++) {
        if (!e->seen[number % WINDOW]) {
            first = lost == 0 ? number : first;
            last = number;
            lost++;
        }
    }
    printf("@lost %u first=%u last=%u\n", lost, first, last);
    fflush(stdout);
}

static void report_unsent(const struct echo *e) {
    int bytes = 0;
    if (ioctl(e->socket, TIOCOUTQ, &bytes) != 0) {
        fail("wire: TIOCOUTQ");
    }
    printf("@unsent %d\n", bytes);
    fflush(stdout);
}

/* Takes answers until all are there or none came for a while. */
static void receive_rest(struct echo *e) {
    long until = now_ms() + GRACE_MS, before = e->good + e->bad;
    while (now_ms() < until && e->good + e->bad < (long)e->sent) {
        receive_until(e, now_ms() + 20);
        if (e->good + e->bad != before) {
            before = e->good + e->bad;
            until = now_ms() + GRACE_MS;
        }
    }
}

static int echo(const char *address, uint32_t count, long interval_ms, int bytes, int hold) {
    static struct echo e;
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (bytes < 4 || bytes > LARGEST || interval_ms < 1 || !inet_aton(address, &to.sin_addr)) {
        fprintf(stderr, "wire: echo: bad argument\n");
        return 2;
    }
    signal(SIGTERM, on_term);
    e.bytes = bytes;
    e.id = htons((uint16_t)getpid());
    e.socket = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    if (e.socket < 0) {
        fail("wire: socket");
    }
    int held = HELD_BYTES;
    if (hold && setsockopt(e.socket, SOL_SOCKET, SO_RCVBUFFORCE, &held, sizeof held) != 0) {
        fail("wire: SO_RCVBUFFORCE");
    }
    long next = now_ms(), report_at = next + REPORT_MS;
    while (!ended && (count == 0 || e.sent < count)) {
        send_one(&e, &to);
        next += interval_ms;
        if (hold) {
            pause_until(next);
            continue;
        }
        receive_until(&e, next);
        if (now_ms() >= report_at) {
            report(&e);
            report_at = now_ms() + REPORT_MS;
        }
    }
    ended = 0;
    receive_rest(&e);
    report(&e);
    report_unsent(&e);
    if (hold) {
        report_lost(&e);
    }
    return e.good == (long)e.sent && e.bad == 0 && e.again == 0 ? 0 : 1;
}

static void copy(int from, int to) {
    ssize_t got;
    while ((got = read(from, buffer, sizeof buffer)) > 0) {
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, buffer + done, got - done);
            if (put < 0) {
                fail("wire: write");
            }
            done += put;
        }
    }
    if (got < 0) {
        fail("wire: read");
    }
}

static int accept_one(int port) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 1) != 0) {
        fail("wire: listen");
    }
    fprintf(stderr, "@listening %d\n", port);
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) {
        fail("wire: accept");
    }
    return peer;
}

static int take(int port) {
    copy(accept_one(port), STDOUT_FILENO);
    return 0;
}

static int connect_to(const char *address, int port) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    if (!inet_aton(address, &there.sin_addr) || connect(peer, (struct sockaddr *)&there, sizeof there) != 0) {
        fail("wire: connect");
    }
    return peer;
}

static int finish(int peer) {
    shutdown(peer, SHUT_WR);
    return read(peer, buffer, 1) == 0 ? 0 : 1;
}

static int give(const char *address, int port) {
    int peer = connect_to(address, port);
    copy(STDIN_FILENO, peer);
    return finish(peer);
}

static void put_all(int to, const unsigned char *from, int bytes) {
    for (int done = 0; done < bytes;) {
        ssize_t put = write(to, from + done, bytes - done);
        if (put < 0 && errno != EINTR) {
            fail("wire: write");
        }
        done += put < 0 ? 0 : (int)put;
    }
}

static int pour(const char *address, int port, long interval_ms) {
    int peer = connect_to(address, port);
    uint32_t blocks = 0;
    signal(SIGTERM, on_term);
    for (long next = now_ms(); !ended; blocks++) {
        fill(buffer, BLOCK, blocks);
        put_all(peer, buffer, BLOCK);
        next = next + interval_ms > now_ms() - REPORT_MS ? next + interval_ms : now_ms(); /* no burst after a pause */
        pause_until(next);
    }
    int status = finish(peer);
    printf("@poured blocks=%u\n", blocks);
    return status;
}

static void report_drained(uint32_t blocks, long bad) {
    printf("@drained blocks=%u bad=%ld\n", blocks, bad);
    fflush(stdout);
}

static int drain(int port) {
    static unsigned char wanted[BLOCK];
    int peer = accept_one(port), filled = 0;
    uint32_t blocks = 0;
    long bad = 0, report_at = 0;
    ssize_t got;
    while ((got = read(peer, buffer + filled, BLOCK - filled)) > 0) {
        filled += (int)got;
        if (filled == BLOCK) {
            fill(wanted, BLOCK, blocks++);
            bad += memcmp(buffer, wanted, BLOCK) != 0;
            filled = 0;
        }
        if (now_ms() >= report_at) {
            report_drained(blocks, bad);
            report_at = now_ms() + REPORT_MS;
        }
    }
    if (got < 0) {
        fail("wire: read");
    }
    bad += filled != 0;
    report_drained(blocks, bad);
    return bad == 0 ? 0 : 1;
}

struct frames {
    int socket;
    uint32_t sent, back, again, bad, given;
    unsigned char seen[WINDOW];
    unsigned char head[FRAME_HEAD];
};

static int frame_bytes(uint32_t number) { return 64 + (int)(number * 37u % 1437u); }

static void report_frames(const struct frames *f) {
    printf("@frames sent=%u back=%u again=%u bad=%u\n", f->sent, f->back, f->again, f->bad);
    fflush(stdout);
}

static int send_frame(struct frames *f) {
    static unsigned char frame[2048];
    int bytes = frame_bytes(f->sent);
    memcpy(frame, f->head, FRAME_HEAD);
    fill(frame + FRAME_HEAD, bytes - FRAME_HEAD, f->sent);
    if (send(f->socket, frame, bytes, MSG_DONTWAIT) != bytes) {
        return 0;
    }
    f->sent++;
    return 1;
}

static void receive_frame(struct frames *f) {
    static unsigned char frame[2048], wanted[2048];
    ssize_t length = recv(f->socket, frame, sizeof frame, MSG_DONTWAIT);
    uint32_t number;
    if (length < FRAME_HEAD + (ssize_t)sizeof number) {
        f->bad += length >= 0;
        return;
    }
    memcpy(&number, frame + FRAME_HEAD, sizeof number);
    if (number >= f->sent || length != frame_bytes(number)) {
        f->bad++;
        return;
    }
    fill(wanted, (int)length - FRAME_HEAD, number);
    if (memcmp(wanted, frame + FRAME_HEAD, length - FRAME_HEAD) != 0) {
        f->bad++;
    } else if (f->seen[number]) {
        f->again++;
    } else {
        f->seen[number] = 1;
        f->back++;
    }
}

/* Whether something came. Waits a moment for it. */
static int receive_frames(struct frames *f, int wait_ms) {
    uint32_t before = f->back + f->again + f->bad;
    struct pollfd ready = {.fd = f->socket, .events = POLLIN};
    for (int i = 0; i < AHEAD && poll(&ready, 1, i == 0 ? wait_ms : 0) > 0; i++) {
        receive_frame(f);
    }
    return f->back + f->again + f->bad != before;
}

static int open_frames(struct frames *f, const char *device, const char *mac) {
    struct ifreq request = {0};
    struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(FRAME_TYPE)};
    struct ether_addr *to = ether_aton(mac);
    if (to == NULL || strlen(device) >= sizeof request.ifr_name) {
        return 0;
    }
    memcpy(f->head, to, 6);
    f->head[12] = FRAME_TYPE >> 8;
    f->head[13] = FRAME_TYPE & 0xff;
    f->socket = socket(AF_PACKET, SOCK_RAW, htons(FRAME_TYPE));
    strcpy(request.ifr_name, device);
    if (f->socket < 0 || ioctl(f->socket, SIOCGIFHWADDR, &request) != 0) {
        fail("wire: device");
    }
    memcpy(f->head + 6, request.ifr_hwaddr.sa_data, 6);
    if (ioctl(f->socket, SIOCGIFINDEX, &request) != 0) {
        fail("wire: device");
    }
    here.sll_ifindex = request.ifr_ifindex;
    if (bind(f->socket, (struct sockaddr *)&here, sizeof here) != 0) {
        fail("wire: bind");
    }
    return 1;
}

static int frames(const char *device, const char *mac, uint32_t count) {
    static struct frames f;
    if (count > WINDOW || !open_frames(&f, device, mac)) {
        fprintf(stderr, "wire: frames: bad argument\n");
        return 2;
    }
    signal(SIGTERM, on_term);
    long progress = now_ms(), report_at = progress + REPORT_MS;
    while (!ended && (f.sent < count || f.sent - f.back > f.given)) {
        int moved = f.sent < count && f.sent - f.back - f.given < AHEAD && send_frame(&f);
        moved |= receive_frames(&f, moved ? 0 : 1);
        if (f.given > f.sent - f.back) {
            f.given = f.sent - f.back; /* given up too early */
        }
        if (moved) {
            progress = now_ms();
        } else if (now_ms() - progress > LOST_MS) {
            f.given = f.sent - f.back; /* lost: they are waited for no more */
            progress = now_ms();
        }
        if (now_ms() >= report_at) {
            report_frames(&f);
            report_at = now_ms() + REPORT_MS;
        }
    }
    while (receive_frames(&f, LOST_MS)) {
    }
    report_frames(&f);
    return f.back == count && f.again == 0 && f.bad == 0 ? 0 : 1;
}

int main(int count, char **words) {
    int hold = count == 6 && strcmp(words[1], "hold") == 0;
    if (hold || (count == 6 && strcmp(words[1], "echo") == 0)) {
        return echo(words[2], (uint32_t)strtoul(words[3], NULL, 10), atol(words[4]), atoi(words[5]), hold);
    }
    if (count == 3 && strcmp(words[1], "take") == 0) {
        return take(atoi(words[2]));
    }
    if (count == 4 && strcmp(words[1], "give") == 0) {
        return give(words[2], atoi(words[3]));
    }
    if (count == 5 && strcmp(words[1], "pour") == 0) {
        return pour(words[2], atoi(words[3]), atol(words[4]));
    }
    if (count == 3 && strcmp(words[1], "drain") == 0) {
        return drain(atoi(words[2]));
    }
    if (count == 5 && strcmp(words[1], "frames") == 0) {
        return frames(words[2], words[3], (uint32_t)strtoul(words[4], NULL, 10));
    }
    fprintf(stderr, "usage: wire echo|hold ADDRESS COUNT INTERVAL_MS BYTES | take PORT | give ADDRESS PORT"
                    " | pour ADDRESS PORT INTERVAL_MS | drain PORT | frames DEVICE MAC COUNT\n");
    return 2;
}
