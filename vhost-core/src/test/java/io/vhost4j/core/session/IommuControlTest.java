// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.IOTLB_MSG;
import static io.vhost4j.core.protocol.RequestCode.SET_BACKEND_REQ_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ADDR;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_NUM;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A device behind an IOMMU: what it asks for, what it does with the answers, and what it does when they are taken back. */
@ExtendWith(LeakCheck.class)
class IommuControlTest {
    private static final long IOMMU = SessionFixture.SPLIT | VirtioFeature.ACCESS_PLATFORM.mask();
    /** Where the guest's driver has the first pair of rings, in the IOMMU's address space. */
    private static final long RINGS = 0x1_0000_0000L;
    /** Where it has a buffer of two pages. */
    private static final long BUFFER = 0x2_0000_0000L;

    private static final int RING_BYTES = 0x8_0000;
    private static final int BOTH = 3;
    private static final int HEADER = 12;

    private final Packet[] packets = new Packet[4];
    private SessionFixture fixture;
    private UnixSocket.Pair channel;
    private FakeFrontend asked;
    private PacketPool pool;
    private VhostDevice device;
    private int sent;

    @BeforeEach
    void open() {
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT | VirtioFeature.ACCESS_PLATFORM.mask(),
                OfferedFeatures.PROTOCOL_DEFAULT);
        channel = UnixSocket.pair();
        asked = new FakeFrontend(channel.first(), () -> {});
        pool = PacketPool.builder().count(64).build();
        device = fixture.ops.device();
        fixture.negotiate(IOMMU);
    }

    @AfterEach
    void close() {
        pool.close();
        fixture.close();
        channel.close();
    }

    private long message(int type, long iova, long size, long user, int permission) {
        byte[] payload = new Payload()
                .u64(iova)
                .u64(size)
                .u64(user)
                .u64(permission | (long) type << 8)
                .toBytes();
        return fixture.frontend.ask(IOTLB_MSG, payload).u64();
    }

    private void update(long iova, long size, long user) {
        assertEquals(0, message(2, iova, size, user, BOTH));
    }

    private void invalidate(long iova, long size) {
        assertEquals(0, message(3, iova, size, 0, 0));
    }

    /** What the device asked for since this was last called: page and permission. */
    private List<String> misses() {
        fixture.frontend.ask(GET_FEATURES, SessionFixture.NOTHING);
        List<String> all = new ArrayList<>();
        while (!asked.nothingArrived()) {
            FakeFrontend.Reply request = asked.receive();
            ByteBuffer fields = ByteBuffer.wrap(request.payload()).order(ByteOrder.nativeOrder());
            assertEquals(1, request.request(), "IOTLB_MSG");
            assertEquals(1, request.flags(), "wants no reply");
            assertEquals(32, request.payload().length);
            assertEquals(1, fields.get(25), "a miss");
            all.add(Long.toHexString(fields.getLong(0)) + ":" + fields.get(24));
        }
        return all;
    }

    private void openChannel() {
        assertEquals(
                0,
                fixture.frontend.sendForAck(
                        SET_BACKEND_REQ_FD,
                        SessionFixture.NOTHING,
                        channel.second().fd()));
    }

    private void describeRings() {
        fixture.giveMemory();
        for (int queue = 0; queue < 2; queue++) {
            long move = RINGS - FrontendMemory.USER;
            fixture.frontend.send(SET_VRING_NUM, Payload.state(queue, 256));
            fixture.frontend.send(SET_VRING_BASE, Payload.state(queue, 0));
            fixture.frontend.send(
                    SET_VRING_ADDR,
                    Payload.addresses(
                            queue,
                            0,
                            fixture.guest.desc(queue) + move,
                            fixture.guest.used(queue) + move,
                            fixture.guest.avail(queue) + move));
            fixture.kick(queue);
            fixture.enable(queue, 1);
        }
    }

    private void start() {
        openChannel();
        describeRings();
        update(RINGS, RING_BYTES, FrontendMemory.USER);
        assertTrue(device.isRunning());
        misses();
    }

    /** The guest offers a packet at {@link #BUFFER}, so long that it ends in the second page. */
    private void offer(int bytes) {
        MemorySegment guest = fixture.guest.memory();
        long desc = fixture.guest.desc(1) - FrontendMemory.USER + 16L * (sent % 256);
        guest.set(ValueLayout.JAVA_LONG_UNALIGNED, desc, BUFFER);
        guest.set(ValueLayout.JAVA_INT_UNALIGNED, desc + 8, HEADER + bytes);
        guest.set(ValueLayout.JAVA_INT_UNALIGNED, desc + 12, 0);
        fixture.guest.putU16(fixture.guest.avail(1) + 4 + 2L * (sent % 256), sent % 256);
        sent++;
        fixture.guest.putU16(fixture.guest.avail(1) + 2, sent);
    }

    private int take() {
        int count = device.dequeueBurst(1, pool, packets, 0, 4);
        if (count > 0) {
            pool.freeBulk(packets, 0, count);
        }
        return count;
    }

    @Test
    void shouldAskForRingsAndStartThemWhenTheyAreKnown() {
        openChannel();
        describeRings();
        assertEquals(
                List.of("100000000:3", "100010000:3", "100020000:3", "100040000:3", "100050000:3", "100060000:3"),
                misses());
        update(RINGS, 0x4_0000, FrontendMemory.USER);
        assertTrue(device.getVhostVring(0).started());
        assertFalse(device.getVhostVring(1).started());
        assertEquals(List.of(), misses(), "what was asked for is not asked for again");
        update(RINGS + 0x4_0000, 0x4_0000, FrontendMemory.USER + 0x4_0000);
        assertTrue(device.getVhostVring(1).started());
        assertTrue(device.isRunning());
    }

    @Test
    void shouldAskForWhatWasNeededBeforeThereWasAChannel() {
        describeRings();
        assertEquals(List.of(), misses());
        openChannel();
        assertEquals(6, misses().size());
    }

    @Test
    void shouldWaitForTheBuffersOfAPacketPageByPage() {
        start();
        byte[] frame = new byte[5000];
        new Random(1).nextBytes(frame);
        frame[0] = 2;
        // the two pages are apart, the second one first
        MemorySegment guest = fixture.guest.memory();
        int first = 4096 - HEADER;
        MemorySegment.copy(MemorySegment.ofArray(frame), 0, guest, 0xB_0000 + HEADER, first);
        MemorySegment.copy(MemorySegment.ofArray(frame), first, guest, 0xA_0000, frame.length - first);
        offer(frame.length);
        for (int i = 0; i < 5; i++) {
            assertEquals(0, take());
        }
        assertEquals(List.of("200000000:1"), misses(), "asked once");
        update(BUFFER, 4096, FrontendMemory.USER + 0xB_0000);
        assertEquals(0, take());
        assertEquals(0, take());
        assertEquals(List.of("200001000:1"), misses());
        assertEquals(0, message(2, BUFFER + 4096, 4096, FrontendMemory.USER + 0xA_0000, 1));

        assertEquals(1, device.dequeueBurst(1, pool, packets, 0, 4));
        byte[] got = new byte[packets[0].packetLength()];
        packets[0].copyTo(0, got, 0, got.length);
        pool.freeBulk(packets, 0, 1);
        assertArrayEquals(frame, got);
        assertEquals(1, device.getVhostVring(1).started() ? sent : 0);
        assertEquals(List.of(), misses());
    }

    @Test
    void shouldNotUseTranslationsThatWereTakenBack() {
        start();
        update(BUFFER, 4096, FrontendMemory.USER + 0xB_0000);
        offer(60);
        assertEquals(1, take());
        invalidate(BUFFER, 1);
        offer(60);
        assertEquals(0, take());
        assertEquals(List.of("200000000:1"), misses());
        update(BUFFER, 4096, FrontendMemory.USER + 0xA_0000);
        assertEquals(1, take());
        update(BUFFER, 4096, FrontendMemory.USER + 0xC_0000);
        offer(60);
        assertEquals(1, take(), "replaced without being taken back");
    }

    /** A front-end does not answer for an address that means nothing yet, and takes it back before it gives it a meaning. */
    @ParameterizedTest
    @CsvSource({"8589934592, 4096", "8589934593, 1", "0, -1", "8589934592, -4096"})
    void shouldAskAgainForWhatWasTakenBackUnanswered(long iova, long size) {
        start();
        offer(60);
        assertEquals(0, take());
        assertEquals(List.of("200000000:1"), misses());
        invalidate(iova, size);
        update(RINGS, RING_BYTES, FrontendMemory.USER);
        misses();
        assertEquals(0, take());
        assertEquals(List.of("200000000:1"), misses());
        update(BUFFER, 4096, FrontendMemory.USER + 0xA_0000);
        assertEquals(1, take());
    }

    @ParameterizedTest
    @CsvSource({"4295229440, 4096", "0, -1", "4294967296, -4096"})
    void shouldStopRingsThatAreTakenBackAndGoOnLater(long iova, long size) {
        start();
        update(BUFFER, 4096, FrontendMemory.USER + 0xB_0000);
        offer(60);
        assertEquals(1, take());
        invalidate(iova, size);
        assertFalse(device.getVhostVring(1).started());
        offer(60);
        assertEquals(0, take());
        update(RINGS, RING_BYTES, FrontendMemory.USER);
        update(BUFFER, 4096, FrontendMemory.USER + 0xB_0000);
        assertTrue(device.getVhostVring(1).started());
        assertTrue(device.isRunning());
        assertEquals(1, take(), "from where it stopped");
        assertEquals(0, take());
    }

    /** An unanswered miss for a page that an update ends in is settled by it, wherever in the page the update ends. */
    @Test
    void shouldAskAgainForTheRestOfAPage() {
        start();
        offer(5000);
        update(BUFFER, 4096, FrontendMemory.USER + 0xB_0000);
        assertEquals(0, take());
        assertEquals(List.of("200001000:1"), misses());
        update(BUFFER + 0x800, 0x1000, FrontendMemory.USER + 0xB_0800);
        update(BUFFER, 0x800, FrontendMemory.USER + 0xB_0000);
        offer(7000);
        assertEquals(1, take(), "the first ends before the end of what is known");
        assertEquals(List.of("200001000:1"), misses());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 4096, 4096, 3", "1, 4096, 4096, 3", "4, 4096, 4096, 3", "9, 4096, 4096, 3",
        "2, 4096, 0, 3", "2, 4096, -1, 3", "2, -4096, 8192, 3", "2, 4096, 4096, 0",
        "2, 4096, 4096, 4", "3, 4096, 0, 3"
    })
    void shouldAnswerThatAMessageCannotBe(int type, long iova, long size, int permission) {
        start();
        assertNotEquals(0, message(type, iova, size, FrontendMemory.USER, permission));
        assertTrue(fixture.session.isOpen());
        assertTrue(device.isRunning());
    }

    @Test
    void shouldRefuseTranslationsIfTheFeatureIsNotOffered() {
        try (SessionFixture plain = new SessionFixture()) {
            plain.negotiate(SessionFixture.SPLIT);
            assertEquals(1, plain.frontend.sendForAck(IOTLB_MSG, new byte[32]));
            assertTrue(plain.session.isOpen());
        }
    }

    @Test
    void shouldSurviveMoreTranslationsThanItKeeps() {
        start();
        for (int i = 0; i < 3000; i++) {
            update(BUFFER + i * 4096L, 4096, FrontendMemory.USER);
        }
        invalidate(0, -1);
        update(RINGS, RING_BYTES, FrontendMemory.USER);
        update(BUFFER, 4096, FrontendMemory.USER + 0xB_0000);
        offer(60);
        assertEquals(1, take());
    }

    @Test
    void shouldTakeBackWhileBurstsRun() throws Exception {
        start();
        AtomicBoolean end = new AtomicBoolean();
        FutureTask<Integer> bursts = new FutureTask<>(() -> {
            int taken = 0;
            while (!end.get()) {
                taken += take();
                Thread.yield();
            }
            return taken;
        });
        Thread thread = new Thread(bursts, "bursts");
        thread.start();
        try {
            for (int i = 0; i < 150; i++) {
                update(BUFFER, 8192, FrontendMemory.USER + 0xA_0000 + (i & 7) * 4096L);
                offer(60);
                invalidate(i % 3 == 0 ? 0 : BUFFER, i % 3 == 0 ? -1 : 4096);
                update(RINGS, RING_BYTES, FrontendMemory.USER);
                misses();
            }
        } finally {
            end.set(true);
            thread.join(10_000);
        }
        int taken = bursts.get();
        update(BUFFER, 8192, FrontendMemory.USER + 0xA_0000);
        for (int more = take(); more > 0; more = take()) {
            taken += more;
        }
        assertEquals(150, taken, "each packet once");
    }
}
