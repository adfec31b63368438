// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VirtioFeature;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.TestChannel;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Long traffic through a channel that delays, shuffles, refuses, fails and repeats itself, with rings that stop and go on in the midst. Every
 * byte of every packet is checked, and that each comes once and in order. {@code -Dvhost4j.test.async.packets=10000000} for the long form.
 */
final class AsyncTrafficTest {
    private static final long PACKETS = Long.getLong("vhost4j.test.async.packets", 60_000);
    private static final long SEED = Long.getLong("vhost4j.test.seed", 20_240_229L);
    private static final int SIZE = 256;
    private static final int BURST = 32;
    private static final int HEADER = 12;
    private static final int BUFFER = 1024;
    private static final int MOST_BYTES = 3000;
    /** Packets after which the ring stops and starts again. */
    private static final int RESTART = 5_000;

    private final SplittableRandom random = new SplittableRandom(SEED);

    private TestChannel channel() {
        return TestChannel.shuffling(SEED)
                .refusing(0.02)
                .failing(0.01)
                .repeating(0.01)
                .taking(16, 700);
    }

    private static int lengthOf(long number) {
        return 20 + (int) ((number * 0x9E37_79B9_7F4A_7C15L >>> 40) % (MOST_BYTES - 20));
    }

    private static long word(long number, int at) {
        return (number + 1) * 0x9E37_79B9_7F4A_7C15L ^ (long) at * 0xD6E8_FEB8_6659_FD93L & ~1L;
    }

    private static void fill(byte[] frame, long number, int length) {
        for (int at = 0; at < length; at += Long.BYTES) {
            long word = word(number, at);
            for (int i = at; i < Math.min(length, at + Long.BYTES); i++) {
                frame[i] = (byte) (word >>> 8 * (i - at));
            }
        }
    }

    private static void check(byte[] got, int from, long number, int length) {
        for (int at = 0; at < length; at += Long.BYTES) {
            long word = word(number, at);
            for (int i = at; i < Math.min(length, at + Long.BYTES); i++) {
                if (got[from + i] != (byte) (word >>> 8 * (i - at))) {
                    throw new AssertionError("packet " + number + " of " + length + " bytes: wrong at " + i);
                }
            }
        }
    }

    /** Stops the ring, at whatever is under way, and starts it where it says. */
    private static void restart(NetQueue queue, DriverRing driver, GuestImage image, long features) {
        queue.pause();
        int base = queue.stop();
        queue.start(driver.setup(features, base), image.memory(), null);
        queue.resume();
    }

    private static void begin(NetQueue queue, DriverRing driver, GuestImage image, long features) {
        queue.pause();
        queue.start(driver.setup(features), image.memory(), null);
        queue.setEnabled(true);
        queue.setActive(true);
        queue.resume();
    }

    private static void end(NetQueue queue, BufferPool pool, GuestImage image) {
        queue.pause();
        queue.setActive(false);
        queue.stop();
        queue.resume();
        queue.async().end();
        assertEquals(0, pool.inUse(), "packets in use");
        pool.close();
        image.close();
    }

    // ---- to the guest ----

    private final byte[] received = new byte[MOST_BYTES + SIZE * BUFFER];
    private final Map<Integer, Long> bufferOf = new HashMap<>();
    private final ArrayDeque<Long> freeBuffers = new ArrayDeque<>();
    private long next;
    private int bytes;
    private int chainsLeft;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Timeout(900)
    void shouldGiveEveryPacketOnceAndInOrder(boolean packed) {
        GuestImage image = GuestImage.of(2 << 20);
        DriverRing driver = DriverRing.create(packed, image, SIZE);
        long features = NetRig.MERGEABLE | (packed ? VirtioFeature.RING_PACKED.mask() : 0);
        NetQueue queue = new NetQueue(0, new NetRig.Listener(), NetRig.PLAIN);
        BufferPool pool = new BufferPool(PacketPool.builder().count(2048).dataRoom(1500));
        for (int i = 0; i < SIZE; i++) {
            freeBuffers.add(image.allocateWhole(BUFFER, 64));
        }
        begin(queue, driver, image, features);
        TestChannel channel = channel();
        queue.async().register(AsyncFeatures.DEFAULT.withThreshold(64), channel);
        CompletedPackets back = new CompletedPackets(BURST);
        Packet[] packets = new Packet[BURST];
        int held = 0;
        long submitted = 0;
        long returned = 0;
        long restarts = 0;
        while (returned < PACKETS) {
            offer(driver);
            while (held < BURST && submitted + held < PACKETS) {
                packets[held] = make(pool, submitted + held);
                held++;
            }
            int done = queue.async().submit(packets, 0, held, back);
            submitted += done;
            held -= done;
            System.arraycopy(packets, done, packets, 0, held);
            returned += checkBack(back, returned);
            if (random.nextInt(4) == 0) {
                queue.async().poll(back);
                returned += checkBack(back, returned);
            }
            collect(driver, image);
            if (submitted / RESTART > restarts) {
                restarts++;
                restart(queue, driver, image, features);
            }
        }
        collect(driver, image);
        assertEquals(PACKETS, next, "packets that the guest has");
        assertEquals(0, queue.async().inflight());
        assertTrue(channel.transferred() > PACKETS, "copies by the channel: " + channel.transferred());
        assertTrue(queue.async().unregister());
        end(queue, pool, image);
    }

