// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Path;
import java.util.List;

/**
 * What a back-end shall do.
 *
 * @param mode what happens to packets
 * @param sockets its sockets
 * @param client whether it connects; otherwise it listens
 * @param queuePairs the number of queue pairs of each device
 * @param segments lengths in bytes of the segments of a packet that it makes itself
 * @param count packets after which it stops sending, and which wait for {@link Backend#begin}; 0: it sends all the time
 * @param options further options, in the words of the back-end's own command line
 */
record BackendSpec(
        Mode mode,
        List<Path> sockets,
        boolean client,
        int queuePairs,
        List<Integer> segments,
        long count,
        List<String> options) {
    static BackendSpec of(Mode mode, Path... sockets) {
        return new BackendSpec(mode, List.of(sockets), false, 1, List.of(64), 0, List.of());
    }

    BackendSpec asClient(boolean value) {
        return new BackendSpec(mode, sockets, value, queuePairs, segments, count, options);
    }

    BackendSpec withQueuePairs(int pairs) {
        return new BackendSpec(mode, sockets, client, pairs, segments, count, options);
    }

    BackendSpec withSegments(List<Integer> lengths) {
        return new BackendSpec(mode, sockets, client, queuePairs, lengths, count, options);
    }

    BackendSpec withCount(long packets) {
        return new BackendSpec(mode, sockets, client, queuePairs, segments, packets, options);
    }

    BackendSpec withOptions(String... words) {
        return new BackendSpec(mode, sockets, client, queuePairs, segments, count, List.of(words));
    }
}
