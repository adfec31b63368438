// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostDevice;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.core.testkit.TestChannel;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A device whose transmit ring has a channel, and what the front-end does while copies are under way. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class AsyncDeviceTest {
    private static final AsyncFeatures ALL = AsyncFeatures.DEFAULT.withThreshold(0);
    private static final long BUFFER = 0xF_0000;
    private static final int TRANSMIT = 1;

    private final Packet[] packets = new Packet[8];
    private final TestChannel channel = TestChannel.inOrder().mapping();
    private SessionFixture fixture;
    private PacketPool pool;
    private VhostDevice device;
    private int sent;

    @BeforeEach
    void open() {
        fixture = new SessionFixture();
        pool = PacketPool.builder().count(64).build();
        fixture.startDevice(SessionFixture.SPLIT, 16, 0);
        device = fixture.ops.device();
        device.asyncChannelRegister(TRANSMIT, ALL.withPools(pool), channel);
    }

    @AfterEach
    void close() {
        fixture.close();
        assertEquals(List.of(), channel.mapped(), "the channel has let go");
        assertEquals(0, pool.inUse());
        pool.close();
    }

    /** The guest sends a packet of 60 bytes, all {@code value}; the channel keeps the copy. */
    private void send(int value) {
        MemorySegment guest = fixture.guest.memory();
        long desc = fixture.guest.desc(TRANSMIT) - FrontendMemory.USER;
        guest.asSlice(BUFFER, 12).fill((byte) 0);
        guest.asSlice(BUFFER + 12, 60).fill((byte) value);
        guest.set(ValueLayout.JAVA_LONG_UNALIGNED, desc, FrontendMemory.GPA + BUFFER);
        guest.set(ValueLayout.JAVA_INT_UNALIGNED, desc + 8, 12 + 60);
        guest.set(ValueLayout.JAVA_INT_UNALIGNED, desc + 12, 0);
        sent++;
        fixture.guest.putU16(fixture.guest.avail(TRANSMIT) + 2, sent);
        channel.stick(true);
        assertEquals(0, device.asyncTryDequeueBurst(TRANSMIT, pool, packets, 0, packets.length));
        assertEquals(1, device.asyncGetInflight(TRANSMIT));
        assertEquals(1, channel.held());
        channel.stick(false);
    }

    private int used() {
        return fixture.guest.getU16(fixture.guest.used(TRANSMIT) + 2);
    }

    private void assertReceived(int value) {
        assertEquals(1, device.asyncTryDequeueBurst(TRANSMIT, pool, packets, 0, packets.length));
        assertEquals(60, packets[0].packetLength());
        assertEquals((byte) value, packets[0].getByte(0));
        assertEquals((byte) value, packets[0].getByte(59));
        packets[0].free();
    }

    @Test
    void shouldWaitForCopiesBeforeMemoryGoes() {
        send(1);
        List<String> before = List.copyOf(channel.mapped());
        fixture.giveMemory();
        assertEquals(0, channel.held(), "done before the memory was unmapped");
        assertEquals(1, used());
        assertNotEquals(before, channel.mapped());
        assertEquals(2, channel.mapped().size(), "the pool and the region: " + channel.mapped());
        assertReceived(1);
        send(2);
        assertReceived(2);
    }

    @Test
    void shouldStopWithNothingUnderWay() {
        send(1);
        long base =
                fixture.frontend.ask(GET_VRING_BASE, Payload.state(TRANSMIT, 0)).u64();
        assertEquals(1, base >>> 32);
        assertEquals(1, used());
        assertEquals(1, device.asyncGetInflight(TRANSMIT));
        assertFalse(device.asyncChannelUnregister(TRANSMIT));
        CompletedPackets rest = new CompletedPackets(4);
        assertEquals(1, device.clearQueue(TRANSMIT, rest));
        assertEquals(1, rest.free());
        assertTrue(device.asyncChannelUnregister(TRANSMIT));
    }

    @Test
    void shouldFreeWhatIsLeftAtTheEnd() {
        send(1);
        assertEquals(1, pool.inUse());
    }

    @Test
    void shouldCheckRingNumbers() {
        CompletedPackets rest = new CompletedPackets(4);
        assertThrows(IllegalArgumentException.class, () -> device.submitEnqueueBurst(1, packets, 0, 0, rest));
        assertThrows(
                IllegalArgumentException.class, () -> device.asyncTryDequeueBurst(0, pool, packets, 0, packets.length));
        assertThrows(IndexOutOfBoundsException.class, () -> device.asyncGetInflight(7));
        assertEquals(0, device.submitEnqueueBurst(6, packets, 0, 0, rest), "never named: bursts move nothing");
        assertEquals(0, device.pollEnqueueCompleted(0, rest), "without a channel");
    }
}
