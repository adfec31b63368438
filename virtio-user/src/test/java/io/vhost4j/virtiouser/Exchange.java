// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Sends packets of random contents and compares what comes back. */
final class Exchange {
    private static final int BURST = 32;

    private final VirtioUser user;
    private final int pair;
    private final Random random;
    private final int least;
    private final int most;
    private final ArrayDeque<byte[]> onTheWay = new ArrayDeque<>();
    private final @Nullable Packet[] packets = new Packet[BURST];

    Exchange(VirtioUser user, int pair, Random random, int least, int most) {
        this.user = user;
        this.pair = pair;
        this.random = random;
        this.least = least;
        this.most = most;
    }

    void run(int count) {
        int sent = 0;
        int back = 0;
        long deadline = System.nanoTime() + Duration.ofSeconds(50).toNanos();
        while (back < count) {
            if (sent < count && onTheWay.size() < 64) {
                sent += send();
            }
            int received = receive();
            back += received;
            if (received == 0) {
                assertTrue(System.nanoTime() < deadline, "back are " + back + " of " + sent + " packets sent");
                Thread.yield();
            }
        }
    }

    private int send() {
        byte[] bytes = RingRig.randomBytes(random, least + random.nextInt(most - least));
        Packet packet = chained(user.pool(), bytes);
        if (user.transmit(pair, new Packet[] {packet}, 0, 1) == 0) {
            packet.free();
            return 0;
        }
        onTheWay.add(bytes);
        return 1;
    }

    private int receive() {
        int count = user.receive(pair, packets, 0, BURST);
        for (int i = 0; i < count; i++) {
            Packet packet = Objects.requireNonNull(packets[i]);
            assertArrayEquals(onTheWay.remove(), RingRig.bytesOf(packet));
            packet.free();
        }
        return count;
    }

    /** A packet with these bytes, chained as the pool's buffers make necessary. */
    static Packet chained(PacketPool pool, byte[] bytes) {
        Packet head = Objects.requireNonNull(pool.allocate());
        int done = 0;
        while (done < bytes.length) {
            Packet segment = done == 0 ? head : Objects.requireNonNull(pool.allocate());
            int part = Math.min(pool.dataRoom(), bytes.length - done);
            segment.append(part);
            segment.setBytes(0, bytes, done, part);
            if (done > 0) {
                head.chain(segment);
            }
            done += part;
        }
        return head;
    }
}
