// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.ChainBatch;

/** Copies between gathered chains and arrays. The batch's addresses were checked by the ring; lengths are checked here. */
final class ChainCopy {
    private ChainCopy() {}

    /** Bytes that the chain has to read. Only for chains whose total is not too large for an {@code int}. */
    static int readableBytes(ChainBatch batch, int chain) {
        return sum(batch, batch.firstSegment[chain], batch.firstWritable[chain]);
    }

    /** Bytes that the chain has room for; as above. */
    static int writableBytes(ChainBatch batch, int chain) {
        return sum(batch, batch.firstWritable[chain], batch.firstSegment[chain + 1]);
    }

    private static int sum(ChainBatch batch, int first, int end) {
        int bytes = 0;
        for (int i = first; i < end; i++) {
            bytes += batch.length[i];
        }
        return bytes;
    }

    /** Copies all that there is to read. */
    static void read(ChainBatch batch, int chain, byte[] to) {
        int at = 0;
        for (int i = batch.firstSegment[chain]; i < batch.firstWritable[chain]; i++) {
            HostWindow.copy(batch.address[i], to, at, batch.length[i]);
            at += batch.length[i];
        }
    }

    /** Writes {@code count} bytes behind the first {@code skip} bytes of the room, which must have as many. */
    static void write(ChainBatch batch, int chain, int skip, byte[] from, int fromAt, int count) {
        int left = count;
        int before = skip;
        int at = fromAt;
        for (int i = batch.firstWritable[chain]; left > 0; i++) {
            int length = batch.length[i];
            if (before >= length) {
                before -= length;
                continue;
            }
            int piece = Math.min(left, length - before);
            HostWindow.copy(from, at, batch.address[i] + before, piece);
            before = 0;
            at += piece;
            left -= piece;
        }
    }

    /** Writes the byte behind the first {@code skip} bytes of the room, which must have it. */
    static void writeByte(ChainBatch batch, int chain, int skip, int value) {
        int before = skip;
        int i = batch.firstWritable[chain];
        while (before >= batch.length[i]) {
            before -= batch.length[i++];
        }
        HostWindow.setByte(batch.address[i] + before, value);
    }
}
