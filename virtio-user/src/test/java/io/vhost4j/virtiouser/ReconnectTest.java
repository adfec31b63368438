// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDevice;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.packet.Packet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Back-ends that go and come. */
@ExtendWith({EventThreadAlive.class, LeakCheck.class})
class ReconnectTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveToTheNextBackEndWhatTheLastDidNotTake(boolean packed) throws Exception {
        Path socket = directory.resolve("s");
        int size = 64;
        int waiting = 40;
        EchoBackEnd first = new EchoBackEnd(socket, 1, false, DriverFlag.CLIENT).start();
        try (VirtioUser user = VirtioUser.builder(socket)
                .server(true)
                .packed(packed)
                .queueSize(size)
                .connect()) {
            VhostDevice device = first.awaitDevice();
            List<byte[]> sent = new ArrayList<>();
            int taken = 0;
            for (int life = 0; life < 5; life++) {
                Packet[] burst = new Packet[waiting];
                for (int i = 0; i < waiting; i++) {
                    byte[] bytes = RingRig.randomBytes(new Random(life * 1000L + i), 60 + i);
                    sent.add(bytes);
                    burst[i] = Exchange.chained(user.pool(), bytes);
                }
                assertEquals(waiting, user.transmit(0, burst, 0, waiting));
                // some packets to the back-end that goes, the rest to the one that comes
                taken += take(first, device, 10 + life, sent, taken);
                first.close();
                first = new EchoBackEnd(socket, 1, false, DriverFlag.CLIENT).start();
                device = first.awaitDevice();
                taken += take(first, device, waiting, sent, taken);
                assertEquals(sent.size(), taken);
                awaitConnected(user);
                receiveFrom(first, device, user);
            }
        } finally {
            first.close();
        }
    }

    @Test
    void shouldConnectAgainWhenTheBackEndListensAgain() throws Exception {
        Path socket = directory.resolve("s");
        EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start();
        try (VirtioUser user =
                VirtioUser.builder(socket).reconnect(true).packed(true).connect()) {
            for (int life = 0; life < 4; life++) {
                backEnd.awaitDevice();
                awaitConnected(user);
                new Exchange(user, 0, new Random(life), 60, 3000).run(300);
                backEnd.close();
                awaitDisconnected(user);
                backEnd = new EchoBackEnd(socket, 1, true).start();
            }
        } finally {
            backEnd.close();
        }
    }

    @Test
    void shouldDoNothingWithoutBackEnd() throws Exception {
        Path socket = directory.resolve("s");
        EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start();
        try (VirtioUser user = VirtioUser.builder(socket).connect()) {
            backEnd.awaitDevice();
            backEnd.close();
            awaitDisconnected(user);
            Packet[] packets = {Exchange.chained(user.pool(), new byte[100])};
            assertEquals(0, user.transmit(0, packets, 0, 1));
            packets[0].free();
            assertEquals(0, user.receive(0, packets, 0, 1));
            assertEquals(0, user.reclaim(0));
        }
    }

    private static void awaitConnected(VirtioUser user) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!user.connected()) {
            assertTrue(System.nanoTime() < deadline, "not connected within 20 s");
            Thread.yield();
        }
    }

    private static void awaitDisconnected(VirtioUser user) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (user.connected()) {
            assertTrue(System.nanoTime() < deadline, "still connected after 20 s");
            Thread.yield();
        }
    }

    /** Dequeues up to {@code limit} packets and compares them with what was sent. */
    private static int take(EchoBackEnd backEnd, VhostDevice device, int limit, List<byte[]> sent, int from) {
        Packet[] packets = new Packet[limit];
        int count = device.dequeueBurst(1, backEnd.pool(), packets, 0, limit);
        for (int i = 0; i < count; i++) {
            assertArrayEquals(sent.get(from + i), RingRig.bytesOf(packets[i]));
            packets[i].free();
        }
        return count;
    }

    private static void receiveFrom(EchoBackEnd backEnd, VhostDevice device, VirtioUser user) {
        for (int i = 0; i < 100; i++) {
            byte[] bytes = RingRig.randomBytes(new Random(i), 700);
            Packet packet = Exchange.chained(backEnd.pool(), bytes);
            assertEquals(1, device.enqueueBurst(0, new Packet[] {packet}, 0, 1));
            packet.free();
            Packet received = VirtioUserTest.awaitOne(user);
            assertArrayEquals(bytes, RingRig.bytesOf(received));
            received.free();
        }
    }
}
