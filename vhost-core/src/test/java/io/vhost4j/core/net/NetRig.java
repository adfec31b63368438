// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VirtioFeature;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** One queue, its guest and a pool, all in one thread. */
final class NetRig implements AutoCloseable {
    private static final int FIRST_REGION_BYTES = 4 << 20;
    static final int RECEIVE = 0;
    static final int TRANSMIT = 1;
    static final NetOptions PLAIN = new NetOptions(true, false, false, false);
    static final long MODERN = VirtioFeature.VERSION_1.mask();
    static final long MERGEABLE = MODERN | VirtioFeature.MRG_RXBUF.mask();

    /** Remembers what the queue said. */
    static final class Listener implements QueueListener {
        final List<RingFault> faults = new ArrayList<>();
        final List<String> failures = new ArrayList<>();
        int notified;
        int asked;
        boolean offloads;
        boolean takesOver;

        @Override
        public void guestNotified(int queue) {
            notified++;
        }

        @Override
        public boolean guestNotify(int queue) {
            asked++;
            return takesOver;
        }

        @Override
        public boolean offloadsGuestNotify() {
            return offloads;
        }

        @Override
        public void channelFailed(int queue, String why) {
            failures.add(why);
        }

        @Override
        public void fault(int queue, RingFault fault, long value) {
            faults.add(fault);
        }
    }

    final GuestImage image;
    final DriverRing driver;
    final Listener listener = new Listener();
    final NetQueue queue;
    final BufferPool pool;
    final long features;
    private final boolean packed;
    private boolean usesChannel;
    private final Map<Integer, List<Buffer>> chains = new HashMap<>();

    NetRig(boolean packed, int index, int size, long features, NetOptions options) {
        this(packed, index, size, features, options, PacketPool.builder().count(512));
    }

    NetRig(boolean packed, int index, int size, long features, NetOptions options, PacketPool.Builder pool) {
        this(packed, index, size, features, options, pool, 0);
    }

    private NetRig(
            boolean packed,
            int index,
            int size,
            long features,
            NetOptions options,
            PacketPool.Builder pool,
            long bytesBeforeRing) {
        this.packed = packed;
        this.features = features | (packed ? VirtioFeature.RING_PACKED.mask() : 0);
        image = GuestImage.of(FIRST_REGION_BYTES, 1 << 16);
        image.allocate(bytesBeforeRing, 1);
        driver = DriverRing.create(packed, image, size);
        queue = new NetQueue(index, listener, options);
        this.pool = new BufferPool(pool);
        start();
    }

    /**
     * A rig whose ring goes over two memory files: in the second is only what the device looks at last, the used ring or the event
     * areas. What is before the ring in the first is nobody's.
     */
    static NetRig withRingInTwoFiles(boolean packed, int index, int size) {
        long inFirst = 16L * size + (packed ? 0 : 6 + 2L * size);
        PacketPool.Builder pool = PacketPool.builder().count(512);
        return new NetRig(packed, index, size, MODERN, PLAIN, pool, FIRST_REGION_BYTES - inFirst);
    }

    private void start() {
        queue.pause();
        queue.start(driver.setup(features), image.memory(), null);
        queue.setEnabled(true);
        queue.setActive(true);
        queue.resume();
    }

    /** Starts the ring anew, as it was made; the queue is paused. */
    void restart() {
        queue.stop();
        queue.start(driver.setup(features), image.memory(), null);
    }

    /** Starts the ring anew where it stopped. */
    void restartAt(int base) {
        queue.pause();
        queue.stop();
        queue.start(driver.setup(features, base), image.memory(), null);
        queue.resume();
    }

    int headerBytes() {
        long modern = VirtioFeature.VERSION_1.mask() | VirtioFeature.MRG_RXBUF.mask();
        return packed || (features & modern) != 0 ? 12 : 10;
    }

    // ---- the guest receives ----

    /** Offers a chain of writable buffers of these lengths. */
    void offer(int... lengths) {
        List<Buffer> chain = new ArrayList<>();
        for (int length : lengths) {
            chain.add(new Buffer(image.allocate(length, 1), length, true));
        }
        chains.put(driver.add(chain), chain);
    }

    /** Offers a chain of one writable buffer that already has bytes in it. */
    void offerHolding(byte[] bytes) {
        Buffer buffer = new Buffer(image.allocate(bytes.length, 1), bytes.length, true);
        image.write(buffer.gpa(), bytes);
        chains.put(driver.add(List.of(buffer)), List.of(buffer));
    }

    void offerMany(int count, int length) {
        for (int i = 0; i < count; i++) {
            offer(length);
        }
    }

