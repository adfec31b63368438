// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Requests of the back-end to the front-end, on the channel that it gave by SET_BACKEND_REQ_FD. Any thread may make them; they never
 * block. Each needs its protocol feature, and one that was not negotiated, a missing channel, a refusal by the front-end and the end of the
 * session complete the future with a {@link VhostException}.
 *
 * <p>Where the front-end acknowledges requests (REPLY_ACK), a future completes with its answer, on the event thread: wait for one
 * in no callback of the library, which would keep the answer out. Otherwise it completes when the request was sent.
 *
 * <p>File descriptors passed in stay the caller's and may be closed when the method returns.
 */
public interface BackendRequests {
    /** Whether the front-end gave a channel. */
    boolean available();

    /** Tells that the configuration space changed (CONFIG_CHANGE); mirrors {@code rte_vhost_backend_config_change}. */
    CompletableFuture<Void> configChange();

    /**
     * Has the front-end map a doorbell for the guest's notifications of a ring (VRING_HOST_NOTIFIER).
     *
     * @param fd the file to map, or -1 to take the doorbell back
     * @param size bytes
     * @param offset where it starts in the file, in bytes
     */
    CompletableFuture<Void> vringHostNotifier(int queueId, int fd, long size, long offset);

    /** Announces an object that the device exports (SHARED_OBJECT_ADD). */
    CompletableFuture<Void> sharedObjectAdd(UUID uuid);

    /** Takes an object back (SHARED_OBJECT_REMOVE). */
    CompletableFuture<Void> sharedObjectRemove(UUID uuid);

    /**
     * Asks for an object that another device exports (SHARED_OBJECT_LOOKUP).
     *
     * @return its file descriptor, owned by the caller; if the future is cancelled before, it is closed
     */
    CompletableFuture<Integer> sharedObjectLookup(UUID uuid);

    /** Maps a part of a file in one of the device's shared memory regions (SHMEM_MAP). */
    CompletableFuture<Void> shmemMap(SharedMemoryArea area, int fd);

    /** Undoes {@link #shmemMap} (SHMEM_UNMAP). */
    CompletableFuture<Void> shmemUnmap(SharedMemoryArea area);
}
