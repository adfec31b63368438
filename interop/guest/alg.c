// SPDX-License-Identifier: BSD-3-Clause
//
// Encrypts and decrypts by the guest kernel's crypto interface (AF_ALG), so that the harness can compare the results with its own.
//
//   alg DRIVER SEED COUNT : COUNT requests with AES in CBC mode, keys, lengths and data from a generator that the harness has too; prints after
//                           each 100 requests how many there were and a digest (FNV-1a, 64 bits) of all results so far
#include <linux/if_alg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 16, MOST = 65536, KEY_LASTS = 16, REPORT = 100 };

static uint64_t state;

static uint64_t next(void) // xorshift64*
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1DULL;
}

static void fill(unsigned char *to, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 8) {
        uint64_t word = next();
        memcpy(to + i, &word, bytes - i < 8 ? bytes - i : 8);
    }
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int open_with_key(const char *driver)
{
    struct sockaddr_alg address = {.salg_family = AF_ALG, .salg_type = "skcipher"};
    unsigned char key[32];
    size_t key_bytes = 16 + 8 * ((next() >> 32) % 3);
    int algorithm = socket(AF_ALG, SOCK_SEQPACKET, 0);

    fill(key, sizeof key);
    strncpy((char *)address.salg_name, driver, sizeof address.salg_name - 1);
    if (algorithm < 0 || bind(algorithm, (struct sockaddr *)&address, sizeof address) < 0)
        fail(driver);
    if (setsockopt(algorithm, SOL_ALG, ALG_SET_KEY, key, key_bytes) < 0)
        fail("key");
    int operation = accept(algorithm, NULL, NULL);
    if (operation < 0)
        fail("accept");
    close(algorithm);
    return operation;
}

static void request(int operation, int encrypt, const unsigned char *iv, unsigned char *data, size_t bytes)
{
    char control[CMSG_SPACE(4) + CMSG_SPACE(4 + BLOCK)] = {0};
    struct iovec piece = {data, bytes};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_ALG;
    header->cmsg_type = ALG_SET_OP;
    header->cmsg_len = CMSG_LEN(4);
    *(uint32_t *)CMSG_DATA(header) = encrypt ? ALG_OP_ENCRYPT : ALG_OP_DECRYPT;
    header = CMSG_NXTHDR(&message, header);
    header->cmsg_level = SOL_ALG;
    header->cmsg_type = ALG_SET_IV;
    header->cmsg_len = CMSG_LEN(4 + BLOCK);
    struct af_alg_iv *vector = (void *)CMSG_DATA(header);
    vector->ivlen = BLOCK;
    memcpy(vector->iv, iv, BLOCK);
    if (sendmsg(operation, &message, 0) != (ssize_t)bytes)
        fail("sendmsg");
    for (size_t got = 0; got < bytes;) {
        ssize_t some = read(operation, data + got, bytes - got);
        if (some <= 0)
            fail("read");
        got += (size_t)some;
    }
}

int main(int count, char **arguments)
{
    static unsigned char data[MOST + 4096];
    uint64_t digest = 0xcbf29ce484222325ULL;
    int operation = -1;

    if (count != 4) {
        fprintf(stderr, "usage: alg DRIVER SEED COUNT\n");
        return 2;
    }
    state = strtoull(arguments[2], NULL, 0);
    long requests = atol(arguments[3]);
    for (long i = 0; i < requests; i++) {
        unsigned char iv[BLOCK];
        if (i % KEY_LASTS == 0) {
            if (operation >= 0)
                close(operation);
            operation = open_with_key(arguments[1]);
        }
        uint64_t word = next();
        int encrypt = word & 1;
        size_t offset = (word >> 1) % 4096; // where pages end within the data
        size_t limit = (size_t)1 << (4 + (word >> 16) % 13);
        size_t bytes = BLOCK + (word >> 32) % limit / BLOCK * BLOCK;
        bytes = bytes > MOST ? MOST : bytes;
        fill(iv, sizeof iv);
        fill(data + offset, bytes);
        request(operation, encrypt, iv, data + offset, bytes);
        for (size_t k = 0; k < bytes; k++)
            digest = (digest ^ data[offset + k]) * 0x100000001b3ULL;
        if ((i + 1) % REPORT == 0 || i + 1 == requests)
            printf("%ld %016llx\n", i + 1, (unsigned long long)digest);
    }
    return 0;
}
