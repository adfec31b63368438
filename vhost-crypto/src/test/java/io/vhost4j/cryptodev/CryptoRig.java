// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.net.QueueListener;
import io.vhost4j.core.ring.ChainDevice;
import io.vhost4j.core.ring.ChainWork;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.crypto.SessionParameters;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A guest with a data queue, ring 0, and a control queue, ring 1, and the device that serves them. Buffers are cut at random places, also over the
 * border of regions.
 */
final class CryptoRig implements AutoCloseable {
    static final int SIZE = 64;
    static final long RING = VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.RING_INDIRECT_DESC);
    static final long REVISION_1 = 1;
    static final long STATELESS = 0x3e;

    final GuestImage image = GuestImage.of(8 << 20, 1 << 16, 8 << 20);
    final DriverRing driver;
    final DriverRing controlDriver;
    final NetQueue queue;
    final NetQueue controlQueue;
    final CryptoBackend backend;
    final VhostDevice device;
    private final long features;
    private final boolean packed;
    private final Random random = new Random(7);

    /**
     * What came back.
     *
     * @param status the last byte of the room
     * @param destination the first bytes of the room
     * @param result the bytes behind them
     * @param used what the driver was told of the length
     */
    record Answer(int status, byte[] destination, byte[] result, long used) {}

    private static final class Quiet implements QueueListener {
        @Override
        public void fault(int queueId, RingFault fault, long value) {
            // the queue tells
        }
    }

    CryptoRig(boolean packed, long features) {
        this(packed, features, CryptoDevice.jca(), CryptoOptions.DEFAULT);
    }

    CryptoRig(boolean packed, long features, CryptoDevice crypto, CryptoOptions options) {
        this.packed = packed;
        this.features = features | RING | (packed ? VirtioFeature.RING_PACKED.mask() : 0);
        queue = new NetQueue(0, new Quiet(), new NetOptions(false, false, false, false), true);
        controlQueue = new NetQueue(1, new Quiet(), new NetOptions(false, false, false, false), true);
        device = device();
        backend = new CryptoBackend(device, crypto, options.withDataQueues(1).withControlQueue(true), () -> {});
        driver = start(queue);
        controlDriver = start(controlQueue);
    }

    private VhostDevice device() {
        return (VhostDevice) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {VhostDevice.class, ChainDevice.class},
                (self, method, args) -> switch (method.getName()) {
                    case "getNegotiatedFeatures" -> features;
                    case "serve" ->
                        ((int) args[0] == 0 ? queue : controlQueue).serve((ChainWork) args[1], (boolean) args[2]);
                    case "externCallbackRegister" -> null;
                    case "servesChains" -> true;
                    case "toString" -> "rig";
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    DriverRing start(NetQueue on) {
        DriverRing made = DriverRing.create(packed, image, SIZE);
        on.pause();
        try {
            on.setEnabled(true);
            on.setActive(true);
            on.start(made.setup(features), image.memory());
        } finally {
            on.resume();
        }
        return made;
    }

    /** Opens a session through the control queue. */
    long open(SessionParameters parameters) {
        byte[] answer = control(Requests.create(parameters), 16);
        assertEquals(0, Bytes.intAt(answer, 8), "status");
        return Bytes.longAt(answer, 0);
    }

    /** The status of an attempt to open a session. */
    int tryOpen(byte[] request) {
        byte[] answer = control(request, 16);
        return Bytes.intAt(answer, 8);
    }

    /** A request of the control queue; returns what was written to as much room. */
    byte[] control(byte[] request, int room) {
        List<Buffer> chain = new ArrayList<>(scatter(request, 3));
        long at = image.allocate(Math.max(1, room), 8);
        if (room > 0) {
            chain.add(new Buffer(at, room, true));
        }
        controlDriver.add(chain);
        assertEquals(1, backend.poll(1));
        assertEquals(1, controlDriver.collect().size());
        return image.read(at, room);
    }

    /** Cuts bytes into buffers of the guest. */
    List<Buffer> scatter(byte[] bytes, int pieces) {
        List<Buffer> buffers = new ArrayList<>();
        int done = 0;
        for (int left = pieces; left > 0 && done < bytes.length; left--) {
            int piece = left == 1 ? bytes.length - done : random.nextInt(bytes.length - done + 1);
            if (piece > 0) {
                long gpa = image.allocate(piece, 1);
                image.write(gpa, Arrays.copyOfRange(bytes, done, done + piece));
                buffers.add(new Buffer(gpa, piece, false));
                done += piece;
            }
        }
        return buffers;
    }

    /** Room of the guest's, in pieces. */
    List<Buffer> room(int bytes) {
        List<Buffer> buffers = new ArrayList<>();
        int left = bytes;
        while (left > 0) {
            int piece = Math.min(left, 1 + random.nextInt(Math.max(1, bytes / 2 + 1)));
            buffers.add(new Buffer(image.allocate(piece, 1), piece, true));
            left -= piece;
        }
        return buffers;
    }

    byte[] read(List<Buffer> buffers) {
        Wire all = new Wire();
        for (Buffer buffer : buffers) {
            all.bytes(image.read(buffer.gpa(), (int) buffer.bytes()));
        }
        return all.toBytes();
    }

    /** Has one data request served. */
    Answer run(byte[] request, int destinationBytes, int resultBytes) {
        List<Buffer> room = room(destinationBytes + resultBytes + 1);
        List<Buffer> chain = new ArrayList<>(scatter(request, 4));
        chain.addAll(room);
        if (random.nextBoolean() || chain.size() > driver.room()) {
            driver.addIndirect(chain, image.allocate(16L * chain.size(), 16));
        } else {
            driver.add(chain);
        }
        backend.poll(0);
        List<Used> used = driver.collect();
        assertEquals(1, used.size(), "chains given back");
        byte[] all = read(room);
        return new Answer(
                all[all.length - 1],
                Arrays.copyOf(all, destinationBytes),
                Arrays.copyOfRange(all, destinationBytes, destinationBytes + resultBytes),
                used.getFirst().writtenBytes());
    }

    @Override
    public void close() {
        backend.close();
        image.close();
    }
}
