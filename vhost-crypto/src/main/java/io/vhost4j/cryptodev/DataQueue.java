// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.core.ring.ChainBatch;
import io.vhost4j.core.ring.ChainWork;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A data queue. Fetched requests stay available in the ring until they are given back, in order, from its position on: a ring that stops
 * between has nothing in flight, and whoever serves it next finds them again. So a chain is looked at twice, and what a guest changes
 * between decides only where in its own memory the result goes.
 *
 * <p>All but {@link #finished} happens inside the ring's gate.
 */
final class DataQueue {
    /** Stop fetching when the requests at hand hold this much. */
    private static final long MAX_HELD_BYTES = 8 << 20;

    /** Room in a request for what is not counted as its data. */
    private static final int OVERHEAD_BYTES = 8192;

    /** Its ring's number. */
    final int index;

    private final int depth;
    private final int maxBytes;
    private final RequestParser parser;
    private final Tally tally;
    private final Fetch fetch = new Fetch();
    private final ChainWork finish = this::finishInside;

    /** Requests of the chains from the ring's position on: {@link #size} from {@link #oldest} on, around the end. */
    private final @Nullable GuestRequest[] window;

    private int oldest;
    private int size;

    private final ArrayDeque<GuestRequest> free = new ArrayDeque<>();
    private @Nullable Ring ringSeen;
    private long heldBytes;

    DataQueue(int index, int depth, int maxBytes, RequestParser parser, Tally tally) {
        this.index = index;
        this.depth = depth;
        this.maxBytes = maxBytes + OVERHEAD_BYTES;
        this.parser = parser;
        this.tally = tally;
        window = new GuestRequest[depth];
    }

    /** Takes requests out; returns how many were stored. */
    private final class Fetch implements ChainWork {
        private CryptoRequest[] to = {};
        private int from;
        private int count;
        /** Chains that were given back or taken, whether or not the application gets to see them. */
        private int progress;

        @Override
        public int run(Ring ring) {
            begin(ring);
            progress += giveBack(ring);
            int stored = take(ring);
            progress += giveBack(ring);
            return stored;
        }

        private int take(Ring ring) {
            int known = size;
            int wanted = Math.min(count, depth - known);
            if (wanted <= 0 || heldBytes > MAX_HELD_BYTES) {
                return 0;
            }
            int chains = ring.gather(known + wanted);
            int stored = 0;
            for (int chain = known; chain < chains && heldBytes <= MAX_HELD_BYTES; chain++) {
                GuestRequest request = takeOne(ring.batch(), chain);
                if (!request.finished) {
                    to[from + stored++] = request;
                }
                progress++;
            }
            return stored;
        }
    }

    /** Sets up a fetch, which is the work for the ring. */
    ChainWork fetch(CryptoRequest[] to, int from, int count) {
        fetch.to = to;
        fetch.from = from;
        fetch.count = count;
        fetch.progress = 0;
        return fetch;
    }

    /** Chains that the last fetch moved on, also those that it answered itself. */
    int progress() {
        return fetch.progress;
    }

    /** Gives back what has finished; returns how many. */
    ChainWork finish() {
        return finish;
    }

    /** The application gives a request back. */
    void finished(GuestRequest request) {
        if (request.status == null) {
            request.status = CryptoStatus.ERR;
        }
        request.finished = true;
        if (!request.current) {
            request.release();
        }
    }

    private int finishInside(Ring ring) {
        begin(ring);
        return giveBack(ring);
    }

    /** A ring that has started anew has its own chains: what was fetched from the one before is forgotten. */
    private void begin(Ring ring) {
        if (ring != ringSeen) {
            while (size > 0) {
                GuestRequest request = removeOldest();
                request.current = false;
                if (request.finished) {
                    request.release();
                }
            }
            heldBytes = 0;
            ringSeen = ring;
        }
    }

    private GuestRequest takeOne(ChainBatch batch, int chain) {
        GuestRequest freed = free.pollLast();
        GuestRequest request = freed == null ? new GuestRequest(this) : freed;
        long total = batch.totalBytes(chain);
        if (total < 0 || total > 2L * maxBytes) {
            request.startInput(0, 0);
            request.answer(CryptoStatus.ERR);
        } else {
            copy(batch, chain, request);
        }
        window[(oldest + size++) % depth] = request;
        heldBytes += request.heldBytes();
        return request;
    }

    private void copy(ChainBatch batch, int chain, GuestRequest request) {
        int readable = ChainCopy.readableBytes(batch, chain);
        int writable = ChainCopy.writableBytes(batch, chain);
        if (writable == 0) {
            request.startInput(0, 0);
            request.answer(CryptoStatus.ERR);
            return;
        }
        if (readable > maxBytes || writable > maxBytes) {
            request.startInput(0, writable);
            request.answer(CryptoStatus.ERR);
            return;
        }
        request.startInput(readable, writable);
        ChainCopy.read(batch, chain, request.input);
        CryptoStatus refused = parser.parse(request);
        if (refused != null) {
            request.answer(refused);
        }
    }

    /** Gives back the oldest requests as far as they have finished. */
    private int giveBack(Ring ring) {
        int all = 0;
        int ready = ready();
        while (ready > 0) {
            int chains = ring.gather(ready);
            if (chains == 0) {
                // broken, or the IOTLB has to learn of something first
                break;
            }
            ChainBatch batch = ring.batch();
            for (int chain = 0; chain < chains; chain++) {
                GuestRequest request = removeOldest();
                batch.writtenBytes[chain] = write(batch, chain, request);
                heldBytes -= request.heldBytes();
                request.release();
                free.add(request);
            }
            ring.publish(chains);
            all += chains;
            ready -= chains;
        }
        return all;
    }

    private int ready() {
        int ready = 0;
        while (ready < size && Objects.requireNonNull(window[(oldest + ready) % depth]).finished) {
            ready++;
        }
        return ready;
    }

    private GuestRequest removeOldest() {
        GuestRequest request = Objects.requireNonNull(window[oldest]);
        window[oldest] = null;
        oldest = (oldest + 1) % depth;
        size--;
        return request;
    }

    /** Writes a result; returns how many bytes the driver is told of. */
    private int write(ChainBatch batch, int chain, GuestRequest request) {
        long total = batch.totalBytes(chain);
        int room = total < 0 || total > Integer.MAX_VALUE ? 0 : ChainCopy.writableBytes(batch, chain);
        if (room == 0) {
            tally.dropped.increment();
            return 0;
        }
        CryptoStatus status = Objects.requireNonNullElse(request.status, CryptoStatus.ERR);
        int told = room;
        if (status == CryptoStatus.OK) {
            if (room > request.destinationBytes + request.resultBytes) {
                told = writeData(batch, chain, request, room);
            } else {
                // the guest has changed the chain
                status = CryptoStatus.ERR;
            }
        }
        ChainCopy.writeByte(batch, chain, room - 1, status.code());
        tally.answered(status, request.sourceBytes);
        return told;
    }

    private static int writeData(ChainBatch batch, int chain, GuestRequest request, int room) {
        byte[] output = request.output;
        int destination = request.destinationBytes;
        ChainCopy.write(batch, chain, 0, output, 0, request.written);
        ChainCopy.write(batch, chain, destination, output, destination, request.resultBytes);
        return switch (request.operation) {
            // here the driver finds the length of the result in that of the chain
            case ASYMMETRIC_ENCRYPT, ASYMMETRIC_DECRYPT, SIGN -> request.written + 1;
            default -> room;
        };
    }
}
