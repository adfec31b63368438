// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.packet.Packet;
import io.vhost4j.virtiouser.VirtioUser;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A thread that sends numbered frames over one queue pair as fast as the ring takes them, and checks those that come back: each is as it
 * was sent, and each has a higher number than the one before, so none comes twice. A used descriptor that was not in flight ends it, as
 * the front-end throws then.
 */
final class NumberedTraffic implements AutoCloseable {
    private static final int BURST = 32;

    private final VirtioUser user;
    private final int pair;
    private final NumberedFrames frames = new NumberedFrames();
    private final @Nullable Packet[] out = new Packet[BURST];
    private final @Nullable Packet[] in;
    private final Thread thread;
    private int waiting;
    private int firstWaiting;
    private long made;

    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private volatile long last;
    private volatile boolean sending = true;
    private volatile boolean stopping;
    private volatile @Nullable Throwable failure;

    /** Starts to send. {@code ringSize}: descriptors of each ring. */
    NumberedTraffic(VirtioUser user, int pair, int ringSize) {
        this.user = user;
        this.pair = pair;
        in = new Packet[2 * ringSize];
        thread = Thread.ofPlatform().name("traffic " + pair).start(this::run);
    }

    /** Frames that the transmit ring took. */
    long sent() {
        return sent.get();
    }

    /** Frames that came back. */
    long received() {
        return received.get();
    }

    /** Frames that were sent before the last that came back, and did not come back. */
    long lost() {
        return last - received.get();
    }

    private void run() {
        try {
            while (!stopping) {
                int work = receive();
                if (sending || waiting > 0) {
                    work += send();
                } else {
                    user.reclaim(pair);
                }
                if (work == 0) {
                    Thread.yield();
                }
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    private int send() {
        if (waiting == 0) {
            firstWaiting = 0;
            while (waiting < BURST) {
                Packet packet = frames.make(user.pool(), made + 1, NumberedFrames.length(made + 1));
                if (packet == null) {
                    break;
                }
                out[waiting++] = packet;
                made++;
            }
        }
        int taken = user.transmit(pair, out, firstWaiting, waiting);
        firstWaiting += taken;
        waiting -= taken;
        sent.addAndGet(taken);
        return taken;
    }

    private int receive() {
        int count = user.receive(pair, in, 0, BURST);
        for (int i = 0; i < count; i++) {
            Packet packet = Objects.requireNonNull(in[i]);
            long number = frames.check(packet);
            packet.free();
            if (number <= last || number > made) {
                throw new AssertionError("frame " + number + " after frame " + last + ", the last sent is " + made);
            }
            last = number;
            received.incrementAndGet();
        }
        return count;
    }

    /** Waits until as many frames in total have come back. */
    void awaitReceived(long count, Duration limit) {
        Await.until(this::received, seen -> check() && seen >= count, "frames back: " + count, limit);
    }

    private boolean check() {
        Throwable cause = failure;
        if (cause != null) {
            throw new AssertionError("after " + sent + " frames sent, " + received + " received", cause);
        }
        return true;
    }

    /** Stops sending and waits until the last frame is back and the thread has ended. */
    void finish(Duration limit) {
        sending = false;
        Await.until(
                () -> last, seen -> check() && waiting == 0 && seen == sent.get(), "the last frame, of " + sent, limit);
        close();
        check();
    }

    /**
     * After {@link #finish}: fails unless every descriptor of the transmit ring was given back, and every buffer of the receive ring can
     * be used: the ring is filled while nobody takes from it, and must have room for as many frames as it has descriptors.
     */
    void checkRings(int ringSize, Duration limit) {
        Await.until(() -> user.reclaim(pair), left -> left == 0, "transmit chains given back", limit);
        while (user.receive(pair, in, 0, in.length) > 0) {
            throw new AssertionError("a frame came twice: all were back");
        }
        for (int i = 0; i < 2 * ringSize; i++) {
            Packet packet = Objects.requireNonNull(frames.make(user.pool(), ++made, NumberedFrames.SHORTEST));
            Await.until(
                    () -> user.transmit(pair, new Packet[] {packet}, 0, 1),
                    taken -> taken == 1,
                    "room in the transmit ring",
                    limit);
        }
        // what the full receive ring does not take, the back-end drops
        Await.until(() -> user.reclaim(pair), left -> left == 0, "transmit chains given back", limit);
        int full = user.receive(pair, in, 0, in.length);
        for (int i = 0; i < full; i++) {
            Objects.requireNonNull(in[i]).free();
        }
        assertEquals(ringSize, full, "frames that the receive ring has room for");
    }

    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while traffic ends", e);
        }
        for (int i = 0; i < waiting; i++) {
            Objects.requireNonNull(out[firstWaiting + i]).free();
        }
        waiting = 0;
    }
}
