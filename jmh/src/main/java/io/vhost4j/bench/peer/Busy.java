// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.OptionalDouble;

/**
 * What a back-end has worked since its start, polls that found nothing left out.
 *
 * @param nanos of its worker
 * @param packets that it moved, 0 if it does not tell
 */
record Busy(double nanos, double packets) {
    /** Of a back-end that was not asked. */
    static final Busy UNKNOWN = new Busy(0, 0);

    /** Nanoseconds for each packet from an earlier moment on. */
    OptionalDouble nanosPerPacketSince(Busy before) {
        double moved = packets - before.packets;
        return moved > 0 ? OptionalDouble.of((nanos - before.nanos) / moved) : OptionalDouble.empty();
    }
}
