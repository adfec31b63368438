// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.DriverFlag;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.RecoveryPolicy;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Back-ends that go and come. */
@ExtendWith({EventThreadAlive.class, LeakCheck.class})
class ReconnectTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void shouldGiveToTheNextBackEndWhatTheLastDidNotTake(boolean packed, boolean inflight) throws Exception {
        Path socket = directory.resolve("s");
        int size = 64;
        int waiting = 40;
        EchoBackEnd first = new EchoBackEnd(socket, 1, false, DriverFlag.CLIENT).start();
        try (VirtioUser user = VirtioUser.builder(socket)
                .server(true)
                .packed(packed)
                .inflight(inflight)
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
                assertEquals(inflight, user.keptRings());
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

    /** Rings that went on as they were, then anew, then with a fresh buffer. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGoOnWithBackEndsThatKeepAccountAndThatDoNot(boolean packed) throws Exception {
        Path socket = directory.resolve("s");
        boolean[] keepsAccount = {true, true, false, true, true, false, false, true};
        EchoBackEnd backEnd = echo(socket, true);
        try (VirtioUser user = VirtioUser.builder(socket)
                .reconnect(true)
                .packed(packed)
                .queueSize(32)
                .connect()) {
            boolean before = true;
            boolean kept = false;
            for (boolean keeps : keepsAccount) {
                backEnd.awaitDevice();
                awaitConnected(user);
                assertEquals(kept, user.keptRings());
                new Exchange(user, 0, new Random(1), 60, 3000).run(77);
                backEnd.close();
                awaitDisconnected(user);
                backEnd = echo(socket, keeps);
                kept = keeps && before;
                before = keeps;
            }
        } finally {
            backEnd.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void shouldGiveBackUnsentWhatWaitedForABackEndThatDropsIt(boolean packed, boolean inflight) throws Exception {
        Path socket = directory.resolve("s");
        EchoBackEnd backEnd = withPolicy(socket, RecoveryPolicy.DROP);
        try (VirtioUser user = VirtioUser.builder(socket)
                .reconnect(true)
                .packed(packed)
                .inflight(inflight)
                .queueSize(64)
                .connect()) {
            List<byte[]> sent = new ArrayList<>();
            send(user, 40, sent);
            assertEquals(10, take(backEnd, backEnd.awaitDevice(), 10, sent, 0), "a ring that was never served");
            backEnd.close();
            awaitDisconnected(user);
            backEnd = withPolicy(socket, RecoveryPolicy.DROP);
            VhostDevice device = backEnd.awaitDevice();
            awaitConnected(user);
            assertEquals(inflight, user.keptRings());
            assertEquals(0, take(backEnd, device, 64, sent, 10));
            assertEquals(0, user.reclaim(0), "packets in flight");
            sent.clear();
            send(user, 5, sent);
            assertEquals(5, take(backEnd, device, 64, sent, 0));
            receiveFrom(backEnd, device, user);
        } finally {
            backEnd.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldReplayWithoutAnAccount(boolean packed) throws Exception {
        Path socket = directory.resolve("s");
        EchoBackEnd backEnd = withPolicy(socket, RecoveryPolicy.REPLAY_IN_ORDER);
        try (VirtioUser user = VirtioUser.builder(socket)
                .reconnect(true)
                .packed(packed)
                .queueSize(64)
                .connect()) {
            List<byte[]> sent = new ArrayList<>();
            send(user, 40, sent);
            assertEquals(10, take(backEnd, backEnd.awaitDevice(), 10, sent, 0));
            backEnd.close();
            awaitDisconnected(user);
            backEnd = withPolicy(socket, RecoveryPolicy.REPLAY_IN_ORDER);
            VhostDevice device = backEnd.awaitDevice();
            awaitConnected(user);
            assertFalse(user.keptRings());
            assertEquals(30, take(backEnd, device, 64, sent, 10));
        } finally {
            backEnd.close();
        }
    }

    private static EchoBackEnd withPolicy(Path socket, RecoveryPolicy policy) {
        EchoBackEnd made = new EchoBackEnd(socket, 1, false);
        made.driver.setRecoveryPolicy(policy);
        assertEquals(policy, made.driver.getRecoveryPolicy());
        return made.start();
    }

    private static void send(VirtioUser user, int count, List<byte[]> sent) {
        Packet[] burst = new Packet[count];
        for (int i = 0; i < count; i++) {
            byte[] bytes = RingRig.randomBytes(new Random(i), 60 + i);
            sent.add(bytes);
            burst[i] = Exchange.chained(user.pool(), bytes);
        }
        assertEquals(count, user.transmit(0, burst, 0, count));
    }

    private static EchoBackEnd echo(Path socket, boolean keepsAccount) {
        EchoBackEnd made = new EchoBackEnd(socket, 1, true);
        long features = made.driver.getProtocolFeatures();
        long mask = ProtocolFeature.INFLIGHT_SHMFD.mask();
        made.driver.setProtocolFeatures(keepsAccount ? features | mask : features & ~mask);
        return made.start();
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
