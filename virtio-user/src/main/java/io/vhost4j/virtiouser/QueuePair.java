// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.packet.Packet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One receive and one transmit ring, with what lets threads in and wakes them. */
final class QueuePair {
    private final int index;
    private final RingArea rxArea;
    private final RingArea txArea;
    private final RxDriver rx;
    private final TxDriver tx;
    private final Gate rxGate = new Gate();
    private final Gate txGate = new Gate();
    private final Gate waitGate = new Gate();
    private final EventFd rxKick;
    private final EventFd txKick;
    private final @Nullable EventFd call;
    private final boolean packed;
    /** Where the driver's side of each ring is, by {@link #settle}. */
    private int rxPosition;

    private int txPosition;

    QueuePair(int index, RingMemory memory, RingOptions options, BufferPool pool, boolean interrupts) {
        this.index = index;
        packed = options.packed();
        rxArea = memory.area(2 * index);
        txArea = memory.area(2 * index + 1);
        RxBuffers buffers = new RxBuffers(pool, options, rxArea.size());
        TxGather gather = new TxGather(pool, options.offloads(), txArea.size());
        rx = options.packed()
                ? new PackedRxDriver(rxArea, options, buffers)
                : new SplitRxDriver(rxArea, options, buffers);
        tx = options.packed()
                ? new PackedTxDriver(txArea, options, gather)
                : new SplitTxDriver(txArea, options, gather);
        EventFd[] signals = signals(interrupts ? 3 : 2);
        rxKick = signals[0];
        txKick = signals[1];
        call = interrupts ? signals[2] : null;
    }

    /** All of them or none. */
    private static EventFd[] signals(int count) {
        EventFd[] made = new EventFd[count];
        int done = 0;
        try {
            while (done < count) {
                made[done] = EventFd.create();
                done++;
            }
            return made;
        } catch (NativeException e) {
            while (done > 0) {
                made[--done].close();
            }
            throw e;
        }
    }

    int transmit(Packet[] packets, int from, int count) {
        if (!txGate.enter()) {
            return 0;
        }
        try {
            int taken = tx.transmit(packets, from, count);
            if (taken == 0) {
                check("transmit", tx.fault());
            }
            return taken;
        } finally {
            txGate.leave();
        }
    }

    int reclaim() {
        if (!txGate.enter()) {
            return 0;
        }
        try {
            int left = tx.reclaim();
            check("transmit", tx.fault());
            return left;
        } finally {
            txGate.leave();
        }
    }

    int receive(@Nullable Packet[] packets, int from, int count) {
        if (!rxGate.enter()) {
            return 0;
        }
        try {
            int made = rx.receive(packets, from, count);
            if (made == 0) {
                check("receive", rx.fault());
            }
            return made;
        } finally {
            rxGate.leave();
        }
    }

    boolean awaitReceive(int timeoutMillis) {
        if (call == null) {
            throw new IllegalStateException("awaitReceive needs a device that was built with interrupts(true)");
        }
        if (!waitGate.enter()) {
            return false;
        }
        try {
            return awaitReceive(call, timeoutMillis);
        } finally {
            waitGate.leave();
        }
    }

    private boolean awaitReceive(EventFd calls, int timeoutMillis) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        int left = timeoutMillis;
        while (!wantCalls(true)) {
            // a call may be about buffers that were taken already: look and wait again
            if (waitGate.refuses() || (Poll.await(calls.fd(), Poll.IN, left) & Poll.IN) == 0) {
                break;
            }
            calls.drain();
            left = (int) Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()));
        }
        return wantCalls(false);
    }

    private boolean wantCalls(boolean wanted) {
        if (!rxGate.enter()) {
            return false;
        }
        try {
            check("receive", rx.fault());
            return rx.wantCalls(wanted);
        } finally {
            rxGate.leave();
        }
    }

    private void check(String direction, @Nullable String fault) {
        if (fault != null) {
            throw new VhostException("queue pair " + index + ", " + direction + " ring is broken by the back-end: "
                    + fault + "; restart the back-end");
        }
    }

    PortStats stats() {
        TrafficCounter sent = tx.counter();
        TrafficCounter received = rx.counter();
        return new PortStats(sent.packets(), sent.bytes(), sent.dropped(), received.packets(), received.bytes());
    }

    /** Takes what the back-end that went away had given back; bursts are kept out. Returns whether both rings are sound. */
    boolean settle() {
        rxPosition = rx.settle();
        txPosition = tx.settle();
        return rxPosition >= 0 && txPosition >= 0;
    }

    int rxPosition() {
        return rxPosition;
    }

    int txPosition() {
        return txPosition;
    }

    /**
     * Starts both rings; bursts are kept out.
     *
     * @param goOn leave them as they are after {@link #settle}, with what is in flight; otherwise they are laid out anew
     */
    void start(DeviceSetup setup, boolean goOn) {
        int rxBase = goOn ? base(rxPosition) : rx.restart(rxKick);
        setup.startRing(2 * index, rxArea, rxBase, rxKick.fd(), call == null ? -1 : call.fd());
        int txBase = goOn ? base(txPosition) : tx.restart(txKick);
        setup.startRing(2 * index + 1, txArea, txBase, txKick.fd(), -1);
        // a back-end that waits for a notification before it looks shall not wait
        rxKick.signal();
        txKick.signal();
    }

    /** The position that SET_VRING_BASE takes: whatever is in flight, the back-end knows by the in-flight buffer. */
    private int base(int position) {
        return packed ? position | position << 16 : position;
    }

    void open() {
        rxGate.open();
        txGate.open();
        waitGate.open();
    }

    /** Keeps bursts out; threads that wait stay where they are. */
    void pause() {
        rxGate.shut();
        txGate.shut();
    }

    /** Ends all; no back-end uses the rings. */
    void close() {
        pause();
        waitGate.refuse();
        while (!waitGate.tryShut()) {
            if (call != null) {
                call.signal();
            }
            Thread.yield();
        }
        rx.release();
        tx.release();
        rxKick.close();
        txKick.close();
        if (call != null) {
            call.close();
        }
    }
}
