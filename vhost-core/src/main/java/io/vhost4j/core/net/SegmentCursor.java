// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.ChainBatch;

/** Walks over the bytes of consecutive segments of a batch, for chains that are not one piece. */
final class SegmentCursor {
    private long[] address = {};
    private int[] length = {};
    private int segment;
    private int offset;

    /** Starts at the first byte of segment {@code first}. */
    void start(ChainBatch batch, int first) {
        address = batch.address;
        length = batch.length;
        segment = first;
        offset = 0;
    }

    /** Copies the next {@code bytes} bytes to {@code to}; the segments must have them. */
    void read(long to, int bytes) {
        int done = 0;
        while (done < bytes) {
            int piece = piece(bytes - done);
            HostWindow.copy(address[segment] + offset, to + done, piece);
            offset += piece;
            done += piece;
        }
    }

    /** Copies {@code bytes} bytes from {@code from} to the next ones; the segments must have room. */
    void write(long from, int bytes) {
        int done = 0;
        while (done < bytes) {
            int piece = piece(bytes - done);
            HostWindow.copy(from + done, address[segment] + offset, piece);
            offset += piece;
            done += piece;
        }
    }

    /** Host address of the next byte; after {@link #piece}, which goes on to where there are more. */
    long position() {
        return address[segment] + offset;
    }

    /** Passes over {@code bytes} bytes of those that {@link #piece} has found. */
    void skip(int bytes) {
        offset += bytes;
    }

    /** How many of the next {@code wanted} bytes, at least one, are in one piece; the segments must have them. */
    int piece(int wanted) {
        while (offset == length[segment]) {
            segment++;
            offset = 0;
        }
        return Math.min(wanted, length[segment] - offset);
    }
}
