// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Chains of all forms go through a mediated ring, between a simple driver and the library's device side. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class MediatedRingTest {
    private static final int SIZE = 16;
    private static final int ROUNDS = 4000;
    private static final long LOG_BYTES = 1 << 20;
    private static final int PAGE = 4096;

    private record Sent(int token, long written, List<Long> pages) {}

    @ParameterizedTest
    @CsvSource({
        "false,false,true",
        "false,true,true",
        "true,false,true",
        "true,true,true",
        "false,true,false",
        "true,true,false"
    })
    void shouldCarryChainsBothWays(boolean packed, boolean eventIdx, boolean writable) {
        try (GuestImage image = GuestImage.of(1 << 22);
                OwnedFd file = MemFd.create("log", LOG_BYTES)) {
            MemFd.addSeals(file.fd(), MemFd.F_SEAL_SHRINK);
            DirtyLog log = DirtyLog.map(file, LOG_BYTES, 0);
            Rig rig = new Rig(image, log, packed, eventIdx, writable);
            try {
                rig.run();
            } finally {
                rig.pages.close();
                log.release();
            }
        }
    }

    private static final class Rig {
        final Random random = new Random(5);
        final GuestImage image;
        final DirtyLog log;
        final DriverRing driver;
        final boolean eventIdx;
        final boolean writable;
        final SharedPages pages;
        final MediatedRing mediated;
        final Ring device;
        final Deque<Sent> sent = new ArrayDeque<>();
        final long buffers;
        final long tables;
        int next;

        Rig(GuestImage image, DirtyLog log, boolean packed, boolean eventIdx, boolean writable) {
            this.image = image;
            this.log = log;
            this.eventIdx = eventIdx;
            this.writable = writable;
            driver = DriverRing.create(packed, image, SIZE);
            buffers = image.allocateWhole(256L * PAGE, PAGE);
            tables = image.allocateWhole(64L * 256, 16);
            long features = VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.RING_INDIRECT_DESC)
                    | (packed ? VirtioFeature.RING_PACKED.mask() : 0)
                    | (eventIdx ? VirtioFeature.RING_EVENT_IDX.mask() : 0);
            RingSetup at = driver.setup(features);
            RingInfo info = new RingInfo(
                    0,
                    packed,
                    SIZE,
                    at.base(),
                    true,
                    at.desc(),
                    at.driver(),
                    at.device(),
                    gpa(at.desc()),
                    gpa(at.driver()),
                    gpa(at.device()),
                    -1);
            pages = new SharedPages(MediatedRing.bytesFor(info));
            mediated = MediatedRing.of(info, image.memory(), pages.address(), pages.address(), eventIdx);
            mediated.setLog(log, -1);
            long desc = packed ? mediated.descIova() : at.desc();
            device = Ring.create(
                    new RingSetup(
                            packed,
                            SIZE,
                            desc,
                            mediated.driverIova(),
                            mediated.deviceIova(),
                            features,
                            packed ? mediated.startState() : 0),
                    image.memory(),
                    null,
                    writable ? DescFlags.WRITE : 0);
        }

        long gpa(long host) {
            return image.memory().toGuest(host);
        }

        void run() {
            for (int round = 0; round < ROUNDS; round++) {
                boolean wanted = random.nextBoolean();
                if (wanted) {
                    driver.wantNotification(eventIdx);
                } else {
                    driver.wantNoNotification(eventIdx);
                }
                int added = 0;
                while (driver.room() >= 3 && random.nextInt(4) != 0) {
                    add();
                    added++;
                }
                assertEquals(added > 0, mediated.relayAvailable());
                int count = device.gather(SIZE);
                assertEquals(sent.size(), count, "chains that the device sees");
                int used = count == 0 ? 0 : random.nextInt(count + 1);
                use(used);
                boolean call = mediated.relayVringUsed();
                if (used == 0 || !wanted) {
                    assertFalse(call, "a call that nobody wants");
                } else {
                    assertTrue(call, "the guest wants to know");
                }
                collect(used);
            }
        }

        void add() {
            int descriptors = 1 + random.nextInt(3);
            List<DriverRing.Buffer> chain = new ArrayList<>();
            List<Long> touched = new ArrayList<>();
            long total = 0;
            for (int i = 0; i < descriptors; i++) {
                long at = buffers + next++ % 256 * (long) PAGE;
                long bytes = 1L + random.nextInt(PAGE);
                chain.add(new DriverRing.Buffer(at, bytes, writable));
                touched.add(at);
                total += bytes;
            }
            int token =
                    random.nextInt(3) == 0 ? driver.addIndirect(chain, tables + (next % 64) * 256L) : driver.add(chain);
            sent.add(new Sent(token, writable ? random.nextInt((int) total) : 0, touched));
        }

        void use(int count) {
            int i = 0;
            for (Sent chain : sent) {
                if (i < count) {
                    device.batch().writtenBytes[i++] = (int) chain.written();
                }
            }
            if (count > 0) {
                log.bits().fill((byte) 0);
                device.publish(count);
            }
        }

        void collect(int count) {
            List<DriverRing.Used> got = driver.collect();
            assertEquals(count, got.size());
            for (DriverRing.Used used : got) {
                Sent chain = sent.remove();
                assertEquals(chain.token(), used.token());
                assertEquals(chain.written(), used.writtenBytes());
                for (long page : chain.pages()) {
                    assertEquals(writable, marked(page), "page of a buffer");
                }
            }
            if (count > 0) {
                assertTrue(marked(driver.setup(0, 0).device() == 0 ? 0 : usedPage()), "page of the ring");
            }
        }

        private long usedPage() {
            RingSetup at = driver.setup(0, 0);
            return gpa(at.packed() ? at.desc() : at.device());
        }

        private boolean marked(long gpa) {
            return (log.bits().get(ValueLayout.JAVA_BYTE, gpa / PAGE / 8) >>> gpa / PAGE % 8 & 1) == 1;
        }
    }
}