    /** What the device wrote into each chain that it used. */
    List<byte[]> received() {
        List<byte[]> all = new ArrayList<>();
        for (Used used : driver.collect()) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            long left = used.writtenBytes();
            for (Buffer buffer : chains.remove(used.token())) {
                int piece = (int) Math.min(left, buffer.bytes());
                bytes.writeBytes(image.read(buffer.gpa(), piece));
                left -= piece;
            }
            assertEquals(0, left, "bytes that the chain has no room for");
            all.add(bytes.toByteArray());
        }
        return all;
    }

    // ---- the guest sends ----

    /** Sends header and frame, cut into buffers of these lengths; the last one takes the rest. */
    void send(byte[] header, byte[] frame, int... lengths) {
        sendRaw(joined(header, frame), lengths);
    }

    void sendRaw(byte[] all, int... lengths) {
        List<Buffer> chain = new ArrayList<>();
        int at = 0;
        for (int i = 0; i <= lengths.length; i++) {
            int length = i == lengths.length ? all.length - at : Math.min(lengths[i], all.length - at);
            long gpa = image.allocate(Math.max(1, length), 1);
            image.write(gpa, Arrays.copyOfRange(all, at, at + length));
            chain.add(new Buffer(gpa, length, false));
            at += length;
        }
        driver.add(chain);
    }

    /** Sends a frame without offloads. */
    void send(byte[] frame) {
        send(new byte[headerBytes()], frame);
    }

    static byte[] joined(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    // ---- the host ----

    static byte[] frame(int bytes, int seed) {
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        data[0] &= ~1;
        return data;
    }

    /** A packet of this frame, in segments of at most {@code segmentBytes}. */
    Packet packet(byte[] frame, int segmentBytes) {
        Packet first = null;
        int at = 0;
        do {
            int piece = Math.min(segmentBytes, frame.length - at);
            Packet segment = pool.allocate();
            assertTrue(segment != null, "pool is empty");
            segment.append(piece);
            segment.setBytes(0, frame, at, piece);
            if (first == null) {
                first = segment;
            } else {
                first.chain(segment);
            }
            at += piece;
        } while (at < frame.length);
        return first;
    }

    Packet packet(byte[] frame) {
        return packet(frame, 2048);
    }

    /** Has the bursts go through a channel from now on. */
    void use(AsyncFeatures features, DmaChannel channel) {
        queue.async().register(features, channel);
        usesChannel = true;
    }

    /** Enqueues and frees them; through a channel, when they have come back. */
    int enqueue(Packet... packets) {
        int done;
        if (usesChannel) {
            CompletedPackets back = new CompletedPackets(1024);
            done = queue.async().submit(packets, 0, packets.length, back);
            while (queue.async().inflight() > 0) {
                queue.async().poll(back);
            }
            assertEquals(done, back.count(), "packets that came back");
            for (int i = 0; i < done; i++) {
                assertSame(packets[i], back.get(i), "order");
            }
        } else {
            done = queue.enqueueBurst(packets, 0, packets.length);
        }
        for (Packet packet : packets) {
            packet.free();
        }
        return done;
    }

    List<Packet> dequeue(int count) {
        Packet[] packets = new Packet[count];
        if (!usesChannel) {
            int done = queue.dequeueBurst(pool, packets, 0, count);
            return List.of(Arrays.copyOf(packets, done));
        }
        int done = queue.async().tryDequeue(pool, packets, 0, count);
        while (queue.async().inflight() > 0 && done < count) {
            CompletedPackets back = new CompletedPackets(count - done);
            queue.async().clear(back);
            for (int i = 0; i < back.count(); i++) {
                packets[done++] = back.get(i);
            }
        }
        return List.of(Arrays.copyOf(packets, done));
    }

    static byte[] bytesOf(Packet packet) {
        byte[] all = new byte[packet.packetLength()];
        packet.copyTo(0, all, 0, all.length);
        return all;
    }

    /** Dequeues one packet, frees it and returns its bytes. */
    byte[] dequeueBytes() {
        List<Packet> packets = dequeue(1);
        assertEquals(1, packets.size(), "packets");
        byte[] all = bytesOf(packets.getFirst());
        packets.getFirst().free();
        return all;
    }

    /** The value of a statistic by the end of its name. */
    long stat(String name) {
        long[] values = new long[64];
        int count = queue.stats(values);
        List<String> names = queue.statNames();
        assertEquals(names.size(), count);
        for (int i = 0; i < count; i++) {
            if (names.get(i).endsWith("_" + name)
                    && names.get(i).split("_", 3)[2].equals(name)) {
                return values[i];
            }
        }
        throw new AssertionError("no statistic " + name + " in " + names);
    }

    @Override
    public void close() {
        queue.pause();
        queue.setActive(false);
        queue.stop();
        queue.resume();
        queue.async().end();
        image.close();
        assertEquals(0, pool.inUse(), "packets in use");
        pool.close();
    }
}
