// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.TestChannel;
import io.vhost4j.packet.Packet;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What channels and applications do that they must not, and what the ring's life does to copies under way. */
@Timeout(60)
final class AsyncFaultTest {
    private static final AsyncFeatures ALL =
            AsyncFeatures.DEFAULT.withThreshold(0).withTimeout(Duration.ofMillis(30));

    private final CompletedPackets back = new CompletedPackets(64);

    private static NetRig receive(boolean packed) {
        return new NetRig(packed, NetRig.RECEIVE, 16, NetRig.MODERN, NetRig.PLAIN);
    }

    private static byte[] body(byte[] received) {
        return Arrays.copyOfRange(received, 12, received.length);
    }

    private int submit(NetRig rig, int count, int from) {
        Packet[] packets = new Packet[count];
        for (int i = 0; i < count; i++) {
            packets[i] = rig.packet(NetRig.frame(200, from + i));
        }
        int done = rig.queue.async().submit(packets, 0, count, back);
        for (int i = done; i < count; i++) {
            packets[i].free();
        }
        return done;
    }

    private static void assertFrames(NetRig rig, int count, int from) {
        List<byte[]> got = rig.received();
        assertEquals(count, got.size(), "packets that the guest has");
        for (int i = 0; i < count; i++) {
            assertArrayEquals(NetRig.frame(200, from + i), body(got.get(i)), "packet " + i);
        }
    }

    /** Polls until packets have come back, and frees them. */
    private void await(NetRig rig, int count) {
        int got = back.free();
        while (got < count) {
            rig.queue.async().poll(back);
            got += back.free();
        }
        assertEquals(count, got);
    }

    // ---- channels ----

    enum Fault {
        THROWS(TestChannel::breakDown),
        CLAIMS_MORE(channel -> channel.lie(100)),
        CLAIMS_LESS_THAN_NOTHING(channel -> channel.lie(-100)),
        NEVER_ENDS(channel -> channel.stick(true));

        final Consumer<TestChannel> begin;

