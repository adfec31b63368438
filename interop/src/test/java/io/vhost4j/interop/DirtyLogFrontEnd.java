// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.Payload;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A front-end that asks for 10.0.0.1 by ARP, has its back-end log what it writes, and looks whether every page is marked that changed
 * and that it did not write itself. A program of its own. Arguments: socket, packed.
 *
 * <p>It goes as a migration does: traffic without a log, where the same look must find pages that are not marked; the log is switched on
 * while the device serves, and cleared; traffic, a look, and the log is cleared; more traffic; the rings stop; the last look.
 */
final class DirtyLogFrontEnd implements AutoCloseable {
    private static final int REGION_BYTES = 1 << 21;
    /** What it shares with its back-end. */
    static final long MEMORY_BYTES = 2 * REGION_BYTES;

    private static final int SIZE = 64;
    private static final int BUFFERS = 16;
    private static final int BUFFER_BYTES = 2048;
    private static final int FRAME_BYTES = 128;
    private static final int HEADER = 12;
    private static final int REQUESTS = 100;
    private static final int WAIT_MILLIS = 5000;
    private static final int ANSWER_AT = HEADER + 20;
    private static final Duration LIMIT = Duration.ofSeconds(5);

    /** Broadcast from 52:54:00:00:00:02, ARP: 10.0.0.2 asks for 10.0.0.1. */
    private static final byte[] REQUEST = ByteBuffer.allocate(60)
            .putLong(0xffff_ffff_ffff_5254L)
            .putInt(2)
            .putLong(0x0806_0001_0800_0604L)
            .putShort((short) 1)
            .putShort((short) 0x5254)
            .putInt(2)
            .putInt(0x0a00_0002)
            .putShort(38, (short) 0x0a00)
            .putShort(40, (short) 1)
            .array();

    private final boolean packed;
    private final GuestImage image = GuestImage.of(REGION_BYTES, REGION_BYTES);
    private final List<DriverRing> rings = new ArrayList<>();
    private final List<EventFd> kicks = List.of(EventFd.create(), EventFd.create());
    private final List<EventFd> calls = List.of(EventFd.create(), EventFd.create());
    private final Map<Integer, Long> buffers = new HashMap<>();
    private final DirtyPages pages = new DirtyPages(image);
    private final FakeFrontend front;

    private DirtyLogFrontEnd(String socket, boolean packed) {
        this.packed = packed;
        front = FakeFrontend.connect(socket);
        for (int i = 0; i < 2; i++) {
            DriverRing ring = DriverRing.create(packed, image, SIZE);
            rings.add(ring);
            RingSetup areas = ring.setup(0);
            pages.own(gpa(areas.driver()), packed ? 4 : 6 + 2L * SIZE);
            if (!packed) {
                pages.own(ring.descGpa(), 16L * SIZE);
            }
        }
    }

    public static void main(String[] arguments) {
        boolean packed = Boolean.parseBoolean(arguments[1]);
        try (DirtyLogFrontEnd frontEnd = new DirtyLogFrontEnd(arguments[0], packed)) {
            frontEnd.run();
        }
    }

    private void run() {
        negotiate();
        for (int i = 0; i < BUFFERS; i++) {
            addBuffer();
        }
        kicks.getFirst().signal();
        pages.remember();
        exchange();
        int unmarked = pages.unmarked().size();
        System.out.println("without log: changed=" + pages.changed().size() + " unmarked=" + unmarked);
        switchLogOn();
        // as a migration does, which sends all pages at first; what the switch itself marked does not count
        pages.clear();
        pages.remember();
        exchange();
        Await.until(pages::unmarked, List::isEmpty, "pages marked while the device serves", LIMIT);
        System.out.println("while it serves: changed=" + pages.changed().size() + " unmarked=0 " + usedRings());
        pages.clear();
        pages.remember();
        exchange();
        stop();
        System.out.println("when it has stopped: changed=" + pages.changed().size() + " unmarked="
                + pages.unmarked().size() + " " + usedRings());
    }