    private void offer(DriverRing driver) {
        int wanted = random.nextInt(64);
        for (int i = 0; i < wanted && driver.room() > 1 && !freeBuffers.isEmpty(); i++) {
            long gpa = freeBuffers.remove();
            List<Buffer> chain = random.nextBoolean()
                    ? List.of(new Buffer(gpa, BUFFER, true))
                    : List.of(new Buffer(gpa, HEADER, true), new Buffer(gpa + HEADER, BUFFER - HEADER, true));
            bufferOf.put(driver.add(chain), gpa);
        }
    }

    private static long checkBack(CompletedPackets back, long from) {
        for (int i = 0; i < back.count(); i++) {
            assertEquals(from + i, back.get(i).userData(), "packet that came back");
        }
        return back.free();
    }

    private PooledPacket make(BufferPool pool, long number) {
        int length = lengthOf(number);
        byte[] frame = new byte[length];
        fill(frame, number, length);
        PooledPacket first = null;
        for (int at = 0; at < length; ) {
            PooledPacket segment = pool.allocate();
            assertTrue(segment != null, "pool is empty");
            int piece = Math.min(length - at, 1 + random.nextInt(1500));
            segment.append(piece);
            segment.setBytes(0, frame, at, piece);
            at += piece;
            if (first == null) {
                first = segment;
            } else {
                first.chain(segment);
            }
        }
        first.setUserData(number);
        return first;
    }

    /** What the guest has got so far: whole packets, the next ones. */
    private void collect(DriverRing driver, GuestImage image) {
        for (Used used : driver.collect()) {
            long gpa = bufferOf.remove(used.token());
            HostWindow.copy(image.host(gpa, BUFFER), received, bytes, (int) used.writtenBytes());
            if (bytes == 0) {
                chainsLeft = received[10] & 0xFF | (received[11] & 0xFF) << 8;
            }
            bytes += (int) used.writtenBytes();
            freeBuffers.add(gpa);
            if (--chainsLeft == 0) {
                int length = lengthOf(next);
                assertEquals(HEADER + length, bytes, "bytes of packet " + next);
                check(received, HEADER, next, length);
                next++;
                bytes = 0;
            }
        }
    }

    // ---- from the guest ----

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Timeout(900)
    void shouldTakeEveryPacketOnceAndInOrder(boolean packed) {
        GuestImage image = GuestImage.of(4 << 20);
        DriverRing driver = DriverRing.create(packed, image, SIZE);
        long features = NetRig.MODERN | (packed ? VirtioFeature.RING_PACKED.mask() : 0);
        NetQueue queue = new NetQueue(1, new NetRig.Listener(), NetRig.PLAIN);
        BufferPool pool = new BufferPool(PacketPool.builder().count(1024).dataRoom(1500));
        int room = HEADER + MOST_BYTES;
        for (int i = 0; i < SIZE; i++) {
            freeBuffers.add(image.allocateWhole(room, 64));
        }
        begin(queue, driver, image, features);
        TestChannel channel = channel();
        queue.async().register(AsyncFeatures.DEFAULT.withThreshold(64), channel);
        Packet[] packets = new Packet[BURST];
        byte[] frame = new byte[room];
        long sent = 0;
        long taken = 0;
        long restarts = 0;
        while (taken < PACKETS) {
            int wanted = random.nextInt(BURST);
            for (int i = 0; i < wanted && sent < PACKETS && driver.room() > 2 && !freeBuffers.isEmpty(); i++) {
                send(driver, image, frame, sent++);
            }
            int done = queue.async().tryDequeue(pool, packets, 0, BURST);
            for (int i = 0; i < done; i++) {
                int length = lengthOf(taken);
                assertEquals(length, packets[i].packetLength(), "bytes of packet " + taken);
                packets[i].copyTo(0, frame, 0, length);
                check(frame, 0, taken++, length);
            }
            pool.freeBulk(packets, 0, done);
            for (Used used : driver.collect()) {
                freeBuffers.add(bufferOf.remove(used.token()));
            }
            if (sent / RESTART > restarts) {
                restarts++;
                restart(queue, driver, image, features);
            }
        }
        for (Used used : driver.collect()) {
            freeBuffers.add(bufferOf.remove(used.token()));
        }
        assertEquals(SIZE, freeBuffers.size(), "buffers that the guest has back");
        assertTrue(channel.transferred() > PACKETS, "copies by the channel: " + channel.transferred());
        assertTrue(queue.async().unregister());
        end(queue, pool, image);
    }

    private void send(DriverRing driver, GuestImage image, byte[] frame, long number) {
        long gpa = freeBuffers.remove();
        int length = lengthOf(number);
        fill(frame, number, length);
        long host = image.host(gpa, HEADER + MOST_BYTES);
        HostWindow.fill(host, HEADER, 0);
        HostWindow.copy(frame, 0, host + HEADER, length);
        int cut = 1 + random.nextInt(HEADER + length - 1);
        List<Buffer> chain = random.nextBoolean()
                ? List.of(new Buffer(gpa, HEADER + length, false))
                : List.of(new Buffer(gpa, cut, false), new Buffer(gpa + cut, HEADER + length - cut, false));
        bufferOf.put(driver.add(chain), gpa);
    }
}