        Fault(Consumer<TestChannel> begin) {
            this.begin = begin;
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldGiveUpAChannelThatDoesWhatItMustNotAtSubmission(Fault fault) {
        for (boolean packed : new boolean[] {false, true}) {
            try (NetRig rig = receive(packed)) {
                TestChannel channel = TestChannel.shuffling(1);
                rig.queue.async().register(ALL, channel);
                rig.offerMany(16, 1000);
                fault.begin.accept(channel);
                assertEquals(4, submit(rig, 4, 0));
                await(rig, 4);
                assertFrames(rig, 4, 0);
                assertEquals(1, channel.cancels());
                assertEquals(1, rig.listener.failures.size(), "said once");
                assertTrue(rig.stat("async_channel_faults") > 0);
                assertTrue(rig.stat("async_cpu_copies") >= 4);
                channel.stick(false);
                long transferred = channel.transferred();
                assertEquals(4, submit(rig, 4, 4), "goes on by the CPU");
                await(rig, 4);
                assertFrames(rig, 4, 4);
                assertEquals(transferred, channel.transferred());
                assertTrue(rig.queue.async().unregister());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldGiveUpAChannelThatDoesWhatItMustNotWithCopiesUnderWay(Fault fault) {
        try (NetRig rig = receive(false)) {
            TestChannel channel = TestChannel.shuffling(1);
            rig.queue.async().register(ALL, channel);
            rig.offerMany(16, 1000);
            channel.stick(true);
            assertEquals(4, submit(rig, 4, 0));
            assertEquals(4, rig.queue.async().inflight());
            assertEquals(0, rig.received().size());
            channel.stick(false);
            fault.begin.accept(channel);
            await(rig, 4);
            assertFrames(rig, 4, 0);
            assertEquals(1, rig.listener.failures.size());
        }
    }

    @Test
    void shouldBelieveEachCompletionOnce() {
        try (NetRig rig = receive(false)) {
            TestChannel channel = TestChannel.shuffling(1).repeating(0.5);
            rig.queue.async().register(ALL, channel);
            for (int round = 0; round < 50; round++) {
                rig.offerMany(8, 1000);
                assertEquals(8, submit(rig, 8, round));
                await(rig, 8);
                assertFrames(rig, 8, round);
            }
            assertTrue(rig.stat("async_channel_faults") > 0);
            assertEquals(0, channel.cancels());
            assertEquals(400, rig.stat("inflight_submitted"));
            assertEquals(400, rig.stat("inflight_completed"));
            assertEquals(400, rig.stat("good_packets"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldCopyItselfWhatIsRefusedOrFails(boolean packed) {
        try (NetRig rig = receive(packed)) {
            rig.queue.async().register(ALL, TestChannel.shuffling(1).refusing(1).failing(0.5));
            for (int round = 0; round < 20; round++) {
                rig.offerMany(8, 1000);
                assertEquals(8, submit(rig, 8, round));
                await(rig, 8);
                assertFrames(rig, 8, round);
            }
            assertTrue(rig.stat("async_cpu_copies") > 50);
        }
    }

    @Test
    void shouldLeaveSmallPiecesToTheCpu() {
        try (NetRig rig = receive(false)) {
            TestChannel channel = TestChannel.inOrder();
            rig.queue.async().register(ALL.withThreshold(201), channel);
            rig.offerMany(8, 1000);
            assertEquals(8, submit(rig, 8, 0));
            assertEquals(8, back.free(), "done at once");
            assertFrames(rig, 8, 0);
            assertEquals(0, channel.transferred());
            assertEquals(0, rig.stat("async_cpu_copies"), "not worth a count");
        }
    }

    // ---- registration ----

    @Test
    void shouldRefuseWhatCannotBeRegistered() {
        try (NetRig rig = receive(false);
                NetRig other = receive(false)) {
            TestChannel channel = TestChannel.shuffling(1);
            assertThrows(VhostException.class, () -> rig.queue.async().register(ALL.withInorder(true), channel));
            rig.queue.async().register(ALL, channel);
            assertThrows(IllegalStateException.class, () -> rig.queue.async().register(ALL, channel));
            TestChannel second = TestChannel.inOrder();
            assertThrows(IllegalStateException.class, () -> rig.queue.async().register(ALL, second));
            assertThrows(IllegalStateException.class, () -> other.queue.async().register(ALL, channel));
            assertTrue(rig.queue.async().unregister());
            assertTrue(rig.queue.async().unregister(), "there is none any more");
            other.queue.async().register(ALL, channel);
            rig.queue.async().register(ALL.withInorder(true), second);
        }
    }

    @Test
    void shouldNotUnregisterWithPacketsInFlight() {
        try (NetRig rig = receive(false)) {
            TestChannel channel = TestChannel.inOrder();
            channel.stick(true);
            rig.queue.async().register(ALL.withTimeout(Duration.ofMinutes(1)), channel);
            rig.offerMany(8, 1000);
            assertEquals(3, submit(rig, 3, 0));
            assertEquals(3, rig.queue.async().inflight());
            assertFalse(rig.queue.async().unregister());
            assertEquals(0, rig.enqueue(rig.packet(NetRig.frame(60, 9))), "synchronous bursts wait");
            channel.stick(false);
            assertEquals(3, rig.queue.async().clear(back));
            back.free();
            assertTrue(rig.queue.async().unregister());
            assertEquals(1, rig.enqueue(rig.packet(NetRig.frame(200, 3))));
            assertFrames(rig, 4, 0);
        }
    }

    @Test
    void shouldTellTheChannelOfMemory() {
        try (NetRig rig = receive(false)) {
            TestChannel channel = TestChannel.inOrder().mapping();
            rig.queue.async().register(ALL.withPools(rig.pool), channel);
            assertEquals(3, channel.mapped().size(), "the pool and two regions: " + channel.mapped());
            rig.offerMany(8, 1000);
            submit(rig, 2, 0);
            await(rig, 2);
            assertEquals(2, channel.transferred());
            try (GuestImage elsewhere = GuestImage.of(4 << 20)) {
                rig.queue.pause();
                rig.queue.stop();
                assertEquals(1, channel.mapped().size());
                rig.queue.start(rig.driver.setup(rig.features), elsewhere.memory(), null);
                assertEquals(2, channel.mapped().size());
                rig.queue.stop();
                rig.queue.resume();
            }
            assertTrue(rig.queue.async().unregister());
            assertEquals(List.of(), channel.mapped());
        }
    }

    @Test
    void shouldCopyItselfWhatTheChannelCannotReach() {
        try (NetRig rig = receive(false)) {
            TestChannel channel = TestChannel.inOrder().mapping();
            rig.queue.async().register(ALL, channel);
            rig.offerMany(8, 1000);
            submit(rig, 2, 0);
            await(rig, 2);
            assertFrames(rig, 2, 0);
            assertEquals(0, channel.transferred(), "the pool was not named");
            channel.loseReach();
            rig.restartAt(rig.queue.base());
            submit(rig, 2, 2);
            await(rig, 2);
            assertFrames(rig, 2, 2);
            assertEquals(1, rig.listener.failures.size());
            TestChannel far = TestChannel.inOrder().mapping();
            far.loseReach();
            assertTrue(rig.queue.async().unregister());
            assertThrows(VhostException.class, () -> rig.queue.async().register(ALL, far));
            rig.queue.async().register(ALL, TestChannel.inOrder());
        }
    }

    // ---- the ring's life ----

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldPublishWhatIsUnderWayWhenTheRingStops(boolean packed) {
        for (boolean stuck : new boolean[] {false, true}) {
            try (NetRig rig = receive(packed)) {
                TestChannel channel = TestChannel.shuffling(1);
                rig.queue.async().register(ALL, channel);
                rig.offerMany(16, 1000);
                channel.stick(true);
                assertEquals(5, submit(rig, 5, 0));
                channel.stick(stuck);
                rig.queue.pause();
                int base = rig.queue.stop();
                rig.queue.resume();
                assertFrames(rig, 5, 0);
                assertEquals(5, rig.queue.async().inflight(), "not fetched yet");
                rig.queue.pause();
                rig.queue.start(rig.driver.setup(rig.features, base), rig.image.memory(), null);
                rig.queue.resume();
                assertEquals(5, submit(rig, 5, 5));
                await(rig, 10);
                assertFrames(rig, 5, 5);
                assertEquals(stuck ? 1 : 0, channel.cancels());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldFreeWhatTheApplicationLeaves(boolean packed) {
        try (NetRig rig = receive(packed)) {
            TestChannel channel = TestChannel.shuffling(1);
            channel.stick(true);
            rig.queue.async().register(ALL, channel);
            rig.offerMany(16, 1000);
            assertEquals(5, submit(rig, 5, 0));
        }
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, 16, NetRig.MODERN, NetRig.PLAIN)) {
            TestChannel channel = TestChannel.shuffling(1);
            channel.stick(true);
            rig.queue.async().register(ALL, channel);
            rig.send(NetRig.frame(200, 1));
            rig.send(new byte[12], NetRig.frame(2000, 2), 100);
            assertEquals(0, rig.queue.async().tryDequeue(rig.pool, new Packet[8], 0, 8));
            assertEquals(2, rig.queue.async().inflight());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveBackPacketsWhenMemoryIsGone(boolean packed) {
        try (NetRig rig = receive(packed)) {
            TestChannel channel = TestChannel.inOrder();
            rig.queue.async().register(ALL, channel);
            rig.offerMany(16, 1000);
            channel.stick(true);
            assertEquals(4, submit(rig, 4, 0));
            rig.image.truncate(0, 0);
            rig.image.truncate(1, 0);
            channel.stick(false);
            await(rig, 4);
            assertTrue(rig.queue.broken());
            assertEquals(List.of(RingFault.MEMORY_GONE), rig.listener.faults);
            assertTrue(rig.queue.async().unregister());
        }
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, 16, NetRig.MODERN, NetRig.PLAIN)) {
            TestChannel channel = TestChannel.inOrder();
            rig.queue.async().register(ALL, channel);
            rig.send(NetRig.frame(200, 1));
            rig.send(NetRig.frame(200, 2));
            channel.stick(true);
            Packet[] packets = new Packet[8];
            assertEquals(0, rig.queue.async().tryDequeue(rig.pool, packets, 0, 8));
            assertEquals(2, rig.queue.async().inflight());
            rig.image.truncate(0, 0);
            rig.image.truncate(1, 0);
            channel.stick(false);
            while (rig.queue.async().inflight() > 0) {
                assertEquals(0, rig.queue.async().tryDequeue(rig.pool, packets, 0, 8));
            }
            assertTrue(rig.queue.broken());
            assertEquals(0, rig.pool.inUse());
        }
    }

    // ---- applications ----

    @Test
    void shouldFindPacketsThatAreFreedTooEarly() {
        for (boolean check : new boolean[] {false, true}) {
            try (NetRig rig = receive(false)) {
                TestChannel channel = TestChannel.inOrder();
                rig.queue.async().register(ALL.withOwnershipCheck(check), channel);
                rig.offerMany(8, 1000);
                channel.stick(true);
                Packet[] packets = {rig.packet(NetRig.frame(200, 0), 50), rig.packet(NetRig.frame(200, 1))};
                assertEquals(2, rig.queue.async().submit(packets, 0, 2, back));
                packets[0].free();
                assertEquals(5, rig.pool.inUse(), "the library keeps them");
                channel.stick(false);
                if (check) {
                    assertThrows(
                            IllegalStateException.class, () -> rig.queue.async().poll(back));
                } else {
                    rig.queue.async().poll(back);
                }
                assertEquals(1, back.count(), "only the other one comes back");
                back.free();
                assertEquals(0, rig.pool.inUse());
                assertFrames(rig, 2, 0);
                assertEquals(1, rig.stat("async_early_frees"));
            }
        }
    }
}