    private long features(boolean logs) {
        return VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.PROTOCOL_FEATURES)
                | (packed ? VirtioFeature.RING_PACKED.mask() : 0)
                | (logs ? VirtioFeature.LOG_ALL.mask() : 0);
    }

    private void negotiate() {
        long wanted = features(true);
        long offered = front.ask(RequestCode.GET_FEATURES, new byte[0]).u64();
        require((offered & wanted) == wanted, "features offered: 0x" + Long.toHexString(offered));
        front.send(
                RequestCode.SET_PROTOCOL_FEATURES,
                Payload.number(ProtocolFeature.maskOf(ProtocolFeature.REPLY_ACK, ProtocolFeature.LOG_SHMFD)));
        front.send(RequestCode.SET_OWNER, new byte[0]);
        acknowledged(RequestCode.SET_FEATURES, Payload.number(features(false)));
        Payload table = new Payload().u32(2).u32(0);
        int[] files = new int[2];
        for (int i = 0; i < 2; i++) {
            long gpa = image.regionStart(i);
            table.u64(gpa).u64(REGION_BYTES).u64(gpa + GuestImage.USER_OFFSET).u64(0);
            files[i] = image.fd(i);
        }
        acknowledged(RequestCode.SET_MEM_TABLE, table.toBytes(), files);
        for (int i = 0; i < 2; i++) {
            acknowledged(RequestCode.SET_VRING_NUM, Payload.state(i, SIZE));
            acknowledged(RequestCode.SET_VRING_BASE, Payload.state(i, packed ? 0x8000_8000L : 0));
            tellAddresses(i, false);
            acknowledged(
                    RequestCode.SET_VRING_CALL, Payload.number(i), calls.get(i).fd());
            acknowledged(
                    RequestCode.SET_VRING_KICK, Payload.number(i), kicks.get(i).fd());
        }
        for (int i = 0; i < 2; i++) {
            acknowledged(RequestCode.SET_VRING_ENABLE, Payload.state(i, 1));
        }
    }

    private void tellAddresses(int ring, boolean logs) {
        RingSetup at = rings.get(ring).setup(0);
        acknowledged(
                RequestCode.SET_VRING_ADDR,
                new Payload()
                        .u32(ring)
                        .u32(logs ? 1 : 0)
                        .u64(gpa(at.desc()) + GuestImage.USER_OFFSET)
                        .u64(gpa(at.device()) + GuestImage.USER_OFFSET)
                        .u64(gpa(at.driver()) + GuestImage.USER_OFFSET)
                        .u64(logs ? gpa(at.device()) : 0)
                        .toBytes());
    }

    private long gpa(long host) {
        return image.memory().toGuest(host);
    }

    private void acknowledged(RequestCode request, byte[] payload, int... fds) {
        long result = front.sendForAck(request, payload, fds);
        require(result == 0, request + ": refused with " + result);
    }

    /** In QEMU's order: the log, the feature, then the addresses of used rings. */
    private void switchLogOn() {
        front.ask(
                RequestCode.SET_LOG_BASE,
                new Payload().u64(DirtyPages.LOG_BYTES).u64(0).toBytes(),
                pages.fd());
        acknowledged(RequestCode.SET_FEATURES, Payload.number(features(true)));
        tellAddresses(0, true);
        tellAddresses(1, true);
    }

    private void stop() {
        for (int i = 0; i < 2; i++) {
            front.ask(RequestCode.GET_VRING_BASE, Payload.state(i, 0));
        }
    }

    private String usedRings() {
        StringBuilder text = new StringBuilder("used rings marked=");
        for (DriverRing ring : rings) {
            RingSetup areas = ring.setup(0);
            text.append(pages.isMarked(packed ? ring.descGpa() : gpa(areas.device())) ? 'y' : 'n');
        }
        return text.toString();
    }

    private void addBuffer() {
        long at = image.allocateWhole(BUFFER_BYTES, 8);
        buffers.put(rings.getFirst().add(List.of(new DriverRing.Buffer(at, BUFFER_BYTES, true))), at);
    }

    /** Asks, one request after the other, and waits for each answer. */
    private void exchange() {
        for (int i = 0; i < REQUESTS; i++) {
            long at = image.allocateWhole(FRAME_BYTES, 8);
            pages.own(at, FRAME_BYTES);
            image.write(at + HEADER, REQUEST);
            rings.get(1).add(List.of(new DriverRing.Buffer(at, HEADER + REQUEST.length, false)));
            kicks.get(1).signal();
            while (!answered()) {
                int ready = Poll.await(calls.getFirst().fd(), Poll.IN, WAIT_MILLIS);
                require(ready != 0, "no answer to request " + i);
                calls.getFirst().drain();
            }
            rings.get(1).collect();
        }
    }

    private boolean answered() {
        boolean answered = false;
        for (DriverRing.Used used : rings.getFirst().collect()) {
            long at = buffers.remove(used.token());
            answered |= image.getByte(at + ANSWER_AT + 1) == 2;
            addBuffer();
            kicks.getFirst().signal();
        }
        return answered;
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    @Override
    public void close() {
        front.close();
        kicks.forEach(EventFd::close);
        calls.forEach(EventFd::close);
        pages.close();
        image.close();
    }
}
