// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.packet.Packet;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.BitSet;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Sends numbered packets through a front-end and looks at what comes back: each at most once, and as it was sent. */
public final class NumberedFlow {
    private static final int WINDOW = 64;
    private static final int BURST = 32;
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final VirtioUser front;
    private final BitSet back = new BitSet();
    private final Packet[] received = new Packet[BURST];
    private int sent;
    private int returned;
    private int given;

    /** Over the first queue pair. */
    public NumberedFlow(VirtioUser front) {
        this.front = front;
    }

    /** Packets sent so far. */
    public int sent() {
        return sent;
    }

    /** Packets that did not come back. */
    public int missing() {
        return sent - returned;
    }

    /** Sends some packets while they come back; the window shrinks by what is lost. */
    public void run(int count) {
        int until = sent + count;
        long progress = System.nanoTime();
        while (sent < until && System.nanoTime() - progress < TimeUnit.SECONDS.toNanos(20)) {
            boolean moved = sent - returned - given < WINDOW && send();
            moved |= receive() > 0;
            if (moved) {
                progress = System.nanoTime();
            } else {
                Thread.yield();
                if (System.nanoTime() - progress > QUIET_NANOS) {
                    given = sent - returned;
                }
            }
        }
        assertEquals(until, sent, "packets sent");
    }

    /** Takes what still comes. */
    public void drain() {
        long progress = System.nanoTime();
        while (missing() > 0 && System.nanoTime() - progress < QUIET_NANOS) {
            if (receive() > 0) {
                progress = System.nanoTime();
            } else {
                Thread.yield();
            }
        }
    }

    private boolean send() {
        Packet packet = Objects.requireNonNull(front.pool().allocate());
        packet.append(60 + sent % 900);
        packet.setInt(0, sent);
        packet.setInt(packet.dataLength() - 4, ~sent);
        if (front.transmit(0, new Packet[] {packet}, 0, 1) == 0) {
            packet.free();
            return false;
        }
        sent++;
        return true;
    }

    private int receive() {
        int count = front.receive(0, received, 0, BURST);
        for (int i = 0; i < count; i++) {
            Packet packet = received[i];
            int number = packet.getInt(0);
            assertTrue(number >= 0 && number < sent, "packet " + number + " of " + sent);
            assertEquals(60 + number % 900, packet.dataLength());
            assertEquals(~number, packet.getInt(packet.dataLength() - 4));
            assertFalse(back.get(number), "packet " + number + " came twice");
            back.set(number);
            packet.free();
        }
        returned += count;
        return count;
    }
}
