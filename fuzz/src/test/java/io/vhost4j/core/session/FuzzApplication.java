// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostDevice;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.testkit.RecordingOps;
import io.vhost4j.fuzz.Bounds;
import io.vhost4j.fuzz.Input;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import org.jspecify.annotations.Nullable;

/** The application's side: bursts on whatever rings there are, and looks at the device. */
final class FuzzApplication {
    private static final BufferPool POOL =
            new BufferPool(PacketPool.builder().count(64).dataRoom(512).headroom(64));
    private static final int BURST = 16;

    private final Packet[] packets = new Packet[BURST];
    private @Nullable VhostDevice device;

    FuzzApplication(RecordingOps ops) {
        device = ops.device();
        ops.react((event, of) -> device = of);
    }

    /** Makes what is shared by all inputs. */
    static void warmUp() {
        Bounds.check(POOL.inUse() == 0, "packets of the input before were lost");
    }

    void burst(Input in) {
        VhostDevice to = device;
        if (to == null) {
            return;
        }
        int queue = in.below(4);
        int count = 1 + in.below(BURST);
        if ((queue & 1) != 0) {
            int done = to.dequeueBurst(queue, POOL, packets, 0, count);
            for (int i = 0; i < done; i++) {
                packets[i].free();
            }
        } else {
            enqueue(to, queue, count, 14 + in.u8());
        }
        if (queue < to.getVringNum()) {
            look(to, queue, in);
        }
        Bounds.check(POOL.inUse() == 0, POOL.inUse() + " packets were lost");
    }

    private void enqueue(VhostDevice to, int queue, int count, int bytes) {
        for (int i = 0; i < count; i++) {
            Packet packet = POOL.allocate();
            if (packet == null) {
                throw new AssertionError("the pool is empty: packets were lost");
            }
            packet.append(bytes);
            packets[i] = packet;
        }
        to.enqueueBurst(queue, packets, 0, count);
        for (int i = 0; i < count; i++) {
            packets[i].free();
        }
    }

    private static void look(VhostDevice at, int queue, Input in) {
        switch (in.below(6)) {
            case 0 -> at.enableGuestNotification(queue, in.flag());
            case 1 -> at.vringCall(queue);
            case 2 -> at.getVringBase(queue);
            case 3 -> at.getVhostVring(queue);
            case 4 -> at.availEntries(queue);
            default -> at.getMemTable().forEach(region -> at.vaFromGuestPa(region.guestPhysAddr(), 1));
        }
    }
}
