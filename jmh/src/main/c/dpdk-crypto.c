// SPDX-License-Identifier: BSD-3-Clause
//
// DPDK's vhost crypto library with a crypto device of DPDK's, one queue, one polling thread: what crypto-bench compares with.
//
//   dpdk-crypto EAL-OPTIONS... -- SOCKET copy|zero-copy
#include <rte_cryptodev.h>
#include <rte_eal.h>
#include <rte_vhost.h>
#include <rte_vhost_crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BURST = 64, OPERATIONS = 8192, SESSIONS = 1024, DESCRIPTORS = 4096 };

static const uint8_t device = 0;
static struct rte_mempool *sessions, *operations;
static enum rte_vhost_crypto_zero_copy zero_copy;
static volatile int vid = -1;
static volatile sig_atomic_t ending;

static void die(const char *what)
{
    fprintf(stderr, "dpdk-crypto: %s failed\n", what);
    exit(1);
}

static void end(int number)
{
    (void)number;
    ending = 1;
}

static int up(int id)
{
    if (rte_vhost_crypto_create(id, device, sessions, 0) < 0 || rte_vhost_crypto_set_zero_copy(id, zero_copy) < 0)
        return -1;
    vid = id;
    return 0;
}

static void down(int id)
{
    vid = -1;
    rte_delay_ms(50); // the polling thread has left its round by then
    rte_vhost_crypto_free(id);
}

static const struct rte_vhost_device_ops callbacks = {.new_device = up, .destroy_device = down};

static void serve(void)
{
    struct rte_crypto_op *in[BURST], *out[BURST];
    int calls[VIRTIO_CRYPTO_MAX_NUM_BURST_VQS];
    uint16_t call_count;

    if (rte_crypto_op_bulk_alloc(operations, RTE_CRYPTO_OP_TYPE_SYMMETRIC, in, BURST) != BURST)
        die("allocating operations");
    while (!ending) {
        int id = vid;
        if (id < 0)
            continue;
        uint16_t fetched = rte_vhost_crypto_fetch_requests(id, 0, in, BURST);
        uint16_t taken = rte_cryptodev_enqueue_burst(device, 0, in, fetched);
        if (taken != fetched)
            die("enqueueing");
        if (fetched && rte_crypto_op_bulk_alloc(operations, RTE_CRYPTO_OP_TYPE_SYMMETRIC, in, fetched) != fetched)
            die("allocating operations");
        uint16_t done = rte_cryptodev_dequeue_burst(device, 0, out, BURST);
        if (done) {
            // whoever drives this polls: nobody is to be called
            rte_vhost_crypto_finalize_requests(out, done, calls, &call_count);
            rte_mempool_put_bulk(operations, (void **)out, done);
        }
    }
}

int main(int count, char **arguments)
{
    struct rte_cryptodev_config configuration = {.nb_queue_pairs = 1};
    struct rte_cryptodev_qp_conf queue = {.nb_descriptors = DESCRIPTORS};
    int used = rte_eal_init(count, arguments);

    if (used < 0 || count - used < 3)
        die("reading arguments");
    const char *socket = arguments[used + 1];
    zero_copy = strcmp(arguments[used + 2], "copy") == 0 ? RTE_VHOST_CRYPTO_ZERO_COPY_DISABLE
                                                         : RTE_VHOST_CRYPTO_ZERO_COPY_ENABLE;
    sessions = rte_cryptodev_sym_session_pool_create(
        "sessions", SESSIONS, rte_cryptodev_sym_get_private_session_size(device), 0, 0, 0);
    operations = rte_crypto_op_pool_create("operations", RTE_CRYPTO_OP_TYPE_SYMMETRIC, OPERATIONS, 128, 64, 0);
    queue.mp_session = sessions;
    if (!sessions || !operations || rte_cryptodev_configure(device, &configuration) < 0
        || rte_cryptodev_queue_pair_setup(device, 0, &queue, 0) < 0 || rte_cryptodev_start(device) < 0)
        die("starting the crypto device");
    if (rte_vhost_driver_register(socket, 0) < 0 || rte_vhost_driver_callback_register(socket, &callbacks) < 0
        || rte_vhost_crypto_driver_start(socket) < 0)
        die("listening");
    signal(SIGTERM, end);
    signal(SIGINT, end);
    puts("listening");
    fflush(stdout);
    serve();
    rte_vhost_driver_unregister(socket);
    return 0;
}
