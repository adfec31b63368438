// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

/**
 * What a back-end has counted over all its sockets and queues.
 *
 * @param fromPackets packets taken from front-ends
 * @param fromBytes their bytes, without virtio headers
 * @param toPackets packets handed to front-ends
 * @param toBytes their bytes, without virtio headers
 * @param dropped packets that could not be handed over
 */
record Counters(long fromPackets, long fromBytes, long toPackets, long toBytes, long dropped) {
    Counters plus(Counters other) {
        return new Counters(
                fromPackets + other.fromPackets,
                fromBytes + other.fromBytes,
                toPackets + other.toPackets,
                toBytes + other.toBytes,
                dropped + other.dropped);
    }
}
