// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.core.ring.SharedGuest;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * The memory table changes during a burst. The old memory is spoilt as soon as the queue is on the new one, as if it were unmapped: a
 * burst reads the one or the other, and nothing of the old one afterwards.
 */
@JCStressTest
@Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "the gate was closed")
@Outcome(id = "17", expect = Expect.ACCEPTABLE, desc = "the old memory")
@Outcome(id = "34", expect = Expect.ACCEPTABLE, desc = "the new memory")
@Outcome(expect = Expect.FORBIDDEN, desc = "of both, or spoilt")
@State
public class TableSwap {
    private static final SharedGuest OLD = new SharedGuest();
    private static final SharedGuest NEW = new SharedGuest();
    private static final BufferPool POOL = new BufferPool(PacketPool.builder().count(1024));
    private static final int SIZE = 4;
    private static final int BYTES = 400;
    private static final int SPOILT = 0x33;

    private static final class Silent implements QueueListener {
        @Override
        public void fault(int index, RingFault fault, long value) {
            throw new AssertionError(fault + " " + value);
        }
    }

    private final NetQueue queue = new NetQueue(1, new Silent(), new NetOptions(true, false, false, false));
    private final Packet[] packets = new Packet[1];
    private final long oldPiece = OLD.take();
    private final long newPiece = NEW.take();

    /** A ring in the old memory with one packet, and the same in the new one. */
    public TableSwap() {
        fill(OLD, oldPiece, 0x11);
        fill(NEW, newPiece, 0x22);
        queue.pause();
        RingSetup setup = new RingSetup(
                false,
                SIZE,
                OLD.host(oldPiece + SharedGuest.DESC),
                OLD.host(oldPiece + SharedGuest.DRIVER),
                OLD.host(oldPiece + SharedGuest.DEVICE),
                VirtioFeature.VERSION_1.mask(),
                0);
        queue.start(setup, OLD.memory());
        queue.setEnabled(true);
        queue.setActive(true);
        queue.resume();
    }

    private static void fill(SharedGuest guest, long piece, int value) {
        long desc = guest.host(piece + SharedGuest.DESC);
        HostWindow.setLong(desc, guest.gpa(piece + SharedGuest.DATA));
        HostWindow.setInt(desc + 8, 12 + BYTES);
        HostWindow.setShort(guest.host(piece + SharedGuest.DRIVER) + 2, 1);
        HostWindow.fill(guest.host(piece + SharedGuest.DATA) + 12, BYTES, value);
    }

    /** A burst. */
    @Actor
    public void burst(I_Result result) {
        int count = queue.dequeueBurst(POOL, packets, 0, 1);
        if (count == 0) {
            return;
        }
        Packet packet = packets[0];
        int value = packet.getByte(0);
        for (int i = 1; i < packet.packetLength(); i++) {
            if (packet.getByte(i) != value) {
                value = -1;
                break;
            }
        }
        result.r1 = packet.packetLength() == BYTES ? value : -2;
        packet.free();
    }

    /** The event thread. */
    @Actor
    public void swap() {
        queue.pause();
        queue.remap(
                NEW.memory(),
                NEW.host(newPiece + SharedGuest.DESC),
                NEW.host(newPiece + SharedGuest.DRIVER),
                NEW.host(newPiece + SharedGuest.DEVICE));
        queue.resume();
        HostWindow.fill(OLD.host(oldPiece), SharedGuest.PIECE, SPOILT);
    }
}
